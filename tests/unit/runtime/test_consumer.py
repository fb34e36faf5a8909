"""Faust's consumer as the kernel overrides it, defect by defect: all of Faust and aiokafka runs but the wire (design §5.1, §5.9).

Each test names what Faust 0.15.3 or aiokafka 0.14.0 does by itself, and fails where the override is taken away.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import threading
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.protocol import ConsumerProtocol, ConsumerProtocolMemberAssignment
from faust.types import TP

from agents.runtime import consumer as ours
from agents.runtime.consumer import BRIEF_WAIT_MS, FETCH_WAIT_MS
from tests.unit.runtime.offline import Offline, offline, until
from tests.unit.runtime.toy import Add


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Offline]:
    async with offline(tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("name", list(ours.VERIFIED))
def test_another_version_than_the_verified_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda asked: "9.9.9" if asked == name else version(asked))
    spec = importlib.util.spec_from_file_location("consumer_again", ours.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(RuntimeError, match=f"was verified with {name} {version(name)}, found 9.9.9"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


# -- one loop ------------------------------------------------------------------------------------------------------------------


async def test_the_consumer_runs_on_the_workers_own_loop(place: Offline) -> None:
    """Faust gives it a thread of its own: two hops and the GIL for every fetch."""
    seen = []

    async def look() -> None:
        seen.append((threading.get_ident(), asyncio.get_running_loop()))

    await place.consumer._thread.call_thread(look)
    assert seen == [(threading.get_ident(), asyncio.get_running_loop())]


async def test_the_end_of_the_consumer_ends_nobody_elses_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread's last act is to cancel all tasks of its loop, which is the worker's."""
    async with offline(tmp_path, monkeypatch):
        bystander = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
    # What was left to be done after the stop is done.
    for _ in range(10):
        await asyncio.sleep(0)
    assert not bystander.done()
    bystander.cancel()


# -- fetching ------------------------------------------------------------------------------------------------------------------


def waits(place: Offline) -> list[int]:
    """How long (ms) the broker may hold each fetch that aiokafka would send now."""
    fetcher = place.aiokafka._fetcher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetcher, "_select_read_replica", lambda tp: 0)
        requests, *_ = fetcher._get_actions_per_node(place.aiokafka._subscription.subscription.assignment)
    return [request._max_wait_ms for _, request in requests]


async def test_a_fetch_does_not_hold_up_the_connection_for_a_second_and_a_half(place: Offline) -> None:
    """The broker answers one connection in order, and Faust has 1,500 ms hard-coded."""
    place.assign(place.inbox(0), place.inbox(1))
    for number in range(2):
        place.aiokafka.seek(place.inbox(number), 0)
    assert waits(place) == [FETCH_WAIT_MS]


async def test_while_records_wait_to_be_taken_the_other_partitions_are_polled_briefly(place: Offline) -> None:
    """aiokafka leaves a partition with unread records out of the next fetch, which then waits the full time for the others."""
    place.assign(place.inbox(0), place.inbox(1))
    place.aiokafka.seek(place.inbox(1), 0)
    await place.consumer._thread.getmany({place.inbox(0), place.inbox(1)}, 0)
    place.fetched(place.inbox(0), [0])
    assert waits(place) == [BRIEF_WAIT_MS]
    # Records that nobody wants now, of a paused partition, would make it poll without rest.
    await place.consumer._thread.getmany({place.inbox(1)}, 0)
    assert waits(place) == [FETCH_WAIT_MS]
    # And once they are taken it is patient again.
    await place.consumer._thread.getmany({place.inbox(0), place.inbox(1)}, 0)
    place.aiokafka.seek(place.inbox(0), 1)
    assert waits(place) == [FETCH_WAIT_MS]


def offsets(found: Any) -> dict[TP, list[int]]:
    return {TP(*tp): [record.offset for record in records] for tp, records in found.items()}


async def test_no_active_partition_is_none_and_not_all(place: Offline) -> None:
    """aiokafka takes an empty set for all partitions: what it then returns, Faust throws away without a word."""
    place.assign(place.inbox(0), place.inbox(1))
    place.fetched(place.inbox(0), [0, 1])
    for nobody in (set[TP](), None):
        assert await place.consumer._thread.getmany(nobody, 0) == {}
    assert offsets(await place.consumer._thread.getmany({place.inbox(0)}, 0)) == {place.inbox(0): [0, 1]}


async def test_partitions_paused_while_a_fetch_waits_do_not_make_it_a_fetch_of_all(place: Offline) -> None:
    """Faust passes its own set, from which a rebalance takes the partitions while aiokafka waits."""
    place.assign(place.inbox(0), place.inbox(1))
    active = {place.inbox(0)}
    fetch = asyncio.create_task(place.consumer._thread.getmany(active, 20))
    await until(lambda: place.aiokafka._fetcher._fetch_waiters)
    active.clear()
    place.fetched(place.inbox(1), [5])
    place.fetched(place.inbox(0), [0])
    assert offsets(await fetch) == {place.inbox(0): [0]}
    assert offsets(await place.consumer._thread.getmany({place.inbox(1)}, 0)) == {place.inbox(1): [5]}


