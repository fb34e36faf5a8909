"""Partitions that come and go: half loaded, given up in mid-turn, taken over while the loop turns (design §5.10, §5.11)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from agents.runtime import kernel
from agents.runtime.partition import SCANNED
from agents.runtime.rows import LEDGER, OPEN, PARKED, Ledger, Logged, Row, encode, pack_ledger, pack_row, unpack_ledger, unpack_row
from models.actor import Effect, Message
from models.effects import PortKind
from tests.unit.runtime.offline import Offline, offline, until
from tests.unit.runtime.toy import NOW, TOY, Add, Counter, Grant, Must, Renamed

ROWS = 12 * SCANNED


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Offline]:
    async with offline(tmp_path, monkeypatch) as made:
        yield made


class Left(BaseException):
    """Instead of the end of the process."""


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Codes with which the process would have ended."""
    codes: list[int] = []

    def left(code: int) -> None:
        codes.append(code)
        raise Left

    monkeypatch.setattr(os, "_exit", left)
    return codes


# -- a turn that is not finished -----------------------------------------------------------------------------------------------


async def test_a_turn_in_flight_ends_before_its_partition_is_given_up_and_no_other_begins(place: Offline) -> None:
    await place.take_over(0)
    async with place.turning():
        place.broker.taking.clear()
        await place.say(Add(amount=1))
        await until(lambda: place.broker.said("append"))
        revoking = asyncio.create_task(place.kernel.on_revoked(None, [place.inbox()]))
        await asyncio.sleep(0.05)
        await place.say(Add(amount=2))
        assert (revoking.done(), place.actor().owned) == (False, True)
        place.broker.taking.set()
        await asyncio.wait_for(revoking, 20)
        await asyncio.sleep(0.05)
    assert not place.actor().owned
    # Its one row and ledger, once; the second input is its next owner's.
    (ledger, row) = place.broker.logs[place.changelog()]
    assert (ledger.key, row.key) == (LEDGER, b"a")
    assert place.kernel.waiting == {}


async def test_an_overtaken_assignment_lets_no_turn_begin_while_its_partitions_are_given_up(
    place: Offline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faust tells of an assignment from another task than of the revocation that ends it. A turn that began between the last one
    and the reset would be decided again by the partition's next owner."""
    monkeypatch.setattr(kernel, "SPREAD", 0)
    await place.take_over(0)
    async with place.turning():
        place.broker.taking.clear()
        await place.say(Add(amount=1))
        await until(lambda: place.broker.said("append"))
        await place.say(Add(amount=2))
        revoking = asyncio.create_task(place.kernel.on_revoked(None, [place.inbox()]))
        await asyncio.sleep(0.05)
        await place.kernel.on_assigned()
        send, second = place.broker.send_batch, asyncio.Event()

        async def slow(batch: Any, topic: str, *, partition: int) -> Any:
            acknowledgement = await send(batch, topic, partition=partition)

            async def later() -> Any:
                await second.wait()
                return await acknowledgement

            return asyncio.ensure_future(later())

        monkeypatch.setattr(place.broker, "send_batch", slow)
        place.broker.taking.set()
        asyncio.get_running_loop().call_later(0.2, second.set)
        await asyncio.wait_for(revoking, 20)
        assert place.kernel.idle.is_set()
        written = list(place.broker.logs[place.changelog()])
        stored = unpack_ledger(place.kernel.tables["toy"].get_row(0, LEDGER)).at
        assert [unpack_ledger(record.value).at for record in written if record.key == LEDGER][-1] == stored
        await asyncio.sleep(0.05)
        assert place.broker.logs[place.changelog()] == written


async def test_what_comes_before_the_position_is_known_is_read_again(place: Offline) -> None:
    """Without a committed offset aiokafka begins at the first record, which was handled long ago."""
    await place.take_over(0)
    async with place.turning():
        await place.say(Must())
        await until(lambda: place.actor().finished == 1)
        await place.kernel.on_revoked(None, [place.inbox()])
        await place.load(0)
        await place.kernel.on_assigned()
        assert place.actor().owned
        written = list(place.broker.logs[place.changelog()])
        await place.actor().put(place.event(0, Must()))
        await asyncio.sleep(0.05)
        assert (len(place.actor().queue), place.broker.logs[place.changelog()]) == (0, written)
        await place.consumer.perform_seek()
        assert (place.actor().next, await place.aiokafka.position(TopicPartition(*place.inbox()))) == (1, 1)
        await place.say(Must())
        await until(lambda: place.actor().finished == 2)
    assert total(place) == 2


async def test_the_next_owner_begins_with_the_input_that_was_not_taken(place: Offline) -> None:
    await place.take_over(0)
    async with place.turning():
        await place.say(Add(amount=1))
        await until(lambda: place.actor().finished == 1)
        await place.kernel.drain()
        await place.say(Add(amount=2))
        await asyncio.sleep(0.05)
        await place.kernel.on_revoked(None, [place.inbox()])
        await place.take_over(0)
        assert place.actor().next == 1
        await place.say(Add(amount=4))
        await until(lambda: place.actor().finished == 2)
    assert total(place) == 5


async def test_inputs_that_came_while_partitions_changed_hands_are_taken_when_that_is_over(place: Offline) -> None:
    await place.take_over(0)
    async with place.turning():
        await place.kernel.drain()
        await place.say(Add(amount=1))
        await asyncio.sleep(0.05)
        assert place.actor().finished == 0
        await place.kernel.on_assigned()
        await until(lambda: place.actor().finished == 1)


async def test_a_turn_that_does_not_end_within_half_a_session_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exits: list[int]
) -> None:
    """What it still wrote would go past a ledger that somebody else has read."""
    async with offline(tmp_path, monkeypatch, BB_SESSION_TIMEOUT="0.7") as place:
        await place.take_over(0)
        async with place.turning():
            place.broker.taking.clear()
            await place.say(Add(amount=1))
            await until(lambda: place.broker.said("append"))
            with pytest.raises(Left):
                await place.kernel.drain()
        assert exits == [70]
        place.kernel.idle.set()


