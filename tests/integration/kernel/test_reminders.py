"""Thousands of reminders that are due at once come one after the other, and nobody else waits for them (design §5.8)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from agents.runtime.effects import now_ms
from agents.runtime.kernel import TICK
from agents.runtime.reminders import REMINDERS_PER_TICK
from tests.integration.kernel.place import PARTITIONS, Place, until
from tests.integration.kernel.toy import Pay, Wake
from topics.envelope import decode_batch, decode_envelope

SLEEPERS = 4_000
AT_ONCE = 200
"""Messages that the test has under way."""


async def all_of(calls: list[Callable[[], Awaitable[object]]]) -> None:
    """A few at a time."""
    for first in range(0, len(calls), AT_ONCE):
        await asyncio.gather(*(call() for call in calls[first : first + AT_ONCE]))


async def records(place: Place, kind: str) -> list[ConsumerRecord]:
    """The tills' inbox or events, with the times at which the broker appended them."""
    spots = [TopicPartition(f"{place.prefix}.tills.{kind}", number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=place.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(spots)
        ends = await consumer.end_offsets(spots)
        await consumer.seek_to_beginning(*spots)
        found: list[ConsumerRecord] = []
        while any([await consumer.position(spot) < end for spot, end in ends.items()]):
            for some in (await consumer.getmany(timeout_ms=500)).values():
                found += some
        return found
    finally:
        await consumer.stop()


async def reminded(place: Place) -> list[int]:
    """When (ms) each reminder was appended."""
    inbox = await records(place, "inbox")
    return sorted(one.timestamp for one in inbox if ".Reminder." in decode_envelope(one.value).type)


@pytest.mark.timeout(400)
async def test_reminders_that_are_due_at_once_are_spread_and_hold_nobody_up(place: Place) -> None:
    worker = await place.started("w0")
    due = now_ms() + 20_000
    names = [f"sleeper-{number}" for number in range(SLEEPERS)]
    await all_of([lambda name=name: place.say("tills", name, Wake(at=due)) for name in names])  # type: ignore[misc]
    await until(place.finished)
    worker.kill()
    await asyncio.sleep(max(0, due - now_ms()) / 1000)
    await place.started("w1")

    async def begun() -> bool:
        return len(await reminded(place)) > 10 * REMINDERS_PER_TICK

    await until(begun)
    for number in range(5):
        await place.say("tills", f"till-{number}", Pay(amount=1, book=f"book-{number}"))
    await place.audit()

    said = await reminded(place)
    assert len(said) == SLEEPERS
    # No second has more than its ticks may send, however the machine was busy.
    most = max(sum(1 for at in said if first <= at < first + 1_000) for first in said)
    assert most <= REMINDERS_PER_TICK * (1 / TICK + 1)
    # What was paid meanwhile was booked long before the last of them.
    events = [(one.timestamp, event) for one in await records(place, "events") for event in decode_batch(one.value)]
    booked = [at for at, event in events if b'"booked"' in bytes(event.data)]
    assert len(booked) == 5
    assert sum(1 for at in said if at > max(booked)) >= SLEEPERS // 4
