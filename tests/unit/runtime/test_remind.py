"""Who is told that its time has come: so many a tick over all partitions, and whom the broker did not take again (design §5.8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.errors import KafkaTimeoutError

from agents.runtime import reminders
from agents.runtime.effects import now_ms
from agents.runtime.kernel import TICK
from agents.runtime.reminders import REMINDERS_PER_TICK, Reminders, remind
from tests.unit.runtime.offline import Offline, offline
from topics.envelope import decode_envelope
from topics.partitions import partition_of


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Offline]:
    async with offline(tmp_path, monkeypatch) as made:
        await made.take_over(0, 1)
        yield made


def asleep(place: Offline, rows: int, at: int) -> list[str]:
    """So many rows of both partitions wanted to be woken ``at``, one ms after the other."""
    names = [f"row-{number}" for number in range(rows)]
    for number, name in enumerate(names):
        place.actor(partition_of(name, 2)).reminders.set(name.encode(), at + number)
    return names


def told(place: Offline) -> list[tuple[str, str, int]]:
    """(Record key, subject, ``due``) of each reminder in the inboxes."""
    found = []
    for number in range(2):
        for record in place.broker.logs[place.inbox(number)]:
            envelope = decode_envelope(record.value or b"")
            due = msgspec.json.decode(envelope.data)["due"]
            assert partition_of(record.key.decode(), 2) == number
            found.append((record.key.decode(), envelope.subject, due))
    return found


def test_the_bound_is_500_a_second() -> None:
    assert REMINDERS_PER_TICK / TICK == 500


async def test_so_many_a_tick_over_all_partitions_and_each_once(place: Offline) -> None:
    at = now_ms() - 10_000
    names = asleep(place, 2 * REMINDERS_PER_TICK + 20, at)
    for wanted in (REMINDERS_PER_TICK, 2 * REMINDERS_PER_TICK, len(names), len(names)):
        await remind(place.kernel.actors.values(), place.kernel.tell)
        assert len(told(place)) == wanted
    assert sorted(told(place)) == sorted((name, name, at + number) for number, name in enumerate(names))


async def test_only_rows_whose_time_has_come_and_only_ours(place: Offline) -> None:
    asleep(place, 10, now_ms() + 60_000)
    await remind(place.kernel.actors.values(), place.kernel.tell)
    place.actor(0).reminders.set(b"late", 1)
    place.actor(0).owned = False
    await remind(place.kernel.actors.values(), place.kernel.tell)
    assert told(place) == []


async def test_one_that_the_broker_does_not_take_is_told_again(place: Offline, monkeypatch: pytest.MonkeyPatch) -> None:
    names = asleep(place, 10, now_ms() - 10_000)
    taken = place.broker.send_and_wait

    async def sometimes(topic: str, *, key: bytes, value: bytes | None, partition: int) -> Any:
        if key == names[3].encode():
            raise KafkaTimeoutError
        return await taken(topic, key=key, value=value, partition=partition)

    monkeypatch.setattr(place.broker, "send_and_wait", sometimes)
    await remind(place.kernel.actors.values(), place.kernel.tell)
    monkeypatch.setattr(place.broker, "send_and_wait", taken)
    await remind(place.kernel.actors.values(), place.kernel.tell)
    assert sorted(key for key, *_ in told(place)) == sorted(set(names) - {names[3]})
    later = now_ms() + Reminders.AGAIN
    monkeypatch.setattr(reminders, "now_ms", lambda: later)
    await remind(place.kernel.actors.values(), place.kernel.tell)
    # The others had no effect either, as nobody decides here: they are told a second time.
    assert sorted(key for key, *_ in told(place)) == sorted([*names, *(set(names) - {names[3]})])


async def test_any_other_failure_is_not_taken_for_a_broker_that_is_away(place: Offline, monkeypatch: pytest.MonkeyPatch) -> None:
    asleep(place, 1, now_ms() - 10_000)

    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(place.broker, "send_and_wait", broken)
    with pytest.raises(ZeroDivisionError):
        await remind(place.kernel.actors.values(), place.kernel.tell)
