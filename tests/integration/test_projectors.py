"""Projectors on the real broker and databases: whatever comes again, late, or while a database is away, the answer is the same."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiomysql
import msgspec
import pytest
from redis.asyncio import Redis

from agents.rebuild import rebuild
from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from models.inventory.messages import ChangeStock
from models.read import dynamo, live, mysql
from models.read.facts import EVENTS, PRIVATE
from models.read.orders import POSITIONS, table_name
from models.read.products import POSITIONS as MONGO_POSITIONS
from tests.integration.reading import BUYERS, Reading, a_day, check, installation, until
from tests.unit.read.log_maker import Record
from topics.answers import PROJECTED, decode_projected


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


async def test_the_read_models_show_what_the_actors_decided(reading: Reading) -> None:
    a_day(reading)
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        shown = await reading.shown(*BUYERS)
        check(reading, shown)
        a_day(reading, 4)
        await reading.say()
        await reading.caught_up(projector)
        check(reading, await reading.shown())
    assert await reading.ledger.unbalanced() == []
    page, cursor = await reading.orders.of_buyer("ann", "", 1)
    more, end = await reading.orders.of_buyer("ann", "", 50, cursor)
    placed = [one["placed_at"] for one in page + more]
    assert (placed, end) == (sorted(placed, reverse=True), "")
    assert len(placed) == sum(one["buyer"] == "ann" for one in (await reading.shown())["orders"].values())
    sold, _ = await reading.orders.of_store("store-rose", "REFUNDED", 50)
    assert sold
    assert {one["store_id"] for one in sold} == {"store-rose"}


@pytest.mark.spec("order W-17", "store Q5")
async def test_what_comes_again_changes_nothing(reading: Reading) -> None:
    """At its own offset (all positions lost but those that lie with the rows), and sent again at a new one."""
    a_day(reading)
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    before = await reading.shown(*BUYERS)
    client = await reading.databases.dynamo()
    await client.delete_item(TableName=table_name(reading.databases, 1), Key={"id": {"S": POSITIONS}})
    await reading.databases.mongo[MONGO_POSITIONS].delete_many({})
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        assert await reading.shown(*BUYERS) == before
        await reading.say(reading.log.records)
        await reading.caught_up(projector)
        assert await reading.shown(*BUYERS) == before
        # Everything at its own offset again, to a process that has it.
        for tp in projector._assigned:
            projector._of(tp).seek(tp, 0)
        await asyncio.sleep(0.5)
        await reading.caught_up(projector)
        assert await reading.shown(*BUYERS) == before


async def test_of_an_event_that_was_said_twice_the_first_time_counts(reading: Reading) -> None:
    """A killed worker's last turn is said again: later, and to a projector that has just started and knows nothing of the first."""
    log = reading.log
    log.shop()
    log.place("order", "ann")
    placed, held, *_ = [at for at, record in enumerate(log.records) if record.topic.endswith("orders.events")]
    await reading.say(log.records[:held])
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    first = await reading.orders.timeline("order")
    assert [one["event"] for one in first] == ["OrderPlaced"]
    await reading.say([log.records[placed], *log.records[held:]])
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        timeline = await reading.orders.timeline("order")
        assert [one["seq"] for one in timeline] == [1, 2, 3]
        assert timeline[0] == first[0]
        assert timeline[1]["at"] > first[0]["at"]
        # From the beginning of the log both copies are seen.
        assert await rebuild(reading.settings, "orders") == 2
        await reading.registry.refresh()
        assert await reading.orders.timeline("order") == timeline


