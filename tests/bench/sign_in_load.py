"""The load of sign-in: buyers who come by Kakao's page, one sign-in after the other. A process of its own, as ``tests.bench.load``.

Reads a ``SignIns`` (JSON), says ``ready``, waits for a line on stdin, signs in for ``seconds``, prints an ``Outcome``. A sign-in
is what a person waits for: our start, the provider's page and its button (``provider``), our callback with the token.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import aiohttp
import msgspec
import uvloop

from models.settings import read
from tests.bench.load import Outcome, go, tell
from tests.browser import Browser, kakao


class SignIns(msgspec.Struct, frozen=True):
    """``clients`` who sign in over and over; each is the same person at each time, so all but the first find their account."""

    seconds: float
    clients: int


async def main(file: str) -> None:
    """See the module's text."""
    plan = msgspec.json.decode(Path(file).read_bytes(), type=SignIns)
    settings = read(os.environ)
    steps: dict[str, list[float]] = defaultdict(list)
    failed: Counter[str] = Counter()
    latencies: list[float] = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        people = [kakao(id=str(1000 + number)) for number in range(plan.clients)]
        await asyncio.gather(*(Browser(http, settings).by("kakao", person) for person in people))
        await go()
        began, cpu = time.perf_counter(), time.process_time()

        async def client(person: dict[str, str]) -> None:
            while (asked := time.perf_counter()) - began < plan.seconds:
                browser = Browser(http, settings)
                back = await browser.consent("kakao", person)
                agreed = time.perf_counter()
                answer = await browser.ask("GET", back)
                done = time.perf_counter()
                if answer.status != 200:
                    failed[f"callback: {answer.status} {answer.body}"[:220]] += 1
                    continue
                latencies.append(1000 * (done - asked))
                steps["start and provider"].append(1000 * (agreed - asked))
                steps["callback"].append(1000 * (done - agreed))

        await asyncio.gather(*(client(person) for person in people))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    found = {name: sorted(times) for name, times in steps.items()}
    tell(Outcome(sorted(latencies), found, dict(failed), seconds, cpu, 0))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
