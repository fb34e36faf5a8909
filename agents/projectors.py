"""Projectors: everything that the log says, folded into the read models (design §8).

Two plain aiokafka consumers per process read all topics that the read models need, the busy ones and the quiet ones; a consumer
group deals the partitions out, but where to read on is what each database has stored. Each read model has its own pump, so a
database that is away stops no other: its records are read again when it is back. What cannot be decoded goes to ``bb.dead``; a
newer version ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from agents.beats import End
from agents.facts import NOTHING, Said, decode
from agents.pump import DEAD, LAG, Pump, live_version
from agents.reporting import Reporting
from agents.runtime.metrics import READY
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, ReadModel, Spot
from models.read.models import MODELS
from models.read.registry import CACHED, Registry
from models.settings import Settings
from topics import catalogue
from topics.answers import encode
from topics.dead import Dead
from topics.ending import end
from topics.envelope import Undecodable
from topics.partitions import partition_of

log = structlog.get_logger(__name__)
FETCH_WAIT = 500
"""Milliseconds that the broker may wait for new records."""
RECORDS = 2_000
"""Records taken at once."""
PACE, SHORTEST, LONGEST = 0.7, 2.0, 12.0
"""Milliseconds that the next look waits for each record of this one, at least and at most: a fetch costs 20 CPU-us for each
partition that it names, however little it brings. aiokafka fetches again once everything is taken, if that is within 100 ms."""
QUIET = {
    ("stores", EVENTS), ("stores", PRIVATE), ("catalog", PRIVATE), ("inventory", PRIVATE), ("carts", EVENTS), ("accounts", EVENTS),
    ("accounts", PRIVATE),
}  # fmt: skip
"""Topics that no order writes, or only one out of a cart, once: with a consumer of their own they are not named in every
fetch of the others."""
STUCK = 60.0
"""Seconds without a look for new records after which the process counts as dead; the broker is waited for in each look."""
WATCH = 0.5
"""Seconds between looks at lag and registry."""


def group_of(name: str, topics: Iterable[str]) -> str:
    """The group under ``name`` for exactly these topics.

    A broker that was restarted gives a lasting member that comes back what it had before, whatever it subscribes to now: a release
    that reads other topics in the group was dealt those of the release before, ended for it, and came back to be dealt the same.
    Nothing is lost with a group, as where to read on is what the databases have stored.
    """
    return f"{name}-{zlib.crc32(','.join(sorted(topics)).encode()):08x}"


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
        self.pumps = [Pump(model, self.databases, self._version(model), self._bury, self._report) for model in models]
        self._group, self._instance = group, instance
        self._spots: dict[TopicPartition, Spot] = {}
        sources = sorted({source for model in models for source in model.sources})
        for domain, kind in sources:
            name = catalogue.topic(settings.prefix, domain, kind)
            for number in range(settings.partitions):
                self._spots[TopicPartition(name, number)] = Spot(domain, kind, number)
        quiet = {tp for tp, spot in self._spots.items() if (spot.domain, spot.kind) in QUIET}
        # Without busy topics there is nothing to keep the quiet ones apart from.
        self._quiet = quiet if len(quiet) < len(self._spots) else set()
        self._topics = sorted({tp.topic for tp in self._spots if tp not in self._quiet})
        self._readers = {
            tp: [pump for pump in self.pumps if (spot.domain, spot.kind) in pump.model.sources] for tp, spot in self._spots.items()
        }
        self._consumer: Any = None
        self._second: Any = None
        self._producer: Any = None
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._paused: set[TopicPartition] = set()
        self._stopping = False
        self._turned = time.monotonic()
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
        waiting = [pump for pump in self.pumps if pump.away or pump.silent or not pump.ready.is_set()]
        waits = [f"{pump.model.name}: {pump.away or 'loading'}" for pump in waiting]
        return "; ".join(waits) or None

    def why_not_live(self) -> str | None:
        """For ``/health/live``: a database or a broker that is away is no reason, reading that has stopped is."""
        silent = time.monotonic() - self._turned
        return f"nothing has been read for {silent:.0f} s" if self._assigned and silent > STUCK else None

    # -- life --------------------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Feed until ``stop``. Raises ``NewerVersion``, and ``OffsetOutOfRangeError`` if the log has lost what was to come next."""
        common: dict[str, Any] = {
            "bootstrap_servers": self.settings.kafka,
            "enable_auto_commit": False,
            # A position that the log no longer has is an alarm and never a fresh start.
            "auto_offset_reset": "none",
            "fetch_max_wait_ms": FETCH_WAIT,
            "max_partition_fetch_bytes": 1 << 20,
        }
        self._consumer = AIOKafkaConsumer(
            **common,
            group_id=group_of(self._group, self._topics) if self._group else None,
            group_instance_id=self._instance or None,
            # All topics have equally many partitions, and this one deals the same numbers of each to a member: an aggregate's
            # events and its private record must meet in one process.
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=int(self.settings.session_timeout * 1000),
            heartbeat_interval_ms=int(min(3.0, self.settings.session_timeout / 7) * 1000),
            max_poll_interval_ms=600_000,
        )
        self._second = AIOKafkaConsumer(**common)
        consumers = [self._consumer, *([self._second] if self._quiet else [])]
        tasks = []
        try:
            for consumer in consumers:
                await self._persist_start(consumer)
            if self._group:
                self._consumer.subscribe(self._topics, listener=self)
            else:
                busy = [tp for tp in self._spots if tp not in self._quiet]
                self._consumer.assign(busy)
                await self.on_partitions_assigned(busy)
            tasks = [asyncio.create_task(self._read(consumer)) for consumer in consumers]
            tasks.append(asyncio.create_task(self._watch()))
            if not self._fixed:
                tasks.append(asyncio.create_task(self._beat()))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            await end(*tasks)
            for pump in self.pumps:
                await pump.stop()
            with contextlib.suppress(KafkaError, asyncio.TimeoutError):
                for consumer in consumers:
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
        numbers = {tp.partition for tp in assigned}
        quiet = [tp for tp in self._quiet if tp.partition in numbers]
        self._assigned = frozenset([*assigned, *quiet])
        if self._quiet:
            self._second.assign(quiet)
        if not assigned:
            return
        self._paused = set(self._assigned)
        for tp in self._assigned:
            consumer = self._of(tp)
            consumer.pause(tp)
            consumer.seek(tp, 0)
        spots = [self._spots[tp] for tp in self._assigned]
        for pump in self.pumps:
            pump.start(spots)
        # A database that is there answers in this time; one that is not must not keep the others waiting.
        waits = [asyncio.create_task(pump.ready.wait()) for pump in self.pumps]
        await asyncio.wait(waits, timeout=1.0)
        for wait in waits:
            wait.cancel()

    def _of(self, tp: TopicPartition) -> Any:
        return self._second if tp in self._quiet else self._consumer

    def _rewind(self, consumer: Any) -> None:
        """Go back to where the pumps that ask for it stand. Nothing that was fetched before comes after this."""
        for tp in self._assigned:
            spot = self._spots[tp]
            asking = [pump for pump in self._readers[tp] if pump.asks(spot)]
            if not asking or self._of(tp) is not consumer:
                continue
            target = min(pump.accepted[spot].next for pump in asking)
            if tp in self._paused:
                consumer.seek(tp, target)
                consumer.resume(tp)
                self._paused.discard(tp)
            elif target < consumer._subscription.subscription.assignment.state_value(tp).position:
                consumer.seek(tp, target)
            for pump in asking:
                pump.lost.discard(spot)

    # -- reading -----------------------------------------------------------------------------------------------------------------

    async def _read(self, consumer: Any) -> None:
        while not self._stopping:
            self._turned = time.monotonic()
            self._rewind(consumer)
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
                await asyncio.sleep(min(SHORTEST + taken * PACE, LONGEST) / 1000)

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
        return {spot: end.offset for spot, end in self._heard().items()}

    def _heard(self) -> dict[Spot, End]:
        found = {}
        for tp in self._assigned:
            with contextlib.suppress(Exception):
                if (end := self._of(tp).highwater(tp)) is not None:
                    found[self._spots[tp]] = End(end, self._of(tp).last_poll_timestamp(tp) / 1000)
        return found

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(WATCH)
            heard = self._heard()
            for pump in self.pumps:
                # A database that is away cannot be told; its pump has logged that.
                with contextlib.suppress(Exception):
                    await pump.beat(heard)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH)
            ends = self.ends()
            READY.set(1 if self.why_not_ready() is None else 0)
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
