"""The kernel of a worker: the domains it runs, the loop that makes their turns, and the watch over both (design §5).

A turn spans all partitions of the worker: what has arrived is decided, then one atomic record batch per changelog partition
-> acknowledged -> the same records into the local store -> effects start -> outputs published -> acknowledged -> the web
answered -> inputs done. What arrives meanwhile is the next turn.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from faust.types import TP

from agents.runtime.domain import Domain
from agents.runtime.effects import Effects, now_ms
from agents.runtime.figures import Figures
from agents.runtime.partition import ZOMBIE, Batch, Partition
from agents.runtime.points import point
from agents.runtime.reminders import remind
from agents.runtime.rows import Output
from agents.runtime.table import AWAY, ActorTable
from agents.runtime.turn import MAX_BYTES, MAX_INPUTS, Reply, Turn
from models.actor import Message
from topics.answers import Answering
from topics.broker import check
from topics.catalogue import topic
from topics.envelope import NewerVersion, encode, seal
from topics.partitions import partition_of

log = structlog.get_logger(__name__)
TICK = 0.1
"""Seconds between looks at the clock: reminders, holes at the end, and whether this process stood still."""
BUSY, REST = 4, 0.008
"""After a turn of so many inputs the loop rests for so many seconds (docs/adr/0013): the next one is longer, and cheaper for each
input. Who is alone at the shop never waits."""
ROCKSDB = {"write_buffer_size": 8 << 20, "max_write_buffer_number": 2}
"""Rows in memory before they are written to a file, for each partition of each table: Faust's 3 x 64 MB add up."""
SPREAD = 3
"""Steps of the loop in which what one fetch has brought reaches all its partitions: a turn takes the whole of it."""
FAILED, TOO_OLD = 70, 78
"""Exit codes: the loop failed; a message of a newer major version came."""


