"""``read rebuild``: a read model folded anew from offset 0 beside the live one, then switched to.

Nobody waits for it: the live version is read and fed until the switch, which is one row in MySQL. Readers follow within
``registry.CACHED`` seconds and projectors after them; until then this process goes on feeding the new version, so both are current.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from agents.projectors import WATCH, Projector
from models.read.databases import Databases
from models.read.facts import Position, ReadModel
from models.read.models import BY_NAME
from models.read.registry import CACHED, Registry
from models.settings import Settings

log = structlog.get_logger(__name__)
FOLLOW = 2 * CACHED + 4 * WATCH + 1.0
"""Seconds for which the new version is fed here after the switch: readers and projectors have gone over by then."""


class RebuildError(Exception):
    """The rebuild cannot be done; the live version is as it was."""


async def rebuild(settings: Settings, name: str, say: Callable[[str], None] = lambda line: None) -> int:
    """Rebuild the read model ``name``; returns its new version, which is live then. The one before is dropped.

    Raises ``LookupError`` for an unknown name, ``RebuildError`` if it has no versions or is being rebuilt already.
    """
    model = BY_NAME[name]
    if not model.versioned or model.create is None or model.drop is None:
        raise RebuildError(f"{name} has no versions: what it holds is forgotten by itself")
    databases = Databases(settings, connections=4)
    registry = Registry(databases)
    try:
        async with _alone(databases, name):
            live = await registry.version(name)
            version = await registry.reserve(name)
            for left in range(1, version):
                # What a rebuild that was killed has left behind.
                if left != live:
                    await model.drop(databases, left)
            await model.create(databases, version)
            say(f"{name}: filling version {version} beside {live}")
            await _fill_and_switch(settings, registry, model, version, say)
            await model.drop(databases, live)
            return version
    finally:
        await databases.close()


async def _fill_and_switch(
    settings: Settings, registry: Registry, model: ReadModel, version: int, say: Callable[[str], None]
) -> None:
    projector = Projector(settings, [model], versions={model.name: version})
    feeding = asyncio.create_task(projector.run())
    try:
        await _while(feeding, lambda: caught_up(projector))
        settled = settling(projector)
        await _while(feeding, lambda: settled() and caught_up(projector))
        before = await registry.switch(model.name, version)
        say(f"{model.name}: switched from version {before} to {version}")
        await asyncio.wait((feeding,), timeout=FOLLOW)
    finally:
        projector.stop()
        await feeding


async def _while(feeding: asyncio.Task[None], done: Callable[[], bool]) -> None:
    while not done():
        if feeding.done():
            raise RebuildError("the projector ended") from feeding.exception()
        await asyncio.sleep(0.1)


def caught_up(projector: Projector) -> bool:
    """True if each read model of ``projector`` has folded all that the broker had when it last answered."""
    ends = projector.ends()
    return projector.why_not_ready() is None and projector.owned == set(ends) and not any(
        pump.lag(ends) for pump in projector.pumps
    )  # fmt: skip


def settling(projector: Projector) -> Callable[[], bool]:
    """A question: is all settled by now that had been folded when this was called? While there is trade, something is always late,
    so nobody waits for a moment without; what comes after the call is the projectors' that go on with the new version."""
    before = [(pump, dict(pump.stored)) for pump in projector.pumps]

    def settled() -> bool:
        return all(
            pump.settled.get(spot, Position()).next >= folded.next for pump, stored in before for spot, folded in stored.items()
        )

    return settled


@asynccontextmanager
async def _alone(databases: Databases, name: str) -> AsyncIterator[None]:
    """Hold MySQL's lock of this name, which ends with the connection whatever becomes of this process."""
    pool = await databases.mysql()
    lock = f"{databases.settings.mysql_database}.rebuild.{name}"
    async with pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute("SELECT GET_LOCK(%s, 0)", (lock,))
        if (await cursor.fetchone())[0] != 1:
            raise RebuildError(f"{name} is being rebuilt already")
        try:
            yield
        finally:
            await cursor.execute("SELECT RELEASE_LOCK(%s)", (lock,))
