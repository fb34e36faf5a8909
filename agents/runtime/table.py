"""The table of a domain: a Faust table on RocksDB that only recovery and the kernel write.

``table[key] = …`` is not used: Faust writes the store first and its log some time later, and neither can be awaited. Here the
log comes first; what the broker acknowledged goes to the store by the method that recovery uses, so the store is always a
prefix of the log (design §5.2). Loading is ours too: Faust's takes 160 us a row (design §5.11).
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.tables.table import Table
from faust.types import TP

from agents.runtime.rows import LEDGER, Logged, Survivors, at_of, survivors

log = structlog.get_logger(__name__)


class Record:
    """A changelog record in the shape in which Faust's stores want it."""

    __slots__ = ("key", "offset", "partition", "tp", "value")

    def __init__(self, tp: TP, offset: int, key: bytes, value: bytes | None) -> None:
        self.tp, self.offset, self.key, self.value = tp, offset, key, value
        self.partition = tp.partition

    @property
    def message(self) -> Record:
        return self


async def read_range(bootstrap: str, tp: TP, first: int, end: int | None = None) -> AsyncIterator[list[Logged]]:
    """The records of a partition from ``first`` to before ``end`` (``None``: what is there now), in large batches."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    try:
        at = TopicPartition(tp.topic, tp.partition)
        consumer.assign([at])
        if end is None:
            end = (await consumer.end_offsets([at]))[at]
        beginning = (await consumer.beginning_offsets([at]))[at]
        if end <= max(first, beginning):
            return
        consumer.seek(at, max(first, beginning))
        while await consumer.position(at) < end:
            for records in (await consumer.getmany(timeout_ms=1000, max_records=5000)).values():
                found = [Logged(record.offset, record.key, record.value) for record in records if record.offset < end]
                if found:
                    yield found
    finally:
        await consumer.stop()


class ActorTable(Table[bytes, bytes]):
    """See the module's text. ``bootstrap`` and ``max_age`` (seconds) are set by the kernel."""

    bootstrap: str = ""
    max_age: float = 86_400.0
    loaded: dict[TP, int]
    overwritten: dict[int, set[bytes]]
    rows_loaded: int = 0

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Load what was newly assigned, before Faust looks: it then finds nothing to recover."""
        mine = [tp for tp in assigned if tp.topic == self.changelog_topic_name]
        self.forget_old_folders(tp.partition for tp in mine)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        # Those that Faust thinks we kept, too: who missed a generation does not hear that somebody else had them meanwhile.
        await asyncio.gather(*map(self.load, mine))

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

    async def load(self, tp: TP) -> None:
        """Bring the store to the end of the changelog partition, keeping the newest row of each key, not the last."""
        self.loaded.pop(tp, None)
        known = super().persisted_offset(tp)
        folded = Survivors({}, set(), at_of(self.get_row(tp.partition, LEDGER)))
        self.overwritten[tp.partition] = folded.overwritten
        end = -1 if known is None else int(known)
        async for records in read_range(self.bootstrap, tp, end + 1):
            survivors(records, folded, lambda key: at_of(self.get_row(tp.partition, key)))
            self.apply([Record(tp, record.offset, record.key, record.value) for record in folded.apply.values()])
            end = records[-1].offset
            self.rows_loaded += len(folded.apply)
            folded.apply = {}
            if folded.overwritten:
                # Until they are written again, a process that is killed must find them again.
                self.data.set_persisted_offset(tp, folded.skipped - 1)
            # The next batch needs the loop: a session that times out while loading would start it all over again.
            await asyncio.sleep(0)
        if end >= 0:
            self.loaded[tp] = end
            self.data.set_persisted_offset(tp, folded.skipped - 1 if folded.overwritten else end)

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

    def apply(self, records: list[Record]) -> None:
        """Rows and offset to the store: the same call for recovery and for our own writes.

        Faust stores the offset after the rows. Killed in between, the rows would look like a zombie's that are ahead of us, so
        the offset goes into the same atomic batch as well.
        """
        if not records:
            return
        store: Any = self.data
        tp, end = records[-1].tp, max(record.offset for record in records)
        offset = Record(tp, end, store.offset_key, str(end).encode())
        store.apply_changelog_batch([*records, offset], self._to_key, self._to_value)
        self.loaded[tp] = max(end, self.loaded.get(tp, -1))

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """What Faust's own recovery still finds (records that came after ``load``): the newest of each key, too."""
        for event in batch:
            message = event.message
            known = at_of(self.get_row(message.partition, message.key))
            if message.value is None or at_of(message.value) >= known:
                self.apply([Record(message.tp, message.offset, message.key, message.value)])
