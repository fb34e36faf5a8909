"""Sessions that have ended, in the memory of each web process: a token counts no more from the moment its session is gone.

The projector says what has ended as soon as it is stored; beside that each process looks into Redis every ``LOOK`` seconds: at the
version, which tells it that a report was lost, and at the beats, which tell it how old what is stored may be. No request waits for
Redis. A process that knows nothing newer than ``deaf_after`` seconds, as Redis or whoever feeds it (the worker ``read``) is away,
cannot know who is still signed in, and so lets nobody in (auth 16, 29), not even to ask what became of a write; what is for
everybody goes on. So do signing in and out while that worker is away, but not without Redis, which holds their limits.

``deaf_after`` is a trade: for so long a session that has ended may go on while that worker is dead (it would until its token runs
out: ten minutes), and a restart that takes longer throws everybody out until it is over. A restart takes 3 to 6 s, 20 s on a busy
machine, and what is known is up to 3 s old at the best of times: so 30 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from models.read import ended
from topics.ending import end
from web.auth import Caller

log = structlog.get_logger("web")
LOOK, AGAIN = 2.0, 0.2
"""Seconds between two looks; after one that failed, or found what is too old."""
PRUNE = 60.0
"""Seconds after which what has become useless is forgotten."""


class Ended:
    """What has ended. ``deaf_after``: nobody counts as signed in while nothing newer is known than so many seconds."""

    def __init__(self, redis_url: str, prefix: str, deaf_after: float, partitions: int) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        self._prefix, self._deaf_after, self._partitions = prefix, deaf_after, partitions
        self._ended: dict[str, int] = {}
        self._version: object = None
        self._alive = -math.inf
        """Up to when (monotonic time) everything that has ended is known."""
        self._pruned = time.monotonic()
        self._stale = asyncio.Event()
        self._stale.set()
        self._task: asyncio.Task[None] | None = None
        self._watching: dict[str, set[Callable[[], None]]] = {}
        self.ready = asyncio.Event()
        """Set once it is known what has ended before this process began."""

    def why_not(self, caller: Caller) -> str:
        """Why the caller does not count as signed in: ``session_ended``, ``unavailable`` (nobody knows), ``""``: does."""
        if caller.session and caller.session in self._ended:
            return "session_ended"
        at = self._ended.get(caller.account)
        if at is not None and caller.since * 1000 < at:
            return "session_ended"
        return "unavailable" if self._deaf() else ""

    def _deaf(self) -> bool:
        return time.monotonic() - self._alive > self._deaf_after

    def heard(self, model: str, seen: Mapping[str, int]) -> None:
        """A report of a read model (``topics.client.Client.on_projected``)."""
        if model == ended.MODEL.name:
            self._take(seen)
        elif not model:
            # Reports before this one may have been lost.
            self._stale.set()

    @contextlib.contextmanager
    def watching(self, caller: Caller, close: Callable[[], None]) -> Iterator[None]:
        """``close`` is called when the session of ``caller`` ends inside the block: for whatever stays open."""
        names = {caller.account, caller.session} - {""}
        for name in names:
            self._watching.setdefault(name, set()).add(close)
        try:
            yield
        finally:
            for name in names:
                self._watching[name].discard(close)
                if not self._watching[name]:
                    del self._watching[name]

    def start(self) -> None:
        """Begin to look; returns at once."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let go of Redis."""
        if self._task is not None:
            await end(self._task)
        await self._redis.aclose()

    # -- inner ---------------------------------------------------------------------------------------------------------------

    def _take(self, found: Mapping[str, int]) -> None:
        oldest = _now() - ended.KEPT
        for name, at in found.items():
            # A report also says up to which event each account is shown: a small number, and no time.
            if at >= oldest and at > self._ended.get(name, 0):
                self._ended[name] = at
                for close in tuple(self._watching.get(name, ())):
                    close()

    async def _run(self) -> None:
        away = ""
        while True:
            begun, before = time.monotonic(), away
            try:
                # What was known stays known, whatever has become of Redis meanwhile.
                self._alive = max(self._alive, begun - await self._look())
            except (RedisError, OSError) as error:
                away = type(error).__name__
            else:
                away = "old" if self._deaf() else ""
            if away and not before:
                log.warning("ended_away", error=away)
            if not away:
                self.ready.set()
            self._prune()
            pause = AGAIN if away else LOOK
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await (asyncio.sleep(pause) if away else self._stale.wait())

    async def _look(self) -> float:
        """Take what has ended; how many seconds old that may be."""
        version, age = await ended.look(self._redis, self._prefix, self._partitions)
        if version == self._version and not self._stale.is_set():
            return age
        self._stale.clear()
        try:
            self._take(await ended.read(self._redis, self._prefix, _now() - ended.KEPT))
        except BaseException:
            self._stale.set()
            raise
        self._version = version
        return age

    def _prune(self) -> None:
        if time.monotonic() - self._pruned > PRUNE:
            self._pruned, oldest = time.monotonic(), _now() - ended.KEPT
            self._ended = {name: at for name, at in self._ended.items() if at >= oldest}


def _now() -> int:
    return round(time.time() * 1000)
