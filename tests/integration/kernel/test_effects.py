"""Effects whose worker dies, late outcomes, the pool, reminders after an outage, Redis away (design §5.7, §5.8)."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from agents.runtime.effects import now_ms
from tests.integration.kernel.place import KINDS, Place, until
from tests.integration.kernel.toy import Pay, Rang, Ring, Till, Wake
from topics.client import Client

LONG = {"BB_TOY_TIMEOUT": "8000"}


async def called(place: Place, number: int) -> None:
    async def there() -> bool:
        return len(place.service.calls) >= number

    await until(there)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_worker_that_dies_during_a_call(place: Place, kind: str) -> None:
    """It happened, but nobody heard: what may be repeated is at once, else the lease is waited out and then asked."""
    # A lease that the restart does not outlast, where it is not waited out.
    lease = {"BB_TOY_TIMEOUT": "90000"} if kind in ("keyed", "repeatable") else LONG
    place.service.hold.clear()
    worker = await place.started(**lease)
    await place.say("tills", "till", Ring(kind=kind))
    await called(place, 1)
    worker.kill()
    place.service.hold.set()
    await place.started(**lease)
    await place.audit()
    till = (await place.states("tills"))["till"]
    if kind in ("keyed", "repeatable"):
        assert (place.service.calls, till.attempt, place.service.asked) == ([(kind, "till", 1)] * 2, 1, [])
    elif kind == "neither":
        assert (place.service.calls, till.ring, place.service.asked) == ([(kind, "till", 1)], "lost", [])
    else:
        assert (place.service.calls, till.attempt, place.service.asked) == ([(kind, "till", 1)], 2, ["till"])


@pytest.mark.spec("order W-22")
async def test_a_call_without_an_answer_holds_nobody_up_not_even_its_own_aggregate(place: Place) -> None:
    place.service.hold.clear()
    await place.started(BB_TOY_TIMEOUT="90000")
    await place.say("tills", "till", Ring(kind="keyed"))
    await called(place, 1)
    # Both partitions, and the very till that waits for its call; each payment takes three steps over two domains.
    keys = ("till", *(f"till-{number}" for number in range(8)))
    for key in keys:
        await place.say("tills", key, Pay(amount=5, book="book"))

    async def booked() -> bool:
        tills = await place.states("tills")
        return all(tills.get(key, Till()).booked == 5 for key in keys)

    await until(booked)
    assert (place.service.now, (await place.states("tills"))["till"].ring) == (1, "open")
    place.service.hold.set()
    await place.audit()
    assert place.service.calls == [("keyed", "till", 1)]


async def test_the_first_known_outcome_wins(place: Place) -> None:
    worker = await place.started()
    place.service.hold.clear()
    await place.say("tills", "till", Ring(kind="neither"))

    async def lost() -> bool:
        return bool((await place.states("tills")).get("till", Till()).ring == "lost")

    await until(lost)
    await place.say("tills", "till", Rang(attempt=1))
    await place.say("tills", "till", Rang(attempt=1))
    await until(place.finished)
    assert (await place.states("tills"))["till"].ring == "rung"
    assert (await place.rows("tills"))[("till", "")].seq == 3
    assert worker.process.poll() is None


async def test_no_more_calls_are_under_way_than_the_pool_has_room_for(place: Place) -> None:
    place.service.hold.clear()
    await place.started(BB_TOY_CONCURRENCY="3", **LONG)
    for number in range(9):
        await place.say("tills", f"till-{number}", Ring(kind="keyed"))
    await called(place, 3)
    await asyncio.sleep(0.5)
    assert place.service.most == 3
    place.service.hold.set()
    await place.audit()
    assert place.service.most == 3
    assert len(place.service.calls) == 9


async def test_reminders_due_during_an_outage_come_after_it_and_on_another_worker(place: Place) -> None:
    worker = await place.started("w0")
    for number in range(120):
        await place.say("tills", f"till-{number}", Wake(at=now_ms() + 3_000))
    await until(place.finished)
    worker.kill()
    await asyncio.sleep(3)
    await place.started("w1")
    await place.audit()


async def test_without_redis_turns_go_on_and_an_inquiry_tells_what_became(place: Place) -> None:
    await place.started(BB_REDIS_URL="redis://127.0.0.1:9/0")
    client = Client(place.kafka, place.prefix, 2, place.redis, uuid.uuid4().hex)
    await client.start()
    try:
        await asyncio.wait_for(client.listening.wait(), 20)
        await until(lambda: asyncio.sleep(0, client.connected))
        ident = uuid.uuid4().hex
        assert await client.ask("tills", "till", Pay(amount=5, book="b"), id=ident, wait=1) is None
        place.sent.append(("tills", "till", Pay(amount=5, book="b")))
        await place.audit()
        place.workers[0].kill()
        await place.started()
        answer = await client.inquire("tills", "till", ident, 20, part="coins")
        if answer is None or answer.code == "command_unknown":
            answer = await client.inquire("tills", "till", ident, 20)
        assert answer is not None
        assert (answer.status, answer.body["total"]) == (200, 5)
    finally:
        await client.stop()
