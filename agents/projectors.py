"""Projectors: everything that the log says, folded into the read models (design §8).

One plain aiokafka consumer per process reads all topics that the read models need; a consumer group deals the partitions out, but
where to read on is what each database has stored. Each read model has its own pump, so a database that is away stops no other:
its records are read again when it is back. What cannot be decoded goes to ``bb.dead``; a newer version ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from agents.facts import NOTHING, Said, decode
from agents.pump import DEAD, LAG, Pump, live_version
from agents.runtime.turn import Dead
from models.read.databases import Databases
from models.read.facts import ReadModel, Spot
from models.read.models import MODELS
from models.read.registry import CACHED, Registry
from models.settings import Settings
from topics import catalogue
from topics.answers import PROJECTED, Projected, encode
from topics.envelope import Undecodable
from topics.partitions import partition_of

log = structlog.get_logger(__name__)
FETCH_WAIT = 500
"""Milliseconds that the broker may wait for new records."""
RECORDS = 2_000
"""Records taken at once."""
PACE, LONGEST = 1.5, 25.0
"""Milliseconds that the next look waits for each record of this one, and at most: a fetch over forty partitions costs 0.4 CPU-ms,
however little it brings. aiokafka fetches again once everything is taken, if that is within 100 ms."""
WATCH = 0.5
"""Seconds between looks at lag and registry."""


class Reporting:
    """Tells waiting web processes what is stored: best effort, and never in a pump's way."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        self._waiting: dict[str, dict[str, int]] = {}
        self._task: asyncio.Task[None] | None = None

    def report(self, model: str, seen: Mapping[str, int]) -> None:
        """Publish, soon."""
        self._waiting.setdefault(model, {}).update(seen)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        while self._waiting:
            reports, self._waiting = self._waiting, {}
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for model, seen in reports.items():
                        pipe.publish(PROJECTED, encode(Projected(model, dict(seen))))
                    await pipe.execute()
            except (RedisError, OSError):
                await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Let go."""
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=1)
        await self._redis.aclose()


class Projector(ConsumerRebalanceListener):  # type: ignore[misc]
    """Feeds ``models``. ``group`` "": no group, all partitions (a rebuild). ``instance``: this member's lasting name."""

    def __init__(
        self,
        settings: Settings,
        models: Iterable[ReadModel] = MODELS,
        *,
        group: str = "",
        instance: str = "",
        versions: Mapping[str, int] = {},
    ) -> None:
        """``versions``: model -> version to feed instead of the live one."""
        self.settings = settings
        self.databases = Databases(settings, connections=8)
        self.registry = Registry(self.databases)
        self._reporting = None if versions else Reporting(settings.redis_url)
        self._fixed = dict(versions)
        self.pumps = [
            Pump(model, self.databases, self._version(model), self._bury, self._report) for model in models
        ]
        self._group, self._instance = group, instance
        self._spots: dict[TopicPartition, Spot] = {}
        sources = sorted({source for model in models for source in model.sources})
        for domain, kind in sources:
            name = catalogue.topic(settings.prefix, domain, kind)
            for number in range(settings.partitions):
                self._spots[TopicPartition(name, number)] = Spot(domain, kind, number)
        self._topics = sorted({tp.topic for tp in self._spots})
        self._readers = {
            tp: [pump for pump in self.pumps if (spot.domain, spot.kind) in pump.model.sources] for tp, spot in self._spots.items()
        }
        self._consumer: Any = None
        self._producer: Any = None
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._paused: set[TopicPartition] = set()
        self._stopping = False
        self._switching: dict[str, float] = {}

    def _version(self, model: ReadModel) -> Any:
        if model.name in self._fixed:
            number = self._fixed[model.name]

            async def fixed() -> int:
                return number

            return fixed
        return live_version(model, self.registry)

    def why_not_ready(self) -> str | None:
        """For ``/health/ready``."""
        if not self._assigned:
            return "no partitions yet"
        waits = [f"{pump.model.name}: {pump.away or 'loading'}" for pump in self.pumps if pump.away or not pump.ready.is_set()]
        return "; ".join(waits) or None

    # -- life --------------------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Feed until ``stop``. Raises ``NewerVersion``, and ``OffsetOutOfRangeError`` if the log has lost what was to come next."""
        consumer = self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka,
            group_id=self._group or None,
            group_instance_id=self._instance or None,
            enable_auto_commit=False,
            # A position that the log no longer has is an alarm and never a fresh start.
            auto_offset_reset="none",
            # All topics have equally many partitions, and this one deals the same numbers of each to a member: an aggregate's
            # events and its private record must meet in one process.
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=int(self.settings.session_timeout * 1000),
            heartbeat_interval_ms=int(min(3.0, self.settings.session_timeout / 7) * 1000),
            fetch_max_wait_ms=FETCH_WAIT,
            max_poll_interval_ms=600_000,
            max_partition_fetch_bytes=1 << 20,
        )
        await self._persist_start(consumer)
        watch = asyncio.create_task(self._watch())
        try:
            if self._group:
                consumer.subscribe(self._topics, listener=self)
            else:
                consumer.assign(list(self._spots))
                await self.on_partitions_assigned(list(self._spots))
            await self._read(consumer, watch)
        finally:
            watch.cancel()
            for pump in self.pumps:
                await pump.stop()
            with contextlib.suppress(KafkaError, asyncio.TimeoutError):
                await consumer.stop()
                if self._producer is not None:
                    await self._producer.stop()
            if self._reporting is not None:
                await self._reporting.close()
            await self.databases.close()

    def stop(self) -> None:
        """End ``run`` soon."""
        self._stopping = True

    async def _persist_start(self, consumer: Any) -> None:
        while True:
            try:
                await consumer.start()
                return
            except (KafkaError, OSError) as error:
                log.warning("broker_away", error=type(error).__name__)
                await asyncio.sleep(0.5)

    # -- assignment --------------------------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """The group protocol gives all partitions up at once."""
        self._assigned = frozenset()
        await asyncio.gather(*(pump.stop() for pump in self.pumps))

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Start the pumps; what a database stands at is sought once it has said so."""
        self._assigned = frozenset(assigned)
        if not assigned:
            return
        self._paused = set(assigned)
        self._consumer.pause(*assigned)
        for tp in assigned:
            self._consumer.seek(tp, 0)
        spots = [self._spots[tp] for tp in assigned]
        for pump in self.pumps:
            pump.start(spots)
        # A database that is there answers in this time; one that is not must not keep the others waiting.
        waits = [asyncio.create_task(pump.ready.wait()) for pump in self.pumps]
        await asyncio.wait(waits, timeout=1.0)
        for wait in waits:
            wait.cancel()

    def _rewind(self) -> None:
        """Go back to where the pumps that ask for it stand, and not behind others that are further back."""
        asking = [pump for pump in self.pumps if pump.rewind]
        if not asking:
            return
        for tp in self._assigned:
            spot = self._spots[tp]
            wanted = [pump.accepted[spot].next for pump in asking if spot in pump.accepted]
            if not wanted:
                continue
            target = min(wanted)
            if tp in self._paused:
                self._consumer.seek(tp, target)
                self._consumer.resume(tp)
                self._paused.discard(tp)
            elif target < self._consumer._subscription.subscription.assignment.state_value(tp).position:
                self._consumer.seek(tp, target)
        for pump in asking:
            pump.sought()

    # -- reading -----------------------------------------------------------------------------------------------------------------

    async def _read(self, consumer: Any, watch: asyncio.Task[None]) -> None:
        while not self._stopping:
            if watch.done():
                watch.result()
            self._rewind()
            found = await consumer.getmany(timeout_ms=250, max_records=RECORDS)
            taken = 0
            for tp, records in found.items():
                if tp not in self._assigned:
                    continue
                spot, pumps = self._spots[tp], self._readers[tp]
                taken += len(records)
                for record in records:
                    if any(pump.accepts(spot, record.offset) for pump in pumps):
                        said = await self._decode(spot, record)
                        for pump in pumps:
                            pump.offer(spot, record.offset, said, record.value)
            for pump in self.pumps:
                if pump.full:
                    pump.room.clear()
                    await pump.room.wait()
            if taken:
                await asyncio.sleep(min(taken * PACE, LONGEST) / 1000)

    async def _decode(self, spot: Spot, record: Any) -> Said:
        try:
            return decode(spot, record.key, record.value, record.timestamp)
        except Undecodable as error:
            log.error("projector_undecodable", spot=spot.name, offset=record.offset, error=str(error))
            DEAD.labels("all").inc()
            await self._bury("", spot, record.offset, record.value, (record.key or b"").decode("utf-8", "replace"), error)
            return NOTHING

    async def _bury(self, model: str, spot: Spot, offset: int, raw: bytes | None, key: str, cause: BaseException) -> None:
        """To ``bb.dead``; returns once the broker has it."""
        source = catalogue.topic(self.settings.prefix, spot.domain, spot.kind)
        text = (raw or b"").decode("utf-8", "backslashreplace")
        why = f"{f'read model {model}: ' if model else ''}{type(cause).__name__}: {cause}"
        stack = "".join(traceback.format_exception(cause))[-8000:]
        letter = Dead(source, spot.partition, offset, key, why, stack, 0, False, text)
        name = f"{self.settings.prefix}.{catalogue.DEAD}"
        while True:
            try:
                if self._producer is None:
                    producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka, acks="all", max_request_size=1_048_576)
                    await producer.start()
                    self._producer = producer
                partition = partition_of(key, self.settings.partitions)
                await self._producer.send_and_wait(name, key=key.encode(), value=encode(letter), partition=partition)
                return
            except (KafkaError, OSError) as error:
                log.warning("broker_away", error=type(error).__name__)
                await asyncio.sleep(0.5)

    def _report(self, model: str, seen: Mapping[str, int]) -> None:
        if self._reporting is not None:
            self._reporting.report(model, seen)

    # -- the watch ---------------------------------------------------------------------------------------------------------------

    @property
    def owned(self) -> set[Spot]:
        """The spots that this process feeds."""
        return {self._spots[tp] for tp in self._assigned}

    def ends(self) -> dict[Spot, int]:
        """The end of each spot of ours, as the broker last said."""
        found = {}
        for tp in self._assigned:
            with contextlib.suppress(Exception):
                if (end := self._consumer.highwater(tp)) is not None:
                    found[self._spots[tp]] = end
        return found

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH)
            ends = self.ends()
            for pump in self.pumps:
                LAG.labels(pump.model.name).set(pump.lag(ends))
            if not self._fixed:
                await self._follow_registry()

    async def _follow_registry(self) -> None:
        """Go over to a version that was switched to, once no reader can still believe in the one before."""
        now = time.monotonic()
        for pump in self.pumps:
            if not pump.model.versioned or not pump.ready.is_set():
                continue
            with contextlib.suppress(Exception):
                live = await self.registry.version(pump.model.name)
                if live == pump.version:
                    self._switching.pop(pump.model.name, None)
                elif now - self._switching.setdefault(pump.model.name, now) > CACHED + WATCH:
                    log.info("read_model_switched", model=pump.model.name, version=live)
                    self._switching.pop(pump.model.name)
                    before = self._assigned
                    await pump.stop()
                    if self._assigned is before:
                        pump.start(self._spots[tp] for tp in before)
