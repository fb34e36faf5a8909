"""A worker's kernel, tables and consumer as they run in production, on Faust and aiokafka, with a broker made of lists.

What is replaced is the wire: what aiokafka's coordinator and fetcher ask the broker, and the kernel's producer.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import OffsetAndMetadata
from faust.types import TP

from agents.runtime import table
from agents.runtime.domain import Domain
from agents.runtime.kernel import Kernel
from agents.runtime.partition import Partition
from agents.runtime.rows import Logged
from agents.runtime.worker import App, worker
from models.actor import Message
from models.settings import read
from tests.unit.runtime.toy import NOW, TOY
from topics.envelope import encode, seal

PARTITIONS = 2


class Batch:
    """A record batch that is being filled."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes, bytes | None]] = []

    def append(self, *, key: bytes, value: bytes | None, timestamp: int | None) -> object:
        self.records.append((key, value))
        return self

    def close(self) -> None:
        pass


class Broker:
    """``logs``: what was produced; ``committed``: offsets of the group; ``earliest``: first offsets that inboxes still have.

    ``fetch``: records of one fetch of a changelog. ``requests``: (what, argument) in order. While ``taking`` is cleared, nothing
    is acknowledged; while ``answering`` is false, heartbeats are not answered.
    """

    def __init__(self) -> None:
        self.logs: dict[TP, list[Logged]] = defaultdict(list)
        self.committed: dict[TP, int] = {}
        self.earliest: dict[TP, int] = {}
        self.requests: list[tuple[str, Any]] = []
        self.heartbeats: list[float] = []
        self.answering = True
        self.fetch = 5_000
        self.taking = asyncio.Event()
        self.taking.set()

    def said(self, what: str) -> list[Any]:
        """The arguments of all requests of one kind."""
        return [argument for name, argument in self.requests if name == what]

    # -- the producer --------------------------------------------------------------------------------------------------------

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Any]:
        return self._append(TP(topic, partition), batch.records)

    async def send(self, topic: str, *, key: bytes, value: bytes | None, partition: int) -> asyncio.Future[Any]:
        return self._append(TP(topic, partition), [(key, value)])

    async def send_and_wait(self, topic: str, *, key: bytes, value: bytes | None, partition: int) -> Any:
        return await self._append(TP(topic, partition), [(key, value)])

    def _append(self, tp: TP, records: list[tuple[bytes, bytes | None]]) -> asyncio.Future[Any]:
        log = self.logs[tp]
        first = len(log)
        log += [Logged(first + number, key, value) for number, (key, value) in enumerate(records)]
        self.requests.append(("append", tp))

        async def acknowledged() -> Any:
            await self.taking.wait()
            return SimpleNamespace(offset=first)

        return asyncio.ensure_future(acknowledged())

    # -- the consumer's side -----------------------------------------------------------------------------------------------

    def wire(self, patch: pytest.MonkeyPatch) -> None:
        """Answer what aiokafka would ask over the network."""

        async def nothing(*_: Any, **__: Any) -> None:
            pass

        async def heartbeat(coordinator: Any) -> bool:
            self.heartbeats.append(time.monotonic())
            return self.answering

        async def commit(coordinator: Any, assignment: Any, offsets: dict[TP, OffsetAndMetadata]) -> None:
            found = {TP(*tp): given.offset for tp, given in offsets.items()}
            self.requests.append(("commit", found))
            self.committed.update(found)

        async def fetch_committed(coordinator: Any, tps: Iterable[TP]) -> dict[TopicPartition, OffsetAndMetadata]:
            return {TopicPartition(*tp): OffsetAndMetadata(self.committed[TP(*tp)], "") for tp in tps if TP(*tp) in self.committed}

        async def ranges(
            bootstrap: str, firsts: Mapping[TP, int], ends: Mapping[TP, int] | None = None
        ) -> AsyncIterator[tuple[TP, list[Logged]]]:
            for tp, first in firsts.items():
                wanted = self.logs[tp][first : None if ends is None else ends[tp]]
                for start in range(0, len(wanted), self.fetch):
                    yield tp, wanted[start : start + self.fetch]

        async def offsets(fetcher: Any, wanted: dict[TP, int], timeout: Any = None) -> dict[TP, tuple[int, int]]:
            return {tp: (self.earliest.get(TP(*tp), 0), 0) for tp in wanted}

        patch.setattr(table, "read_ranges", ranges)
        patch.setattr(AIOKafkaClient, "bootstrap", nothing)
        patch.setattr(GroupCoordinator, "ensure_coordinator_known", nothing)
        patch.setattr(GroupCoordinator, "_do_heartbeat", heartbeat)
        patch.setattr(GroupCoordinator, "_do_commit_offsets", commit)
        patch.setattr(GroupCoordinator, "_do_fetch_commit_offsets", fetch_committed)
        patch.setattr(Fetcher, "_retrieve_offsets", offsets)
        patch.setattr(Fetcher, "_select_read_replica", lambda fetcher, tp: None)


