"""What a pump says of a settlement: a rebuild switches when what it had folded is settled."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from agents.pump import Pump
from agents.rebuild import settling
from models.read.facts import EVENTS, Batch, Outrun, Position, ReadModel, Settled, Spot

SPOT = Spot("orders", EVENTS, 0)


class Shelf:
    """A store that was overtaken as often as ``outrun`` says. It notes positions with every ``every``-th settlement, and has
    something ``left`` after so many."""

    def __init__(self, outrun: int = 0, every: int = 1, left: int = 0) -> None:
        self.outrun, self.settled, self.every, self.left = outrun, 0, every, left
        self.then: dict[Spot, Position] = {}

    async def positions(self) -> Mapping[Spot, Position]:
        return {SPOT: Position(7)}

    async def store(self, batch: Batch) -> Mapping[str, int]:
        return {}

    async def settle(self, positions: Mapping[Spot, Position]) -> Settled:
        if self.outrun:
            self.outrun -= 1
            raise Outrun
        if self.settled % self.every == 0:
            self.then = dict(positions)
        self.settled += 1
        return Settled(self.then if self.settled % self.every == 0 else {}, self.settled <= self.left)


def pump() -> Pump:
    async def version() -> int:
        return 1

    def nothing(*_: Any) -> Any:
        raise AssertionError

    model = ReadModel(name="shelf", sources=(("orders", EVENTS),), store=nothing)
    made = Pump(model, nothing, version, nothing, nothing)  # type: ignore[arg-type]
    made.wanted = frozenset({SPOT})
    made.stored = made.accepted = {SPOT: Position(9)}
    made.settled = {SPOT: Position(7)}
    made.unsettled = True
    return made


def test_records_that_cannot_be_folded_are_counted_from_nothing() -> None:
    """An increase, by which somebody is woken, is seen only of what was there before."""
    pump()
    assert REGISTRY.get_sample_value("bb_projector_dead_total", {"model": "shelf"}) == 0


@pytest.mark.parametrize(("outrun", "settlements", "next_"), [(0, 1, 9), (1, 0, 7)])
async def test_a_settlement_that_was_overtaken_is_none_and_is_read_again(outrun: int, settlements: int, next_: int) -> None:
    made, shelf = pump(), Shelf(outrun)
    await made._settle(shelf)
    assert (made.settled, shelf.settled, made.unsettled) == ({SPOT: Position(next_)}, settlements, False)
    assert (made.accepted[SPOT].next, made.lost) == (next_, {SPOT} if outrun else set())


async def test_what_is_left_is_settled_again_until_nothing_is() -> None:
    """A worker that ends leaves nothing behind."""
    made, shelf = pump(), Shelf(left=2)
    for unsettled in (True, True, False):
        await made._settle(shelf)
        assert (made.settled, made.unsettled) == ({SPOT: Position(9)}, unsettled)
    made, shelf = pump(), Shelf(left=2)
    made._store = shelf
    await made._settled()
    assert shelf.settled == 3


async def test_a_rebuild_waits_for_what_it_had_folded_and_not_for_what_came_since() -> None:
    """Nor does a settlement count that had begun before: what it notes may be less."""
    made, shelf = pump(), Shelf(every=3, left=99)
    await made._settle(shelf)
    made.stored = {SPOT: Position(12)}
    done = settling(SimpleNamespace(pumps=[made]))  # type: ignore[arg-type]
    said = []
    for come in range(13, 20):
        made.stored = {SPOT: Position(come)}
        said.append((done(), made.settled[SPOT].next))
        await made._settle(shelf)
    assert said == [(False, 7), (False, 7), (False, 9), (False, 9), (False, 9), (True, 15), (True, 15)]
