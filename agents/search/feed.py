"""Reads the logs of catalog and stores into the store and the index, without a consumer group: every host has its own (ADR 0015).

One thread does all that blocks: it folds batches, writes what has changed into the index, and commits about each ``COMMIT``
seconds. The loop only reads from the broker and answers questions.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from agents.facts import decode
from agents.search.index import Shelf
from agents.search.store import FORMAT, Folded
from models.read.facts import EVENTS, PRIVATE, Fact, Spot
from models.search.documents import Product
from models.search.vocabulary import Names
from models.settings import Settings
from topics import catalogue
from topics.envelope import Undecodable

log = structlog.get_logger(__name__)
SOURCES = (("catalog", EVENTS), ("catalog", PRIVATE), ("stores", EVENTS), ("stores", PRIVATE))
COMMIT = 0.5
"""Seconds between commits of the index while something changes and nobody waits for it."""
HURRIED = 0.02
"""The same while somebody waits to see a change."""
RECORDS, CHANGES = 2_000, 1_000
"""Records folded, and products written into the index, at once."""
REST = 0.09
"""Seconds between looks that found something but not much: a look costs five times what its few records do, and they are seen after
the next commit anyhow. Within 0.1 s aiokafka fetches no more while what it fetched is not taken."""
FOLDED = Counter("bb_search_records_total", "Records that the search process has folded")
PRODUCTS = Gauge("bb_search_products", "Products in the index")
LAG = Gauge("bb_search_lag", "Records that the search process has not folded yet")
UNDECODABLE = Counter("bb_search_undecodable_total", "Records that the search process could not read and left out")


class Feed:
    """One version of the index in ``folder``, kept up with the log by ``run``."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        """Opens what is there. Raises ``sqlite3.Error`` or ``ValueError`` if it cannot be read, or another process has it."""
        self._settings = settings
        self.folder = folder
        if not (folder / f"format-{FORMAT}").exists():
            shutil.rmtree(folder, ignore_errors=True)
        self._folded = Folded(folder)
        self.shelf = Shelf(folder / "index")
        if self.shelf.fresh:
            self._folded.mark_all()
        (folder / f"format-{FORMAT}").touch()
        self.names: Names = self._folded.names()
        self._thread = ThreadPoolExecutor(1, "search-write")
        self._spots = {
            TopicPartition(catalogue.topic(settings.prefix, domain, kind), number): Spot(domain, kind, number)
            for domain, kind in SOURCES
            for number in range(settings.partitions)
        }
        self._ends: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._changed = asyncio.Event()
        self._changed.set()
        self._written = 0
        self._stopping = asyncio.Event()
        self._asked = asyncio.Event()
        """Set while somebody waits, and at the end: pauses are cut short."""
        self._waiting: list[tuple[str, int, asyncio.Future[bool]]] = []
        """Product, event, who waits for the index to have it; False: it is fed no more."""
        self._folds, self._indexed = 0, -1
        self._shown: dict[TopicPartition, int] = {}
        """What was read before the index was committed last."""
        self.held = False
        """Set to read no further for a while."""
        self.turned = time.monotonic()
        """When the broker was last asked."""

    @property
    def caught_up(self) -> bool:
        """Is all in the index that the broker had when it last answered?"""
        return bool(self._ends) and not self.lag and self._indexed == self._folds

    @property
    def lag(self) -> int:
        """Records that are not folded yet."""
        return sum(max(0, end - self._next.get(tp, 0)) for tp, end in self._ends.items())

    def products(self, ids: Iterable[str]) -> list[Product]:
        """Products in all their fields, in the order of ``ids``; they may be newer than the index, and are never older."""
        return self._folded.products(ids)

    def past(self, other: Feed) -> bool:
        """Is all in the index that ``other`` has read?"""
        return all(self._shown.get(tp, 0) >= end for tp, end in other._next.items())

    async def shows(self, product_id: str, seq: int, seconds: float) -> bool:
        """True as soon as the index has event ``seq`` of a product; False if it has not after ``seconds``, or is fed no more.

        The writer hurries.
        """
        if self._stopping.is_set():
            return False
        loop = asyncio.get_running_loop()
        waiter = (product_id, seq, loop.create_future())
        self._waiting.append(waiter)
        self._asked.set()
        try:
            # Whoever is in the list above is told of each commit from now on.
            if await loop.run_in_executor(self._thread, self._folded.indexed, product_id) >= seq:
                return True
            await asyncio.wait((waiter[2],), timeout=seconds)
            return waiter[2].done() and waiter[2].result()
        finally:
            self._waiting.remove(waiter)
            if not self._waiting and not self._stopping.is_set():
                self._asked.clear()

    async def run(self) -> None:
        """Feed until ``stop``. Raises ``NewerVersion``, and ``OffsetOutOfRangeError`` if the log is not the one that was folded."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=500,
            max_partition_fetch_bytes=1 << 20,
        )
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._started(consumer)
            if self._stopping.is_set():
                return
            tasks = [asyncio.create_task(self._read(consumer)), asyncio.create_task(self._write())]
            stop = asyncio.create_task(self._stopping.wait())
            await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            self.stop()
            self._changed.set()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(KafkaError, TimeoutError):
                await consumer.stop()
            await asyncio.to_thread(self._close)

    def stop(self) -> None:
        """End ``run`` soon."""
        self._stopping.set()
        self._asked.set()
        for _, _, waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(False)

    async def _started(self, consumer: Any) -> None:
        while not self._stopping.is_set():
            try:
                await consumer.start()
                break
            except (KafkaError, OSError) as error:
                log.warning("broker_away", error=type(error).__name__)
                await asyncio.sleep(0.5)
        known = self._folded.positions()
        consumer.assign(list(self._spots))
        for tp, spot in self._spots.items():
            self._next[tp] = known.get(spot.name, 0)
            consumer.seek(tp, self._next[tp])
        while not self._stopping.is_set():
            try:
                self._ends = dict(await consumer.end_offsets(list(self._spots)))
                return
            except (KafkaError, OSError) as error:
                log.warning("broker_away", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _read(self, consumer: Any) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self.turned = time.monotonic()
            if self.held:
                await asyncio.sleep(HURRIED)
                continue
            found = await consumer.getmany(timeout_ms=250, max_records=RECORDS)
            facts: list[Fact] = []
            after: dict[Spot, int] = {}
            for tp, records in found.items():
                for record in records:
                    facts += self._facts(self._spots[tp], record)
                after[self._spots[tp]] = records[-1].offset + 1
            if after:
                await loop.run_in_executor(self._thread, self._folded.fold, facts, after)
                self._folds += 1
                self._next |= {tp: after[spot] for tp, spot in self._spots.items() if spot in after}
                FOLDED.inc(sum(map(len, found.values())))
                self._changed.set()
            for tp in self._spots:
                if (end := consumer.highwater(tp)) is not None:
                    self._ends[tp] = end
            LAG.set(self.lag)
            if 0 < sum(map(len, found.values())) < RECORDS:
                await self._pause(REST)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not for what is to end, and not while somebody waits for us."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()

    def _facts(self, spot: Spot, record: Any) -> list[Fact]:
        try:
            return decode(spot, record.key, record.value, record.timestamp).facts
        except Undecodable as error:
            # The projectors read the same record and bury it in bb.dead.
            log.error("search_undecodable", spot=spot.name, offset=record.offset, error=str(error))
            UNDECODABLE.inc()
            return []

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            await self._changed.wait()
            self._changed.clear()
            folds, read = self._folds, dict(self._next)
            began = time.monotonic()
            while not self._stopping.is_set() and await loop.run_in_executor(self._thread, self._take):
                if time.monotonic() - began > COMMIT:
                    self._tell(await loop.run_in_executor(self._thread, self._commit))
                    began = time.monotonic()
            self._tell(await loop.run_in_executor(self._thread, self._commit))
            PRODUCTS.set(self.shelf.products)
            if not self._stopping.is_set():
                self._indexed, self._shown = folds, read
            await asyncio.sleep(HURRIED)
            await self._pause(COMMIT - HURRIED)

    def _take(self) -> bool:
        """Write the next products that have changed; are there more?"""
        # A fold between two takes may bring new names, and marks every product: so they are read together with the marks.
        self.names = self._folded.names()
        changes = self._folded.dirty(self._written, CHANGES)
        if changes:
            self.shelf.take(changes, self.names)
            self._written = changes[-1].mark
        return len(changes) == CHANGES

    def _commit(self) -> dict[str, int]:
        """Let readers see what was taken; of the products that somebody waits for the event up to which they do."""
        self.shelf.commit()
        self._folded.clean(self._written)
        return {product_id: self._folded.indexed(product_id) for product_id, _, _ in list(self._waiting)}

    def _tell(self, seen: dict[str, int]) -> None:
        for product_id, seq, waiter in self._waiting:
            if not waiter.done() and seen.get(product_id, 0) >= seq:
                waiter.set_result(True)

    def _close(self) -> None:
        self._thread.shutdown(wait=True)
        self.shelf.close()
        self._folded.close()