class Offline:
    """A worker of the toy that is connected, and owns nothing yet."""

    def __init__(self, app: App, broker: Broker) -> None:
        self.app, self.broker = app, broker
        self.kernel: Kernel = app.kernel
        self.kernel.producer = broker
        self.kernel.started.set()
        self.consumer: Any = app.consumer
        self.offsets: dict[TP, int] = defaultdict(int)

    @property
    def aiokafka(self) -> Any:
        """aiokafka's own consumer."""
        return self.consumer._thread._consumer

    def actor(self, number: int = 0) -> Partition:
        """The toy's partition."""
        return self.kernel.actors[self.inbox(number)]

    def inbox(self, number: int = 0) -> TP:
        return TP("bb.toy.inbox", number)

    def changelog(self, number: int = 0) -> TP:
        return TP("bb.toy.changelog", number)

    # -- partitions -----------------------------------------------------------------------------------------------------------

    def assign(self, *tps: TP) -> None:
        """aiokafka knows these partitions as ours."""
        self.aiokafka._subscription.assign_from_user([TopicPartition(*tp) for tp in tps])

    async def load(self, *numbers: int) -> None:
        """Bring the tables of these partitions to the end of their changelogs."""
        await self.kernel.tables["toy"].load([self.changelog(number) for number in numbers])

    async def take_over(self, *numbers: int) -> None:
        """All that an assignment does, up to reading on."""
        if self.aiokafka.assignment():
            self.aiokafka._subscription.unsubscribe()
        self.assign(*(tp(number) for number in numbers for tp in (self.inbox, self.changelog)))
        await self.load(*numbers)
        await self.kernel.on_assigned()
        await self.consumer.perform_seek()

    # -- inputs ----------------------------------------------------------------------------------------------------------------

    def event(self, offset: int, message: Message, key: str = "a", number: int = 0, **envelope: Any) -> Any:
        """A record of the inbox as Faust hands it to an agent."""
        sealed = seal("toy", key, message, id=f"m{number}-{offset}", source="/test", **envelope)
        at = SimpleNamespace(tp=self.inbox(number), offset=offset, timestamp=NOW / 1000)
        return SimpleNamespace(message=at, key=key.encode(), value=encode(sealed))

    async def say(self, message: Message, key: str = "a", number: int = 0, **envelope: Any) -> int:
        """The next record of the inbox arrives; its offset."""
        actor = self.actor(number)
        offset = actor.next
        await actor.put(self.event(offset, message, key, number, **envelope))
        return offset

    def fetched(self, tp: TP, offsets: Iterable[int], value: bytes = b"v") -> None:
        """A fetch brought these records, which nobody has asked aiokafka for yet."""
        fetcher, found = self.aiokafka._fetcher, list(offsets)
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
        for offset in found:
            builder.append(offset, NOW, b"k", value, [])
        self.aiokafka.seek(tp, found[0])
        records = PartitionRecords(tp, MemoryRecords(bytes(builder.build())), None, found[0], None, None, False, 0)
        assignment = self.aiokafka._subscription.subscription.assignment
        fetcher._records[tp] = FetchResult(tp, assignment=assignment, partition_records=records, backoff=0)
        for waiter in fetcher._fetch_waiters:
            fetcher._notify(waiter)

    # -- turns ------------------------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def turning(self) -> AsyncIterator[None]:
        """The kernel's loop runs."""
        task = asyncio.create_task(self.kernel.turns())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def settings(folder: Path, **more: str) -> Any:
    """Of a worker whose broker is nowhere."""
    given = {
        "BB_KAFKA": "127.0.0.1:9", "BB_REDIS_URL": "redis://127.0.0.1:9/0", "BB_PARTITIONS": str(PARTITIONS),
        # Nobody ticks here: on a busy machine a test that outlasts the session would end the test run.
        "BB_SESSION_TIMEOUT": "85",
    }  # fmt: skip
    return read({**given, "BB_DATA_DIR": str(folder), **more})


@contextlib.asynccontextmanager
async def offline(
    folder: Path, patch: pytest.MonkeyPatch, domains: Iterable[Domain] = (TOY,), **more: str
) -> AsyncIterator[Offline]:
    """Start it; stop it. ``more``: ``BB_*`` settings."""
    broker = Broker()
    broker.wire(patch)
    app = worker("toy", domains, settings(folder, **more))
    made = Offline(app, broker)
    await made.consumer.start()
    try:
        yield made
    finally:
        broker.taking.set()
        await made.consumer.stop()


async def until(true: Any, seconds: float = 30) -> None:
    """Wait for a condition on a busy machine."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)
