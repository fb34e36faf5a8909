"""What a running stack counts of itself: records by the broker's offsets, steps and batches by each process's own metrics."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping

import aiohttp
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.stack import Stack
from models.settings import Settings
from topics import catalogue

_SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? ([0-9.eE+-]+)$", re.MULTILINE)
_KINDS = {"bb_inputs_total": "steps", "bb_turn_seconds_count": "turns", "bb_projector_batch_seconds_count": "batches"}
LAGS = ("bb_inbox_lag", "bb_projector_lag")
Metrics = Mapping[str, Mapping[str, float]]
"""Program -> ``name{labels}`` -> value."""


class Record(msgspec.Struct, frozen=True):
    """A record of the log. ``topic``: ``domain.kind``, or ``dead``; ``at``: ms since the epoch."""

    topic: str
    key: bytes
    value: bytes | None
    at: int


async def ends(settings: Settings, prefix: str = "") -> dict[TopicPartition, int]:
    """Records ever appended to each partition of each topic of ``prefix`` (that of the settings)."""
    names = [topic.name for topic in catalogue.topics(prefix or settings.prefix)]
    spots = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets(spots))
    finally:
        await consumer.stop()


async def records(settings: Settings, since: Mapping[TopicPartition, int]) -> list[Record]:
    """All that was appended from ``since`` to now."""
    spots = list(since)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    try:
        consumer.assign(spots)
        stops = await consumer.end_offsets(spots)
        for spot in spots:
            consumer.seek(spot, since[spot])
        found: list[Record] = []
        while any([await consumer.position(spot) < stops[spot] for spot in spots]):
            for spot, some in (await consumer.getmany(timeout_ms=500)).items():
                topic = spot.topic.partition(".")[2]
                found += [Record(topic, one.key or b"", one.value, one.timestamp) for one in some if one.offset < stops[spot]]
        return found
    finally:
        await consumer.stop()


async def metrics(stack: Stack) -> dict[str, dict[str, float]]:
    """What each running process says of itself."""
    running = {name for name, status in stack.statuses().items() if status.state == "RUNNING"}
    found: dict[str, dict[str, float]] = {}
    async with aiohttp.ClientSession() as http:
        for program in stack.processes:
            if program.name not in running or program.name == "sandbox":
                continue
            async with http.get(f"http://127.0.0.1:{program.ready.port}/metrics") as answer:
                text = await answer.text()
            found[program.name] = {
                f"{name}{{{labels}}}" if labels else name: float(value) for name, labels, value in _SAMPLE.findall(text)
            }
    return found


async def settled(stack: Stack, seconds: float = 300.0) -> None:
    """Wait until all that was sent is decided and shown. Raises TimeoutError with who is behind."""
    deadline, calm = time.monotonic() + seconds, 0
    while calm < 3:
        said = await metrics(stack)
        behind = {name: value for program in said.values() for name, value in program.items() if name.startswith(LAGS) and value}
        calm = 0 if behind else calm + 1
        if time.monotonic() > deadline:
            raise TimeoutError(f"still behind: {behind}")
        await asyncio.sleep(0.4)


def grown(before: Mapping[TopicPartition, int], after: Mapping[TopicPartition, int]) -> dict[str, float]:
    """Records appended meanwhile to each topic, by ``domain.kind`` (``dead`` alone)."""
    found: dict[str, float] = {}
    for spot, end in after.items():
        if end != before[spot]:
            name = f"records {spot.topic.partition('.')[2]}"
            found[name] = found.get(name, 0.0) + end - before[spot]
    return found


def steps(before: Metrics, after: Metrics) -> dict[str, float]:
    """Inputs decided by each domain, turns of each worker, and batches of each read model."""
    found: dict[str, float] = {}
    for program, said in after.items():
        for name, value in said.items():
            kind = _KINDS.get(name.partition("{")[0])
            more = value - before.get(program, {}).get(name, 0.0)
            if kind and more:
                label = re.search(r'(?:domain|model)="([^"]*)"', name)
                key = f"{kind} {label.group(1) if label else program}"
                found[key] = found.get(key, 0.0) + more
    return found
