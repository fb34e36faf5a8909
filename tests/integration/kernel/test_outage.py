"""The broker away in the middle of turns, and a stop while it is (design §5.6)."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from agents.runtime.worker import STOP
from tests.integration.kernel.place import KINDS, Place, until
from tests.integration.kernel.toy import Pay, Ring, Wake
from tests.torture.proxy import Proxy

AWAY = 10.0
LONG = {"BB_SESSION_TIMEOUT": "45"}
"""A turn that waits for the broker for half of it ends the worker."""
ROOM = 3
"""Times the bound that a busy machine may take."""


async def pay(place: Place, first: int, payments: int) -> None:
    """A bit of everything."""
    for number in range(first, first + payments):
        await place.say("tills", f"till-{number % 5}", Pay(amount=number + 1, book=f"book-{number % 3}"))


@pytest.mark.spec("store M2")
async def test_turns_go_on_where_they_were_when_the_broker_was_away_for_ten_seconds(place: Place) -> None:
    async with Proxy(place.kafka) as wire:
        worker = await place.started(BB_KAFKA=wire.address, BB_TOY_TIMEOUT="30000", **LONG)
        paying = asyncio.create_task(pay(place, 0, 300))
        for kind in KINDS:
            await place.say("tills", f"ring-{kind}", Ring(kind=kind))
        await until(lambda: some_done(place))
        wire.cut()
        # What is sent meanwhile waits in the inboxes; time goes on, too.
        await place.say("tills", "sleeper", Wake(at=int(time.time() * 1000) + 2_000))
        await pay(place, 1_000, 50)
        before = [len(await place.log("tills", "events", number)) for number in range(2)]
        await asyncio.sleep(AWAY / 2)
        assert [len(await place.log("tills", "events", number)) for number in range(2)] == before
        await asyncio.sleep(AWAY / 2)
        wire.mend()
        await paying
        await place.audit()
        assert worker.process.poll() is None
        assert (worker.said("stood_still"), worker.said("not_heard"), worker.said("kernel_failed")) == ([], [], [])


async def some_done(place: Place) -> bool:
    """Are the turns in full swing?"""
    return any([len(await place.log("tills", "events", number)) > 5 for number in range(2)])


async def test_a_stop_while_the_broker_is_away_ends_in_time_and_loses_nothing(place: Place) -> None:
    """Faust would wait without limit for the turn in flight and for its commit."""
    async with Proxy(place.kafka) as wire:
        worker = await place.started(BB_KAFKA=wire.address, **LONG)
        await pay(place, 0, 20)
        await until(place.done)
        wire.cut()
        await pay(place, 20, 20)
        begun = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        assert await worker.ended() == 0
        assert time.monotonic() - begun < ROOM * STOP
    await place.started()
    await place.audit()


async def test_a_stop_in_the_middle_of_a_turn_that_the_broker_does_not_take_ends_in_time(place: Place) -> None:
    async with Proxy(place.kafka) as wire:
        worker = await place.started(BB_KAFKA=wire.address, **LONG)
        paying = asyncio.create_task(pay(place, 0, 300))
        await until(lambda: some_done(place))
        wire.cut()
        begun = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        assert await worker.ended() == 0
        assert time.monotonic() - begun < ROOM * STOP
        await paying
    await place.started()
    await place.audit()


async def test_a_worker_that_never_found_its_broker_stops_at_once(place: Place) -> None:
    worker = place.start(BB_KAFKA="127.0.0.1:9")

    async def waits() -> bool:
        return bool(worker.said("broker_away"))

    await until(waits)
    assert await worker.get("/health/live") == (200, '{"live": true, "why": null}')
    assert await worker.get("/health/ready") == (503, '{"ready": false, "why": "no connection to Kafka yet"}')
    begun = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    assert await worker.ended() == 0
    assert time.monotonic() - begun < ROOM * STOP


async def test_a_worker_whose_broker_comes_later_waits_for_it(place: Place) -> None:
    async with Proxy(place.kafka) as wire:
        wire.cut()
        worker = place.start(BB_KAFKA=wire.address, **LONG)
        await pay(place, 0, 10)
        await asyncio.sleep(3)
        assert worker.process.poll() is None
        wire.mend()
        await worker.ready()
        await place.audit()
