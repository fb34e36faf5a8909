"""Time for aggregates: an index in memory of who wants to be woken when, rebuilt from the row headers (design §5.8)."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiokafka.errors import KafkaError

from agents.runtime import metrics
from agents.runtime.effects import Tell, now_ms
from agents.runtime.oldest import Oldest
from agents.runtime.points import point
from agents.runtime.rows import split_key
from models.actor import Reminder, id_of

if TYPE_CHECKING:
    from agents.runtime.partition import Partition

log = structlog.get_logger(__name__)
REMINDERS_PER_TICK = 50


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


async def remind(actors: Iterable[Partition], tell: Tell) -> None:
    """Tell the rows whose time has come; at most ``REMINDERS_PER_TICK`` at once, as many are due after an outage."""
    now, left = now_ms(), REMINDERS_PER_TICK
    for actor in actors:
        if not actor.owned or left <= 0:
            continue
        due = actor.reminders.due(now, left)
        if not due:
            continue
        left -= len(due)
        name = actor.domain.name
        telling = []
        for one in due:
            key, part = split_key(one.row)
            ident = id_of(name, key, part, "reminder", str(one.at), str(now))
            telling.append(tell(name, key, Reminder(due=one.at, part=part), ident))
        told = await asyncio.gather(*telling, return_exceptions=True)
        point("reminded")
        # One that the broker did not take is due again a little later.
        errors = [error for error in told if error is not None]
        metrics.REMINDERS.labels(name).inc(len(told) - len(errors))
        for error in errors:
            if not isinstance(error, KafkaError):
                raise error
        if errors:
            log.warning("reminders_not_sent", domain=name, number=len(errors), error=repr(errors[0]))
            return
