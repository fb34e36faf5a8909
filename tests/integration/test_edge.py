"""The edge against a real Redis: buckets that all processes share, and sessions that end while tokens of theirs are still good."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as RedisConnectionError

from deploy.local.stack import Stack
from models.accounts.session_messages import SessionEnded, SessionsEnded
from models.actor import Event
from models.read import ended as model
from models.read.facts import EVENTS, Batch, Fact, Outrun, Position, Spot
from models.settings import read
from tests.integration.reading import Reading, installation, until
from tests.unit.read.log_maker import Record
from topics.client import Client
from topics.envelope import encode, seal
from topics.partitions import partition_of
from web.auth import Caller
from web.ended import Ended
from web.limits import PLACE, Limit, Limiter, Rate, SharedBuckets
from web.problems import Problem

# -- buckets --------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def limiters(stack: Stack) -> AsyncIterator[list[Limiter]]:
    """Those of two processes."""
    url, prefix = read(stack.env()).redis_url, f"edge{uuid.uuid4().hex[:8]}"
    limits = {
        "sign_in": Limit(Rate(5, 60), Rate(5, 60), shared=True, pair=Rate(3, 60)),
        "quick": Limit(Rate(1, 1), Rate(1, 1), shared=True),
    }
    made = [Limiter(limits, 2, SharedBuckets(url, prefix, b"s" * 32)) for _ in range(2)]
    yield made
    for one in made:
        await one.stop()


@pytest.mark.spec("auth 13", "auth 26")
async def test_processes_count_together_for_an_account_and_for_an_address(limiters: list[Limiter]) -> None:
    async def refused(account: str, address: str, process: int) -> bool:
        return (await limiters[process].shared("sign_in", account, address)).retry > 0

    # Whether there is such an account or not: nobody is told by the limit.
    here, there, far = "203.0.113.9", "203.0.113.10", "203.0.113.11"
    assert [await refused("account-1", here, number % 2) for number in range(5)] == [False] * 3 + [True] * 2
    assert [await refused("account-2", here, 0), await refused("account-1", here, 1)] == [False, True]
    # From elsewhere it can still be tried, until all together are too many.
    assert [await refused("account-1", there, number % 2) for number in range(3)] == [False, False, True]
    assert await refused("account-1", far, 0)
    # Many accounts from one address: the address has its own end.
    tried = [await refused("", "203.0.113.7", number % 2) for number in range(7)]
    assert tried == [False] * 5 + [True] * 2
    assert not await refused("", "203.0.113.8", 0)


async def test_who_is_refused_takes_nothing_from_the_other_bucket(limiters: list[Limiter]) -> None:
    for _ in range(3):
        await limiters[0].shared("sign_in", "account-1", "203.0.113.7")
    state = await limiters[0].shared("sign_in", "account-1", "203.0.113.7")
    assert (state.rate, state.left, state.retry) == (Rate(3, 60), 0, 20)
    assert (await limiters[0].shared("sign_in", "account-1", "203.0.113.8")).left == 1


@pytest.mark.spec("auth 26")
async def test_all_processes_know_from_where_an_account_was_signed_in_to(limiters: list[Limiter], stack: Stack) -> None:
    home, there = "203.0.113.7", "203.0.113.8"
    await limiters[0].remember("account-1", home)
    # Three from there and two from elsewhere: the account's own bucket is empty.
    for address in (there, there, there, "203.0.113.9", "203.0.113.9"):
        assert (await limiters[0].shared("sign_in", "account-1", address)).retry == 0
    assert (await limiters[1].shared("sign_in", "account-1", "203.0.113.10")).rate == Rate(5, 60)
    assert [(await limiters[1].shared("sign_in", "account-1", home)).left for _ in range(3)] == [2, 1, 0]
    assert (await limiters[1].shared("sign_in", "account-1", home)).retry > 0
    redis, buckets = Redis.from_url(read(stack.env()).redis_url), limiters[0]._buckets
    assert buckets is not None
    names = [name async for name in redis.scan_iter(f"{buckets._prefix}:place:*")]
    assert len(names) == 1
    assert re.fullmatch(rb"edge[0-9a-f]{8}:place:[0-9a-f]{32}", names[0]), "who came from where is hashed"
    assert PLACE - 60 < await redis.ttl(names[0]) <= PLACE
    await redis.aclose()


async def test_of_many_at_once_no_more_than_allowed_come_through(limiters: list[Limiter]) -> None:
    states = await asyncio.gather(*(limiters[number % 2].shared("sign_in", "account-1", "") for number in range(40)))
    assert sorted(state.left for state in states if not state.retry) == [0, 1, 2]


async def test_a_bucket_fills_and_is_forgotten(limiters: list[Limiter], stack: Stack) -> None:
    assert (await limiters[0].shared("quick", "a", "")).retry == 0
    assert (await limiters[1].shared("quick", "a", "")).retry == 1
    await asyncio.sleep(1.05)
    assert (await limiters[1].shared("quick", "a", "")).retry == 0
    redis = Redis.from_url(read(stack.env()).redis_url)
    buckets = limiters[0]._buckets
    assert buckets is not None
    names = [name async for name in redis.scan_iter(f"{buckets._prefix}:limit:*")]
    assert len(names) == 1
    assert re.fullmatch(rb"edge[0-9a-f]{8}:limit:quick:[0-9a-f]{32}", names[0]), "whose it is is hashed"
    assert 0 < await redis.pttl(names[0]) <= 2_100
    await redis.aclose()


async def test_redis_away_closes_the_door_and_its_return_opens_it(stack: Stack) -> None:
    buckets = SharedBuckets(read(stack.env()).redis_url, f"edge{uuid.uuid4().hex[:8]}", b"s" * 32)
    limiter = Limiter({"sign_in": Limit(Rate(9, 60), Rate(9, 60), shared=True)}, 1, buckets)
    assert (await limiter.shared("sign_in", "a", "")).left == 8
    await asyncio.to_thread(stack.stop_programs, ["redis"])
    try:
        with pytest.raises(Problem) as refused:
            await limiter.shared("sign_in", "a", "")
        # A sign-in that came so far does not fail of it.
        await limiter.remember("a", "")
        assert (refused.value.status, refused.value.code) == (503, "unavailable")
    finally:
        await asyncio.to_thread(stack.start_daemons, ["redis"])
    assert (await limiter.shared("sign_in", "a", "")).left == 7, "and it remembers"
    await limiter.stop()


# -- sessions -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


class Process:
    """What a web process has of both: a client that hears reports, and what has ended."""

    def __init__(self, reading: Reading, deaf_after: float = 10.0) -> None:
        settings = reading.settings
        self.client = Client(settings.kafka, settings.prefix, settings.partitions, settings.redis_url, uuid.uuid4().hex)
        self.ended = Ended(settings.redis_url, settings.prefix, deaf_after, settings.partitions)

    async def __aenter__(self) -> Process:
        self.client.on_projected = self.ended.heard
        await self.client.start()
        self.ended.start()
        async with asyncio.timeout(30):
            await self.ended.ready.wait()
            await self.client.listening.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.stop()
        await self.ended.stop()

    def why(self, session: str = "", account: str = "account-1", since: float = 0.0) -> str:
        return self.ended.why_not(Caller(account, "buyer", session=session, since=since or time.time() - 60))


async def say(reading: Reading, *events: Event, key: str = "row-1", first: int = 1) -> None:
    """Append what an account's row would say."""
    records = []
    for seq, event in enumerate(events, first):
        one = seal("accounts", key, event, id=f"{key}-{seq}", source="/test", seq=seq)
        partition = partition_of(key, reading.settings.partitions)
        records.append(Record(f"{reading.settings.prefix}.accounts.events", partition, key, encode([one])))
    await reading.say(records)


