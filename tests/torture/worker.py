"""The worker of the toy chain: ``python -m faust --loop uvloop -A tests.torture.worker worker --without-web``."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

import aiohttp

from agents.runtime.domain import Domain
from agents.runtime.worker import worker
from models import settings
from models.actor import Effect, EffectUnknown, Message
from models.effects import PortKind
from tests.torture import toy

NAME = "toy"


class Bells:
    """The client of the server outside (``tests/torture/bells.py``)."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Bells:
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=toy.CALL / 1000))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.http.close()

    async def perform(self, key: str, bell: toy.Bell, effect: Effect) -> Message:
        """Ring, or ask. Raises what aiohttp raises."""
        address = f"{self.url}/bells/{bell.number}"
        if effect.name == toy.ASK:
            async with self.http.get(address) as answer:
                times = (await answer.json())["times"]
            return toy.RingDone(number=bell.number, attempt=effect.attempt, rung=times > 0)
        headers = {"Idempotency-Key": str(bell.number)} if effect.name == toy.KEYED else {}
        async with self.http.post(address, headers=headers) as answer:
            answer.raise_for_status()
        return toy.RingDone(number=bell.number, attempt=effect.attempt)


BELLS = Bells(os.environ.get("BB_TORTURE_BELLS", ""))
TALLY = Domain(
    name="tally",
    inbox=toy.Count,
    events=toy.Counted,
    state=toy.Tally,
    decide=toy.tally_decide,
    evolve=toy.tally_evolve,
    route=toy.tally_route,
)
BELL = Domain(
    name="bell",
    inbox=toy.Ring | toy.RingDone | EffectUnknown,
    events=toy.RingWanted | toy.RingRepeated | toy.Rung,
    state=toy.Bell,
    decide=toy.bell_decide,
    evolve=toy.bell_evolve,
    pending=toy.bell_pending,
    perform=BELLS.perform,
    kinds={toy.KEYED: PortKind.KEYED, toy.PLAIN: PortKind.ASKABLE, toy.ASK: PortKind.REPEATABLE},
)
DOMAINS: tuple[Domain, ...] = (TALLY, BELL)


def make() -> Any:
    """The Faust app."""
    return worker(NAME, DOMAINS, settings.read(), around=[BELLS])


app = make()
