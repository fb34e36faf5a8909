"""One read model being fed: a queue of what has been read, and batches of it into its database, for ever.

Nothing is dropped for a database that is away: the batch is tried again, and what would not fit into the queue meanwhile is read
again later. What has been folded already is dropped, by offset and by the sender's position.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

import msgspec
import structlog
from prometheus_client import Counter, Gauge, Histogram

from agents.beats import Beats, End
from agents.facts import Said
from models.read.databases import Databases
from models.read.facts import EVENTS, Batch, Beating, Fact, Outrun, Poison, Position, ReadModel, Refused, Spot, Store
from models.read.registry import Registry
from topics.ending import end
from topics.tracing import CONSUMER, record, under

log = structlog.get_logger(__name__)
T = TypeVar("T")
LAG = Gauge("bb_projector_lag", "Records of the log that a read model has not stored", ["model"])
AWAY = Gauge("bb_projector_away", "1 while the database of a read model does not take what it is given", ["model"])
FACTS = Counter("bb_projector_facts_total", "Facts folded into a read model", ["model"])
DEAD = Counter("bb_projector_dead_total", "Records that a read model cannot fold", ["model"])
SECONDS = Histogram(
    "bb_projector_batch_seconds", "Time to store a batch", ["model"], buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2)
)
MOST = 5_000
"""Records in the queue; beyond it the reader waits, or reads them again once the database is back."""
BATCH = 1_000
"""Facts of a batch, more or less."""
FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0
"""Seconds between tries while a database is away."""
SETTLE = 1.0
"""Seconds between notes of positions, where batches do not carry them."""


class Item(msgspec.Struct, frozen=True):
    """A record in the queue. ``raw``: as it came, for ``bb.dead``."""

    spot: Spot
    facts: list[Fact]
    after: Position
    offset: int
    raw: bytes | None


Bury = Callable[[str, Spot, int, bytes | None, str, BaseException], Awaitable[None]]
"""(model, spot, offset, value, key, cause): returns once ``bb.dead`` has it."""
Report = Callable[[str, Mapping[str, int]], None]


class Pump:
    """Feeds ``model`` with the spots it is started with. All of it runs on one loop."""

    def __init__(
        self,
        model: ReadModel,
        databases: Databases,
        version: Callable[[], Awaitable[int]],
        bury: Bury,
        report: Report,
    ) -> None:
        """``version``: the version to feed, asked at each start; raises while it is not known."""
        self.model, self._databases, self._version = model, databases, version
        self._bury, self._report = bury, report
        # One that begins with its first count shows no increase, and would wake nobody.
        DEAD.labels(model.name)
        self.version = 0
        self.wanted: frozenset[Spot] = frozenset()
        self.stored: dict[Spot, Position] = {}
        self.accepted: dict[Spot, Position] = {}
        self.lost: set[Spot] = set()
        """Spots of which nothing is accepted until their reader goes back to ``accepted``: records were refused, or the positions
        have just been loaded."""
        self.away = ""
        """Why the database does not take what it is given; "": it does."""
        self.ready = asyncio.Event()
        self.room = asyncio.Event()
        self._queue: deque[Item] = deque()
        self._filled = asyncio.Event()
        self._pressed = asyncio.Event()
        self._since = 0.0
        self._busy = asyncio.Event()
        self._store: Store | None = None
        self.unsettled = False
        """Something is folded that the database need not have before the next settlement: positions, what nobody waits for."""
        self.settled: dict[Spot, Position] = {}
        """Positions before which the database has all: whoever begins anew begins there."""
        self._hole: tuple[Spot, int] | None = None
        self.silent = False
        """Whoever must know how current the store is (``Beating``) has not been told since the start."""
        self._beats = Beats()
        self._doubted = False
        self._task: asyncio.Task[None] | None = None

    # -- what the reader does -----------------------------------------------------------------------------------------------

    def start(self, spots: Iterable[Spot]) -> None:
        """Begin with these spots where the database stands."""
        self.wanted = frozenset(spot for spot in spots if (spot.domain, spot.kind) in self.model.sources)
        self.ready.clear()
        self._clear()
        self._task = asyncio.create_task(self._run())

    async def stop(self, seconds: float = 5.0) -> None:
        """End after the batch in flight, or after so many seconds; note the positions."""
        task, self._task = self._task, None
        if task is None:
            return
        self._queue.clear()
        if not self.away:
            settling = asyncio.create_task(self._settled())
            await asyncio.wait((settling,), timeout=seconds)
            await end(settling)
        await end(task)
        self.ready.clear()
        self._clear()

    def accepts(self, spot: Spot, offset: int) -> bool:
        """Would ``offer`` take a record from there? If nobody does, it need not be decoded."""
        before = self.accepted.get(spot)
        return before is not None and offset >= before.next and spot not in self.lost

    def offer(self, spot: Spot, offset: int, said: Said, raw: bytes | None) -> None:
        """Take the record into the queue, unless it is known or there is no room for it."""
        if not self.accepts(spot, offset):
            return
        before = self.accepted[spot]
        if spot.kind == EVENTS and offset > before.next and self._hole != (spot, before.next):
            # These topics have no holes, so something was lost below: read it again, once.
            log.error("projector_hole", model=self.model.name, spot=spot.name, first=before.next, last=offset - 1)
            self._hole = (spot, before.next)
            self.lost.add(spot)
            return
        if len(self._queue) >= MOST:
            self.lost.add(spot)
            return
        heard, facts = before.heard, said.facts
        if said.sender:
            if said.position <= heard.get(said.sender, -1):
                facts = []
            else:
                heard = {**heard, said.sender: said.position}
        after = self.accepted[spot] = Position(offset + 1, heard)
        self._queue.append(Item(spot, facts, after, offset, raw))
        if not self._filled.is_set():
            self._since = time.monotonic()
            self._filled.set()
        if len(self._queue) >= BATCH or any(map(self.model.urgent, facts)):
            self._pressed.set()

    @property
    def full(self) -> bool:
        """The reader should wait for room, as the database is there and takes what it is given."""
        return len(self._queue) >= MOST and not self.away

    def asks(self, spot: Spot) -> bool:
        """Should the reader of ``spot`` go back now? Not while there is no room for what it would bring."""
        return spot in self.lost and len(self._queue) < MOST // 2

    def lag(self, ends: Mapping[Spot, int]) -> int:
        """Records that the log has and the database not."""
        return sum(max(0, end - self.stored[spot].next) for spot, end in ends.items() if spot in self.stored)

    async def beat(self, ends: Mapping[Spot, End]) -> None:
        """Let a store that says how current it is say so. Raises what the database's driver does."""
        store = self._store
        if not isinstance(store, Beating) or not self.ready.is_set():
            return
        ages = self._beats.ages(ends, self.stored, time.time())
        try:
            if ages:
                await store.beat(ages)
                self.silent = False
        except Outrun:
            # The database does not hold what it held; nothing that comes need be written for a long time.
            self._doubted = True
            self._filled.set()

    # -- inner ------------------------------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        self._queue.clear()
        self.stored, self.accepted, self.settled = {}, {}, {}
        self.lost = set()
        self.unsettled = False
        self._filled.clear()
        self._pressed.clear()
        self._busy.clear()
        self.room.set()

    async def _settled(self) -> None:
        """Wait for the batch in flight, then note the positions."""
        while self._busy.is_set():
            await asyncio.sleep(0.005)
        if self.unsettled and self._store is not None:
            while (await self._store.settle(self.stored)).left:
                pass

    async def _run(self) -> None:
        name = self.model.name
        self.version = await self._persist(self._version)
        store = self._store = self.model.store(self._databases, self.version)
        self.silent = isinstance(store, Beating)
        await self._load(store)
        self.ready.set()
        settled = time.monotonic()
        while True:
            if not self._filled.is_set() and self.unsettled:
                await self._wait(self._filled, SETTLE)
            else:
                await self._filled.wait()
            if self._doubted:
                self._doubted = False
                await self._begin_anew(store)
            if self.unsettled and time.monotonic() - settled > SETTLE:
                settled = time.monotonic()
                await self._settle(store)
            if not self._queue:
                self._filled.clear()
                continue
            if not self._pressed.is_set():
                await self._wait(self._pressed, self._since + self.model.patience / 1000 - time.monotonic())
            begun = time.monotonic()
            items = self._take()
            self._busy.set()
            try:
                facts = await self._feed(store, items)
            finally:
                self._busy.clear()
            took = time.monotonic() - begun
            SECONDS.labels(name).observe(took)
            FACTS.labels(name).inc(facts)
            pause = min(facts * self.model.pace, self.model.longest) / 1000 - took
            if pause > 0:
                await asyncio.sleep(pause)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()

    def _take(self) -> list[Item]:
        items, facts = [], 0
        while self._queue and facts < BATCH:
            item = self._queue.popleft()
            items.append(item)
            facts += len(item.facts)
        if not self._queue:
            self._filled.clear()
            self._pressed.clear()
        if len(self._queue) < MOST:
            self.room.set()
        return items

    async def _feed(self, store: Store, items: list[Item]) -> int:
        """Store the items, however long it takes; returns the number of facts."""
        dead: set[int] = set()
        begun = time.time_ns()
        while True:
            facts = [fact for item in items for fact in item.facts if id(fact) not in dead]
            after = {item.spot: item.after for item in items}
            batch = Batch(facts, {spot: self.stored[spot] for spot in after}, after)
            try:
                seen = await self._persist(functools.partial(store.store, batch))
            except Poison as poison:
                item = next(item for item in items if any(fact is poison.fact for fact in item.facts))
                await self._dead(item, poison.fact.key, poison)
                dead.add(id(poison.fact))
                continue
            except Refused as refused:
                if len(items) > 1:
                    return sum([await self._feed(store, [item]) for item in items])
                await self._dead(items[0], facts[0].key, refused)
                dead.update(id(fact) for fact in facts)
                continue
            except Outrun:
                await self._begin_anew(store)
                return 0
            self.stored.update(after)
            self.unsettled = True
            self._spans(facts, begun)
            if seen and self.model.reported:
                self._report(self.model.name, seen)
            return len(facts)

    def _spans(self, facts: list[Fact], begun: int) -> None:
        """One for each fact of a sampled trace: from the batch's beginning until it was stored."""
        for fact in facts:
            if fact.trace:
                name = f"{self.model.name} project"
                kind = type(fact.body).__name__
                attributes = {"bb.key": fact.key, "bb.seq": fact.seq, "bb.message": kind, "bb.batch": len(facts)}
                record(name, under(fact.trace, name, fact.id, kind), fact.trace, begun, time.time_ns(), CONSUMER, attributes)

    async def _dead(self, item: Item, key: str, cause: Exception) -> None:
        log.error("projector_poison", model=self.model.name, spot=item.spot.name, offset=item.offset, error=str(cause))
        DEAD.labels(self.model.name).inc()
        await self._bury(self.model.name, item.spot, item.offset, item.raw, key, cause)

    async def _settle(self, store: Store) -> None:
        try:
            upto, left = await self._persist(lambda: store.settle(self.stored))
        except Outrun:
            # What was folded is folded again.
            await self._begin_anew(store)
            self.unsettled = False
            return
        self.unsettled = left
        self.settled.update(upto)

    async def _begin_anew(self, store: Store) -> None:
        """Another worker has folded further."""
        log.warning("projector_outrun", model=self.model.name)
        self._queue.clear()
        await self._load(store)

    async def _load(self, store: Store) -> None:
        """Read on where the database stands; the reader goes there."""
        found = await self._persist(store.positions)
        self.stored = {spot: found.get(spot, Position()) for spot in self.wanted}
        self.accepted, self.settled = dict(self.stored), dict(self.stored)
        self.lost = set(self.wanted)

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """The answer of ``call``, tried again until the database gives one. Raises ``Poison``, ``Refused``, ``Outrun`` at once."""
        wait = FIRST_WAIT
        while True:
            try:
                answer = await call()
            except (Poison, Refused, Outrun):
                raise
            except Exception as error:
                why = f"{type(error).__name__}: {error}"[:300]
                if not self.away:
                    log.warning("projector_waits", model=self.model.name, error=why)
                    AWAY.labels(self.model.name).set(1)
                self.away = why
                # Whoever waits for room must not wait for this database.
                self.room.set()
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
            else:
                if self.away:
                    log.info("projector_goes_on", model=self.model.name)
                    self.away = ""
                    AWAY.labels(self.model.name).set(0)
                return answer


def live_version(model: ReadModel, registry: Registry) -> Callable[[], Awaitable[int]]:
    """The version of ``model`` that is live now."""

    async def version() -> int:
        return await registry.version(model.name) if model.versioned else 1

    return version
