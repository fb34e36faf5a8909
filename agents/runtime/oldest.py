"""Indexes in memory that tell the oldest of many: what waits for its time, and which sagas are not finished."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

from models.actor import Phase


class Oldest:
    """The least of the values of many rows, each of which may change or go. Every call costs the logarithm of their number."""

    ROOM = 1_000
    """Entries that no longer hold are cleared away once they are more than the others and this many."""

    def __init__(self) -> None:
        self._values: dict[bytes, int] = {}
        self._heap: list[tuple[int, bytes]] = []

    def __len__(self) -> int:
        return len(self._values)

    def set(self, row: bytes, value: int) -> None:
        """The row's value is now ``value``."""
        if self._values.get(row) == value:
            return
        self._values[row] = value
        heapq.heappush(self._heap, (value, row))
        if len(self._heap) > 2 * len(self._values) + self.ROOM:
            self._heap = [(at, name) for name, at in self._values.items()]
            heapq.heapify(self._heap)

    def drop(self, row: bytes) -> None:
        """The row has no value any more."""
        self._values.pop(row, None)

    def least(self) -> int | None:
        """The least value, ``None`` if there is none."""
        while self._heap:
            value, row = self._heap[0]
            if self._values.get(row) == value:
                return value
            heapq.heappop(self._heap)
        return None


class Unfinished:
    """The unfinished sagas of one partition by phase. ``limits``: phase -> ms after which a person should look at it."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = limits
        self._phases: dict[bytes, Phase] = {}
        self._oldest: dict[str, Oldest] = {}
        self._alarms: list[tuple[int, bytes, Phase]] = []

    def __len__(self) -> int:
        return len(self._phases)

    def set(self, row: bytes, phase: Phase | None) -> None:
        """The row's saga is now in ``phase``; ``None``: it is finished."""
        before = self._phases.get(row)
        if before == phase:
            return
        if before is not None:
            self._oldest[before.name].drop(row)
            del self._phases[row]
        if phase is None:
            return
        self._phases[row] = phase
        self._oldest.setdefault(phase.name, Oldest()).set(row, phase.since)
        if phase.name in self._limits:
            heapq.heappush(self._alarms, (phase.since + self._limits[phase.name], row, phase))

    def ages(self, now: int) -> Iterator[tuple[str, int]]:
        """For each phase that was ever seen: the age of its oldest saga (ms), 0 if there is none."""
        for name, oldest in self._oldest.items():
            since = oldest.least()
            yield name, 0 if since is None else max(0, now - since)

    def overdue(self, now: int) -> Iterator[tuple[bytes, Phase]]:
        """The sagas that have been in their phase for longer than its limit; each is told once."""
        while self._alarms and self._alarms[0][0] <= now:
            _, row, phase = heapq.heappop(self._alarms)
            if self._phases.get(row) == phase:
                yield row, phase