async def test_nothing_is_taken_while_the_flow_is_stopped(place: Offline) -> None:
    place.assign(place.inbox(0))
    place.fetched(place.inbox(0), [0])
    place.consumer.stop_flow()
    assert await place.consumer._thread.getmany({place.inbox(0)}, 0) == {}
    place.consumer.resume_flow()
    assert offsets(await place.consumer._thread.getmany({place.inbox(0)}, 0)) == {place.inbox(0): [0]}


async def test_delivering_a_message_makes_no_task_unless_it_waits(place: Offline) -> None:
    """Faust makes four for each message."""
    made = 0

    def counting(loop: asyncio.AbstractEventLoop, coroutine: Any, **given: Any) -> asyncio.Task[Any]:
        nonlocal made
        made += 1
        return asyncio.Task(coroutine, loop=loop, **given)

    done = []

    async def deliver(number: int, gate: asyncio.Event | None = None) -> None:
        if gate is not None:
            await gate.wait()
        done.append(number)

    loop, gate = asyncio.get_running_loop(), asyncio.Event()
    loop.set_task_factory(counting)
    try:
        for number in range(50):
            await place.consumer.wait_first(deliver(number), place.consumer.suspend_flow.wait())
        assert (made, done) == (0, list(range(50)))
        loop.call_later(0.05, gate.set)
        await place.consumer.wait_first(deliver(50, gate), place.consumer.suspend_flow.wait())
        assert done == list(range(51))
        assert made > 0
    finally:
        loop.set_task_factory(None)


async def test_a_delivery_that_waits_gives_way_when_the_flow_is_stopped(place: Offline) -> None:
    ended = []

    async def deliver() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    place.consumer.resume_flow()
    waiting = asyncio.create_task(place.consumer.wait_first(deliver(), place.consumer.suspend_flow.wait()))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    place.consumer.stop_flow()
    await asyncio.wait_for(waiting, 20)
    await until(lambda: ended == [True])


@pytest.mark.parametrize("waits", [False, True])
async def test_a_delivery_that_fails_is_heard_of(place: Offline, waits: bool) -> None:
    async def deliver() -> None:
        if waits:
            await asyncio.sleep(0.01)
        raise ZeroDivisionError

    other = place.consumer.suspend_flow.wait()
    with pytest.raises(ZeroDivisionError):
        await place.consumer.wait_first(deliver(), other)
    # What it was to be waited for beside is not left lying about.
    assert waits or inspect.getcoroutinestate(other) == inspect.CORO_CLOSED


# -- heartbeats ----------------------------------------------------------------------------------------------------------------


async def test_a_heartbeat_counts_from_when_it_was_sent_and_only_if_it_was_answered(place: Offline) -> None:
    coordinator = place.aiokafka._coordinator
    first = place.consumer.last_heartbeat
    assert await coordinator._do_heartbeat() is True
    heard = place.consumer.last_heartbeat
    assert first < heard <= place.broker.heartbeats[-1]
    place.broker.answering = False
    assert await coordinator._do_heartbeat() is False
    assert place.consumer.last_heartbeat == heard


async def test_heartbeats_go_on_while_partitions_are_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiokafka begins with them when the takeover has ended: a table that takes longer than the session would never be loaded."""
    async with offline(tmp_path, monkeypatch, BB_SESSION_TIMEOUT="0.7") as place:
        loaded = asyncio.Event()

        class Loading(ConsumerRebalanceListener):  # type: ignore[misc]
            async def on_partitions_assigned(self, assigned: Any) -> None:
                await loaded.wait()

            def on_partitions_revoked(self, revoked: Any) -> None:
                pass

        subscription, coordinator = place.aiokafka._subscription, place.aiokafka._coordinator
        # A member that joins; what aiokafka itself would do about the subscription is not of this test.
        monkeypatch.setattr(coordinator, "need_rejoin", lambda subscription: False)
        coordinator.member_id = "w0"
        subscription.subscribe({place.inbox().topic}, listener=Loading())
        monkeypatch.setattr(coordinator, "_lookup_assignor", lambda protocol: AnyAssignor())
        assignment = ConsumerProtocolMemberAssignment(0, [(place.inbox().topic, [0])], b"").encode()
        assert ConsumerProtocol.ASSIGNMENT.decode(assignment).partitions() == [TopicPartition(*place.inbox())]
        joining = asyncio.create_task(coordinator._on_join_complete(1, "w0", "faust", assignment))
        begun = time.monotonic()
        await until(lambda: len(place.broker.heartbeats) >= 5)
        assert not joining.done()
        assert place.consumer.last_heartbeat > begun
        loaded.set()
        await asyncio.wait_for(joining, 20)


class AnyAssignor:
    """Faust's takes metadata of its own."""

    def on_assignment(self, assignment: Any) -> None:
        pass


# -- where to read on ----------------------------------------------------------------------------------------------------------


async def handled(place: Offline, number: int, count: int) -> None:
    """So many inputs of a partition are done, as its ledger says; nothing is committed."""
    await place.take_over(number)
    async with place.turning():
        for _ in range(count):
            await place.say(Add(amount=1), number=number)
        await until(lambda: place.actor(number).finished == count)


