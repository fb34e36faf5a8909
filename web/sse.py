"""Server-sent events out of each account's own Redis stream (design §6): one reader a process, however many streams are open.

Nothing is missed and nothing said twice: a stream first joins the reader, then replays what Redis has after ``Last-Event-ID``, then
goes on with what the reader brings, dropping ids that it has sent. With Redis away streams stay open and go on where they were.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Iterable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from models.read import live
from topics.ending import end

log = structlog.get_logger("web")

BLOCK = 10_000
"""Milliseconds that the reader waits in Redis; who joins wakes it."""
BATCH, BACKLOG = 200, 1_000
"""Entries read at once; entries that wait for one slow client before its stream is closed (it comes back with its last id)."""
ALIVE = 45.0
"""Seconds after which an open stream that was not refreshed no longer counts."""
_ID = re.compile(r"[0-9]{1,16}-[0-9]{1,12}\Z")
Entry = tuple[str, bytes]
"""Id, frame."""


class TooMany(Exception):
    """The account has as many streams open as it may."""


class Away(Exception):
    """Redis cannot be asked now."""


def good_id(text: str) -> bool:
    """True for an id of a Redis stream's entry."""
    return bool(_ID.match(text))


def after(one: str, other: str) -> bool:
    """True if entry id ``one`` comes after ``other``."""
    return _order(one) > _order(other)


def _order(text: str) -> tuple[int, int]:
    milliseconds, _, number = text.partition("-")
    return int(milliseconds), int(number or 0)


def frame(id: str, fields: dict[bytes, bytes]) -> bytes:
    """The entry as it goes over the wire; ``data`` is one line of JSON."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (id.encode(), fields[b"kind"], fields[b"data"].replace(b"\n", b" "))


class Stream:
    """One client's open stream."""

    def __init__(self, account: str, key: str) -> None:
        self.account, self.key = account, key
        self.queue: asyncio.Queue[Entry | None] = asyncio.Queue(BACKLOG)
        """``None``: close."""

    def push(self, entry: Entry | None) -> None:
        """Hand on an entry; a client that is too slow is closed instead."""
        if self.queue.full():
            self.queue.get_nowait()
            entry = None
        self.queue.put_nowait(entry)


