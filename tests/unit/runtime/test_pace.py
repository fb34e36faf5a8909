"""When a turn begins: with all that one fetch brought, and after a rest if the one before was busy (docs/adr/0013)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents.runtime import kernel
from agents.runtime.kernel import BUSY
from tests.unit.runtime.offline import Offline, offline, until
from tests.unit.runtime.toy import Must


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Offline]:
    async with offline(tmp_path, monkeypatch) as made:
        await made.take_over(0, 1)
        # As good as for ever: a test waits for what happens at once, or sees that it does not.
        monkeypatch.setattr(kernel, "REST", 600.0)
        yield made


async def say(place: Offline, number: int) -> None:
    """So many inputs of partition 0 come at once."""
    for _ in range(number):
        await place.say(Must())


async def test_a_busy_turn_is_followed_by_a_rest(place: Offline) -> None:
    async with place.turning():
        await say(place, BUSY)
        await until(lambda: place.actor().finished == BUSY)
        await say(place, 1)
        await asyncio.sleep(0.1)
        assert (place.actor().finished, len(place.actor().queue)) == (BUSY, 1)
        # Nobody who gives partitions up waits for it.
        await asyncio.wait_for(place.kernel.drain(), 20)


async def test_who_is_alone_never_waits(place: Offline) -> None:
    async with place.turning():
        for turn in range(1, 6):
            await say(place, BUSY - 1)
            await until(lambda turn=turn: place.actor().finished == turn * (BUSY - 1))


async def test_a_full_turn_is_followed_by_the_next_at_once(place: Offline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "MAX_INPUTS", BUSY)
    async with place.turning():
        await say(place, BUSY)
        await until(lambda: place.actor().finished == BUSY)
        await say(place, 1)
        await until(lambda: place.actor().finished == BUSY + 1)


async def test_what_one_fetch_brought_to_several_partitions_is_one_turn(place: Offline, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def noted(turns: Any, seconds: float) -> None:
        sizes.append(sum(turn.inputs for _, turn in turns))

    monkeypatch.setattr(place.kernel.figures, "turn", noted)

    async def stream(number: int, steps: int) -> None:
        for _ in range(steps):
            await asyncio.sleep(0)
        await place.say(Must(), number=number)

    async with place.turning():
        await asyncio.sleep(0)
        await asyncio.gather(stream(0, 0), stream(1, 2))
        await until(lambda: place.actor(0).finished == place.actor(1).finished == 1)
    assert sizes == [2]