async def test_a_lost_answer_to_a_commit_is_no_second_write(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are written and the worker does not know it: what a kill between write and report looks like."""
    a_day(reading)
    await reading.say()
    calls: dict[Any, int] = {}
    commit, append, put = aiomysql.Connection.commit, live._Store._write, dynamo.put

    async def forgetful(call: Any, *given: Any) -> Any:
        answer = await call(*given)
        calls[call] = calls.get(call, 0) + 1
        if calls[call] % 2:
            raise ConnectionResetError("the answer was lost")
        return answer

    monkeypatch.setattr(aiomysql.Connection, "commit", lambda *given: forgetful(commit, *given))
    monkeypatch.setattr(live._Store, "_write", lambda *given: forgetful(append, *given))
    monkeypatch.setattr(dynamo, "put", lambda *given: forgetful(put, *given))
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    assert set(calls) == {commit, append, put}
    shown = await reading.shown("ann")
    check(reading, shown)
    ids = [msgspec.json.decode(data)["id"] for _, _, data in shown["live"]["ann"]]
    assert len(ids) == len(set(ids)) > 5


async def test_a_killed_worker_loses_and_doubles_nothing(reading: Reading, stack: Stack) -> None:
    a_day(reading)
    settings = reading.settings
    env = {
        **stack.full_env(), "BB_PREFIX": settings.prefix, "BB_MYSQL_DATABASE": settings.mysql_database,
        "BB_MONGO_DATABASE": settings.mongo_database, "BB_SESSION_TIMEOUT": "6", "PATH": os.environ["PATH"],
    }  # fmt: skip
    for delay in (0.9, 1.3, 1.8, 2.2):
        worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "agents.apps.read", cwd=ROOT, env=env)
        saying = asyncio.create_task(reading.say())
        await asyncio.sleep(delay)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        await saying
        a_day(reading, 12)
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    shown = await reading.shown(*BUYERS)
    check(reading, shown)
    for entries in shown["live"].values():
        ids = [msgspec.json.decode(data)["id"] for _, _, data in entries]
        assert len(ids) == len(set(ids))


@pytest.mark.spec("store Q6")
@pytest.mark.parametrize("first", [EVENTS, PRIVATE])
async def test_events_and_private_records_meet_in_any_order(reading: Reading, first: str) -> None:
    """Each fills its own fields, and what waits for the order hears of it only when both are there."""
    log = reading.log
    log.shop()
    log.place("order", "ann")
    one = [record for record in log.records if record.topic.endswith(first)]
    other = [record for record in log.records if not record.topic.endswith(first)]
    redis = Redis.from_url(reading.settings.redis_url)
    pubsub = redis.pubsub()
    await pubsub.subscribe(PROJECTED)
    await reading.say(one)
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        order = await reading.orders.one("order")
        assert (order is not None) == (first == EVENTS)
        assert order is None or (order["status"], "address" in order, order["stores"][0]["name"]) == ("AWAITING_PAYMENT", False, "")
        # Without its name a store or product is there, and whoever saved it is not told yet that it is shown.
        assert await saved(reading) == ([0, 0] if first == EVENTS else [None, None])
        assert "order" not in await heard(pubsub)
        await reading.say(other)
        await reading.caught_up(projector)
        order = await reading.orders.one("order")
        assert order is not None
        assert (order["address"]["recipient"], order["stores"][0]["name"], set(order["redirects"])) == (
            "이철수", "장미 꽃집", {"pc", "mobile", "app"},
        )  # fmt: skip
        assert (await heard(pubsub))["order"] == order["seq"] == 3
        assert await saved(reading) == [1, 1]
    await pubsub.aclose()  # type: ignore[no-untyped-call]
    await redis.aclose()


async def saved(reading: Reading) -> list[int | None]:
    """Up to which of their events a store and a product are shown; None: they do not exist."""
    shown = await reading.stores.one("store-rose"), await reading.products.one("bouquet")
    return [one["seq"] if one is not None else None for one in shown]


async def heard(pubsub: Any) -> dict[str, int]:
    """What the order history was reported to show."""
    seen: dict[str, int] = {}
    while (said := await pubsub.get_message(ignore_subscribe_messages=True, timeout=0.5)) is not None:
        report = decode_projected(said["data"])
        if report.model == "orders":
            seen |= report.seen
    return seen


async def test_an_erased_private_record_leaves_the_figures(reading: Reading) -> None:
    log = reading.log
    log.shop()
    log.place("order", "ann")
    log.pay("order")
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        record = next(one for one in log.records if one.topic.endswith("orders.private"))
        await reading.say([Record(record.topic, record.partition, record.key, None)])
        await reading.caught_up(projector)
    order = await reading.orders.one("order")
    sold, _ = await reading.orders.of_store("store-rose", "", 10)
    assert order is not None
    assert (order["status"], order["total"], "address" in order, "address" in sold[0]) == ("CONFIRMED", 33_000, False, False)
    items = [item async for page in dynamo.scan(reading.databases, table_name(reading.databases, 1)) for item in page]
    assert "이철수" not in str(items)


@pytest.mark.spec("store Q8")
@pytest.mark.parametrize("daemon", ["mysql", "dynamo", "redis", "mongo"])
async def test_a_database_that_is_away_stops_only_its_own_models(reading: Reading, stack: Stack, daemon: str) -> None:
    a_day(reading, 3)
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        await asyncio.to_thread(stack.stop_programs, [daemon])
        try:
            a_day(reading, 8)
            # A model whose new facts would change none of its rows need not notice.
            reading.log.shop()
            await reading.say()
            others = [pump for pump in projector.pumps if pump.model.name in ELSEWHERE[daemon]]
            await until(lambda: all(pump.lag(projector.ends()) == 0 for pump in others))
            await asyncio.sleep(3)
            assert projector.why_not_ready() is not None
        finally:
            await asyncio.to_thread(stack.start_daemons, [daemon])
        await reading.caught_up(projector)
    check(reading, await reading.shown())


ELSEWHERE = {
    "mysql": ("orders", "products", "live"),
    "dynamo": ("stock", "coupons", "ledger", "stores", "products", "live"),
    "redis": ("orders", "stock", "coupons", "ledger", "stores", "products"),
    "mongo": ("orders", "stock", "coupons", "ledger", "stores", "live"),
}


async def test_two_workers_share_and_one_takes_over(reading: Reading) -> None:
    a_day(reading)
    await reading.say()
    async with reading.projecting("one") as one:
        async with reading.projecting("two") as two:
            await until(lambda: one._assigned and two._assigned and not one._assigned & two._assigned)
            await reading.caught_up(one, two)
            # An aggregate's events and its private record are one worker's.
            for worker in (one, two):
                assert len({spot.partition for spot in worker.owned}) == reading.settings.partitions // 2
            a_day(reading, 4)
            await reading.say()
            await reading.caught_up(one, two)
        a_day(reading, 4)
        await reading.say()
        await reading.caught_up(one)
    check(reading, await reading.shown())


@pytest.mark.spec("store Q9")
@pytest.mark.parametrize("model", ["orders", "stock", "coupons", "ledger", "stores", "products"])
async def test_a_rebuilt_model_equals_the_live_one(reading: Reading, model: str) -> None:
    a_day(reading)
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        before = await reading.shown()
        rebuilding = asyncio.create_task(rebuild(reading.settings, model))
        assert await rebuilding == 2
        await until(lambda: next(p for p in projector.pumps if p.model.name == model).version == 2)
        await reading.registry.refresh()
        assert await reading.registry.version(model) == 2
        assert await reading.shown() == before
        a_day(reading, 4)
        await reading.say()
        await reading.caught_up(projector)
        check(reading, await reading.shown())


async def test_tampering_shows_and_stays(reading: Reading) -> None:
    a_day(reading)
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        await mysql.run(reading.databases, ["UPDATE stock_1 SET on_hand = on_hand + 1 WHERE flower_id = 'rose'"])
        reading.log.send("inventory", "store-rose", ChangeStock(flower_id="rose", by="owner", delta=5))
        await reading.say()
        await reading.caught_up(projector)
    with pytest.raises(AssertionError):
        check(reading, await reading.shown())