class Hub:
    """Reads for all streams of this process over one connection. ``prefix`` is the installation's."""

    def __init__(self, redis_url: str, prefix: str, process: str, most: int) -> None:
        self._url, self._prefix, self._process, self._most = redis_url, prefix, process, most
        self._redis = Redis.from_url(redis_url, socket_timeout=3, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1))
        self._streams: dict[str, set[Stream]] = {}
        self._cursors: dict[str, str] = {}
        self._reader = 0
        self._reading: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._joined = asyncio.Event()
        self._numbers = 0

    async def open(self, account: str, last: str) -> tuple[Stream, list[bytes], str]:
        """Join: the stream, what is to be sent first, and the id of the last entry in it.

        ``last`` "": from now on. Raises ``TooMany`` or ``Away``; else ``close`` must follow.
        """
        key = live.key(self._prefix, account)
        stream = Stream(account, key)
        self._numbers += 1
        try:
            await self._count(stream)
            try:
                newest: Any = await self._redis.xrevrange(key, count=1)
                tail = newest[0][0].decode() if newest else "0-0"
                self._join(stream, tail)
                await self._wake(key)
                return (stream, *await self._replay(key, last, tail))
            except BaseException:
                await self.close(stream)
                raise
        except (RedisError, OSError) as error:
            raise Away from error

    async def close(self, stream: Stream) -> None:
        """Leave."""
        streams = self._streams.get(stream.key)
        if streams is not None:
            streams.discard(stream)
            if not streams:
                del self._streams[stream.key]
                self._cursors.pop(stream.key, None)
        with contextlib.suppress(RedisError, OSError):
            await self._redis.zrem(self._counter(stream.account), self._name(stream))

    async def refresh(self, stream: Stream) -> None:
        """Say that the stream is still open; to be called more often than every ``ALIVE`` seconds."""
        with contextlib.suppress(RedisError, OSError):
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zadd(self._counter(stream.account), {self._name(stream): time.time()})
                pipe.expire(self._counter(stream.account), int(2 * ALIVE))
                await pipe.execute()

    async def stop(self) -> None:
        """Close every stream."""
        for stream in [stream for streams in self._streams.values() for stream in streams]:
            stream.push(None)
        if self._task is not None:
            await end(self._task)
        await self._redis.aclose()

    # -- inner ---------------------------------------------------------------------------------------------------------------

    def _counter(self, account: str) -> str:
        return f"{self._prefix}:streams:{account}"

    def _name(self, stream: Stream) -> str:
        return f"{self._process}/{id(stream)}"

    async def _count(self, stream: Stream) -> None:
        """Take a place among the account's streams, in all processes; a process that died frees its places by itself."""
        counter, now = self._counter(stream.account), time.time()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zremrangebyscore(counter, "-inf", now - ALIVE)
            pipe.zadd(counter, {self._name(stream): now})
            pipe.expire(counter, int(2 * ALIVE))
            pipe.zcard(counter)
            *_, number = await pipe.execute()
        if number > self._most:
            await self._redis.zrem(counter, self._name(stream))
            raise TooMany

    def _join(self, stream: Stream, tail: str) -> None:
        self._streams.setdefault(stream.key, set()).add(stream)
        self._cursors.setdefault(stream.key, tail)
        if self._task is None:
            self._task = asyncio.create_task(self._read())

    async def _wake(self, key: str) -> None:
        """Let the reader begin anew with whoever has joined; if that fails, it does so after ``BLOCK``."""
        self._joined.set()
        for _ in range(20):
            if key in self._reading:
                return
            if self._reader:
                await self._redis.client_unblock(self._reader)
            # The reader may have been about to ask, and does so with those who were there before.
            await asyncio.sleep(0.005)

    async def _replay(self, key: str, last: str, tail: str) -> tuple[list[bytes], str]:
        if not last:
            return [], tail
        frames: list[bytes] = []
        if await self._lost(key, last):
            # What came between is no longer kept: the client must read anew what it shows.
            frames.append(b"event: reset\ndata: {}\n\n")
        while True:
            entries: Any = await self._redis.xrange(key, min=f"({last}", count=BATCH)
            for raw, fields in entries:
                last = raw.decode()
                frames.append(frame(last, fields))
            if len(entries) < BATCH:
                return frames, last

    async def _lost(self, key: str, last: str) -> bool:
        """True if entries after ``last`` may have been trimmed or have expired."""
        if not await self._redis.exists(key):
            return True
        about: Any = await self._redis.xinfo_stream(key)
        deleted = about.get("max-deleted-entry-id", b"0-0")
        return after(deleted.decode() if isinstance(deleted, bytes) else str(deleted), last)

    async def _read(self) -> None:
        while True:
            # A connection of its own, so that its id can be told to Redis by another one; it may block longer than calls may take.
            redis = Redis.from_url(
                self._url,
                socket_timeout=BLOCK / 1000 + 5,
                socket_connect_timeout=2,
                single_connection_client=True,
                retry=Retry(NoBackoff(), 0),
            )
            try:
                self._reader = await redis.client_id()
                while True:
                    await self._read_once(redis)
            except (RedisError, OSError) as error:
                log.warning("live_away", error=type(error).__name__)
            finally:
                self._reader, self._reading = 0, {}
                with contextlib.suppress(RedisError, OSError):
                    await redis.aclose()
            await asyncio.sleep(0.3)

    async def _read_once(self, redis: Redis) -> None:
        self._joined.clear()
        if not self._cursors:
            await self._joined.wait()
            return
        self._reading = dict(self._cursors)
        wanted: dict[Any, Any] = dict(self._reading)
        found: Any = await redis.xread(wanted, count=BATCH, block=BLOCK)
        for raw, entries in found.items() if isinstance(found, dict) else found or ():
            key = raw.decode()
            batches = entries[0] if entries and isinstance(entries[0], list) else entries
            self._hand_on(key, batches)

    def _hand_on(self, key: str, entries: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> None:
        streams = self._streams.get(key, ())
        for raw, fields in entries:
            ident = raw.decode()
            if key in self._cursors:
                self._cursors[key] = ident
            if streams:
                entry = (ident, frame(ident, fields))
                for stream in streams:
                    stream.push(entry)
