"""Time for aggregates: an index in memory of who wants to be woken when, rebuilt from the row headers (design §5.8)."""

from __future__ import annotations

import heapq

import msgspec

from agents.runtime.oldest import Oldest


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
        self._oldest = Oldest()

    def __len__(self) -> int:
        return len(self._wanted)

    def set(self, row: bytes, wake_at: int) -> None:
        """The row now wants to be woken at ``wake_at`` (ms; 0: not)."""
        if wake_at == 0:
            self._wanted.pop(row, None)
            self._next.pop(row, None)
            self._oldest.drop(row)
        elif self._wanted.get(row) != wake_at:
            self._wanted[row] = self._next[row] = wake_at
            self._oldest.set(row, wake_at)
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
            self._next[row] = now + min(max(self.AGAIN, at - wanted), self.RARELY)
            heapq.heappush(self._heap, (self._next[row], row))
        return found

    def overdue(self, now: int) -> int:
        """By how much the most overdue row is late (ms): the age of what should have happened; 0: nothing is late."""
        oldest = self._oldest.least()
        return 0 if oldest is None else max(0, now - oldest)
