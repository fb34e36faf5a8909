"""What no projector can fold: it is laid aside, and the rest is folded; what is newer than the worker stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer

from agents.projectors import Projector
from deploy.local.stack import Stack
from tests.integration.reading import WAIT, Reading, a_day, check, installation
from tests.unit.read.log_maker import Record
from topics.envelope import NewerVersion


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


@pytest.mark.spec("store M5")
async def test_poison_goes_to_bb_dead_and_the_rest_is_folded(reading: Reading) -> None:
    a_day(reading, 3)
    topic = f"{reading.settings.prefix}.orders.events"
    await reading.say([Record(topic, 0, "x", b"no json"), Record(topic, 1, "y", b'[{"specversion":"1.0"}]')])
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    check(reading, await reading.shown())
    consumer = AIOKafkaConsumer(
        f"{reading.settings.prefix}.dead", bootstrap_servers=reading.settings.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    # A record that a projector reads again, as after a slow start, leaves its letter again.
    found: set[tuple[str, int, int, str]] = set()
    async with asyncio.timeout(WAIT):
        while len(found) < 2:
            letter = msgspec.json.decode((await consumer.getone()).value)
            assert letter["cause"].startswith("Undecodable")
            found.add((letter["topic"], letter["partition"], letter["offset"], letter["key"]))
    await consumer.stop()
    assert found == {(topic, 0, 0, "x"), (topic, 1, 0, "y")}


async def test_a_newer_version_stops_the_worker(reading: Reading) -> None:
    a_day(reading, 1)
    placed = next(one for one in reading.log.records if one.topic.endswith("orders.events"))
    assert placed.value is not None
    await reading.say([placed._replace(value=placed.value.replace(b"OrderPlaced.v1", b"OrderPlaced.v2"))])
    projector = Projector(reading.settings, group="g", instance="i")
    with pytest.raises(NewerVersion, match="OrderPlaced"):
        await asyncio.wait_for(projector.run(), 30)
