"""Send a command to an actor and await what becomes of it (design §5, §6).

A command counts as sent once the broker has acknowledged it. Everything after that (the answer, the report that a read model
shows it) comes over Redis pub/sub, best effort: with Redis away every send still works, only the answers come late, as ``None``.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from models.actor import Command, Inquire, id_of
from topics.answers import PROJECTED, Answer, channel, decode_answers, decode_projected
from topics.catalogue import INBOX_BYTES, topic
from topics.ending import end
from topics.envelope import encode, seal
from topics.partitions import partition_of

log = structlog.get_logger(__name__)

ASK_AGAIN = 0.6
"""Part of the wait after which the command is said again: the answer may have gone to another process or been lost."""
REMEMBERED = 50_000
"""Aggregates of which the highest projected ``seq`` is remembered: a report may come before anybody waits for it."""
SILENCE = 20.0
"""Seconds without a sign of life from Redis (it is pinged twice in this time) after which the connection is given up."""
_UNDECIDED, _UNKNOWN = 0, "command_unknown"
Waiters = dict[tuple[str, str], list[asyncio.Future[Answer]]]
"""(Command, fingerprint of the words) -> who waits."""


class Unavailable(Exception):
    """The broker did not acknowledge the message in time. It may still have been taken: send it again with the same id."""


class Client:
    """One per web process. ``process``: unique to its life. ``timeout``: seconds that the broker has to acknowledge."""

    def __init__(self, bootstrap: str, prefix: str, partitions: int, redis_url: str, process: str, *, timeout: float = 5.0) -> None:
        self._bootstrap, self._prefix, self._partitions = bootstrap, prefix, partitions
        self._redis_url, self._timeout = redis_url, timeout
        self._source, self._channel = f"/web/{process}", channel(process)
        self._topics: dict[str, str] = {}
        self._producer: AIOKafkaProducer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._asked: Waiters = {}
        self._inquired: Waiters = {}
        self._awaited: dict[tuple[str, str], list[tuple[int, asyncio.Future[None]]]] = {}
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._heard = 0.0
        self._numbers = 0
        self.listening = asyncio.Event()
        """Set while answers can arrive."""
        self.on_projected: Callable[[str, Mapping[str, int]], None] = lambda model, seen: None
        """Called with each report of a read model: its name, and up to which event it shows each aggregate that it names."""
        self._hearing_since = math.inf

    def hearing(self) -> float:
        """Since when (monotonic time) every report of read models has arrived here; ``inf``: none do now."""
        return self._hearing_since

    @property
    def connected(self) -> bool:
        """True once the broker has been reached: from then on the producer reconnects by itself."""
        return self._producer is not None

    async def start(self) -> None:
        """Begin to connect to both; returns at once. ``send`` raises ``Unavailable`` until the broker has been reached."""
        self._tasks = [asyncio.create_task(self._connect()), asyncio.create_task(self._listen())]

    async def stop(self) -> None:
        """Send what is still to be sent, then let go of both."""
        await end(*self._tasks)
        if self._producer is not None:
            with contextlib.suppress(KafkaError, asyncio.TimeoutError):
                async with asyncio.timeout(self._timeout):
                    await self._producer.stop()
            self._producer = None

    async def send(
        self,
        domain: str,
        key: str,
        message: msgspec.Struct,
        *,
        id: str,
        fingerprint: str = "",
        correlation: str = "",
        traceparent: str = "",
    ) -> None:
        """Append ``message`` to the inbox of ``domain``; returns after the broker's acknowledgement. Raises ``Unavailable``."""
        sealed = seal(
            domain,
            key,
            message,
            id=id,
            source=self._source,
            correlation=correlation or key,
            traceparent=traceparent,
            replyto=self._channel,
            fingerprint=fingerprint,
        )
        producer = self._producer
        if producer is None:
            raise Unavailable("the broker has not been reached yet")
        name = self._topics.get(domain)
        if name is None:
            name = self._topics[domain] = topic(self._prefix, domain, "inbox")
        try:
            async with asyncio.timeout(self._timeout):
                sent = await producer.send(
                    name, key=key.encode(), value=encode(sealed), partition=partition_of(key, self._partitions)
                )
                await sent
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"{name}: {type(error).__name__}") from error

    async def ask(
        self,
        domain: str,
        key: str,
        message: Command,
        *,
        id: str,
        wait: float,
        fingerprint: str = "",
        correlation: str = "",
        traceparent: str = "",
    ) -> Answer | None:
        """Send the command and wait up to ``wait`` seconds for its answer; ``None``: none came. Raises ``Unavailable``."""
        deadline = asyncio.get_running_loop().time() + wait
        waiter = (id, fingerprint)
        future = self._wait_for(self._asked, waiter)

        async def say() -> None:
            await self.send(domain, key, message, id=id, fingerprint=fingerprint, correlation=correlation, traceparent=traceparent)

        try:
            await say()
            if wait <= 0:
                return None
            if await _settled(future, ASK_AGAIN * wait):
                return future.result()
            # One that came over another process with the same key took the answer with it, or Redis lost it. The same command
            # again is answered from the row's memory; an inquiry would not tell that these words differ from the first ones.
            with contextlib.suppress(Unavailable):
                await say()
            if await _settled(future, deadline - asyncio.get_running_loop().time()):
                return future.result()
            return None
        finally:
            _forget(self._asked, waiter, future)

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        """What became of ``command``: its answer, ``status`` 0 if undecided, 404 if the row does not know it.

        ``None``: no answer within ``wait`` seconds. Raises ``Unavailable``.
        """
        waiter = (command, "")
        future = self._wait_for(self._inquired, waiter)
        try:
            await self._send_inquiry(domain, key, command, part)
            return future.result() if await _settled(future, wait) else None
        finally:
            _forget(self._inquired, waiter, future)

    async def projected(self, model: str, key: str, seq: int, wait: float) -> bool:
        """True as soon as read model ``model`` has stored event ``seq`` of ``key``; False after ``wait`` seconds without word."""
        name = (model, key)
        if self._seen.get(name, 0) >= seq:
            return True
        if wait <= 0:
            return False
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (seq, future)
        self._awaited.setdefault(name, []).append(waiter)
        try:
            return await _settled(future, wait)
        finally:
            waiters = self._awaited.get(name)
            if waiters is not None:
                with contextlib.suppress(ValueError):
                    waiters.remove(waiter)
                if not waiters:
                    del self._awaited[name]

    # -- inner ---------------------------------------------------------------------------------------------------------------

    async def _send_inquiry(self, domain: str, key: str, command: str, part: str) -> None:
        self._numbers += 1
        ident = id_of(self._channel, command, str(self._numbers))
        await self.send(domain, key, Inquire(command=command, part=part), id=ident)

    def _wait_for(self, waiters: Waiters, waiter: tuple[str, str]) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiters.setdefault(waiter, []).append(future)
        return future

    async def _connect(self) -> None:
        while True:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                linger_ms=0,
                max_request_size=INBOX_BYTES,
                # What could not be sent in this time is given up, so that an outage leaves no queue of commands that were
                # answered 503 long ago.
                request_timeout_ms=max(1000, int(self._timeout * 1500)),
                retry_backoff_ms=50,
            )
            try:
                await producer.start()
            except (KafkaError, OSError) as error:
                log.warning("broker_away", error=type(error).__name__)
                await producer.stop()
                await asyncio.sleep(0.5)
            else:
                self._producer = producer
                return

    async def _listen(self) -> None:
        while True:
            redis = Redis.from_url(self._redis_url, socket_connect_timeout=2, socket_timeout=2, retry=Retry(NoBackoff(), 0))
            pubsub = redis.pubsub()
            ping = asyncio.create_task(self._ping(pubsub))
            try:
                await pubsub.subscribe(self._channel, PROJECTED)
                self._heard = asyncio.get_running_loop().time()
                await self._read(pubsub)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("redis_away", error=type(error).__name__)
            finally:
                self.listening.clear()
                self._hearing_since = math.inf
                ping.cancel()
                with contextlib.suppress(RedisError, OSError, TimeoutError, asyncio.CancelledError):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
                    await redis.aclose()
            await asyncio.sleep(0.2)

    async def _read(self, pubsub: PubSub) -> None:
        """Hand on what arrives until the connection breaks (raises then)."""
        connection = pubsub.connection
        if connection is None:
            raise ConnectionError("not subscribed")
        mine, projected = self._channel.encode(), PROJECTED.encode()
        while True:
            # The connection is read directly: get_message() costs three times as much in retries and time-outs of its own.
            said = await connection.read_response(timeout=float("inf"), push_request=True)
            self._heard = asyncio.get_running_loop().time()
            if not isinstance(said, list) or not said:
                continue
            try:
                if said[0] == b"message" and said[1] == projected:
                    self._take_projected(said[2])
                elif said[0] == b"message" and said[1] == mine:
                    self._take_answers(said[2])
                elif said[0] == b"subscribe":
                    self.listening.set()
                    self._hearing_since = time.monotonic()
            except msgspec.MsgspecError as error:
                log.error("answer_undecodable", error=str(error))

    async def _ping(self, pubsub: PubSub) -> None:
        """A connection that was cut without a word is noticed by its silence."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SILENCE / 2)
            connection = pubsub.connection
            if connection is None:
                continue
            try:
                if loop.time() - self._heard > SILENCE:
                    await connection.disconnect(nowait=True)
                else:
                    await connection.send_command("PING", check_health=False)
            except (RedisError, OSError):
                # The reader sees the broken connection too and begins anew.
                continue

    def _take_answers(self, data: bytes) -> None:
        for answer in decode_answers(data):
            undecided = answer.status == _UNDECIDED or answer.code == _UNKNOWN
            for future in self._inquired.get((answer.command, ""), ()):
                if not future.done():
                    future.set_result(answer)
            if not undecided:
                for future in self._asked.get((answer.command, answer.fingerprint), ()):
                    if not future.done():
                        future.set_result(answer)

    def _take_projected(self, data: bytes) -> None:
        report = decode_projected(data)
        if not report.model:
            # Reports before this one may have been lost on their way.
            self._hearing_since = time.monotonic()
        self.on_projected(report.model, report.seen)
        seen, awaited = self._seen, self._awaited
        for key, seq in report.seen.items():
            name = (report.model, key)
            if seq <= seen.get(name, 0):
                continue
            seen[name] = seq
            seen.move_to_end(name)
            for wanted, future in awaited.get(name, ()):
                if wanted <= seq and not future.done():
                    future.set_result(None)
        while len(seen) > REMEMBERED:
            seen.popitem(last=False)


async def _settled(future: asyncio.Future[Answer] | asyncio.Future[None], wait: float) -> bool:
    """True if ``future`` has its result within ``wait`` seconds. Never cancels it."""
    if future.done():
        return True
    if wait <= 0:
        return False
    await asyncio.wait((future,), timeout=wait)
    return future.done()


def _forget(waiters: Waiters, waiter: tuple[str, str], future: asyncio.Future[Answer]) -> None:
    waiting = waiters.get(waiter)
    if waiting is not None:
        waiting.remove(future)
        if not waiting:
            del waiters[waiter]
