"""The auditor as a command: folds everything once, looks at everything, and waits only for what may yet come to rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import msgspec

from agents.auditor.books import Books
from agents.auditor.doubts import Doubts
from agents.auditor.invariants import Violation
from agents.auditor.log import Log
from agents.auditor.looks import Looks
from models.read.databases import Databases
from models.settings import Settings

LOG = "log"
"""The group of all that the logs alone tell."""
AGAIN = 0.5
"""Seconds between two looks at what is in doubt."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``moving``: what was wrong for less than the grace time, when it ended; ``unseen``: look -> why it could not be made.

    ``facts``: events folded; ``orders``: known; ``unfinished``: of those, how many are not at rest.
    """

    violations: list[Violation]
    moving: list[Violation]
    alarms: list[Violation]
    unseen: dict[str, str]
    facts: int
    orders: int
    unfinished: int

    @property
    def exit_code(self) -> int:
        """0: all invariants hold; 1: one does not; 2: as far as could be seen they do."""
        return 1 if self.violations else 2 if self.unseen else 0

    def lines(self) -> Iterator[str]:
        """The verdict for a person, a line each."""
        kinds = [("VIOLATED", self.violations), ("moving", self.moving), ("alarm", self.alarms)]
        rows = [(kind, one.invariant, one.id, one.detail) for kind, found in kinds for one in found]
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
        for row in rows:
            yield "  ".join([*(text.ljust(width) for text, width in zip(row[:3], widths, strict=True)), row[3]])
        for look, why in self.unseen.items():
            yield f"not looked at: {look}: {why}"
        yield (
            f"{len(self.violations)} violations, {len(self.moving)} moving, {len(self.alarms)} alarms;"
            f" {self.facts} events, {self.orders} orders, {self.unfinished} not at rest"
        )


async def verdict(settings: Settings, grace: float, gateway: bool = False) -> Verdict:
    """Audit everything. ``grace``: seconds given to what crosses domains; ``gateway``: also compare the sandbox gateway's books.

    Raises KafkaError, OSError, TimeoutError: the broker is away.
    """
    books = Books()
    log, databases = Log(settings, books), Databases(settings, connections=4)
    looks = Looks(databases, books, log.catch_up, settings.search_url, settings.sandbox_url if gateway else "").by_name
    doubts, unseen, first = Doubts(grace), dict.fromkeys(looks, "not yet"), 0.0
    try:
        while True:
            await log.catch_up()
            now = time.monotonic()
            first = first or now
            found, alarms = books.judge(int(time.time() * 1000))
            doubts.look(LOG, found, now)
            for name, look in looks.items():
                if name in unseen or doubts.doubts(name):
                    try:
                        doubts.look(name, await look(), now)
                        unseen.pop(name, None)
                    except Exception as error:
                        unseen[name] = f"{type(error).__name__}: {error}"[:200]
                        doubts.forget(name)
            if not (doubts.doubted or unseen) or now - first >= grace:
                break
            await asyncio.sleep(min(AGAIN, max(0.0, first + grace - time.monotonic())))
    finally:
        await log.stop()
        await databases.close()
    orders = sum(dossier.order is not None for _, dossier in books.orders())
    return Verdict(
        violations=doubts.violated,
        moving=doubts.doubted,
        alarms=sorted(alarms),
        unseen=unseen,
        facts=books.facts,
        orders=orders,
        unfinished=len(books.open),
    )
