"""The toy's worker: ``python -m faust -A tests.integration.kernel.app worker --without-web``.

``BB_TOY_APP`` names it, ``BB_TOY_DOMAINS`` says which domains it runs, ``BB_TOY_LOSE=n`` lets its consumer lose the n-th
record of each fetch that has so many below the kernel (``last``: the last one of a fetch), once a partition.
"""

from __future__ import annotations

import os
from typing import Any

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

if os.environ.get("BB_TOY_UNGUARDED"):
    # A zombie whose clock tells it nothing.
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