@pytest.mark.spec("auth 14", "auth 16")
async def test_what_ends_is_known_in_every_process_at_once_and_in_one_that_starts_later(reading: Reading) -> None:
    async with reading.projecting(), Process(reading) as one, Process(reading) as other:
        assert [one.why("s1"), other.why("s1")] == ["", ""]
        begun = time.monotonic()
        await say(reading, SessionEnded(account="account-1", session="s1", cause="signed_out"))
        await until(lambda: one.why("s1") and other.why("s1"))
        assert time.monotonic() - begun < 10
        assert [one.why("s1"), other.why("s1"), one.why("s2"), other.why("s2")] == ["session_ended"] * 2 + [""] * 2
        await say(reading, SessionsEnded(account="account-1", cause="withdrawn"), first=2)
        await until(lambda: one.why("s2") and other.why("s2"))
        await asyncio.sleep(0.01)
        assert [one.why("s3", since=time.time()), one.why("s2", account="account-2")] == ["", ""]
        async with Process(reading) as late:
            assert [late.why("s1"), late.why("s2"), late.why("s1", "account-2")] == ["session_ended"] * 3
            assert late.why("s3", since=time.time()) == ""


async def test_a_report_that_was_lost_is_made_up_for(reading: Reading) -> None:
    async with reading.projecting(), Process(reading) as one:
        one.client.on_projected = lambda name, seen: None
        await say(reading, SessionEnded(account="account-1", session="s1", cause="ended"))
        await until(lambda: one.why("s1") == "session_ended", 15)


@pytest.mark.spec("auth 29")
async def test_without_redis_nobody_counts_as_signed_in_after_a_while_and_what_ended_stays_ended(
    stack: Stack, reading: Reading
) -> None:
    async with reading.projecting(), Process(reading, deaf_after=6.0) as one:
        await say(reading, SessionEnded(account="account-1", session="s1", cause="reuse"))
        await until(lambda: one.why("s1") == "session_ended")
        await asyncio.to_thread(stack.stop_programs, ["redis"])
        try:
            assert one.why("s2") == "", "a short absence is none"
            await until(lambda: one.why("s2") == "unavailable", 15)
            assert one.why("s1") == "session_ended"
        finally:
            await asyncio.to_thread(stack.start_daemons, ["redis"])
        await until(lambda: one.why("s2") == "", 15)
        assert one.why("s1") == "session_ended"


