"""What one order costs, exactly: one store, two lines, a coupon, paid at once, nobody else about (design §9).

Steps and records are those under the ids of the order, its store order and its store, so that what another test left to end by
itself is not counted. Two things depend on the moment: inputs that meet in one turn share the row that they change, and a read
model's facts that come too far apart for one write take two. So the order is placed several times, and the most rows and the
fewest writes are what an order costs.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

import aiomysql
import msgspec
import pytest

from agents.runtime.rows import LEDGER, split_key
from deploy.local.stack import Stack
from models.settings import Settings, read
from tests.bench import counts
from tests.bench.counts import Record
from tests.chaos.checkout import Wish, claim
from tests.chaos.public import Public, buyer
from tests.e2e.shop import DONE, ask, paid, placed, rosary
from topics.envelope import decode_envelope

FEWEST, ORDERS = 4, 40
"""Orders placed at least, and at most: a busy machine needs more until one of them met no delay."""
STATEMENTS = "('Com_insert', 'Com_update', 'Com_delete', 'Com_replace')"
SETTLE = 1.5
"""Seconds after which a projector has noted its positions (``agents/pump.SETTLE`` and some room)."""
STEPS = {"orders": 5, "inventory": 2, "payments": 4, "deliveries": 1, "catalog": 2}
"""14 inputs: PlaceOrder, Held, PaymentReady, ApprovePayment, PaymentCaptured; Hold, Commit; ReadyPayment and CapturePayment with
their outcomes; CreateDelivery; CountSale of each product, whose row is the only place that knows what it has sold."""
RECORDS = {
    "orders.inbox": 5, "inventory.inbox": 2, "payments.inbox": 4, "deliveries.inbox": 1, "catalog.inbox": 2,
    "orders.events": 5, "inventory.events": 2, "payments.events": 4, "deliveries.events": 1, "catalog.events": 2,
    "orders.private": 2, "deliveries.private": 1,
    "orders.changelog": 5, "inventory.changelog": 6, "payments.changelog": 4, "deliveries.changelog": 1, "catalog.changelog": 2,
}  # fmt: skip
"""49, the ledgers apart, three of them for each product. An inventory step writes three rows: the store's, the hold's and the
coupon's that its buyer has."""
SQL = {"batches stock": 1, "batches coupons": 1, "batches ledger": 1}
PLACING = {"mysql statements": 5, "batches orders": 1, "batches live": 1, **SQL}
COUNTED = {
    "batches products": 1, "batches images": 1, "batches reviews": 1, "batches restock": 1, "batches audit": 1,
    "batches store_ratings": 1,
}  # fmt: skip
PAYING = {"mysql statements": 12, "batches orders": 1, "batches live": 1, **SQL, **COUNTED}
"""Writes of the read models. A batch of ``orders`` is one transaction of DynamoDB, one of ``live`` one script of Redis. Statements
of MySQL, each of many rows: positions and rows of ``stock``, of ``coupons``; of ``ledger`` the positions alone, until a capture
adds an entry and its legs. Stores are not written at all; counts of products are put off for a second, however many orders they are
of, and with them the positions of those who read the same log (``COUNTED``)."""


class Written(msgspec.Struct, frozen=True):
    """What the databases have done so far: statements that write, of MySQL; batches of each read model, of which
    one of `live` is one script of Redis."""

    mysql: int
    batches: dict[str, float]


async def written(stack: Stack, settings: Settings) -> Written:
    """The counters, once everything has been decided, shown, and noted."""
    await counts.settled(stack)
    await asyncio.sleep(SETTLE)
    connection = await aiomysql.connect(
        host=settings.mysql_host, port=settings.mysql_port, user=settings.mysql_user, password=settings.mysql_password
    )
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(f"SHOW GLOBAL STATUS WHERE Variable_name IN {STATEMENTS}")
            statements = sum(int(value) for _, value in await cursor.fetchall())
    finally:
        connection.close()
    batches = {key: value for key, value in counts.steps({}, await counts.metrics(stack)).items() if key.startswith("batches ")}
    return Written(statements, batches)