async def test_a_partition_is_read_on_where_its_ledger_says_whatever_was_committed(place: Offline) -> None:
    await handled(place, 0, 7)
    place.broker.committed.update({place.inbox(): 3, place.changelog(): 2})
    await place.kernel.on_revoked(None, [place.inbox()])
    place.kernel.tables["toy"].ready.add(0)
    await place.kernel.on_assigned()
    found = await place.consumer.seek_to_committed()
    # A changelog is Faust's own affair.
    assert found == {place.inbox(): 7, place.changelog(): 2}
    assert await place.aiokafka.position(TopicPartition(*place.inbox())) == 7


async def test_what_a_killed_predecessor_had_finished_but_not_committed_is_committed_by_its_successor(place: Offline) -> None:
    """Faust takes the position that it was told for what is committed: an idle inbox would seem behind for ever."""
    await handled(place, 0, 7)
    place.broker.committed[place.inbox()] = 3
    place.broker.requests.clear()
    await place.consumer.perform_seek()
    assert await place.consumer.commit()
    assert place.broker.said("commit") == [{place.inbox(): 7}]


async def test_without_a_commit_of_a_predecessor_the_first_one_is_made(place: Offline) -> None:
    await handled(place, 0, 2)
    place.broker.requests.clear()
    await place.consumer.perform_seek()
    assert await place.consumer.commit()
    assert place.broker.said("commit") == [{place.inbox(): 2}]


# -- committing ----------------------------------------------------------------------------------------------------------------


def acknowledge(place: Offline, *offsets: int) -> None:
    """Faust's own books say that these inputs are done."""
    for offset in offsets:
        place.consumer._acked[place.inbox()].append(offset)


async def test_what_faust_believes_to_be_acknowledged_is_not_committed(place: Offline) -> None:
    await place.take_over(0)
    acknowledge(place, 0, 1, 2)
    assert not await place.consumer.commit()
    assert place.broker.said("commit") == []


async def test_a_hole_is_not_counted_as_acknowledged(place: Offline) -> None:
    """Faust's ``_add_gap`` counts a hole and the record after it as done, and commits past both."""
    await handled(place, 0, 2)
    place.broker.requests.clear()
    acknowledge(place, 0, 1)
    await place.consumer._add_gap(place.inbox(), 2, 9)
    acknowledge(place, 10)
    await place.consumer.commit()
    assert place.broker.said("commit") in ([], [{place.inbox(): 2}])
    assert place.broker.committed[place.inbox()] == 2


async def test_nothing_is_committed_past_an_input_whose_turn_is_not_acknowledged(place: Offline) -> None:
    await handled(place, 0, 2)
    await place.consumer.commit()
    place.broker.requests.clear()
    async with place.turning():
        place.broker.taking.clear()
        await place.say(Add(amount=1))
        await until(lambda: place.broker.said("append"))
        acknowledge(place, 0, 1, 2)
        assert not await place.consumer.commit()
        assert place.broker.said("commit") == []
        place.broker.taking.set()
        await until(lambda: place.actor().finished == 3)
    await place.consumer.commit()
    assert place.broker.committed == {place.inbox(): 3}


async def test_a_commit_says_only_what_is_new(place: Offline) -> None:
    await handled(place, 0, 2)
    await place.consumer.commit()
    place.broker.requests.clear()
    assert not await place.consumer.commit()
    assert place.broker.said("commit") == []


# -- giving partitions up ------------------------------------------------------------------------------------------------------


async def test_what_was_finished_is_committed_when_partitions_are_revoked(place: Offline) -> None:
    """Faust throws its acknowledgements away before it commits, so that everything since the last commit is done again."""
    await handled(place, 0, 2)
    async with place.turning():
        place.broker.taking.clear()
        await place.say(Add(amount=1))
        await until(lambda: not place.kernel.idle.is_set())
        revoking = asyncio.create_task(place.consumer.on_partitions_revoked({place.inbox(), place.changelog()}))
        await asyncio.sleep(0.05)
        assert not revoking.done()
        place.broker.taking.set()
        await asyncio.wait_for(revoking, 20)
    assert place.broker.committed == {place.inbox(): 3}
    assert not place.actor().owned


async def test_queued_inputs_do_not_hold_a_rebalance_up(place: Offline) -> None:
    """Faust waits without limit until everything that was delivered is acknowledged, and nobody acknowledges here."""
    await handled(place, 0, 2)
    tracked = place.consumer._to_message(place.inbox(), Delivered())
    place.consumer.track_message(tracked)
    await place.say(Add(amount=1))
    await asyncio.wait_for(place.consumer.wait_empty(), 20)
    assert place.broker.committed == {place.inbox(): 2}
    assert list(place.consumer.unacked) == [tracked]


class Delivered:
    """A record as aiokafka gives it."""

    topic, partition, offset, timestamp, timestamp_type = "bb.toy.inbox", 0, 2, 0, 1
    headers: tuple[Any, ...] = ()
    key = value = b""
    checksum = None
    serialized_key_size = serialized_value_size = 0
