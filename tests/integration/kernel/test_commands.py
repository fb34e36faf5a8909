"""What operators tell a running installation: ``topics create``, ``pause``, ``resume``, ``drain``, ``order show``."""

from __future__ import annotations

import asyncio
import subprocess

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from models.actor import DAY
from models.settings import HEALTH
from tests.integration.kernel.place import PARTITIONS, Place, Worker, until
from tests.unit.shop import ORDER
from tests.unit.shop import place as checkout
from topics.broker import wanted

pytestmark = pytest.mark.timeout(400)
"""Each command is a process of its own, which takes seconds to begin on a busy machine."""
NOWHERE = {"BB_KAKAOPAY_URL": "http://127.0.0.1:9"}


async def told(place: Place, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(place.cli, *words, **env)


async def config(place: Place, name: str, key: str) -> str:
    """A setting of a topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=place.kafka)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        return next(str(value) for setting, value, *_ in answer.resources[0][4] if setting == key)
    finally:
        await admin.close()


async def alter(place: Place, name: str, **configs: str) -> None:
    """Somebody else changed a topic's settings."""
    admin = AIOKafkaAdminClient(bootstrap_servers=place.kafka)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)])
    finally:
        await admin.close()


# -- topics -----------------------------------------------------------------------------------------------------------------------


async def test_topics_are_created_once_and_kept_as_the_catalogue_says(place: Place) -> None:
    names = wanted(place.prefix, PARTITIONS)
    first = await told(place, "topics", "create")
    assert first.returncode == 0, first.stderr
    # The place itself has made the one for the letters.
    created = [line.removesuffix(": created") for line in first.stdout.splitlines() if line.endswith(": created")]
    assert sorted(created) == sorted(set(names) - {f"{place.prefix}.dead"})
    assert first.stdout.splitlines()[-1] == f"{len(names)} topics as in the catalogue, {len(names) - 1} of them new"

    inbox = f"{place.prefix}.orders.inbox"
    await alter(place, inbox, **{"retention.ms": "1000"})
    again = await told(place, "topics", "create")
    assert (again.returncode, again.stdout) == (0, f"{len(names)} topics as in the catalogue, 0 of them new\n")
    assert await config(place, inbox, "retention.ms") == str(14 * DAY)
    assert await config(place, inbox, "message.timestamp.type") == "LogAppendTime"
    assert await config(place, f"{place.prefix}.orders.changelog", "cleanup.policy") == "compact"


async def test_another_number_of_partitions_is_refused_by_name_and_nothing_is_created(place: Place) -> None:
    refused = await told(place, "topics", "create", BB_PARTITIONS="3")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"Error: {place.prefix}.dead has 2 partitions, not 3: keys would change their partition\n"
    admin = AIOKafkaAdminClient(bootstrap_servers=place.kafka)
    await admin.start()
    try:
        assert f"{place.prefix}.orders.inbox" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_a_worker_does_not_start_on_topics_that_differ(place: Place) -> None:
    worker = place.start(BB_PARTITIONS="3")
    assert await worker.ended() == 1
    assert f"{place.prefix}.tills.inbox has 2 partitions, not 3" in worker.log.read_text()


async def test_a_worker_whose_port_is_taken_says_so_by_its_code(place: Place) -> None:
    first = place.start(BB_KAFKA="127.0.0.1:9")

    async def answers() -> bool:
        return (await first.get("/health/live"))[0] == 200

    await until(answers)
    second = place.start("w1", BB_HEALTH_PORT=str(first.port))
    assert await second.ended() == 1
    assert "address already in use" in second.log.read_text()


# -- a running worker ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def trade(place: Place) -> Worker:
    """The product's worker on this place's topics; its gateway is away."""
    assert (await told(place, "topics", "create")).returncode == 0
    return await place.started("trade", "agents.apps.trade", **NOWHERE)


def beside(trade: Worker) -> dict[str, str]:
    """Where the commands look for ``trade``."""
    return {"BB_PORT_BASE": str(trade.port - HEALTH["trade"])}


async def test_a_paused_worker_leaves_its_inputs_until_it_goes_on(place: Place, trade: Worker) -> None:
    where = beside(trade)
    assert (await told(place, "drain", "trade")).stdout == "nothing is left\n"
    paused = await told(place, "pause", "trade", **where)
    assert (paused.returncode, paused.stdout) == (0, '{"pause": "done"}\n')
    assert await trade.get("/health/ready") == (503, '{"ready": false, "why": "paused by an operator"}')
    await place.say("orders", ORDER, checkout())
    left = await told(place, "drain", "trade", "--seconds", "2")
    assert (left.returncode, left.stderr) == (1, "Error: 1 inputs are left after 2 s\n")
    assert (await told(place, "order", "show", ORDER)).stdout == ""

    resumed = await told(place, "resume", "trade", **where)
    assert (resumed.returncode, resumed.stdout) == (0, '{"resume": "done"}\n')
    assert (await trade.get("/health/ready"))[0] == 200
    drained = await told(place, "drain", "trade", "--seconds", "80")
    assert (drained.returncode, drained.stdout) == (0, "nothing is left\n")
    assert (await told(place, "order", "show", ORDER)).stdout != ""


async def test_a_worker_that_does_not_run_is_told_of(place: Place) -> None:
    away = await told(place, "pause", "trade", BB_PORT_BASE="1")
    assert away.returncode == 1
    assert away.stderr.startswith("Error: trade does not answer: ")


async def test_an_orders_story_is_told_over_all_domains_and_no_other_orders(place: Place, trade: Worker) -> None:
    await place.say("orders", ORDER, checkout())
    await place.say("orders", "order-2", checkout(order_id="order-2"))

    async def cancelled() -> bool:
        return "OrderCancelled" in (await told(place, "order", "show", ORDER)).stdout

    # The florist has no stems: its hold is denied.
    await until(cancelled)
    assert (await told(place, "drain", "trade", "--seconds", "80")).returncode == 0
    shown = await told(place, "order", "show", ORDER)
    assert (shown.returncode, shown.stderr) == (0, "")
    story = [line.split(maxsplit=4) for line in shown.stdout.splitlines()]
    assert [(domain, event) for domain, event, *_ in story if domain in ("orders", "inventory")] == [
        ("orders", "bb.orders.OrderPlaced.v1"),
        ("orders", "bb.orders.OrderCancelled.v1"),
        ("inventory", "bb.inventory.HoldDenied.v1"),
    ]
    assert {subject for domain, _, subject, *_ in story if domain != "inventory"} == {ORDER}
    assert [number for domain, _, _, number, _ in story if domain == "orders"] == ["#1", "#2"]
    assert '"reason":"out_of_stock"' in story[1][4]
    assert "order-2" not in shown.stdout
