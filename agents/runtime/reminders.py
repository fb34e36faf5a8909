"""Time for aggregates: an index in memory of who wants to be woken when, rebuilt from the row headers (design §5.8)."""

from __future__ import annotations

import heapq

import msgspec


class Due(msgspec.Struct, frozen=True, order=True):
    """``at``: when the row asked to be woken (ms)."""

    at: int
    row: bytes


class Reminders:
    """The rows of one partition that have a ``wake_at``. Rows change theirs at will; an entry that no longer holds is skipped."""

    AGAIN, RARELY = 5_000, 300_000
    """Ms until a reminder is sent once more if the row did not change: the first may have come early by the broker's clock.
    Each further one comes twice as late, up to ``RARELY``: a row that cannot be reminded would fill ``bb.dead``."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, bytes]] = []
        self._wanted: dict[bytes, int] = {}
        self._next: dict[bytes, int] = {}
        self._told: list[tuple[int, bytes]] = []

    def __len__(self) -> int:
        return len(self._wanted)

    def set(self, row: bytes, wake_at: int) -> None:
        """The row now wants to be woken at ``wake_at`` (ms; 0: not)."""
        if wake_at == 0:
            self._wanted.pop(row, None)
            self._next.pop(row, None)
        elif self._wanted.get(row) != wake_at:
            self._wanted[row] = self._next[row] = wake_at
            heapq.heappush(self._heap, (wake_at, row))
            if len(self._heap) > 2 * len(self._wanted) + 1000:
                # Mostly entries that no longer hold.
                self._heap = [(at, row) for row, at in self._next.items()]
                heapq.heapify(self._heap)

    def due(self, now: int, most: int) -> list[Due]:
        """At most ``most`` rows whose time has come; each is due again later unless it changes."""
        found: list[Due] = []
        while self._heap and self._heap[0][0] <= now and len(found) < most:
            at, row = heapq.heappop(self._heap)
            if self._next.get(row) != at:
                continue
            wanted = self._wanted[row]
            found.append(Due(wanted, row))
            if at == wanted:
                heapq.heappush(self._told, (wanted, row))
            self._next[row] = now + min(max(self.AGAIN, at - wanted), self.RARELY)
            heapq.heappush(self._heap, (self._next[row], row))
        return found

    def overdue(self, now: int) -> int:
        """By how much the most overdue row is late (ms, 0: none is): the age of what should have happened."""
        while self._told and self._wanted.get(self._told[0][1]) != self._told[0][0]:
            heapq.heappop(self._told)
        while self._heap and self._next.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        oldest = [heap[0][0] for heap in (self._told, self._heap) if heap]
        return max(0, now - min(oldest, default=now))
