"""What arrives at a partition: each input once and in order, holes noticed and read again (design §5.9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from agents.runtime.partition import PATIENCE, QUEUE
from agents.runtime.turn import MAX_INPUTS
from tests.unit.runtime.offline import Offline, offline, until
from tests.unit.runtime.toy import NOW, Add


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Offline]:
    async with offline(tmp_path, monkeypatch) as made:
        await made.take_over(0)
        yield made


async def arrive(place: Offline, *offsets: int) -> None:
    for offset in offsets:
        # Of many rows: one that remembers two thousand commands is written anew, and ever longer, for each.
        await place.actor().put(place.event(offset, Add(amount=1), f"a{offset % 50}"))


def queued(place: Offline) -> list[int]:
    return [item.offset for item in place.actor().queue]


async def reads_on_at(place: Offline) -> int:
    return int(await place.aiokafka.position(TopicPartition(*place.inbox())))


def broker_has(place: Offline, end: int) -> None:
    """The broker says that the inbox ends before ``end``."""
    place.aiokafka._subscription.subscription.assignment.state_value(place.inbox()).highwater = end


async def test_an_input_is_taken_with_the_brokers_time(place: Offline) -> None:
    await arrive(place, 0)
    (item,) = place.actor().queue
    assert (item.offset, item.now, item.key) == (0, NOW, "a0")


async def test_a_hole_is_read_again_from_its_beginning_once(place: Offline) -> None:
    await arrive(place, 0, 1, 4)
    assert (queued(place), await reads_on_at(place)) == ([0, 1], 2)
    # What is already under way behind the hole does not make it seek again: that would throw away what comes.
    place.aiokafka.seek(place.inbox(), 99)
    await arrive(place, 5, 6)
    assert (queued(place), await reads_on_at(place)) == ([0, 1], 99)
    await arrive(place, 2, 3, 4, 5, 6)
    assert queued(place) == [0, 1, 2, 3, 4, 5, 6]
    # The next one is another one.
    await arrive(place, 8)
    assert await reads_on_at(place) == 7


async def test_an_input_that_was_decided_ends_the_process_rather_than_count_twice(place: Offline) -> None:
    await arrive(place, 0)
    place.actor().ledger.at = 0
    with pytest.raises(RuntimeError, match="input 0 again, after 0"):
        place.actor().take()


async def test_a_repeat_is_dropped(place: Offline) -> None:
    await arrive(place, 0, 1, 0, 1, 2)
    assert queued(place) == [0, 1, 2]
    assert await reads_on_at(place) == 0


async def test_nothing_arrives_at_a_partition_that_is_not_ours(place: Offline) -> None:
    await place.kernel.on_revoked(None, [place.inbox()])
    await arrive(place, 0)
    assert queued(place) == []
    assert place.kernel.waiting == {}


async def test_a_loss_at_the_end_is_noticed_though_nothing_follows(place: Offline) -> None:
    await arrive(place, 0)
    place.actor().queue.clear()
    place.aiokafka.seek(place.inbox(), 3)
    broker_has(place, 3)
    # The first look finds out, and then it may still be under way.
    for _ in range(PATIENCE):
        await place.actor().look_behind()
        assert await reads_on_at(place) == 3
    await place.actor().look_behind()
    assert await reads_on_at(place) == 1
    # Nothing came of it: patience doubles, as a slow broker would never get to deliver.
    place.aiokafka.seek(place.inbox(), 3)
    for _ in range(2 * PATIENCE - 1):
        await place.actor().look_behind()
        assert await reads_on_at(place) == 3
    await place.actor().look_behind()
    assert await reads_on_at(place) == 1


async def test_inputs_that_wait_here_or_have_come_meanwhile_are_no_loss(place: Offline) -> None:
    broker_has(place, 3)
    await arrive(place, 0, 1)
    place.aiokafka.seek(place.inbox(), 3)
    for _ in range(5 * PATIENCE):
        await place.actor().look_behind()
    assert await reads_on_at(place) == 3
    assert place.actor().lag == 3
    place.actor().queue.clear()
    await place.actor().look_behind()
    await arrive(place, 2)
    place.actor().queue.clear()
    place.aiokafka.seek(place.inbox(), 3)
    for _ in range(5 * PATIENCE):
        await place.actor().look_behind()
    assert await reads_on_at(place) == 3


async def test_a_full_queue_holds_the_stream_back_until_a_turn_has_made_room(place: Offline) -> None:
    arriving = asyncio.create_task(arrive(place, *range(QUEUE + MAX_INPUTS)))
    await until(lambda: len(place.actor().queue) == QUEUE)
    await asyncio.sleep(0.05)
    assert (len(place.actor().queue), arriving.done()) == (QUEUE, False)
    async with place.turning():
        await until(lambda: place.actor().finished == QUEUE + MAX_INPUTS)
    await arriving


async def test_who_waits_for_room_is_let_go_when_the_partition_is_revoked(place: Offline) -> None:
    arriving = asyncio.create_task(arrive(place, *range(QUEUE)))
    await until(lambda: len(place.actor().queue) == QUEUE)
    await place.kernel.on_revoked(None, [place.inbox()])
    await asyncio.wait_for(arriving, 20)


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [(None, None, ("", b"")), (b"\xff\xfe", b"x", ("\\xff\\xfe", b"x")), (b"", b"\x00", ("", b"\x00"))],
)
async def test_whatever_lies_in_the_inbox_is_taken(place: Offline, key: Any, value: Any, kept: tuple[str, bytes]) -> None:
    event = place.event(0, Add(amount=1))
    event.key, event.value = key, value
    await place.actor().put(event)
    (item,) = place.actor().queue
    assert (item.key, item.value) == kept


# -- where to begin ------------------------------------------------------------------------------------------------------------


async def test_a_first_start_begins_with_what_the_inbox_still_has(place: Offline) -> None:
    place.broker.earliest[place.inbox()] = 40
    await place.kernel.on_revoked(None, [place.inbox()])
    await place.take_over(0)
    assert await reads_on_at(place) == 40
    await arrive(place, 39, 40)
    assert queued(place) == [40]


async def test_inputs_handled_without_a_row_left_of_them_stop_the_worker(place: Offline) -> None:
    """Without its rows a domain would start over and promise everything twice."""
    place.broker.committed[place.inbox()] = 5
    await place.kernel.on_revoked(None, [place.inbox()])
    with pytest.raises(RuntimeError, match=r"toy/0: inputs up to 5 were handled, but the changelog is empty"):
        await place.take_over(0)


async def test_outputs_that_may_not_have_left_leave_again_before_anything_else(place: Offline) -> None:
    async with place.turning():
        await place.say(Add(amount=1))
        await until(lambda: place.actor().finished == 1)
    outputs = place.broker.logs
    events, other = [tp for tp in outputs if tp.topic == "bb.toy.events"], [tp for tp in outputs if "other" in tp.topic]
    said = [outputs[tp][0].value for tp in (*events, *other)]
    await place.kernel.on_revoked(None, [place.inbox()])
    await place.take_over(0)
    async with place.turning():
        await until(lambda: all(len(outputs[tp]) == 2 for tp in (*events, *other)))
    assert [outputs[tp][1].value for tp in (*events, *other)] == said
    # Once the commit says that they have left, they need not.
    place.broker.committed[place.inbox()] = 1
    await place.kernel.on_revoked(None, [place.inbox()])
    await place.take_over(0)
    async with place.turning():
        await place.say(Add(amount=1), key="b")
        await until(lambda: place.actor().finished == 2)
    assert sum(len(outputs[tp]) for tp in outputs if tp.topic == "bb.toy.events") == 3
