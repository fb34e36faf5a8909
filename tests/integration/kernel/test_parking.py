"""Dead letters from end to end, through the operator's commands; poison; pause and resume (design §5.6)."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.kernel.place import PARTITIONS, Place, until
from tests.integration.kernel.toy import Pay, Settle
from topics.partitions import partition_of

KEY = "till-1"


@pytest.mark.spec("store M2", "product W15")
async def test_a_parked_aggregate_waits_for_its_replays_and_then_goes_on(place: Place) -> None:
    broken = await place.started(BB_TOY_BROKEN="1")
    await place.say("tills", KEY, Pay(amount=1, book="b"))
    await until(place.done)
    await place.say("tills", KEY, Settle(amount=50))
    await place.say("tills", KEY, Pay(amount=10, book="b"))
    await place.say("tills", "till-2", Pay(amount=100, book="b"))

    async def two_letters() -> bool:
        return len(await place.letters()) == 2

    await until(two_letters)
    listed = await asyncio.to_thread(place.cli, "dead", "list")
    lines = [line.split("\t") for line in listed.stdout.splitlines()]
    assert [(line[1], line[3], line[4]) for line in lines] == [
        ("parked", KEY, "ZeroDivisionError: this release cannot settle"),
        ("parked", KEY, "the aggregate is parked"),
    ]
    shown = await asyncio.to_thread(place.cli, "dead", "show", lines[0][0])
    assert "raise ZeroDivisionError" in shown.stdout
    assert "Settle" in shown.stdout
    states = await place.states("tills")
    assert (states[KEY].total, states[KEY].settled, states["till-2"].total) == (1, 0, 100)
    broken.kill()

    mended = await place.started()
    for _ in range(2):
        # Said twice, it happens once.
        replayed = await asyncio.to_thread(place.cli, "dead", "replay", lines[0][0], lines[1][0])
        assert replayed.stdout == "2 replayed\n", replayed.stderr

    async def settled() -> bool:
        till = (await place.states("tills"))[KEY]
        return (till.total, till.booked, till.settled) == (11, 11, 50)

    await until(settled)
    assert (await asyncio.to_thread(place.cli, "dead", "list")).stdout == ""
    await place.say("tills", KEY, Pay(amount=1000, book="b"))

    async def goes_on() -> bool:
        return bool((await place.states("tills"))[KEY].booked == 1011)

    await until(goes_on)
    assert (await place.rows("tills"))[(KEY, "")].parked == 0
    assert mended.process.poll() is None


@pytest.mark.spec("order W-19", "store M2")
async def test_a_poison_record_never_stops_a_partition(place: Place) -> None:
    worker = await place.started()
    number = partition_of(KEY, PARTITIONS)
    key = KEY.encode()
    poison = [(None, b"x"), (b"\xff\xfe", b"x"), (b"", b"{}"), (key, None), (key, b"\xff" * 1000), (b"a\x00b", b"[]")]
    for name, value in poison:
        await place.raw("tills", name, value, number)
    await place.say("tills", KEY, Pay(amount=7, book="b"))
    await place.audit(dead=len(poison))
    assert worker.process.poll() is None
    assert worker.said("inputs_missing") == []


async def test_a_paused_worker_takes_nothing_until_it_is_resumed(place: Place) -> None:
    worker = await place.started()
    await place.say("tills", KEY, Pay(amount=1, book="b"))
    await until(place.done)
    # The commands know the catalogue's workers; this one stands where trade would.
    env = {"BB_PORT_BASE": str(worker.port - 30)}
    assert (await asyncio.to_thread(place.cli, "pause", "trade", **env)).returncode == 0
    assert (await worker.get("/health/ready"))[0] == 503
    assert (await worker.get("/health/live"))[0] == 200
    await place.say("tills", KEY, Pay(amount=10, book="b"))
    await asyncio.sleep(1.5)
    assert (await place.states("tills"))[KEY].total == 1
    assert (await asyncio.to_thread(place.cli, "resume", "trade", **env)).returncode == 0
    await place.audit()


async def test_inputs_that_changed_nothing_do_not_look_like_a_lost_changelog(place: Place) -> None:
    worker = await place.started()
    await place.say("books", "b", Settle(amount=0), replyto="nobody")
    await until(place.finished)
    worker.kill()
    again = await place.started()
    await place.say("tills", KEY, Pay(amount=7, book="b"))

    async def booked() -> bool:
        return KEY in (states := await place.states("tills")) and states[KEY].booked == 7

    await until(booked)
    assert again.process.poll() is None
