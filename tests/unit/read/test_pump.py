"""What a pump says of a settlement: a rebuild switches when what it had folded is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agents.pump import Pump
from models.read.facts import EVENTS, Batch, Outrun, Position, ReadModel, Spot

SPOT = Spot("orders", EVENTS, 0)


class Shelf:
    """A store that was overtaken as often as ``outrun`` says, and is settled in so many ``pieces``."""

    def __init__(self, outrun: int = 0, pieces: int = 1) -> None:
        self.outrun, self.settled, self.pieces = outrun, 0, pieces

    async def positions(self) -> Mapping[Spot, Position]:
        return {SPOT: Position(7)}

    async def store(self, batch: Batch) -> Mapping[str, int]:
        return {}

    async def settle(self, positions: Mapping[Spot, Position]) -> bool:
        if self.outrun:
            self.outrun -= 1
            raise Outrun
        self.settled += 1
        return self.settled >= self.pieces


def pump() -> Pump:
    async def version() -> int:
        return 1

    def nothing(*_: Any) -> Any:
        raise AssertionError

    model = ReadModel(name="shelf", sources=(("orders", EVENTS),), store=nothing)
    made = Pump(model, nothing, version, nothing, nothing)  # type: ignore[arg-type]
    made.wanted = frozenset({SPOT})
    made.stored = made.accepted = {SPOT: Position(9)}
    made.unsettled = True
    return made


@pytest.mark.parametrize(("outrun", "settlements", "next_"), [(0, 1, 9), (1, 0, 7)])
async def test_a_settlement_that_was_overtaken_is_none_and_is_read_again(outrun: int, settlements: int, next_: int) -> None:
    made, shelf = pump(), Shelf(outrun)
    await made._settle(shelf)
    assert (made.settlements, shelf.settled, made.unsettled) == (settlements, settlements, False)
    assert (made.accepted[SPOT].next, made.lost) == (next_, {SPOT} if outrun else set())


async def test_what_is_settled_in_pieces_is_settled_with_the_last_of_them() -> None:
    """A rebuild waits for it before it switches, and a worker that ends leaves nothing behind."""
    made, shelf = pump(), Shelf(pieces=3)
    for settlements, unsettled in ((0, True), (0, True), (1, False)):
        await made._settle(shelf)
        assert (made.settlements, made.unsettled) == (settlements, unsettled)
    made, shelf = pump(), Shelf(pieces=3)
    made._store = shelf
    await made._settled()
    assert shelf.settled == 3
