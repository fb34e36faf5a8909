"""One domain on one partition of its inbox: arrival without holes, turns, and the write to the changelog (design §5)."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import structlog
from faust.types import TP

from agents.runtime import metrics
from agents.runtime.decider import Decider
from agents.runtime.domain import Domain
from agents.runtime.oldest import Unfinished
from agents.runtime.points import point
from agents.runtime.reminders import Reminders
from agents.runtime.rows import (
    LEDGER,
    OPEN,
    PARKED,
    UNFINISHED,
    Ledger,
    at_of,
    header,
    pack_ledger,
    split_key,
    unpack_ledger,
    unpack_row,
)
from agents.runtime.table import read_range
from agents.runtime.turn import MAX_BYTES, OVERHEAD, Input, Turn

if TYPE_CHECKING:
    from agents.runtime.kernel import Kernel

log = structlog.get_logger(__name__)
QUEUE = 2_000
"""Inputs waiting in memory; beyond it the stream is held back."""
PATIENCE = 2
"""Looks behind (0.5 s each) without an input that the broker has, until it is fetched again."""
SCANNED = 1_000
"""Rows looked at when a partition is taken over, until the loop has its turn: heartbeats share it."""
RECENT = 500
"""Rows kept in memory beside the store, at a partition: about 1 KB each."""
ZOMBIE = 75
"""Exit code of a process that finds that it was replaced."""

Batch = list[tuple[bytes, bytes | None]]


class Partition:
    """See the module's text. All of it runs on the worker's one loop; turns of a partition never overlap."""

    def __init__(self, kernel: Kernel, domain: Domain, number: int) -> None:
        self.kernel, self.domain, self.number = kernel, domain, number
        self.table = kernel.tables[domain.name]
        self.effects = kernel.effects[domain.name]
        self.inbox = TP(kernel.topic(domain.name, "inbox"), number)
        self.changelog = TP(kernel.topic(domain.name, "changelog"), number)
        self.decider = Decider(domain, number, kernel.prefix, self.row)
        self.queue: deque[Input] = deque()
        self.room = asyncio.Event()
        self.reset()

    @property
    def name(self) -> str:
        return f"{self.domain.name}/{self.number}"

    def row(self, key: bytes) -> bytes | None:
        """A stored row. Sagas come back to theirs within a second, so the last ones need not be asked of RocksDB again."""
        try:
            return self.recent[key]
        except KeyError:
            return self.table.get_row(self.number, key)

    def reset(self) -> None:
        """Not ours (any more). What is queued was never finished: the next owner reads it."""
        self.queue.clear()
        self.recent: dict[bytes, bytes | None] = {}
        self.room.set()
        self.taken = object()
        self.owned = False
        self.positioned = False
        self.next = 0
        self.sought = -1
        self.behind_at = -1
        self.lag = 0
        self.looks, self.patience = 0, PATIENCE
        self.finished = 0
        self.log_next = 0
        self.ledger = Ledger()
        self.resend: list[Any] = []
        self.skipped: set[bytes] = set()
        self.reminders = Reminders()
        self.unfinished = Unfinished(self.domain.limits)
        self.parked: set[bytes] = set()

    # -- taking the partition over ------------------------------------------------------------------------------------

    async def start(self) -> bool:
        """The table is loaded: read the ledger, find open effects and reminders, note what a zombie overwrote.

        False: meanwhile the partition was given up, or a newer assignment began to take it over; it is not ours by this call.
        """
        self.reset()
        taken = self.taken
        self.ledger = unpack_ledger(self.table.get_row(self.number, LEDGER))
        self.log_next = self.table.loaded.get(self.changelog, -1) + 1
        opened = []
        for count, (key, value) in enumerate(self.table.scan(self.number), 1):
            if count % SCANNED == 0 and not await self._still(taken):
                return False
            if key == LEDGER:
                continue
            flags, _, wake_at = header(value)
            if wake_at:
                self.reminders.set(key, wake_at)
            if flags & PARKED:
                self.parked.add(key)
            if flags & (OPEN | UNFINISHED):
                opened.append((key, value))
        for count, (key, value) in enumerate(opened, 1):
            if count % SCANNED == 0 and not await self._still(taken):
                return False
            row = unpack_row(value)
            state = self.decider.decode_state(row.state or b"")
            self.unfinished.set(key, self.domain.unfinished(state))
            if header(value)[0] & OPEN:
                self.effects.start(split_key(key)[0], state, row.trace, taken_over=True)
        self.skipped = self.table.overwritten.pop(self.number, set())
        if self.skipped:
            log.error("changelog_overwritten", partition=self.name, rows=len(self.skipped))
        self.owned = True
        return True

    async def _still(self, taken: object) -> bool:
        """Let the loop have its turn. False: ``taken`` is over, by ``reset``."""
        await asyncio.sleep(0)
        return self.taken is taken

    def position(self, committed: int | None, earliest: int) -> int:
        """Where to read on. The ledger says it; ``committed`` only whether the last turn's outputs have left for sure."""
        if not self.positioned:
            self.positioned = True
            if self.ledger.at < 0 and committed:
                # Without its rows a domain would start over and promise everything twice.
                raise RuntimeError(f"{self.name}: inputs up to {committed} were handled, but the changelog is empty")
            self.next = self.finished = self.ledger.at + 1
            if self.ledger.kept and (committed is None or committed <= self.ledger.at):
                self.resend = list(self.ledger.kept)
                self.kernel.wake(self)
            if self.skipped:
                self.rewrite_later(self.skipped)
                self.kernel.wake(self)
        if self.next < earliest:
            # What changed nothing is not in the ledger, but was committed.
            first = max(self.next, committed or 0)
            if self.ledger.at >= 0 and first < earliest:
                log.critical("inputs_gone", partition=self.name, first=first, last=earliest - 1)
                metrics.GONE.labels(self.domain.name).inc(earliest - first)
            self.next = self.finished = earliest
        self.sought = -1
        return self.next

    # -- arrival ---------------------------------------------------------------------------------------------------------

    async def put(self, event: Any) -> None:
        """Accept a record if it is the next one. A jump means that something was lost below: read again from there."""
        message = event.message
        offset = message.offset
        # Before the position is known aiokafka may read from the log's beginning; what came then is read again.
        if not self.owned or not self.positioned or offset < self.next:
            return
        if offset > self.next:
            await self.seek_back(offset)
            return
        self.next = offset + 1
        # Whatever somebody wrote there, it must get as far as ``bb.dead``: an exception here would stop the partition.
        key, value = (event.key or b"").decode("utf-8", "backslashreplace"), event.value or b""
        self.queue.append(Input(offset, round(message.timestamp * 1000), key, value))
        self.kernel.wake(self)
        if len(self.queue) >= QUEUE:
            self.room.clear()
            await self.room.wait()

    async def seek_back(self, seen: int) -> None:
        """Read again from the next expected offset; once for a hole, whatever else arrives meanwhile."""
        if self.sought == self.next:
            return
        self.sought = self.next
        log.warning("inputs_missing", partition=self.name, first=self.next, last=seen - 1)
        metrics.HOLES.labels(self.domain.name).inc()
        await self.kernel.app.consumer.seek(self.inbox, self.next)

    async def look_behind(self) -> None:
        """A loss at the end shows by nothing that follows: the broker has more, and nothing has come since the last look."""
        if not self.owned:
            return
        end = self.kernel.app.consumer.highwater(self.inbox) or 0
        self.lag = max(0, end - self.finished)
        if end <= self.next or self.behind_at != self.next:
            self.looks, self.patience, self.behind_at = 0, PATIENCE, self.next
        elif not self.queue:
            self.looks += 1
            if self.looks >= self.patience:
                # To seek throws away what a slow broker is about to deliver, so each time for one place waits twice as long.
                self.looks, self.patience = 0, 2 * self.patience
                self.sought = -1
                await self.seek_back(end)

    # -- a turn --------------------------------------------------------------------------------------------------------------

    def take(self) -> Turn:
        """Decide what has arrived, in order, in memory. Raises RuntimeError rather than decide an input twice."""
        if self.queue and self.queue[0].offset <= self.ledger.at:
            raise RuntimeError(f"{self.name}: input {self.queue[0].offset} again, after {self.ledger.at}")
        turn = Turn(self.ledger)
        # The first turn leaves a ledger even if nothing changed: committed inputs without one look like lost rows.
        turn.dirty = self.ledger.at < 0
        while self.queue and self.decider.take(turn, self.queue[0]):
            self.queue.popleft()
        if len(self.queue) < QUEUE:
            self.room.set()
        return turn

    async def send(self, batch: Batch) -> Awaitable[Any]:
        """One record batch: the broker appends it wholly or not at all."""
        self.kernel.must_be_alive()
        builder = self.kernel.producer.create_batch()
        for key, value in batch:
            if builder.append(key=key, value=value, timestamp=None) is None:
                raise RuntimeError(f"{self.name}: a turn does not fit into one record batch")
        builder.close()
        point("batch ready")
        acknowledgement: Awaitable[Any] = await self.kernel.producer.send_batch(
            builder, self.changelog.topic, partition=self.number
        )
        return acknowledgement

    async def written(self, batch: Batch, acknowledgement: Awaitable[Any]) -> None:
        """Only what the broker has goes to the store; an offset that was not expected means that somebody else wrote."""
        metadata = await acknowledgement
        first = int(metadata.offset)
        expected, self.log_next = self.log_next, first + len(batch)
        if first != expected:
            await self.meet_foreign(expected, first)
        point("rows acknowledged")
        self.table.apply(self.changelog, batch, first + len(batch) - 1)
        if len(self.recent) > RECENT:
            self.recent.clear()
        self.recent.update(batch)
        point("rows stored")
        for key, value in batch:
            if key == LEDGER:
                continue
            flags, _, wake_at = header(value) if value else (0, 0, 0)
            self.reminders.set(key, wake_at)
            if flags & PARKED:
                self.parked.add(key)
            else:
                self.parked.discard(key)

    async def meet_foreign(self, first: int, end: int) -> None:
        """Somebody else wrote from ``first`` to ``end - 1``. Who finds rows newer than its ledger is the zombie (design §5.10)."""
        log.error("foreign_rows", partition=self.name, first=first, last=end - 1)
        metrics.FOREIGN.labels(self.domain.name).inc(end - first)
        self.table.unsettled.setdefault(self.number, first)
        ours = self.ledger.at
        stale: set[bytes] = set()
        async for records in read_range(self.kernel.bootstrap, self.changelog, first, end):
            for record in records:
                if at_of(record.value) > ours:
                    log.critical("replaced", partition=self.name, theirs=at_of(record.value), ours=ours)
                    os._exit(ZOMBIE)
                stale.add(record.key)
        self.rewrite_later(stale)

    def rewrite_later(self, keys: set[bytes]) -> None:
        """Compaction keeps the last row of a key, so ours must come last: the next write of the loop does it."""
        self.kernel.overwritten.setdefault(self, set()).update(keys)

    def rewriting(self, keys: set[bytes]) -> list[Batch]:
        """Our rows of ``keys`` in batches that the broker takes, each with the ledger first; its outputs have left."""
        self.ledger.kept = []
        ledger = (LEDGER, pack_ledger(self.ledger))
        batches: list[Batch] = [[ledger]]
        size = 0
        for key in sorted(keys - {LEDGER}):
            value = self.table.get_row(self.number, key)
            size += len(key) + len(value or b"") + OVERHEAD
            if size > MAX_BYTES // 2:
                batches.append([ledger])
                size = 0
            batches[-1].append((key, value))
        return batches

    def start_effects(self, batch: Batch) -> None:
        """Effects of the rows just written begin; those that a row no longer waits for are forgotten."""
        if self.domain.perform is None:
            return
        for key, value in batch:
            if b"\x00" in key:
                continue
            name = key.decode()
            if value is not None and header(value)[0] & OPEN:
                row = unpack_row(value)
                self.effects.start(name, self.decider.decode_state(row.state or b""), row.trace)
            else:
                self.effects.start(name, None)
