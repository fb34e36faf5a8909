"""What is asked of the read models, on the real databases: pages, schemas, and answers that must not be taken for empty ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from deploy.local.stack import Stack
from deploy.migrations.__main__ import engine, up
from models.inventory.messages import ChangeStock
from models.read import products
from models.read.orders import STATUSES
from tests.integration.reading import Reading, installation
from tests.unit.read.tables import relational
from web.databases import Databases
from web.reads import ReadsAway

ORDERS = 61
"""More than one request to DynamoDB looks at where it has to filter (50)."""


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


Ask = Callable[[str, int, str], Any]


async def walked(ask: Ask, status: str, limit: int) -> list[list[str]]:
    """The ids of each page, up to the one without a next."""
    pages: list[list[str]] = []
    cursor = ""
    while True:
        items, cursor = await ask(status, limit, cursor)
        pages.append([one.get("store_order_id", one["order_id"]) for one in items])
        if not cursor:
            return pages


@pytest.mark.spec("order W-47", "order W-49", "store Q3")
async def test_pages_hold_everything_once_and_the_last_one_says_so(reading: Reading) -> None:
    """No page is taken for the whole: nothing is missing or there twice, whatever its size, and no empty page follows the last."""
    log = reading.log
    log.shop()
    placed, cancelled = [f"order-{number:02}" for number in range(ORDERS)], []
    for number, order in enumerate(placed):
        log.place(order, "ann")
        if number % 20 == 0:
            log.cancel(order, "ann")
            cancelled.append(order)
        else:
            log.pay(order)
    log.place("other", "bob")
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    newest = placed[::-1]

    async def of_ann(status: str, limit: int, cursor: str) -> Any:
        return await reading.orders.of_buyer("ann", status, limit, cursor)

    async def of_rose(status: str, limit: int, cursor: str) -> Any:
        return await reading.orders.of_store("store-rose", status, limit, cursor)

    for limit in (7, 60, 61, 62):
        assert await walked(of_ann, "", limit) == [newest[at : at + limit] for at in range(0, ORDERS, limit)]
    for limit in (1, 2, 3, 4, 5):
        assert await walked(of_ann, "CANCELLED", limit) == [cancelled[::-1][at : at + limit] for at in range(0, 4, limit)]
    assert await walked(of_ann, "CAPTURING", 5) == [[]]
    sold = [one for one in newest if one not in cancelled]
    for status, wanted in (("", sold), ("PENDING", sold), ("REFUNDED", [])):
        pages = await walked(of_rose, status, 19)
        assert [len(page) for page in pages] == ([19, 19, 19] if wanted else [0])
        shown = [one["order_id"] for one in (await reading.orders.of_store("store-rose", status, 100))[0]]
        assert shown == wanted
        assert sum(len(set(page)) for page in pages) == len(wanted) == len({one for page in pages for one in page})

    # A page is one question, however many orders, products and stores it shows.
    calls: list[str] = []
    client = await reading.databases.dynamo()
    client.meta.events.register("before-call.dynamodb", lambda model, **given: calls.append(model.name))
    items, _ = await reading.orders.of_buyer("ann", "", 20)
    assert (len(items), calls) == (20, ["Query"])
    assert {line["name"] for one in items for store in one["stores"] for line in store["lines"]} == {"장미 다발", "장미 화분"}
    # Of a florist it is one a status, and never a walk through the table.
    for status, questions in (("PENDING", 1), ("", len(STATUSES))):
        calls.clear()
        found, _ = await reading.orders.of_store("store-rose", status, 20)
        assert (len(found), calls) == (20, ["Query"] * questions)


@pytest.mark.spec("order W-59", "auth 48")
async def test_the_schema_that_migrations_make_is_the_one_that_the_code_declares(reading: Reading) -> None:
    metadata = sa.MetaData()
    for table in relational():
        table.to_metadata(metadata)
    # Said once more, it changes nothing.
    await asyncio.to_thread(up, reading.settings)
    with engine(reading.settings).connect() as connection:
        assert differences(connection, metadata) == []
        # And a difference would be seen.
        connection.execute(sa.text("ALTER TABLE stock_1 MODIFY on_hand SMALLINT NOT NULL COMMENT 'stems', DROP COLUMN held"))
        assert sorted(differences(connection, metadata)) == ["add_column stock_1.held", "modify_type stock_1.on_hand"]


def differences(connection: sa.Connection, metadata: sa.MetaData) -> list[str]:
    """What would have to be done to the database to make it what ``metadata`` says."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = []
    for one in compare_metadata(context, metadata):
        for what, *where in one if isinstance(one, list) else [one]:
            found.append(f"{what} {'.'.join(_named(part) for part in where if _named(part))}")
    return [one for one in found if "alembic_version" not in one]


def _named(part: Any) -> str:
    return part if isinstance(part, str) else str(part.name) if isinstance(part, sa.Table | sa.Column | sa.Index) else ""


async def test_what_differs_by_its_case_is_two_things(reading: Reading) -> None:
    for flower, stems in (("rose", 5), ("Rose", 70)):
        reading.log.send("inventory", "store-rose", ChangeStock(flower_id=flower, by="owner", delta=stems))
    reading.log.send("inventory", "STORE-ROSE", ChangeStock(flower_id="rose", by="owner", delta=900))
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    shelves = {store: await reading.stock.of_store(store) for store in ("store-rose", "STORE-ROSE")}
    assert {store: {one["flower_id"]: one["on_hand"] for one in shelf} for store, shelf in shelves.items()} == {
        "store-rose": {"rose": 5, "Rose": 70}, "STORE-ROSE": {"rose": 900},
    }  # fmt: skip


async def test_a_collection_that_is_gone_is_not_taken_for_an_empty_one(reading: Reading) -> None:
    """A rebuild drops the version before: who has not heard of the new one must not tell a buyer that there is no such product."""
    asked = Databases(reading.settings)
    try:
        assert await asked.product("bouquet") is None, "a new shop has none"
        reading.log.shop()
        await reading.say()
        async with reading.projecting() as projector:
            await reading.caught_up(projector)
        assert list(await asked.product_terms(["bouquet", "never"])) == ["bouquet"]
        assert await asked.product("never") is None
        await products.drop(reading.databases, 1)
        for question in (asked.product_terms(["bouquet"]), asked.product("bouquet")):
            with pytest.raises(ReadsAway, match="OperationFailure"):
                await question
        # There again, it is an empty one, and is made but once.
        for _ in range(2):
            await products.create(reading.databases, 1)
        assert await asked.product("bouquet") is None
    finally:
        await asked.stop()
