"""How current what is stored is: said by a pump, asked by the web."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import pytest

from agents.beats import Beats, End
from models.read.ended import age_of
from models.read.facts import EVENTS, Outrun, Position, Spot
from tests.unit.read.test_pump import Shelf, pump

SPOT, OTHER = Spot("accounts", EVENTS, 0), Spot("accounts", EVENTS, 1)


def ages(beats: Beats, offset: int, at: float, stored: int, now: float) -> dict[Spot, float]:
    return beats.ages({SPOT: End(offset, at)}, {SPOT: Position(stored)}, now)


def test_what_is_stored_to_its_end_is_as_old_as_the_brokers_word() -> None:
    assert ages(Beats(), 5, 100.0, 5, 100.5) == {SPOT: 0.5}
    # The clock was put back.
    assert ages(Beats(), 5, 100.0, 5, 99.0) == {SPOT: 0.0}


def test_what_comes_all_the_time_is_as_old_as_the_last_end_that_was_reached() -> None:
    beats = Beats()
    assert ages(beats, 5, 100.0, 3, 100.0) == {}
    assert ages(beats, 9, 101.0, 4, 101.0) == {}, "the first end is what is waited for"
    assert ages(beats, 12, 102.0, 7, 102.25) == {SPOT: 2.25}
    assert ages(beats, 14, 103.0, 11, 103.0) == {}
    assert ages(beats, 14, 103.0, 13, 103.5) == {SPOT: 1.5}


def test_a_broker_that_is_silent_makes_it_old_and_what_is_not_ours_has_no_age() -> None:
    beats = Beats()
    assert [ages(beats, 5, 100.0, 5, now) for now in (101.0, 140.0)] == [{SPOT: 1.0}, {SPOT: 40.0}]
    assert beats.ages({OTHER: End(5, 100.0)}, {SPOT: Position(9)}, 100.0) == {}


@pytest.mark.parametrize(
    ("beats", "age"),
    [
        ({0: 99_000, 1: 97_500}, 2.5),
        ({0: 99_000, 1: 99_500, 2: 1}, 1.0),
        ({0: 99_000}, math.inf),
        ({}, math.inf),
    ],
    ids=["the oldest counts", "of the partitions that there are", "one is missing", "nobody says"],
)
def test_it_is_as_old_as_its_oldest_partition(beats: Mapping[int, int], age: float) -> None:
    said = {f"accounts.events/{number}".encode(): str(at).encode() for number, at in beats.items()}
    assert age_of(said, 100_000, 2) == age


class Heart(Shelf):
    """A store that says how current it is, unless it was overtaken."""

    def __init__(self, outrun: int = 0) -> None:
        super().__init__(outrun)
        self.said: list[Mapping[Spot, float]] = []

    async def beat(self, ages: Mapping[Spot, float]) -> None:
        if self.outrun:
            self.outrun -= 1
            raise Outrun("heart")
        self.said.append(ages)


async def test_a_pump_says_nothing_before_it_knows_where_it_stands() -> None:
    made, heart = pump(), Heart()
    made._store = heart
    (spot,) = made.wanted
    await made.beat({spot: End(9, 100.0)})
    assert heart.said == []
    made.ready.set()
    await made.beat({spot: End(10, 100.0)})
    assert heart.said == [], "a record of the log is not stored"
    await made.beat({spot: End(9, 100.0)})
    assert [list(one) for one in heart.said] == [[spot]]
    # A store of whose age nobody asks is none of this.
    made._store = Shelf()
    await made.beat({spot: End(9, 100.0)})


async def test_a_store_that_was_emptied_is_filled_anew_though_nothing_comes() -> None:
    heart: Any = Heart()
    made = pump()
    made.unsettled = False
    made.model = type("Model", (), {"name": "shelf", "store": lambda self, databases, version: heart})()
    task = asyncio.create_task(made._run())
    await made.ready.wait()
    (spot,) = made.wanted
    assert made.silent, "the worker is not ready before the web knows that it is there"
    await made.beat({spot: End(7, 100.0)})
    assert (made.silent, heart.said.pop().keys()) == (False, {spot})
    made.stored, made.lost, heart.outrun = {spot: Position(9)}, set(), 1
    await made.beat({spot: End(9, 100.0)})
    async with asyncio.timeout(5):
        while not made.lost:
            await asyncio.sleep(0.001)
    assert (made.stored, made.accepted, made.lost, heart.said) == ({spot: Position(7)}, {spot: Position(7)}, {spot}, [])
    task.cancel()
