"""What is done to the stack, each blow by its name. Blocking calls of the stack run in threads, so that the crowd goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.local.stack import Stack
from models import settings
from tests.chaos.cut import cut
from topics.catalogue import DOMAINS, WORKERS, topic

STOOD = 5.0
"""Seconds that a stopped process stands still; LONG: longer than the workers' session."""
LONG = 25.0
AWAY = 30.0
"""Seconds that the broker is away (issue Foundation §6)."""
EMPTY = 60.0
"""Seconds that a consumer group of stopped workers may take to be empty: static members stay for a session."""

Act = Callable[[Stack], Awaitable[None]]


class Blow(msgspec.Struct, frozen=True):
    """``faults``: the gateway's are on meanwhile. ``flawless``: no request may fail."""

    name: str
    act: Act
    faults: bool = True
    flawless: bool = False


def _kill(name: str) -> Act:
    async def act(stack: Stack) -> None:
        await asyncio.to_thread(stack.kill, name, signal.SIGKILL)

    return act


def _stop(name: str, seconds: float) -> Act:
    async def act(stack: Stack) -> None:
        pid = await asyncio.to_thread(stack.kill, name, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    return act


def _cut(name: str) -> Act:
    async def act(stack: Stack) -> None:
        for _ in range(3):
            cut(stack.pid(name))
            await asyncio.sleep(0.5)

    return act


async def _supervisor(stack: Stack) -> None:
    """Killed, and brought up again by a person: what it has left running is ended and started anew."""
    await asyncio.to_thread(stack.kill, "supervisor", signal.SIGKILL)
    await asyncio.sleep(2.0)
    await asyncio.to_thread(stack.start_daemons)
    await asyncio.to_thread(stack.start_processes)


async def _rolling(stack: Stack) -> None:
    """Every process of the Procfile but the gateway's double, which is not ours, one after the other."""
    for process in stack.processes:
        if process.name != "sandbox":
            await asyncio.to_thread(stack.restart, [process.name])


async def _broker_away(stack: Stack) -> None:
    await asyncio.to_thread(stack.stop_programs, ["kafka"])
    await asyncio.sleep(AWAY)
    await asyncio.to_thread(stack.start_daemons, ["kafka"])


async def _decoders(stack: Stack) -> None:
    """Whatever decodes a picture in these seconds; each lives for one only, as a child of the worker."""
    until = asyncio.get_running_loop().time() + STOOD
    while asyncio.get_running_loop().time() < until:
        for pid in decoders(stack.pid("shop")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.02)


def decoders(worker: int) -> list[int]:
    """The processes in which ``worker`` has pictures decoded now."""
    found = []
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        for pid in children:
            with contextlib.suppress(OSError):
                if b"agents.images.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found


def _inboxes(now: settings.Settings) -> list[TopicPartition]:
    return [TopicPartition(topic(now.prefix, name, "inbox"), number) for name in DOMAINS for number in range(now.partitions)]


async def _offsets_reset(stack: Stack) -> None:
    """Workers stopped, the offsets that they have committed set back to the beginning, workers started: each message may come
    again at its own offset."""
    now, workers = settings.read(stack.env()), list(WORKERS)
    await asyncio.to_thread(stack.stop_programs, workers)
    for worker in workers:
        offsets = {tp: 0 for tp in _inboxes(now) if tp.topic in {topic(now.prefix, name, "inbox") for name in WORKERS[worker]}}
        async with asyncio.timeout(EMPTY):
            while True:
                consumer = AIOKafkaConsumer(
                    bootstrap_servers=now.kafka, group_id=f"{now.prefix}-{worker}", enable_auto_commit=False
                )
                consumer.assign(list(offsets))
                await consumer.start()
                try:
                    await consumer.commit(offsets)
                    break
                except KafkaError:
                    await asyncio.sleep(1.0)
                finally:
                    await consumer.stop()
    await asyncio.to_thread(stack.start_processes, workers)


async def _sent_again(stack: Stack) -> None:
    """Every record of every inbox, as it is, once more at a new offset."""
    now = settings.read(stack.env())
    inboxes = _inboxes(now)
    consumer = AIOKafkaConsumer(bootstrap_servers=now.kafka, enable_auto_commit=False)
    producer = AIOKafkaProducer(bootstrap_servers=now.kafka, acks="all", linger_ms=5)
    await consumer.start()
    await producer.start()
    try:
        ends: Mapping[TopicPartition, int] = {tp: end for tp, end in (await consumer.end_offsets(inboxes)).items() if end}
        consumer.assign(list(ends))
        await consumer.seek_to_beginning()
        left = set(ends)
        while left:
            for tp, records in (await consumer.getmany(*left, timeout_ms=500, max_records=500)).items():
                for record in records:
                    if record.offset < ends[tp]:
                        await producer.send(tp.topic, key=record.key, value=record.value, partition=tp.partition)
            left = {tp for tp in left if await consumer.position(tp) < ends[tp]}
        await producer.flush()
    finally:
        await consumer.stop()
        await producer.stop()


DAEMONS = ("kafka", "mysql", "redis", "mongo", "dynamo", "s3", "nginx")
PROCESSES = ("trade", "shop", "read", "search", "auditor", "web-0", "web-1", "sandbox")
BLOWS: tuple[Blow, ...] = (
    *(Blow(f"kill {name}", _kill(name)) for name in (*PROCESSES, *DAEMONS)),
    Blow(f"kill decoders for {STOOD:g} s", _decoders),
    Blow("kill supervisor, then up", _supervisor),
    *(Blow(f"stop {name} {STOOD:g} s", _stop(name, STOOD)) for name in ("trade", "read", "web-0", "kafka", "mysql", "redis")),
    Blow(f"stop trade {LONG:g} s", _stop("trade", LONG)),
    *(Blow(f"cut {name}", _cut(name)) for name in ("trade", "read", "web-0", "kafka", "mysql", "redis", "dynamo")),
    Blow("rolling restart", _rolling, faults=False, flawless=True),
    Blow("offsets set back", _offsets_reset),
    Blow("every message sent again", _sent_again),
    Blow(f"broker away {AWAY:g} s", _broker_away, faults=False),
)
SHORT = ("kill trade", "kill web-0", "kill kafka", "kill mysql", "stop redis", "cut trade")
"""A handful for CI, one of each kind."""
