"""The load of the shelves: clients who each ask one question after the other. A process of its own, like ``tests.bench.load``.

Reads a ``Looks`` (JSON), says ``ready``, waits for a line on stdin, asks for ``seconds``, prints an ``Outcome``.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import msgspec
import uvloop

from tests.bench.http import Pool, get, post, split
from tests.bench.load import Outcome, go, tell


class Look(msgspec.Struct, frozen=True):
    """A request: a GET, or with ``body`` a POST under a key of its own. ``status``: what must come back."""

    path: str
    token: str = ""
    body: str = ""
    status: int = 200


class Looks(msgspec.Struct, frozen=True):
    """``clients`` who ask ``looks`` in an order that ``seed`` shuffles, over and over, for ``seconds``."""

    url: str
    seconds: float
    looks: list[Look]
    clients: int
    seed: int = 0


async def run(plan: Looks, pool: Pool) -> Outcome:
    """Ask until the time is over; an answer that came counts, whenever its question began."""
    shop, _ = split(plan.url)
    latencies: list[float] = []
    failed: Counter[str] = Counter()
    began, cpu = time.perf_counter(), time.process_time()

    async def client(number: int) -> None:
        looks = list(plan.looks)
        random.Random(plan.seed * 1000 + number).shuffle(looks)
        while True:
            for look in looks:
                asked = time.perf_counter()
                if asked - began >= plan.seconds:
                    return
                if look.body:
                    request = post(shop, look.path, look.body.encode(), look.token, uuid.uuid4().hex)
                else:
                    request = get(shop, look.path, look.token)
                try:
                    answer = await pool.ask(shop, request)
                except (OSError, ValueError) as error:
                    failed[f"{type(error).__name__}: {error}"[:220]] += 1
                    continue
                if answer.status != look.status:
                    failed[f"{look.path.partition('?')[0]}: {answer.status} {answer.body[-160:].decode(errors='replace')}"] += 1
                    continue
                latencies.append(1000 * (time.perf_counter() - asked))

    await asyncio.gather(*(client(number) for number in range(plan.clients)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Outcome(sorted(latencies), {}, dict(failed), seconds, cpu, 0)


async def main(file: str) -> None:
    """See the module's text."""
    plan = msgspec.json.decode(Path(file).read_bytes(), type=Looks)
    pool = Pool()
    shop, _ = split(plan.url)
    await asyncio.gather(*(pool.ask(shop, get(shop, "/api/v1/stores?limit=1")) for _ in range(plan.clients)))
    await go()
    outcome = await run(plan, pool)
    tell(outcome)
    pool.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
