"""The table of a domain: a Faust table on RocksDB that only recovery and the kernel write.

``table[key] = …`` is not used: Faust writes the store first and its log some time later, and neither can be awaited. Here the
log comes first; what the broker acknowledged goes to the store by the method that recovery uses, so the store is always a
prefix of the log (design §5.2). Loading is ours too: Faust's takes 160 us a row (design §5.11).
"""

from __future__ import annotations

import asyncio
import functools
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faust.tables.table import Table
from faust.types import TP
from rocksdict import WriteBatch

from agents.runtime.rows import LEDGER, Logged, Survivors, at_of, survivors

log = structlog.get_logger(__name__)
AWAY = 0.2
"""Seconds between two tries while the broker is away."""


async def read_range(bootstrap: str, tp: TP, first: int, end: int | None = None) -> AsyncIterator[list[Logged]]:
    """The records of a partition from ``first`` to before ``end`` (``None``: what is there now), in large batches."""
    async for _, records in read_ranges(bootstrap, {tp: first}, None if end is None else {tp: end}):
        yield records


async def read_ranges(
    bootstrap: str, firsts: Mapping[TP, int], ends: Mapping[TP, int] | None = None
) -> AsyncIterator[tuple[TP, list[Logged]]]:
    """``read_range`` of several partitions over one connection, as the broker gives them."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    try:
        spots = {TopicPartition(tp.topic, tp.partition): tp for tp in firsts}
        consumer.assign(list(spots))
        found = await consumer.end_offsets(list(spots)) if ends is None else {at: ends[tp] for at, tp in spots.items()}
        beginnings = await consumer.beginning_offsets(list(spots))
        left = {at: end for at, end in found.items() if end > max(firsts[spots[at]], beginnings[at])}
        consumer.pause(*(at for at in spots if at not in left))
        for at in left:
            consumer.seek(at, max(firsts[spots[at]], beginnings[at]))
        while left:
            fetched = await consumer.getmany(*left, timeout_ms=200, max_records=5000)
            for at, records in fetched.items():
                wanted = [Logged(record.offset, record.key, record.value) for record in records if record.offset < left[at]]
                if wanted:
                    yield spots[at], wanted
            for at in list(left):
                # The last records of a compacted partition may be gone: the position passes them, no record shows it.
                if await consumer.position(at) >= left[at]:
                    del left[at]
                    consumer.pause(at)
    finally:
        await consumer.stop()


class ActorTable(Table[bytes, bytes]):
    """See the module's text. ``bootstrap`` and ``max_age`` (seconds) are set by the kernel.

    ``ready``: the partitions that are loaded since they were last assigned. ``unsettled``: partition -> its first record over
    which our newer row has to be written again; until that is done, a process that is killed must find it again.
    """

    bootstrap: str = ""
    max_age: float = 86_400.0
    loaded: dict[TP, int]
    overwritten: dict[int, set[bytes]]
    unsettled: dict[int, int]
    ready: set[int]
    rows_loaded: int = 0

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0) -> None:
        """Load what is ours now, before Faust looks: it then finds nothing to recover.

        What was ours before, too: who missed a generation does not hear that somebody else had it meanwhile.
        """
        self.ready.clear()
        mine = [tp for tp in assigned if tp.topic == self.changelog_topic_name]
        self.forget_old_folders(tp.partition for tp in mine)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        while mine:
            try:
                await self.load(mine)
                break
            except KafkaError as error:
                log.warning("table_not_loaded", table=self.name, error=repr(error))
                await asyncio.sleep(AWAY)

    def forget_old_folders(self, partitions: Iterable[int]) -> None:
        """A folder that was last written longer ago than tombstones are kept could bring deleted rows back.

        ``max_age`` may be up to ``delete.retention.ms``. Opening a folder makes it look younger than its rows are; that is
        covered by ``min.compaction.lag.ms``, which keeps a tombstone for a day more.
        """
        store: Any = self.data
        for number in partitions:
            folder = Path(store.partition_path(number))
            if number in store._dbs or not folder.exists():
                continue
            newest = max((file.stat().st_mtime for file in folder.iterdir()), default=0.0)
            if time.time() - newest > self.max_age:
                log.warning("table_folder_discarded", table=self.name, folder=folder.name)
                shutil.rmtree(folder)

    async def load(self, tps: Iterable[TP]) -> None:
        """Bring the store to the end of these changelog partitions, keeping the newest row of each key, not the last."""
        folded: dict[TP, Survivors] = {}
        ends: dict[TP, int] = {}
        for tp in tps:
            self.loaded.pop(tp, None)
            self.unsettled.pop(tp.partition, None)
            known = super().persisted_offset(tp)
            ends[tp] = -1 if known is None else int(known)
            at = at_of(self.get_row(tp.partition, LEDGER))
            fold = folded[tp] = Survivors({}, set(), ledger_at=at, row_at=at)
            self.overwritten[tp.partition] = fold.overwritten
        async for tp, records in read_ranges(self.bootstrap, {tp: end + 1 for tp, end in ends.items()}):
            fold = folded[tp]
            survivors(records, fold, functools.partial(self._stored_at, tp.partition))
            ends[tp] = records[-1].offset
            if fold.overwritten:
                self.unsettled[tp.partition] = fold.skipped
            else:
                self.unsettled.pop(tp.partition, None)
            self.apply(tp, [(record.key, record.value) for record in fold.apply.values()], ends[tp])
            self.rows_loaded += len(fold.apply)
            fold.apply = {}
            # The next batch needs the loop, and so do heartbeats.
            await asyncio.sleep(0)
        for tp, end in ends.items():
            if end >= 0:
                self.loaded[tp] = end
            self.ready.add(tp.partition)

    def _stored_at(self, partition: int, key: bytes) -> int:
        return at_of(self.get_row(partition, key))

    def persisted_offset(self, tp: TP) -> int | None:
        """How far the store is; Faust asks it to know what to recover."""
        if tp in self.loaded:
            return self.loaded[tp]
        offset = super().persisted_offset(tp)
        return None if offset is None else int(offset)

    def get_row(self, partition: int, key: bytes) -> bytes | None:
        """A stored value. Faust's own ``get`` asks for a current event and looks through all partitions; this does not."""
        store: Any = self.data
        value: bytes | None = store._db_for_partition(partition).get(key)
        return value

    def scan(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """All stored (key, value) of a partition, the ledger among them."""
        store: Any = self.data
        yield from store._visible_items(store._db_for_partition(partition))

    def apply(self, tp: TP, rows: Iterable[tuple[bytes, bytes | None]], end: int) -> None:
        """Rows to the store, and that it has the log up to offset ``end``: the same call for recovery and for our own writes.

        Where something is unsettled, the store says that it has the log up to that.

        One atomic batch. Faust writes the offset after the rows: killed in between, they would look like a zombie's that are
        ahead of us.
        """
        store: Any = self.data
        batch = WriteBatch(raw_mode=True)
        for key, value in rows:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(store.offset_key, str(min(end, self.unsettled.get(tp.partition, end + 1) - 1)).encode())
        store._db_for_partition(tp.partition).write(batch)
        self.loaded[tp] = end

    def settle(self, tp: TP) -> None:
        """Everything that was overwritten has been written again."""
        if self.unsettled.pop(tp.partition, None) is not None:
            self.apply(tp, (), self.loaded[tp])

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """What Faust's own recovery still finds came after ``load``, from somebody else: our first write meets it (design §5.10).

        Applied here, a zombie's tombstone would delete a row that lives, and its batch would seem to be ours.
        """
