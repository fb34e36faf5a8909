"""The auditor as a process: follows the logs, looks at every read model now and then, and raises its voice once per violation.

Memory is bounded by the open orders and ``settings.audit_kept`` others (2.5 KB each), and grows by some 100 bytes with each
order beyond; CPU by the pace of the looks. A broker or a database that is away is no violation: meanwhile nothing is judged, and
afterwards whatever is in doubt gets its whole grace time again.

What it has folded is not stored: each start folds the whole log again. Decoding and folding take 0.2 CPU-ms an order (15 events);
with fetching and the first look at each read model 0.7 were measured on a busy machine. Until then it is not ready, and tells of
nothing: some 10 minutes with a million orders. No snapshot is kept: a wrong one would hide what is wrong.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import structlog
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from prometheus_client import Gauge

from agents.auditor.books import Books
from agents.auditor.doubts import Doubts, News
from agents.auditor.invariants import ALARMS, INVARIANTS, Violation
from agents.auditor.log import Log
from agents.auditor.looks import Looks
from agents.auditor.verdict import LOG
from models.read.databases import Databases
from models.settings import Settings

log = structlog.get_logger(__name__)
VIOLATIONS = Gauge("bb_invariant_violations", "What does not hold, after the grace time", ["invariant"])
ALARM = Gauge("bb_auditor_alarms", "What the gateway leaves open for too long", ["alarm"])
UNSEEN = Gauge("bb_auditor_unseen", "1 while a read model, or the log, cannot be looked at", ["look"])
OPEN = Gauge("bb_auditor_open_orders", "Orders that are not at rest")
STEP = 2.0
"""Seconds between two readings of the logs."""
LOOK, SHARE = 15.0, 20
"""Seconds between two looks at a read model, at least, and how many times as long as a look its pause is."""
IN_DOUBT, DOUBT_SHARE = 2.0, 4
"""The same, while something of it is in doubt."""


class Watch:
    """See the module's text."""

    def __init__(self, settings: Settings) -> None:
        for name in INVARIANTS:
            VIOLATIONS.labels(name).set(0)
        for name in ALARMS:
            ALARM.labels(name).set(0)
        self._books = Books(settings.audit_kept)
        self._log = Log(settings, self._books)
        self._databases = Databases(settings, connections=2)
        self._looks = Looks(self._databases, self._books, self._log.catch_up, settings.search_url).by_name
        self._due = dict.fromkeys(self._looks, 0.0)
        self._doubts, self._alarms = Doubts(settings.audit_grace), Doubts(0.0)
        self._unseen: set[str] = set()
        self._stopping = asyncio.Event()
        self._away = "nothing is read yet"

    def why_not_ready(self) -> str | None:
        """For ``/health/ready``."""
        return self._away or None

    def stop(self) -> None:
        """End ``run`` soon."""
        self._stopping.set()

    async def run(self) -> None:
        """Watch until ``stop``. Raises ``NewerVersion``; ``OffsetOutOfRangeError``: the log has lost what was to come next."""
        try:
            while not self._stopping.is_set():
                try:
                    await self._log.catch_up()
                except OffsetOutOfRangeError:
                    raise
                except (KafkaError, OSError, TimeoutError) as error:
                    await self._broker_away(error)
                else:
                    self._judge()
                    await self._look_around()
                await self._sleep(STEP)
        finally:
            await self._log.stop()
            await self._databases.close()

    async def _broker_away(self, error: Exception) -> None:
        self._doubts.forget()
        if not self._away:
            log.warning("auditor_waits", look=LOG, error=type(error).__name__)
        self._away = f"broker: {type(error).__name__}"
        UNSEEN.labels(LOG).set(1)
        await self._log.stop()

    def _judge(self) -> None:
        self._away = ""
        UNSEEN.labels(LOG).set(0)
        found, alarms = self._books.judge(int(time.time() * 1000))
        self._tell(self._doubts.look(LOG, found, time.monotonic()))
        for one in self._alarms.look(LOG, alarms, time.monotonic()).violated:
            log.error("auditor_alarm", alarm=one.invariant, id=one.id, detail=one.detail)
        _count(ALARM, ALARMS, self._alarms.violated)
        OPEN.set(len(self._books.open))

    async def _look_around(self) -> None:
        for name, look in self._looks.items():
            if self._stopping.is_set() or time.monotonic() < self._due[name]:
                continue
            begun = time.monotonic()
            try:
                news = self._doubts.look(name, await look(), begun)
            except Exception as error:
                # Whatever a driver raises: it is the database that cannot be asked, and what it holds is as it was.
                self._doubts.forget(name)
                if name not in self._unseen:
                    log.warning("auditor_waits", look=name, error=f"{type(error).__name__}: {error}"[:200])
                self._unseen.add(name)
                UNSEEN.labels(name).set(1)
                self._due[name] = time.monotonic() + IN_DOUBT
                continue
            self._tell(news)
            self._unseen.discard(name)
            UNSEEN.labels(name).set(0)
            now, doubted = time.monotonic(), self._doubts.doubts(name)
            pause = max(IN_DOUBT, DOUBT_SHARE * (now - begun)) if doubted else max(LOOK, SHARE * (now - begun))
            self._due[name] = now + pause

    def _tell(self, news: News) -> None:
        for one in news.violated:
            log.error("invariant_violated", invariant=one.invariant, id=one.id, detail=one.detail)
        for one in news.restored:
            log.info("invariant_restored", invariant=one.invariant, id=one.id)
        if news.violated or news.restored:
            _count(VIOLATIONS, INVARIANTS, self._doubts.violated)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _count(gauge: Gauge, names: Iterable[str], found: Iterable[Violation]) -> None:
    counts = dict.fromkeys(names, 0)
    for one in found:
        counts[one.invariant] += 1
    for name, count in counts.items():
        gauge.labels(name).set(count)
