"""``topics create`` on the real broker."""

from __future__ import annotations

import asyncio
import uuid

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.stack import Stack
from models.actor import DAY
from topics.broker import create


async def test_topics_of_before_get_the_settings_of_the_catalogue(stack: Stack) -> None:
    kafka, prefix = stack.env()["BB_KAFKA"], f"old{uuid.uuid4().hex[:8]}"
    name = f"{prefix}.accounts.private"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        old = {"cleanup.policy": "compact", "min.compaction.lag.ms": "1"}
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=old)])
        # The controller has made it; the broker lists it a moment later.
        async with asyncio.timeout(10):
            while name not in await admin.list_topics():
                await asyncio.sleep(0.1)
        said: list[str] = []
        await create(kafka, prefix, 1, said.append)
        assert f"{name}: created" not in said
        wanted = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(DAY), "max.compaction.lag.ms": str(2 * DAY)}

        async def found() -> dict[str, str]:
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
            ((*_, entries),) = answer.resources
            return {entry[0]: entry[1] for entry in entries if entry[0] in wanted}

        # The controller has taken them; the broker hears of it a moment later.
        async with asyncio.timeout(10):
            while await found() != wanted:
                await asyncio.sleep(0.1)
        await admin.delete_topics([one for one in await admin.list_topics() if one.startswith(prefix)])
    finally:
        await admin.close()