@pytest.mark.spec("auth 16", "auth 29")
async def test_without_the_worker_that_knows_what_ended_nobody_counts_as_signed_in_after_a_while(reading: Reading) -> None:
    """Redis is there all the time, and the version in it: only nobody says any more what has ended."""
    async with contextlib.AsyncExitStack() as process:
        async with reading.projecting():
            one = await process.enter_async_context(Process(reading, deaf_after=6.0))
            assert one.why("s1") == ""
        stopped = time.monotonic()
        await say(reading, SessionsEnded(account="account-1", cause="suspended", sessions=("s1",)))
        assert one.why("s1") == "", "a short absence is none"
        await until(lambda: one.why("s1") == "unavailable", 15)
        assert 1 < time.monotonic() - stopped < 10
        assert one.why("s1", "account-2") == "unavailable"
        # One that starts meanwhile knows no more.
        late = Process(reading, deaf_after=6.0)
        late.ended.start()
        await asyncio.sleep(1)
        assert (late.why("s2", "account-2"), late.ended.ready.is_set()) == ("unavailable", False)
        await late.ended.stop()
        async with reading.projecting():
            await until(lambda: one.why("s2", "account-2") == "")
            assert one.why("s1", since=time.time() + 60) == "session_ended"


async def test_an_emptied_redis_is_filled_from_the_log_though_nothing_comes(reading: Reading) -> None:
    redis = Redis.from_url(reading.settings.redis_url)
    async with reading.projecting(), contextlib.aclosing(redis):
        await say(reading, SessionEnded(account="account-1", session="s1", cause="ended"))
        await stored(redis, reading, "s1")
        for name in (*model.keys(reading.settings.prefix), model.beats_key(reading.settings.prefix)):
            await redis.delete(name)
        await stored(redis, reading, "s1")


async def test_a_redis_that_was_emptied_is_filled_from_the_log(reading: Reading) -> None:
    redis = Redis.from_url(reading.settings.redis_url)
    async with reading.projecting(), contextlib.aclosing(redis):
        await say(reading, SessionEnded(account="account-1", session="s1", cause="ended"))
        await stored(redis, reading, "s1")
        for name in model.keys(reading.settings.prefix):
            await redis.delete(name)
        await say(reading, SessionEnded(account="account-1", session="s2", cause="ended"), first=2)
        await stored(redis, reading, "s1", "s2")


@pytest.mark.parametrize("written", [False, True], ids=["request lost", "answer lost"])
async def test_a_write_that_fails_moves_no_position_past_what_it_should_have_written(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    """What is put off is settled each second: between a failed write and its repetition this must not skip what was in it."""
    spot, after = Spot("accounts", EVENTS, 0), Position(1)
    event = SessionEnded(account="account-1", session="s1", cause="reuse")
    now = round(time.time() * 1000)
    batch = Batch([Fact("accounts", "account-1", 1, 1, now, "e1", event)], {spot: Position()}, {spot: after})
    prefix = reading.settings.prefix
    redis = Redis.from_url(reading.settings.redis_url)
    store = model.MODEL.store(reading.databases, 0)
    await store.positions()
    script = AsyncScript.__call__

    async def broken(self: Any, *given: Any, **named: Any) -> Any:
        if written:
            await script(self, *given, **named)
        raise RedisConnectionError("gone")

    async with contextlib.aclosing(redis):
        with monkeypatch.context() as patch:
            patch.setattr(AsyncScript, "__call__", broken)
            with pytest.raises(RedisConnectionError):
                await store.store(batch)
        with contextlib.suppress(Outrun):
            await store.settle({spot: after})
        assert (await store.positions(), await model.read(redis, prefix, 0)) == (
            ({spot: after}, {"s1": now}) if written else ({}, {})
        )
        with contextlib.suppress(Outrun):
            await store.store(batch)
        assert (await store.positions(), await model.read(redis, prefix, 0)) == ({spot: after}, {"s1": now})


async def stored(redis: Any, reading: Reading, *names: str) -> None:
    """Wait until Redis holds exactly ``names``."""
    async with asyncio.timeout(20):
        while set(await model.read(redis, reading.settings.prefix, 0)) != set(names):
            await asyncio.sleep(0.05)


async def test_what_is_of_no_use_any_more_goes(reading: Reading) -> None:
    redis = Redis.from_url(reading.settings.redis_url)
    positions, entries, version = model.keys(reading.settings.prefix)
    async with reading.projecting(), contextlib.aclosing(redis):
        await redis.zadd(entries, {"long-ago": 1})
        await say(reading, SessionEnded(account="account-1", session="s1", cause="ended"))
        await stored(redis, reading, "s1")
        assert await redis.get(version) == b"1"
        assert msgspec.json.decode(next(iter((await redis.hgetall(positions)).values())))["next"] == 1
