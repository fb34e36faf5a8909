"""Answers of actors on a real Redis: what happens while it is away, and after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from redis.asyncio import Redis

from deploy.local.stack import Stack
from models.settings import read
from topics.answers import Answer, Answering, channel, decode_answers

WAIT = 60.0
"""Seconds that anything here may take on a busy machine."""


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not done():
            await asyncio.sleep(0.02)


async def test_redis_away_is_seen_and_so_is_its_return_without_a_further_answer(stack: Stack) -> None:
    url = read(stack.env()).redis_url
    answering, mine = Answering(url), channel("test-of-answers")
    lost, kept = (Answer(command=word, domain="orders", key="order", seq=1) for word in ("lost", "kept"))
    redis = Redis.from_url(url)
    try:
        await asyncio.to_thread(stack.stop_programs, ["redis"])
        try:
            assert not answering.away
            answering.publish({mine: [lost]})
            await until(lambda: answering.away)
        finally:
            await asyncio.to_thread(stack.start_daemons, ["redis"])
        await until(lambda: not answering.away)
        async with redis.pubsub() as pubsub:
            await pubsub.subscribe(mine)
            await pubsub.get_message(timeout=WAIT)
            answering.publish({mine: [kept]})
            said = await pubsub.get_message(ignore_subscribe_messages=True, timeout=WAIT)
            assert said is not None
            assert decode_answers(said["data"]) == [kept]
    finally:
        await redis.aclose()
        await answering.close()