async def test_a_turn_that_the_broker_does_not_take_ends_the_process(place: Offline, exits: list[int]) -> None:
    """Nobody knows whether it was written: its successor reads the changelog."""
    await place.take_over(0)

    async def away(batch: Any, topic: str, *, partition: int) -> Any:
        raise KafkaTimeoutError

    place.broker.send_batch = away  # type: ignore[method-assign]
    await place.say(Add(amount=1))
    with pytest.raises(Left):
        await asyncio.wait_for(place.kernel.run(), 20)
    assert exits == [70]
    assert place.actor().finished == 0
    assert place.broker.said("append") == []


async def test_a_newer_message_ends_the_process_with_a_code_of_its_own(place: Offline, exits: list[int]) -> None:
    await place.take_over(0)
    event = place.event(0, Renamed(by=1))
    event.value = event.value.replace(b"Renamed.v3", b"Renamed.v4")
    await place.actor().put(event)
    with pytest.raises(Left):
        await asyncio.wait_for(place.kernel.run(), 20)
    assert exits == [78]
    assert place.broker.said("append") == []


# -- partitions that are not loaded yet ----------------------------------------------------------------------------------------


async def test_a_partition_that_a_newer_assignment_still_loads_is_not_begun(place: Offline) -> None:
    """Faust says ``on_rebalance_complete`` of an assignment that was overtaken, too."""
    place.assign(*(tp(number) for number in range(2) for tp in (place.inbox, place.changelog)))
    await place.load(0)
    place.kernel.draining = True
    await place.kernel.on_assigned()
    assert [place.actor(number).owned for number in range(2)] == [False, False]
    assert place.kernel.draining
    assert not place.kernel.is_ours(place.inbox())
    await place.load(1)
    await place.kernel.on_assigned()
    assert [place.actor(number).owned for number in range(2)] == [True, True]
    assert not place.kernel.draining


async def test_a_partition_waits_for_the_tables_of_all_domains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with offline(tmp_path, monkeypatch, (TOY, msgspec.structs.replace(TOY, name="other"))) as place:
        place.assign(*(tp for tp in place.kernel.actors if tp.partition == 0))
        await place.load(0)
        await place.kernel.on_assigned()
        assert not any(actor.owned for actor in place.kernel.actors.values())
        place.kernel.tables["other"].ready.add(0)
        await place.kernel.on_assigned()
        assert sorted(actor.name for actor in place.kernel.actors.values() if actor.owned) == ["other/0", "toy/0"]


async def test_a_partition_that_comes_back_is_loaded_anew_before_it_is_begun(place: Offline) -> None:
    await place.take_over(0)
    await place.kernel.on_revoked(None, [place.inbox()])
    await place.kernel.on_assigned()
    assert not place.actor().owned
    await place.load(0)
    await place.kernel.on_assigned()
    assert place.actor().owned


