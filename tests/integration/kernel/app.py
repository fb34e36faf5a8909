"""The toy's worker: ``python -m faust -A tests.integration.kernel.app worker --without-web``.

``BB_TOY_APP`` names it, ``BB_TOY_DOMAINS`` says which domains it runs, ``BB_TOY_LOSE=n`` lets its consumer lose the n-th
record of each fetch that has so many below the kernel (``last``: the last one of a fetch), once a partition.
``BB_TOY_ZOMBIE=n`` lets it stand still (SIGSTOP) before it writes its n-th batch of rows, and know nothing of the time after that.
"""

from __future__ import annotations

import itertools
import os
import signal
from typing import Any

from aiokafka import AIOKafkaProducer
from faust.types import TP

from agents.runtime.consumer import ConsumerThread
from agents.runtime.kernel import Kernel
from agents.runtime.worker import worker
from models import settings
from tests.integration.kernel.outside import Outside
from tests.integration.kernel.toy import BOOKS, tills

OUTSIDE = Outside(os.environ.get("BB_TOY_URL", "http://127.0.0.1:9"))
DOMAINS = {"tills": tills(OUTSIDE), "books": BOOKS}
app = worker(
    os.environ.get("BB_TOY_APP", "toy"),
    [DOMAINS[name] for name in os.environ.get("BB_TOY_DOMAINS", "tills,books").split(",")],
    settings.read(),
    around=[OUTSIDE],
)

ZOMBIE = int(os.environ.get("BB_TOY_ZOMBIE", "0"))
if ZOMBIE:
    _batches = itertools.count(1)
    _send_batch = AIOKafkaProducer.send_batch

    async def send_batch(self: Any, batch: Any, topic: str, *, partition: int) -> Any:
        if next(_batches) == ZOMBIE:
            os.kill(os.getpid(), signal.SIGSTOP)
        return await _send_batch(self, batch, topic, partition=partition)

    AIOKafkaProducer.send_batch = send_batch
    Kernel.must_be_alive = lambda self: None  # type: ignore[method-assign]

LOSE = os.environ.get("BB_TOY_LOSE", "")
if LOSE:
    _lost: set[TP] = set()
    _getmany = ConsumerThread.getmany

    async def getmany(self: ConsumerThread, active_partitions: set[TP] | None, timeout: float) -> Any:
        found = await _getmany(self, active_partitions, timeout)
        for tp, records in found.items():
            if "changelog" in tp.topic or tp in _lost:
                continue
            if LOSE == "last":
                _lost.add(tp)
                records.pop()
            elif len(records) > int(LOSE):
                _lost.add(tp)
                del records[int(LOSE)]
        return {tp: records for tp, records in found.items() if records}

    ConsumerThread.getmany = getmany  # type: ignore[method-assign]
