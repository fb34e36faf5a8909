"""Stands where the actors stand: reads every inbox and answers over Redis, by rules that a test gives.

Known command ids get their first answer again and another fingerprint is refused, as the kernel does it. It says what it has
"stored" as projectors do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis

from models.actor import Inquire
from topics.answers import PROJECTED, Answer, Projected, encode
from topics.catalogue import CONTRACTS, topic
from topics.envelope import Envelope, Opener, decode_envelope

Rule = Callable[[Envelope, Any], "Answer | None"]


async def create_inboxes(bootstrap: str, prefix: str, partitions: int) -> None:
    """The inboxes of a test's own installation."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"message.timestamp.type": "LogAppendTime"}
        names = [topic(prefix, contract.domain, "inbox") for contract in CONTRACTS]
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config) for name in names])
    finally:
        await admin.close()


class Actors:
    """``rule``: what a command gets; ``None``: no answer yet. ``reports``: whether read models follow at once."""

    def __init__(self, bootstrap: str, prefix: str, redis_url: str, rule: Rule) -> None:
        self._bootstrap, self._prefix, self.rule = bootstrap, prefix, rule
        self._redis = Redis.from_url(redis_url)
        self.inputs: list[tuple[Envelope, Any]] = []
        self.remembered: dict[str, tuple[str, Answer | None]] = {}
        self.reports, self.silent = True, False
        self.models = ("orders", "stock", "coupons", "stores", "products", "carts")

    async def __aenter__(self) -> Actors:
        names = [topic(self._prefix, contract.domain, "inbox") for contract in CONTRACTS]
        self._openers = {contract.domain: Opener(contract.inbox | Inquire) for contract in CONTRACTS}
        self._consumer = AIOKafkaConsumer(*names, bootstrap_servers=self._bootstrap, auto_offset_reset="earliest")
        await self._consumer.start()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()
        await self._redis.aclose()

    async def _run(self) -> None:
        while True:
            batches = await self._consumer.getmany(timeout_ms=1000)
            answers: list[tuple[str, Answer]] = []
            for records in batches.values():
                for record in records:
                    envelope = decode_envelope(record.value)
                    domain = record.topic.split(".")[-2]
                    message = self._openers[domain].open(envelope)
                    self.inputs.append((envelope, message))
                    answer = self._answer(domain, envelope, message)
                    if answer is not None:
                        if not isinstance(message, Inquire):
                            answer = msgspec.structs.replace(answer, fingerprint=envelope.fingerprint)
                        answers.append((envelope.replyto, answer))
            if answers and not self.silent:
                await self._say(answers)

    def _answer(self, domain: str, envelope: Envelope, message: Any) -> Answer | None:
        if isinstance(message, Inquire):
            known = self.remembered.get(message.command)
            if known is None:
                return Answer(message.command, domain, envelope.subject, 0, 404, "command_unknown")
            return known[1] or Answer(message.command, domain, envelope.subject, 0, 0)
        if envelope.id in self.remembered:
            fingerprint, first = self.remembered[envelope.id]
            if fingerprint != envelope.fingerprint:
                return Answer(envelope.id, domain, envelope.subject, 1, 422, "idempotency_key_reused")
            return first
        answer = self.rule(envelope, message)
        self.remembered[envelope.id] = (envelope.fingerprint, answer)
        return answer

    async def _say(self, answers: list[tuple[str, Answer]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for channel, answer in answers:
                pipe.publish(channel, encode([answer]))
            if self.reports:
                seen = {answer.key: answer.seq for _, answer in answers}
                for model in self.models:
                    pipe.publish(PROJECTED, encode(Projected(model, seen)))
            await pipe.execute()


def placed(envelope: Envelope, message: Any) -> Answer:
    """The rule of most tests: everything is done at once."""
    body = {"order_id": envelope.subject, "status": "AWAITING_PAYMENT", "redirects": {"pc": "http://pay.test/1"}}
    domain = envelope.type.split(".")[1]
    return Answer(envelope.id, domain, envelope.subject, 3, 200, "", body if domain == "orders" else {"key": envelope.subject})


def words(envelope: Envelope) -> Any:
    """The message's data as plain JSON."""
    return msgspec.json.decode(envelope.data)
