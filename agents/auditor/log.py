"""Every public events topic, read from its beginning and on: each record once, in the order of its partition."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.auditor.books import Books
from agents.facts import decode
from models.read.facts import EVENTS, Spot
from models.settings import Settings
from topics import catalogue
from topics.envelope import Undecodable

log = structlog.get_logger(__name__)
RECORDS = 5_000
"""Records taken at once."""
ANSWER = 10.0
"""Seconds that the broker has to answer; after that it is away."""


class Log:
    """Folds into ``books``. ``catch_up`` connects by itself; ``stop`` in the end."""

    def __init__(self, settings: Settings, books: Books) -> None:
        self._settings, self._books = settings, books
        self._spots: dict[TopicPartition, Spot] = {}
        for contract in catalogue.CONTRACTS:
            name = catalogue.topic(settings.prefix, contract.domain, EVENTS)
            for number in range(settings.partitions):
                self._spots[TopicPartition(name, number)] = Spot(contract.domain, EVENTS, number)
        self._next = dict.fromkeys(self._spots, 0)
        self._consumer: Any = None

    async def _start(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka,
            enable_auto_commit=False,
            # The log is kept for ever: that its beginning is missing is an alarm, and no fresh start.
            auto_offset_reset="none",
            # Nobody waits for us: few large fetches.
            fetch_min_bytes=256 << 10,
            fetch_max_wait_ms=1_000,
            max_partition_fetch_bytes=4 << 20,
        )
        try:
            async with asyncio.timeout(ANSWER):
                await consumer.start()
        except BaseException:
            await _end(consumer)
            raise
        consumer.assign(list(self._spots))
        for tp, offset in self._next.items():
            consumer.seek(tp, offset)
        self._consumer = consumer

    async def stop(self) -> None:
        """Disconnect; the next ``catch_up`` goes on where the reading ended."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await _end(consumer)

    async def catch_up(self) -> None:
        """Fold all that the topics hold now. Raises KafkaError, OSError, TimeoutError (away), ``NewerVersion``."""
        if self._consumer is None:
            await self._start()
        async with asyncio.timeout(ANSWER):
            ends = await self._consumer.end_offsets(list(self._spots))
        quiet = 0.0
        while any(self._next[tp] < end for tp, end in ends.items()):
            taken = self._take(await self._consumer.getmany(timeout_ms=500, max_records=RECORDS))
            quiet = 0.0 if taken else quiet + 0.5
            if quiet >= ANSWER:
                raise TimeoutError("the broker has records that do not come")
            # The health page is served by the same loop.
            await asyncio.sleep(0)

    def _take(self, found: dict[TopicPartition, list[Any]]) -> int:
        taken = 0
        for tp, records in found.items():
            for record in records:
                if record.offset != self._next[tp]:
                    # These topics have no holes, so something was lost below: from here again.
                    self._consumer.seek(tp, self._next[tp])
                    break
                self._fold(tp, record)
                self._next[tp] += 1
                taken += 1
        return taken

    def _fold(self, tp: TopicPartition, record: Any) -> None:
        try:
            said = decode(self._spots[tp], record.key, record.value, record.timestamp)
        except Undecodable as error:
            self._books.undecodable(f"{tp.topic}/{tp.partition}@{record.offset}", type(error).__name__)
            return
        for fact in said.facts:
            self._books.fold(fact)


async def _end(consumer: Any) -> None:
    """Stop a consumer. While the broker is away aiokafka's ``stop`` hands on the CancelledError of its own fetch task, which
    would end ours; in a task of its own it ends nothing else."""
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait((stopping,), timeout=ANSWER)
    if stopping.done() and not stopping.cancelled() and (error := stopping.exception()) is not None:
        log.warning("auditor_consumer_stop", error=type(error).__name__)
