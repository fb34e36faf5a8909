"""How current what a pump has stored is: for read models without which somebody must not go on (``models.read.facts.Beating``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from models.read.facts import Position, Spot


class End(NamedTuple):
    """Where a spot ended when the broker last said so. ``at``: seconds since the epoch, by this machine's clock."""

    offset: int
    at: float


class Beats:
    """Of one pump. What comes all the time is never stored to the very end, so an earlier end is remembered until it is reached."""

    def __init__(self) -> None:
        self._marks: dict[Spot, End] = {}

    def ages(self, ends: Mapping[Spot, End], stored: Mapping[Spot, Position], now: float) -> dict[Spot, float]:
        """For each spot of which more is known than before: so many seconds ago it had nothing that is not stored now."""
        found = {}
        for spot, end in ends.items():
            if spot not in stored:
                continue
            mark = self._marks.setdefault(spot, end)
            reached = next((one for one in (end, mark) if stored[spot].next >= one.offset), None)
            if reached is not None:
                self._marks[spot] = end
                found[spot] = max(0.0, now - reached.at)
        return found
