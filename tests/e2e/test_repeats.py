"""Every write repeated with the same key changes nothing: over all routes of the table that take a key (design §6, order W-14).

Each request of ``keyed.py`` is sent, and once more after all the others, when much has moved on: the answer is the first one. Then
with other words, which is refused. All these repetitions together add no event to any public topic and no private record.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.stack import Stack
from models.settings import Settings
from tests.chaos.public import PAUSE, Answer, Public
from tests.e2e.keyed import STEPS, Step
from tests.e2e.prepared import World
from tests.e2e.shop import LONG, WAIT
from topics.catalogue import DOMAINS, topic
from web.routes import ROUTES

pytestmark = pytest.mark.timeout(600)
REST = 1.5
"""Seconds without a new record after which everything that followed from what was sent is there."""
KEYED = {f"{rule.method} {rule.template}" for rule in ROUTES if rule.writes}
FRESH = ("upload",)
"""What a repeated answer has anew: a signed link, which is good for minutes only."""
OTHER = "other words"
Ends = Mapping[TopicPartition, int]


def test_every_write_has_a_request() -> None:
    assert sorted(step.route for step in STEPS) == sorted(KEYED)


async def send(world: World, step: Step, key: str, words: Mapping[str, Any] | None) -> Answer:
    """One request, until it is answered for good."""
    headers = {**world.public.headers(world.people[step.who]), "Idempotency-Key": key, "Prefer": f"wait={WAIT:g}"}
    if step.route == "POST /cart/merge":
        headers["Cookie"] = world.more["guest"]
    data = None if words is None else msgspec.json.encode(words)
    method, url = step.route.partition(" ")[0], f"{world.public.url}/api/v1{step.path(world)}"
    deadline = time.monotonic() + LONG
    while True:
        async with world.public.session.request(method, url, data=data, headers=headers) as answer:
            said = Answer(answer.status, answer.headers, await answer.json(content_type=None))
        if said.status != 202 or time.monotonic() > deadline:
            return said
        await asyncio.sleep(PAUSE)


def _told(answer: Answer) -> tuple[int, Any]:
    """What has to be the same."""
    body = answer.body
    return answer.status, {name: one for name, one in body.items() if name not in FRESH} if isinstance(body, dict) else body


async def _ends(settings: Settings, consumer: AIOKafkaConsumer) -> Ends:
    """How long each partition of the public and private topics is, once nothing more comes."""
    kinds = [(domain, "events") for domain in DOMAINS] + [(name, "private") for name, one in DOMAINS.items() if one.private]
    spots = [
        TopicPartition(topic(settings.prefix, domain, kind), number)
        for domain, kind in kinds
        for number in range(settings.partitions)
    ]
    before: Ends = await consumer.end_offsets(spots)
    since = deadline = time.monotonic()
    while time.monotonic() < since + REST and time.monotonic() < deadline + LONG:
        await asyncio.sleep(0.2)
        if (now := await consumer.end_offsets(spots)) != before:
            before, since = now, time.monotonic()
    return before


async def _between(consumer: AIOKafkaConsumer, first: Ends, last: Ends) -> list[tuple[str, bytes | None, str]]:
    """Topic, key and beginning of each record that has come between the two."""
    found = []
    for spot in [one for one in last if last[one] > first[one]]:
        consumer.assign([spot])
        consumer.seek(spot, first[spot])
        while await consumer.position(spot) < last[spot]:
            for records in (await consumer.getmany(spot, timeout_ms=500)).values():
                found += [(one.topic, one.key, (one.value or b"").decode()[:400]) for one in records]
    return found


@pytest.mark.spec("order W-14")
async def test_a_write_that_is_sent_again_changes_nothing(stack: Stack, public: Public, word: str) -> None:
    async with World(stack, public, word) as world, Public(stack.env()) as later:
        await _try(world, later)


async def _try(world: World, later: Public) -> None:
    keys = {step.route: f"{uuid.uuid4()}" for step in STEPS}
    sent: dict[str, tuple[Mapping[str, Any] | None, Answer]] = {}
    wrong: dict[str, Any] = {}
    for step in STEPS:
        if step.before is not None:
            await step.before(world)
        words = step.words(world)
        first = await send(world, step, keys[step.route], words)
        assert first.status in (200, 201), (step.route, first.status, first.body)
        world.ids |= {name: first.body[field] for name, field in step.learn.items()}
        world.more[step.route] = first.body
        sent[step.route] = words, first
    consumer = AIOKafkaConsumer(bootstrap_servers=world.settings.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        before = await _ends(world.settings, consumer)
        # What was done has ended sessions; whoever comes back has signed in again.
        world.public = later
        for step in STEPS:
            words, first = sent[step.route]
            again = await send(world, step, keys[step.route], words)
            if _told(again) != _told(first):
                wrong[step.route] = (_told(first), _told(again))
            if step.other is None:
                continue
            words = {**(words or {}), **(step.other(world) if callable(step.other) else step.other)}
            other = await send(world, step, keys[step.route], words)
            if (other.status, other.body.get("code")) != (422, "idempotency_key_reused"):
                wrong[f"{step.route}: {OTHER}"] = (other.status, other.body)
        grown = await _between(consumer, before, await _ends(world.settings, consumer))
    finally:
        await consumer.stop()
    assert not wrong, "\n".join(f"{name}: {said}" for name, said in wrong.items())
    assert grown == []
