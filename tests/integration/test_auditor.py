"""The auditor on the real broker and databases: silent about what is right, by name and id about whatever is tampered with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agents.projectors import Projector
from agents.rebuild import rebuild
from agents.search.serve import Searching
from agents.search.store import Dirty
from deploy.local.stack import Stack
from models.actor import id_of
from models.carts.messages import AddToCart, CartCleared, Like
from models.catalog.messages import AllowReview, ProductRated, ProductSold, RegisterRestock, SaveProduct, WriteReview
from models.inventory.messages import HoldCommitted
from models.payments.messages import Captured
from models.read import mysql
from models.read.orders import table_name
from models.search.documents import Product as Listed
from models.search.documents import Store
from tests.integration.auditing import Watching, audit, watching
from tests.integration.reading import Reading, installation, until
from tests.integration.searching import searching
from tests.unit.read.log_maker import Record
from topics.envelope import encode, seal
from topics.partitions import partition_of

STANDS, HALF, GIVEN_UP, OTHER = "stands", "half", "given-up", "other"
ROSE, TULIP = "store-rose", "store-tulip"
MODELS = ("orders", "stock", "coupons", "ledger", "stores", "products", "carts", "reviews", "restock")
GRACE = 2.0


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


@pytest.fixture
async def shown(reading: Reading) -> AsyncIterator[Projector]:
    """A day of a shop, folded: an order that stands, one with a part cancelled, one given up."""
    log = reading.log
    log.shop()
    log.send("carts", "ann", AddToCart(product_id="bouquet", store_id=ROSE, quantity=3, price=20_000))
    log.send("carts", "ann", Like(kind="store", id=ROSE))
    log.place(STANDS, "ann", both=True, coupon=True, method="cart")
    log.pay(STANDS)
    log.place(HALF, "bob", both=True)
    log.pay(HALF)
    log.cancel_store(HALF, TULIP)
    log.place(GIVEN_UP, "bob")
    log.cancel(GIVEN_UP, "bob")
    log.place(OTHER, "cem")
    log.pay(OTHER)
    allowed = AllowReview(subject="line", kind="delivery", buyer="ann", store_id=ROSE, product_id="bouquet")
    log.send("catalog", "review", allowed)
    log.send("catalog", "review", WriteReview(buyer="ann", rating=9, text="예뻐요"))
    log.send("catalog", "old", SaveProduct(store_id=ROSE, name="지난 꽃", price=1, flowers={"1": 1}, status="DISCONTINUED"))
    log.send("catalog", "old", RegisterRestock(buyer="ann"))
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        yield projector


def env_of(reading: Reading, stack: Stack, search: str = "http://127.0.0.1:9") -> Mapping[str, str]:
    """What points the auditor at this installation."""
    given = reading.settings
    names = {"BB_PREFIX": given.prefix, "BB_MYSQL_DATABASE": given.mysql_database, "BB_MONGO_DATABASE": given.mongo_database}
    # What another installation's search says is not this one's.
    return {**stack.env(), **names, "BB_SEARCH_URL": search}


async def tamper(reading: Reading) -> set[tuple[str, str]]:
    """Change something in every table, collection and kind of item; what the auditor has to say of it."""
    await mysql.run(reading.databases, [
        "UPDATE stock_1 SET on_hand = on_hand + 1 WHERE flower_id = 'rose'",
        "UPDATE stock_1 SET held = held + 1 WHERE flower_id = 'fern'",
        f"UPDATE stock_history_1 SET delta = -6 WHERE flower_id = 'tulip' AND who = '{STANDS}'",
        "UPDATE coupons_1 SET issued = 2",
        "UPDATE cart_lines_1 SET quantity = 3",
        "DELETE FROM likes_1",
        "UPDATE reviews_1 SET rating = 1",
        "DELETE FROM restock_1",
        "UPDATE coupons_issued_1 SET status = 'claimed', order_id = ''",
        f"UPDATE ledger_1 SET amount = amount + 1000 WHERE order_id = '{STANDS}'",
        f"DELETE FROM ledger_1 WHERE order_id = '{OTHER}'",
        f"UPDATE stores_1 SET delivery_fee = 0 WHERE store_id = '{TULIP}'",
        f"DELETE FROM stores_1 WHERE store_id = '{ROSE}'",
    ])  # fmt: skip
    rows = await mysql.select(reading.databases, "SELECT DISTINCT event_id FROM ledger_1 WHERE order_id = %s", STANDS)
    products = reading.databases.mongo["products_1"]
    await products.update_one({"_id": "bouquet"}, {"$set": {"price": 1}})
    await products.delete_one({"_id": "plant"})
    client, table = await reading.databases.dynamo(), table_name(reading.databases, 1)
    await client.delete_item(TableName=table, Key={"id": {"S": GIVEN_UP}})
    await client.delete_item(TableName=table, Key={"id": {"S": id_of(OTHER, ROSE)}})
    await _set(client, table, id_of(STANDS, ROSE), "store_status", f"{ROSE}#REFUNDED")
    await _set(client, table, HALF, "buyer", "somebody-else")
    document = (await client.get_item(TableName=table, Key={"id": {"S": STANDS}}))["Item"]["doc"]["S"]
    assert '"captured":' in document
    await _set(client, table, STANDS, "doc", document.replace('"captured":', '"captured":1'))
    return {
        ("read_stock", f"{ROSE}/rose"), ("read_stock", f"{ROSE}/fern"), ("read_stock", f"{TULIP}/tulip/history"),
        ("read_reviews", "review"), ("read_restock", "old/ann"), ("read_carts", "ann/bouquet"), ("read_carts", f"ann/store/{ROSE}"),
        ("read_coupons", "c5000"), ("read_coupons", "c5000/ann"),
        ("read_ledger", rows[0][0]), ("read_ledger", STANDS), ("read_ledger", OTHER),
        ("read_stores", TULIP), ("read_stores", ROSE), ("read_products", "bouquet"), ("read_products", "plant"),
        ("read_orders", GIVEN_UP), ("read_orders", id_of(OTHER, ROSE)), ("read_orders", id_of(STANDS, ROSE)),
        ("read_orders", HALF), ("read_orders", STANDS),
    }  # fmt: skip


async def tamper_with_lists(found: Searching) -> set[tuple[str, str]]:
    """A price that nobody has set, in the index alone; and a product that is in no list."""
    shelf, names = found.feed.shelf, found.names
    store = Store("store-rose", name="장미집")
    dearer = Listed("plant", seq=9, pseq=9, store_id="store-rose", status="SALE", price=1, flowers={"1": 1}, created=1, name="난")
    gone = Listed("basket", status="DELETED")
    shelf.take([Dirty(1, one.id, one, store) for one in (dearer, gone)], names)
    shelf.commit()
    return {("read_search", "plant"), ("read_search", "basket")}


async def _set(client: Any, table: str, key: str, name: str, value: str) -> None:
    await client.update_item(
        TableName=table, Key={"id": {"S": key}}, UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": name}, ExpressionAttributeValues={":v": {"S": value}},
    )  # fmt: skip


def forged(reading: Reading, domain: str, key: str, event: Any) -> Record:
    """A record that no actor has said, with the number that would be next."""
    mine = (one.value for one in reading.log.records if one.topic.endswith(f"{domain}.events") and one.key == key)
    seq = 1 + sum((value or b"").count(b'"specversion"') for value in mine)
    sealed = seal(domain, key, event, id=id_of(domain, key, str(seq)), source="/forged", seq=seq)
    prefix = reading.settings.prefix
    return Record(f"{prefix}.{domain}.events", partition_of(key, reading.settings.partitions), key, encode([sealed]))


@pytest.mark.spec("store Q9")
@pytest.mark.timeout(600)
async def test_tampering_is_named_and_a_rebuild_heals_it(reading: Reading, shown: Projector, stack: Stack, tmp_path: Path) -> None:
    async with searching(reading, tmp_path / "search") as (found, search):
        env = env_of(reading, stack, search.url)
        async with watching(env, tmp_path, GRACE) as process:
            await _tampered_and_healed(reading, env, process, found)


async def _tampered_and_healed(reading: Reading, env: Mapping[str, str], process: Watching, found: Searching) -> None:
    said = await audit(env, "--grace", str(GRACE))
    assert (said.code, said.violated) == (0, set()), said.text
    assert "4 orders, 0 not at rest" in said.text
    await process.until(**{f"unseen_read_{model}": 0 for model in (*MODELS, "search")}, unseen_log=0)
    assert await process.violated() == {}

    expected = await tamper(reading) | await tamper_with_lists(found)
    counts = {model: sum(name == f"read_{model}" for name, _ in expected) for model in (*MODELS, "search")}
    said = await audit(env, "--grace", str(GRACE))
    assert (said.code, said.violated) == (1, expected), said.text
    await process.until(**{f"read_{model}": float(count) for model, count in counts.items()})
    assert sum((await process.violated()).values()) == len(expected)
    lines = [line for line in process.log().splitlines() if '"invariant_violated"' in line]
    assert len(lines) == len(expected), "each is said once"
    assert all(any(f'"id": "{name}"' in line for line in lines) for _, name in expected)

    await asyncio.gather(*(rebuild(reading.settings, model) for model in MODELS))
    found.rebuild()
    await until(lambda: found.feed.folder.name == "v2")
    said = await audit(env, "--grace", str(GRACE))
    assert (said.code, said.violated) == (0, set()), said.text
    await process.until(**{f"read_{model}": 0 for model in (*MODELS, "search")})
    assert await process.violated() == {}


@pytest.mark.timeout(300)
async def test_forged_events_are_named(reading: Reading, shown: Projector, stack: Stack, tmp_path: Path) -> None:
    env = env_of(reading, stack)
    stolen = HoldCommitted(order_id="nobody", buyer="ann", flowers={"tulip": 3})
    taken = Captured(amount=5_000, method="CARD", aid="A1", captured_at=0)
    sold = ProductSold(store_id=ROSE, sold=99)
    rated = ProductRated(store_id=ROSE, reviews=1, rating_sum=8, review_id="nobody's", rating=8)
    cleared = CartCleared(order_id=OTHER, pieces={}, left_lines=())
    await reading.say([
        forged(reading, "inventory", TULIP, stolen), forged(reading, "payments", "no-order", taken),
        forged(reading, "catalog", "bouquet", sold), forged(reading, "catalog", "plant", rated),
        forged(reading, "carts", "cem", cleared),
    ])  # fmt: skip
    await reading.caught_up(shown)
    expected = {
        ("commit_has_order", f"nobody/{TULIP}"), ("held_equals_holds", f"{TULIP}/tulip"),
        ("stock_never_negative", f"{TULIP}/tulip"), ("capture_has_order", "no-order"),
        ("sold_has_orders", "bouquet"), ("rating_has_review", "plant/nobody's"), ("cleared_has_order", f"cem/{OTHER}"),
    }  # fmt: skip
    said = await audit(env, "--grace", str(GRACE))
    assert (said.code, said.violated) == (1, expected), said.text
    async with watching(env, tmp_path, GRACE) as process:
        await process.until(**{name: 1.0 for name, _ in expected})
        assert await process.violated() == {name: 1.0 for name, _ in expected}


@pytest.mark.timeout(600)
async def test_what_is_away_is_no_violation(reading: Reading, shown: Projector, stack: Stack, tmp_path: Path) -> None:
    env = env_of(reading, stack)
    async with watching(env, tmp_path, grace=0.5) as process:
        await process.until(**{f"unseen_read_{model}": 0 for model in MODELS})
        for daemon, looks in {"mysql": ("read_stock", "read_ledger"), "mongo": ("read_products",), "kafka": ("log",)}.items():
            await asyncio.to_thread(stack.stop_programs, [daemon])
            try:
                await process.until(**{f"unseen_{look}": 1 for look in looks})
                if daemon == "mysql":
                    said = await audit(env, "--grace", "0.5")
                    assert (said.code, said.violated) == (2, set()), said.text
                    assert "not looked at: read_stock" in said.text
            finally:
                await asyncio.to_thread(stack.start_daemons, [daemon])
            await process.until(**{f"unseen_{look}": 0 for look in looks})
            assert await process.violated() == {}
        assert '"invariant_violated"' not in process.log()
        # And it still sees.
        reading.log.place("later", "dan")
        reading.log.pay("later")
        await reading.say()
        await reading.caught_up(shown)
        await mysql.run(reading.databases, ["UPDATE stock_1 SET on_hand = on_hand + 1 WHERE flower_id = 'rose'"])
        await process.until(read_stock=1)
