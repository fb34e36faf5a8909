"""kill -9 at every named point of the kernel: nothing is lost, doubled or wrong (design §5.4)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import agents.runtime
from agents.runtime.effects import now_ms
from tests.integration.kernel.place import KINDS, Place
from tests.integration.kernel.toy import Pay, Ring, Wake

POINTS = {
    "batch ready": 5,
    "rows acknowledged": 4,
    "rows stored": 4,
    "decided": 3,
    "effects started": 3,
    "sent": 3,
    "published": 3,
    "inputs done": 3,
    "effect done": 2,
    "outcome sent": 2,
    "reminded": 1,
}
"""Point -> at which passage the process dies; early enough to come for sure, late enough to be in the middle."""
ELSEWHERE = {"outputs sent again", "rows written again"}


async def work(place: Place, round: int) -> None:
    """A bit of everything."""
    for kind in KINDS:
        await place.say("tills", f"ring-{kind}-{round}", Ring(kind=kind))
    await place.say("tills", f"sleeper-{round}", Wake(at=now_ms() + 500))
    for number in range(30):
        await place.say("tills", f"till-{number % 5}", Pay(amount=number + 1, book=f"book-{number % 3}"))
        if number % 5 == 0:
            await asyncio.sleep(0.05)


def test_every_point_of_the_kernel_is_killed_at() -> None:
    source = "".join(path.read_text() for path in Path(next(iter(agents.runtime.__path__))).glob("*.py"))
    assert set(re.findall(r'[^a-z_]point\("([a-z ]+)"\)', source)) == set(POINTS) | ELSEWHERE


@pytest.mark.spec("order W-16", "store M1")
@pytest.mark.parametrize("point", POINTS)
async def test_a_worker_that_dies_at(place: Place, point: str) -> None:
    dying = place.start(BB_KILL_AT=f"{point}:{POINTS[point]}")
    await work(place, 1)
    assert await dying.ended() == -9
    await work(place, 2)
    await place.started()
    await place.audit()


async def test_a_worker_that_dies_while_it_sends_kept_outputs_again(place: Place) -> None:
    first = place.start(BB_KILL_AT="sent:3")
    await work(place, 1)
    assert await first.ended() == -9
    for _ in range(2):
        again = place.start(BB_KILL_AT="outputs sent again:1")
        assert await again.ended() == -9
    await place.started()
    await place.audit()