class Kernel:
    """See the module's text. ``app`` is the worker's Faust app; ``session`` its session time-out in seconds."""

    def __init__(
        self,
        app: Any,
        domains: Iterable[Domain],
        *,
        prefix: str,
        partitions: int,
        bootstrap: str,
        session: float,
        answering: Answering,
    ) -> None:
        self.app, self.prefix, self.partitions, self.bootstrap, self.session = app, prefix, partitions, bootstrap, session
        self.answering = answering
        self.domains = {domain.name: domain for domain in domains}
        self.tables: dict[str, ActorTable] = {}
        self.effects = {name: Effects(domain, self.tell) for name, domain in self.domains.items()}
        self.actors: dict[TP, Partition] = {}
        self.overwritten: dict[Partition, set[bytes]] = {}
        self.waiting: dict[Partition, None] = {}
        self.arrived, self.idle, self.started = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.idle.set()
        self.draining = self.paused = False
        self.ticked = time.monotonic()
        self.figures = Figures(self)
        for domain in self.domains.values():
            self._declare(domain)
        app.kernel = self
        app.on_partitions_revoked.connect(self.on_revoked)
        app.on_rebalance_complete.connect(self.on_assigned)
        app.task(self.run)

    def topic(self, domain: str, kind: str) -> str:
        """The topic's full name."""
        return topic(self.prefix, domain, kind)

    def _declare(self, domain: Domain) -> None:
        raw: dict[str, Any] = {
            "key_type": bytes,
            "value_type": bytes,
            "key_serializer": "raw",
            "value_serializer": "raw",
            "partitions": self.partitions,
        }
        table = ActorTable(
            self.app,
            name=f"{self.prefix}-{domain.name}",
            key_type=bytes,
            value_type=bytes,
            partitions=self.partitions,
            options=ROCKSDB,
            changelog_topic=self.app.topic(self.topic(domain.name, "changelog"), **raw, compacting=True),
        )
        table.bootstrap, table.loaded, table.overwritten, table.ready = self.bootstrap, {}, {}, set()
        table.unsettled = {}
        self.tables[domain.name] = self.app.tables.add(table)
        for number in range(self.partitions):
            actor = Partition(self, domain, number)
            self.actors[actor.inbox] = actor

        async def receive(stream: Any) -> None:
            async for event in stream.noack().events():
                await self.actors[event.message.tp].put(event)

        self.app.agent(self.app.topic(self.topic(domain.name, "inbox"), **raw), name=domain.name)(receive)

    # -- what the consumer asks (agents/runtime/consumer.py) ---------------------------------------------------------------

    def is_ours(self, tp: TP) -> bool:
        """True for the partitions whose position is a ledger's, once that is loaded."""
        return tp in self.actors and self.actors[tp].owned

    def position(self, tp: TP, committed: int | None, earliest: int) -> int:
        """Offset at which ``tp`` is to be read on."""
        return self.actors[tp].position(committed, earliest)

    def finished(self) -> Mapping[TP, int]:
        """What may be committed: the offset after the last finished input of each partition owned."""
        return {tp: actor.finished for tp, actor in self.actors.items() if actor.owned and actor.positioned}

    async def drain(self) -> None:
        """Let the turn in flight end and begin no other.

        After half a session the process ends: what that turn still wrote would go past a ledger that was read anew.
        """
        self.draining = True
        try:
            async with asyncio.timeout(self.session / 2):
                while not self.idle.is_set():
                    await self.idle.wait()
                    # An assignment that was overtaken may have let turns begin again meanwhile (``on_assigned``).
                    self.draining = True
        except TimeoutError:
            log.critical("turn_not_finished", seconds=self.session / 2)
            os._exit(FAILED)

    async def on_revoked(self, app: Any, revoked: Iterable[TP], **_: Any) -> None:
        """The partitions are given up: what is queued will be read by their next owner."""
        await self.drain()
        for tp in revoked:
            if actor := self.actors.get(tp):
                actor.table.ready.discard(tp.partition)
                actor.reset()
                self.waiting.pop(actor, None)
                self.overwritten.pop(actor, None)

    async def on_assigned(self, *_: Any, **__: Any) -> None:
        """Tables are loaded, streams not yet resumed.

        Faust says so of an assignment that a newer one has overtaken, too: that one's tables are not loaded yet.
        """
        mine = [self.actors[tp] for tp in self.app.consumer.assignment() if tp in self.actors]
        if not all(actor.number in actor.table.ready for actor in mine):
            return
        for actor in mine:
            if not actor.owned and not await actor.start():
                return
        self.draining = False
        if self.waiting:
            self.arrived.set()

    # -- the loop --------------------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Take no further inputs until ``resume``; what was begun ends, its outcomes wait in the inbox."""
        self.paused = True
        log.warning("paused")

    def resume(self) -> None:
        """Go on."""
        self.paused = False
        log.warning("resumed")
        self.arrived.set()

    def wake(self, actor: Partition) -> None:
        """There is something to do for ``actor``."""
        self.waiting[actor] = None
        self.arrived.set()

    async def open(self) -> None:
        """Connect to the broker, as soon as it is there; before Faust does.

        Raises ``TopicsDiffer`` rather than send a key to a wrong partition.
        """
        mine = [self.topic(name, kind) for name in self.domains for kind in ("inbox", "events", "changelog")]
        while True:
            self.producer = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap,
                acks="all",
                linger_ms=0,
                max_batch_size=MAX_BYTES + 100_000,
                max_request_size=1_048_576,
                # Given up before the session ends: an older row must not land after somebody else took over.
                request_timeout_ms=int(self.session * 500),
            )
            try:
                await check(self.bootstrap, self.prefix, self.partitions, mine)
                await self.producer.start()
                break
            except KafkaError as error:
                # To end would only mean to be started again, at a second of CPU each time.
                log.warning("broker_away", error=repr(error))
                await self.producer.stop()
                await asyncio.sleep(AWAY)
        self.started.set()

    async def close(self) -> None:
        """Effects still under way end here: their rows say so, and the next owner goes by their kind."""
        for effects in self.effects.values():
            effects.close()
        if self.started.is_set():
            self.started.clear()
            await self.producer.stop()
        await self.answering.close()

    async def run(self) -> None:
        """Faust task: serve until the worker ends. Whatever fails here ends the process: the log knows how to go on."""
        # Nobody has watched the clock while the worker started, which lasts as long as the broker is away.
        self.ticked = time.monotonic()
        both = [asyncio.create_task(task()) for task in (self.turns, self.watch, self.tick)]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except asyncio.CancelledError:
            raise
        except NewerVersion as error:
            log.critical("newer_version", error=str(error))
            os._exit(TOO_OLD)
        except BaseException:
            log.critical("kernel_failed", exc_info=True)
            os._exit(FAILED)
        finally:
            for task in both:
                task.cancel()

    async def turns(self) -> None:
        """What arrives while a turn is being written is the next one."""
        while True:
            await self.arrived.wait()
            for _ in range(SPREAD):
                await asyncio.sleep(0)
            self.arrived.clear()
            if self.draining or self.paused:
                continue
            self.idle.clear()
            try:
                inputs = await self._turn()
            finally:
                self.idle.set()
            # A full turn cannot get any longer, and whoever is behind has to catch up.
            if BUSY <= inputs < MAX_INPUTS:
                await asyncio.sleep(REST)

    async def _turn(self) -> int:
        """One turn over all partitions; the number of inputs that it finished."""
        started = time.perf_counter()
        for actor in [actor for actor in self.waiting if actor.resend]:
            outputs, actor.resend = actor.resend, []
            await self.publish(outputs)
            point("outputs sent again")
        await self._rewrite()
        turns = [(actor, actor.take()) for actor in self.waiting if actor.queue]
        self.waiting = {actor: None for actor, _ in turns if actor.queue}
        if self.waiting:
            self.arrived.set()
        if turns:
            await self._finish(turns)
            self.figures.turn(turns, time.perf_counter() - started)
            await self._rewrite()
        return sum(turn.inputs for _, turn in turns)

    async def _rewrite(self) -> None:
        """Write again what a zombie overwrote; the outputs of all turns before have left."""
        while self.overwritten:
            actor, keys = self.overwritten.popitem()
            for batch in actor.rewriting(keys):
                await actor.written(batch, await actor.send(batch))
                point("rows written again")
            if actor not in self.overwritten:
                actor.table.settle(actor.changelog)

    async def _finish(self, turns: list[tuple[Partition, Turn]]) -> None:
        """Log, acknowledgement, store, effects, outputs, acknowledgement, answers, inputs done: in this order."""
        point("decided")
        writing: list[tuple[Partition, Batch, Any]] = []
        for actor, turn in turns:
            if turn.dirty:
                batch = turn.batch()
                writing.append((actor, batch, await actor.send(batch)))
        for actor, batch, acknowledgement in writing:
            await actor.written(batch, acknowledgement)
        for actor, batch, _ in writing:
            actor.start_effects(batch)
        point("effects started")
        await self.publish([output for _, turn in turns for output in turn.outputs])
        point("published")
        self._answer(reply for _, turn in turns for reply in turn.replies)
        for actor, turn in turns:
            actor.finished = turn.ledger.at + 1
        point("inputs done")

    async def publish(self, outputs: list[Output]) -> None:
        """Append the outputs in order; return when the broker has acknowledged all of them."""
        if not outputs:
            return
        self.must_be_alive()
        sent = [
            await self.producer.send(
                out.topic, key=out.key.encode(), value=out.value, partition=partition_of(out.home, self.partitions)
            )
            for out in outputs
        ]
        point("sent")
        for acknowledgement in sent:
            await acknowledgement

    async def tell(self, domain: str, key: str, message: Message, ident: str) -> None:
        """Append ``message`` to the inbox of one of our own domains (outcomes, reminders). Raises if the broker refuses."""
        sealed = seal(domain, key, message, id=ident, source=f"/{domain}", correlation=key)
        await self.producer.send_and_wait(
            self.topic(domain, "inbox"), key=key.encode(), value=encode(sealed), partition=partition_of(key, self.partitions)
        )

    def _answer(self, replies: Iterable[Reply]) -> None:
        channels: dict[str, list[Any]] = {}
        for reply in replies:
            channels.setdefault(reply.channel, []).append(reply.answer)
        if channels:
            self.answering.publish(channels)

    # -- the watch ---------------------------------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Reminders, and losses at the end of a partition."""
        looks = 0
        while True:
            await asyncio.sleep(TICK)
            if self.draining or getattr(self.app, "rebalancing", False):
                continue
            if not self.paused:
                await remind(self.actors.values(), self.tell)
            looks += 1
            if looks % 5 == 0:
                for actor in list(self.actors.values()):
                    await actor.look_behind()
                self.figures.look(now_ms())

    async def tick(self) -> None:
        """Notice that the loop stood still. Apart from ``watch``, whose waiting for a slow broker is no standing still."""
        while True:
            self.must_be_alive()
            self.ticked = time.monotonic()
            await asyncio.sleep(TICK)

    def must_be_alive(self) -> None:
        """A process that stood still, or was not heard by the broker, for a session has been replaced: it must not write."""
        now = time.monotonic()
        if now - self.ticked > self.session:
            log.critical("stood_still", seconds=now - self.ticked)
            os._exit(ZOMBIE)
        heard = getattr(self.app.consumer, "last_heartbeat", now)
        changing = self.draining or getattr(self.app, "rebalancing", False)
        if now - heard > self.session and not changing and self.app.consumer.assignment():
            log.critical("not_heard", seconds=now - heard)
            os._exit(ZOMBIE)

    def live(self) -> str | None:
        """Why this process should be ended, ``None``: it works. See ``Figures.stuck``."""
        return self.figures.stuck()

    def ready(self) -> str | None:
        """Why this worker is not ready, ``None`` when it is: partitions loaded, streams running, producer connected."""
        if not self.started.is_set():
            return "no connection to Kafka yet"
        if getattr(self.app, "rebalancing", True):
            return "partitions are being assigned"
        owned = [actor for actor in self.actors.values() if actor.owned]
        if not owned:
            return "no partition assigned"
        if any(not actor.positioned for actor in owned):
            return "rows are being loaded"
        if self.paused:
            return "paused by an operator"
        return None
