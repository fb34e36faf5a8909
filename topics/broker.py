"""The catalogue on the broker: create what is missing, tell what differs (design §4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from topics.catalogue import WORKERS, topics


class TopicsDiffer(Exception):
    """The broker's topics are not those of the catalogue; the text names each difference."""


def wanted(prefix: str, partitions: int) -> dict[str, tuple[int, Mapping[str, str]]]:
    """Topic -> (partitions, settings): the catalogue's, and the one that Faust's leader election wants of each worker."""
    found: dict[str, tuple[int, Mapping[str, str]]] = {one.name: (partitions, one.config) for one in topics(prefix)}
    for worker in WORKERS:
        found[f"{prefix}-{worker}-__assignor-__leader"] = (1, {})
    return found


def differences(have: Mapping[str, int], want: Mapping[str, int]) -> list[str]:
    """What is wrong with the broker's topics (name -> partitions), a line each."""
    lines = []
    for name, number in want.items():
        if name not in have:
            lines.append(f"{name} does not exist")
        elif have[name] != number:
            lines.append(f"{name} has {have[name]} partitions, not {number}: keys would change their partition")
    return lines


async def partitions_of(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    """Name -> number of partitions, of those that exist."""
    existing = set(await admin.list_topics()) & set(names)
    if not existing:
        return {}
    return {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics(sorted(existing))}


async def create(bootstrap: str, prefix: str, partitions: int, say: Callable[[str], None] = lambda line: None) -> None:
    """Create missing topics and give all of them the catalogue's settings; may be repeated.

    Raises ``TopicsDiffer`` if one exists with another number of partitions: that is never changed online.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        want = wanted(prefix, partitions)
        have = await partitions_of(admin, want)
        if wrong := differences(have, {name: want[name][0] for name in have}):
            raise TopicsDiffer("; ".join(wrong))
        new = [NewTopic(name, number, 1, topic_configs=dict(config)) for name, (number, config) in want.items() if name not in have]
        if new:
            _check(await admin.create_topics(new, timeout_ms=30_000))
        for topic in new:
            say(f"{topic.name}: created")
        kept = [ConfigResource(ConfigResourceType.TOPIC, name, configs=dict(want[name][1])) for name in have]
        if kept:
            for response in await admin.alter_configs(kept):
                for code, message, _, name in response.resources:
                    if code:
                        raise for_code(code)(f"{name}: {message}")
        say(f"{len(want)} topics as in the catalogue, {len(new)} of them new")
    finally:
        await admin.close()


def _check(response: Any) -> None:
    for name, code, *message in response.topic_errors:
        if code:
            raise for_code(code)(f"{name}: {message}")


async def check(bootstrap: str, prefix: str, partitions: int, names: Iterable[str]) -> None:
    """Raises ``TopicsDiffer`` unless every topic of ``names`` exists with ``partitions`` partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = list(names)
        if wrong := differences(await partitions_of(admin, names), dict.fromkeys(names, partitions)):
            raise TopicsDiffer("; ".join(wrong))
    finally:
        await admin.close()