# -- many rows -----------------------------------------------------------------------------------------------------------------


def fill(place: Offline, rows: int = ROWS) -> None:
    """So many rows, each with a reminder, an open effect or a parked message."""
    written = [(LEDGER, pack_ledger(Ledger(rows)))]
    for number in range(rows):
        state = msgspec.Raw(encode(Counter(total=number, open=number % 3 == 1, attempt=1)))
        wake_at = NOW + number if number % 3 == 0 else 0
        flags = (0, OPEN, PARKED)[number % 3]
        written.append((b"row-%d" % number, pack_row(Row(state, seq=1), flags, number, wake_at)))
    place.broker.logs[place.changelog()] = [Logged(offset, key, value) for offset, (key, value) in enumerate(written)]


def total(place: Offline, key: bytes = b"a") -> int:
    """Of the aggregate, as the local store has it."""
    row = unpack_row(place.kernel.tables["toy"].get_row(0, key) or b"")
    return int(place.actor().decider.decode_state(row.state).total)


async def begun(place: Offline) -> None:
    """Wait until the partition is in the middle of being taken over."""
    async with asyncio.timeout(20):
        while not len(place.actor().reminders):
            await asyncio.sleep(0)
    assert not place.actor().owned


async def test_the_loop_turns_while_a_partition_with_many_rows_is_taken_over(place: Offline) -> None:
    """Heartbeats share the loop: a million rows without a rest would outlast the session."""
    fill(place)
    place.assign(place.inbox(), place.changelog())
    await place.load(0)
    turns = 0

    async def beat() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    before = turns
    await place.kernel.on_assigned()
    beating.cancel()
    assert turns - before >= ROWS // SCANNED
    actor = place.actor()
    assert (actor.owned, len(actor.reminders), len(actor.parked)) == (True, ROWS // 3, ROWS // 3)


async def test_a_partition_given_up_while_it_is_taken_over_is_not_ours(place: Offline) -> None:
    fill(place)
    place.assign(place.inbox(), place.changelog())
    await place.load(0)
    assigning = asyncio.create_task(place.kernel.on_assigned())
    await begun(place)
    await place.kernel.on_revoked(None, [place.inbox()])
    await asyncio.wait_for(assigning, 20)
    actor = place.actor()
    assert (actor.owned, len(actor.reminders), len(actor.parked), len(actor.unfinished)) == (False, 0, 0, 0)
    assert place.kernel.effects["toy"].running == {}
    # The kernel still waits for the assignment that follows.
    assert place.kernel.draining


async def test_an_assignment_that_is_overtaken_while_it_takes_over_leaves_it_to_the_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    async def perform(key: str, state: Any, effect: Effect) -> Message:
        calls.append(key)
        return Grant()

    domain = msgspec.structs.replace(
        TOY,
        perform=perform,
        kinds={"call": PortKind.KEYED},
        pending=lambda state: Effect("call", state.attempt, 1 << 60) if state.open else None,
    )
    async with offline(tmp_path, monkeypatch, (domain,)) as place:
        fill(place, 3 * SCANNED)
        place.assign(place.inbox(), place.changelog())
        await place.load(0)
        place.kernel.tables["toy"].overwritten[0] = {b"row-1"}
        older = asyncio.create_task(place.kernel.on_assigned())
        await begun(place)
        await place.kernel.on_assigned()
        await asyncio.wait_for(older, 20)
        actor = place.actor()
        assert (actor.owned, actor.skipped) == (True, {b"row-1"})
        assert (len(actor.reminders), len(actor.parked)) == (SCANNED, SCANNED)
        await until(lambda: len(calls) >= SCANNED)
        assert sorted(calls) == sorted(f"row-{number}" for number in range(1, 3 * SCANNED, 3))


async def test_a_takeover_that_is_cancelled_loses_nothing_for_the_next(place: Offline) -> None:
    fill(place)
    place.assign(place.inbox(), place.changelog())
    await place.load(0)
    place.kernel.tables["toy"].overwritten[0] = {b"row-1"}
    assigning = asyncio.create_task(place.kernel.on_assigned())
    await begun(place)
    assigning.cancel()
    await asyncio.wait([assigning])
    assert not place.actor().owned
    await place.kernel.on_assigned()
    assert (place.actor().owned, place.actor().skipped) == (True, {b"row-1"})
