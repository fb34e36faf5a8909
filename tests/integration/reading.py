"""An installation of its own for a test of the projectors: topics, schemas, a log to fold, and what the read models make of it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiomysql
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.projectors import Projector
from agents.rebuild import caught_up, settling
from deploy.local.stack import Stack
from deploy.migrations.__main__ import up
from models.carts.messages import AddToCart, Like, MergeCart, Unlike
from models.read import (
    accounts,
    audit,
    carts,
    coupons,
    ledger,
    live,
    orders,
    products,
    reference,
    restock,
    reviews,
    sessions,
    stock,
    stores,
)
from models.read.databases import Databases
from models.read.registry import Registry
from models.settings import Settings, read
from tests.unit.read.log_maker import LogMaker, Record
from topics import catalogue

WAIT = 40.0
"""Seconds that anything here may take on a busy machine."""
ENDED = 120.0
"""Seconds that a projector may take to end, each of whose pumps waits five for a database."""
BUYERS = ("ann", "bob", "cem")
LEFT_OUT = ("inbox", "changelog")


class Reading:
    """Databases and topics under a prefix of their own, and the questions that can be asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = LogMaker(settings.prefix, settings.partitions)
        self.databases = Databases(settings)
        self.registry = registry = Registry(self.databases)
        self.orders = orders.Queries(self.databases, registry)
        self.stock = stock.Queries(self.databases, registry)
        self.coupons = coupons.Queries(self.databases, registry)
        self.ledger = ledger.Queries(self.databases, registry)
        self.stores = stores.Queries(self.databases, registry)
        self.products = products.Queries(self.databases, registry)
        self.reference = reference.Queries(self.databases, registry)
        self.reviews = reviews.Queries(self.databases, registry)
        self.restock = restock.Queries(self.databases, registry)
        self.carts = carts.Queries(self.databases, registry)
        self.accounts = accounts.Queries(self.databases, registry)
        self.sessions = sessions.Queries(self.databases, registry)
        self.audit = audit.Queries(self.databases, registry)
        self.sent = 0

    async def say(self, records: Iterable[Record] | None = None) -> None:
        """Append ``records``; by default what the log maker has said since the last call."""
        if records is None:
            records, self.sent = self.log.records[self.sent :], len(self.log.records)
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka, acks="all")
        await producer.start()
        try:
            sent = [
                await producer.send(one.topic, key=one.key.encode(), value=one.value, partition=one.partition) for one in records
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    @contextlib.asynccontextmanager
    async def projecting(self, name: str = "read", **given: Any) -> AsyncIterator[Projector]:
        """A projector that runs inside the block."""
        prefix = self.settings.prefix
        projector = Projector(self.settings, group=f"{prefix}-read", instance=f"{prefix}-{name}", **given)
        task = asyncio.create_task(projector.run())
        try:
            yield projector
            assert not task.done(), task.result()
        finally:
            projector.stop()
            async with asyncio.timeout(ENDED):
                await task

    async def caught_up(self, *projectors: Projector) -> None:
        """Wait until all partitions are owned, and all that was sent so far is stored."""
        ends = await self._ends()

        def done() -> bool:
            known: dict[Any, int] = {}
            for projector in projectors:
                if not caught_up(projector):
                    return False
                known |= projector.ends()
            return known == ends

        await until(done)
        for projector in projectors:
            await until(settling(projector))

    async def _ends(self) -> Mapping[Any, int]:
        """The true end of every spot. Asked for again if no answer comes: once one never came."""
        for wait in (10.0, 10.0, WAIT):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    return await self._asked()
        raise TimeoutError("the broker does not say where its topics end")

    async def _asked(self) -> Mapping[Any, int]:
        projector = Projector(self.settings, versions={"none": 0})
        consumer = AIOKafkaConsumer(bootstrap_servers=self.settings.kafka)
        await consumer.start()
        try:
            found = await consumer.end_offsets(list(projector._spots))
        finally:
            await consumer.stop()
        return {projector._spots[tp]: end for tp, end in found.items()}

    async def shown(self, *accounts: str) -> dict[str, Any]:
        """Everything that the read models hold."""
        return {
            "orders": {key: msgspec.to_builtins(one) for key, one in (await self.orders.dump()).items()},
            "sold": {key: msgspec.to_builtins(one) for key, one in (await self.orders.dump_sold()).items()},
            "stock": await self.stock.dump(),
            "history": await self.stock.dump_history(),
            "coupons": await self.coupons.dump(),
            "issued": await self.coupons.dump_issued(),
            "ledger": await self.ledger.dump(),
            "carts": await self.carts.dump(),
            "likes": await self.carts.dump_likes(),
            "accounts": await self.accounts.dump(),
            "sessions": await self.sessions.dump(),
            "audit": await self.audit.dump(),
            "stores": await self.stores.dump(),
            "products": await self.products.dump(),
            "reviews": await self.reviews.dump(),
            "restock": await self.restock.dump(),
            "reference": await self.reference.now(),
            "live": {account: await live.read(self.databases, account, limit=1000) for account in accounts},
        }


async def until(done: Any, seconds: float = WAIT) -> None:
    """Wait for ``done()``."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def installation(stack: Stack) -> AsyncIterator[Reading]:
    """A fresh one on the daemons of ``stack``; its MySQL and Mongo databases are dropped in the end."""
    name = f"r{uuid.uuid4().hex[:8]}"
    settings = read({**stack.env(), "BB_PREFIX": name, "BB_SESSION_TIMEOUT": "6"})
    settings = msgspec.structs.replace(settings, mysql_database=f"bb_{name}", mongo_database=f"bb_{name}")
    await _sql(settings, f"CREATE DATABASE bb_{name}")
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    topics = [topic for topic in catalogue.topics(name) if not topic.name.endswith(LEFT_OUT)]
    await admin.create_topics([NewTopic(topic.name, settings.partitions, 1, topic_configs=dict(topic.config)) for topic in topics])
    await asyncio.to_thread(up, settings)
    reading = Reading(settings)
    try:
        yield reading
    finally:
        with contextlib.suppress(Exception):
            await reading.databases.mongo.client.drop_database(f"bb_{name}")
            await _sql(settings, f"DROP DATABASE bb_{name}")
            await orders.drop(reading.databases, 1)
            await admin.delete_topics([topic.name for topic in topics])
        await admin.close()
        await reading.databases.close()


async def _sql(settings: Settings, statement: str) -> None:
    connection = await aiomysql.connect(
        host=settings.mysql_host, port=settings.mysql_port, user=settings.mysql_user, password=settings.mysql_password
    )
    async with connection.cursor() as cursor:
        await cursor.execute(statement)
    connection.close()


def a_day(reading: Reading, orders: int = 9) -> None:
    """A shop and what buyers do in it: pay, abandon, cancel; with and without a coupon, at one florist or two."""
    log = reading.log
    if not log.records:
        log.shop()
    first = len(log.records)
    for number in range(orders):
        order, buyer = f"order-{first}-{number}", BUYERS[number % 3] if number >= 3 or first > 20 else f"new-{number}"
        add = AddToCart(product_id="bouquet", store_id="store-rose", quantity=2, price=20_000)
        log.send("carts", f"guest-{number}", msgspec.structs.replace(add, by_guest=True))
        log.send("carts", buyer, add)
        log.send("carts", buyer, MergeCart(guest=f"guest-{number}"))
        log.send("carts", buyer, (Unlike if number % 3 == 1 else Like)(kind="product", id=("bouquet", "plant")[number % 2]))
        method = "cart" if number % 2 else "direct"
        log.place(order, buyer, both=number % 2 == 0, coupon=number < 3 and first < 20, method=method)
        if number % 4 == 3:
            log.cancel(order, buyer)
            continue
        log.pay(order)
        if number % 4 == 2:
            log.cancel_store(order, "store-rose")


def check(reading: Reading, shown: dict[str, Any]) -> None:
    """The read models against the rows of the actors, which nobody here has folded."""
    states = {(domain, *where): state for domain, where, state in rows_of(reading)}
    placed = {key: state for (domain, key, part), state in states.items() if domain == "orders"}
    told = shown["orders"]
    assert {key: (one["status"], one.get("refunded", 0), one["total"]) for key, one in told.items()} == {
        key: (state.status, state.refunded, state.total) for key, state in placed.items()
    }
    parts = {store["priced"]["store_order_id"]: store.get("status", "") for one in told.values() for store in one["stores"]}
    confirmed = {part.priced.store_order_id: part.status for state in placed.values() if state.captured for part in state.parts}
    assert {key: parts[key] for key in confirmed} == confirmed
    assert {key: one["store"]["status"] for key, one in shown["sold"].items()} == confirmed
    shelves = {key: state for (domain, key, part), state in states.items() if domain == "inventory" and not part}
    assert sorted(row[:5] for row in shown["stock"]) == sorted(
        (store, flower, stems.on_hand, stems.held, stems.version)
        for store, shelf in shelves.items()
        for flower, stems in shelf.flowers.items()
    )
    issued = {}
    for (domain, _, part), state in states.items():
        if domain == "inventory" and part.startswith("issued/"):
            _, coupon, buyer = part.split("/")
            status = "used" if state.used else "held" if state.order_id else "claimed"
            issued[coupon, buyer] = (status, state.order_id, state.edition)
    assert {tuple(row[:2]): tuple(row[2:]) for row in shown["issued"]} == issued
    carts = {(key, part): state for (domain, key, part), state in states.items() if domain == "carts"}
    assert sorted(shown["carts"]) == sorted(
        (owner, product, line.store_id, line.quantity, line.price, line.added_at)
        for (owner, part), cart in carts.items()
        if not part
        for product, line in cart.lines.items()
    )
    assert sorted(shown["likes"]) == sorted(
        (owner, part.split("/")[1], liked, at) for (owner, part), kept in carts.items() if part for liked, at in kept.since.items()
    )
    moved = sum(amount for _, _, _, account, amount in shown["ledger"] if account == "gateway_receivable")
    assert moved == sum(record.captured - record.refunded for record in reading.log.gateway.books.values())
    assert len({one["store_id"] for one in shown["stores"]}) == 2
    assert [one["name"] for one in shown["products"]] == ["튤립 바구니", "장미 다발", "장미 화분"]


def rows_of(reading: Reading) -> list[tuple[str, tuple[str, str], Any]]:
    """(domain, (key, part), state) of every row of the actors."""
    return reading.log.states()