def spent(before: Written, after: Written) -> dict[str, int]:
    """What was done meanwhile, by what."""
    found = {"mysql statements": after.mysql - before.mysql}
    found |= {name: int(number - before.batches.get(name, 0)) for name, number in after.batches.items()}
    return {name: number for name, number in found.items() if number}


def inputs(records: Iterable[Record]) -> dict[str, int]:
    """Messages to each domain's actors. One that was said again, as a busy machine kept it waiting, counts once."""
    ids = {
        (record.topic.partition(".")[0], decode_envelope(record.value).id)
        for record in records
        if record.topic.endswith(".inbox") and record.value
    }
    return dict(Counter(domain for domain, _ in ids))


def appended(records: Iterable[Record]) -> dict[str, int]:
    """Records of each topic; inboxes as ``inputs``."""
    records = list(records)
    found = Counter(record.topic for record in records if not record.topic.endswith(".inbox"))
    return {**found, **{f"{domain}.inbox": number for domain, number in inputs(records).items()}}


def most(found: list[dict[str, int]]) -> dict[str, int]:
    """The highest of each number."""
    return {name: max(one.get(name, 0) for one in found) for name in set().union(*found)}


def least(found: list[dict[str, int]]) -> dict[str, int]:
    """The lowest of each number; what one of them did without is left out."""
    return {name: min(one[name] for one in found) for name in set.intersection(*map(set, found))}


@pytest.mark.timeout(900)
async def test_an_order_costs_exactly_its_budget(stack: Stack, public: Public, word: str) -> None:
    settings = read(stack.env())
    costs: list[dict[str, int]] = []
    placing: list[dict[str, int]] = []
    paying: list[dict[str, int]] = []
    for number in range(ORDERS):
        roses, who = await rosary(public, word, f"장미집 {number}"), buyer(word, str(number))
        bouquet, pot = (product.product_id for product in roses.products)
        wish = Wish(roses, {bouquet: 1, pot: 2}, next(iter(roses.coupons)))
        assert (await claim(public, who, wish)).status in DONE
        before = await written(stack, settings)
        since = await counts.ends(settings)
        order = await placed(public, who, wish)
        between = await written(stack, settings)
        shown = await paid(public, who, order)
        assert shown["status"] == "CONFIRMED"
        after = await written(stack, settings)
        ours = {order["order_id"], roses.store_id, bouquet, pot, *(part["store_order_id"] for part in shown["stores"])}
        logged = await counts.records(settings, since)
        records = [record for record in logged if record.key != LEDGER and split_key(record.key)[0] in ours]
        assert inputs(records) == STEPS
        costs.append(appended(records))
        placing.append(spent(before, between))
        paying.append(spent(between, after))
        if len(costs) >= FEWEST and (most(costs), least(placing), least(paying)) == (RECORDS, PLACING, PAYING):
            break
    assert most(costs) == RECORDS
    assert sum(RECORDS.values()) <= 50
    assert least(placing) == PLACING
    assert least(paying) == PAYING


@pytest.mark.timeout(300)
async def test_an_order_out_of_a_cart_costs_one_step_more(stack: Stack, public: Public, word: str) -> None:
    """Its buyer's cart is told what was bought: one input, one event, one row. An order of one product costs a cart nothing."""
    settings = read(stack.env())
    roses, who = await rosary(public, word), buyer(word)
    bouquet, pot = (product.product_id for product in roses.products)
    for product_id in (bouquet, pot):
        assert (await ask(public, who, "POST", "/cart/items", {"product_id": product_id})).status == 200
    told: dict[str, dict[str, int]] = {}
    for method in ("direct", "cart"):
        await counts.settled(stack)
        since = await counts.ends(settings)
        order = await placed(public, who, Wish(roses, {bouquet: 1, pot: 1}), method=method)
        assert (await paid(public, who, order))["status"] == "CONFIRMED"
        await counts.settled(stack)
        logged = await counts.records(settings, since)
        mine = [record for record in logged if record.key != LEDGER and split_key(record.key)[0] == who.account]
        told[method] = {name: number for name, number in appended(mine).items() if name.startswith("carts.")}
    assert told == {"direct": {}, "cart": {"carts.inbox": 1, "carts.events": 1, "carts.changelog": 1}}
