"""What is asked of carts, likes, coupons and the history of stock, on a real MySQL: pages that hold everything once, and totals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.rebuild import rebuild
from deploy.local.stack import Stack
from models.actor import DAY, Reminder
from models.carts.messages import AddToCart, ForgetBuyer, Like, MergeCart, RemoveFromCart, Unlike
from models.inventory.messages import ChangeStock, ClaimCoupon, ClaimCoupons, CloseCoupon, CreateCoupon, EditCoupon
from models.read import mysql
from models.read.cursors import BadCursor
from tests.integration.reading import Reading, installation
from tests.unit.shop import TODAY, TOMORROW

ROSE, TULIP = "store-rose", "store-tulip"


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


async def shown(reading: Reading) -> None:
    """What the log maker has said is stored."""
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)


async def walked(ask: Any, limit: int) -> list[Any]:
    """All pages, up to the one without a next; what else an answer holds must always be the same."""
    pages: list[Any] = []
    cursor, totals = "", set()
    while True:
        items, cursor, *more = await ask(limit, cursor)
        totals.add(tuple(more))
        pages.append(items)
        if not cursor:
            assert len(totals) == 1
            return pages


def add(product: str, quantity: int = 1, by_guest: bool = False) -> AddToCart:
    return AddToCart(product_id=product, store_id=ROSE, quantity=quantity, price=10_000, by_guest=by_guest)


@pytest.mark.spec("auth 36", "auth 37")
async def test_carts_as_they_are_shown(reading: Reading) -> None:
    log = reading.log
    log.shop()
    log.send("carts", "guest-1", add("bouquet", 2))
    log.send("carts", "ann", add("plant"))
    log.send("carts", "ann", add("bouquet", 3))
    log.send("carts", "ann", MergeCart(guest="guest-1"))
    log.send("carts", "ann", add("basket"))
    log.send("carts", "ann", RemoveFromCart(product_ids=("basket", "none")))
    log.place("order-1", "ann", method="cart")
    log.pay("order-1")
    await shown(reading)
    cart = await reading.carts.one("ann")
    # 3 and 2 bouquets less the one that was bought; the plant was bought.
    assert [(line["product_id"], line["quantity"], line["store_id"]) for line in cart["lines"]] == [("bouquet", 4, ROSE)]
    assert cart["seq"] == 7
    guest, nobody = await reading.carts.one("guest-1"), await reading.carts.one("nobody")
    assert guest == {"seq": 0, "lines": []}
    assert nobody == {"seq": 0, "lines": []}


async def left_of(reading: Reading, owner: str) -> list[Any]:
    """The rows that the current version of the read model has of ``owner``."""
    version = await reading.registry.version("carts")
    asked = [(f"carts_{version}", "owner"), (f"cart_lines_{version}", "owner"), (f"likes_{version}", "buyer")]
    return [
        row
        for table, column in asked
        for row in await mysql.select(reading.databases, f"SELECT * FROM {table} WHERE {column} = %s", owner)
    ]


async def test_of_a_guest_no_row_is_left(reading: Reading) -> None:
    """Once the cart was given away, once it was forgotten, and after a rebuild."""
    log = reading.log
    log.send("carts", "guest-1", add("bouquet", 2, by_guest=True))
    log.send("carts", "ann", MergeCart(guest="guest-1"))
    log.send("carts", "guest-2", add("plant", by_guest=True))
    log.now += 2 * DAY
    log.send("carts", "guest-1", Reminder(due=log.now))
    await shown(reading)
    assert await left_of(reading, "guest-1") == []
    # The same browser again, which nobody has heard of: a line, and a month later nothing.
    log.send("carts", "guest-1", add("basket", 4, by_guest=True))
    await shown(reading)
    (guest, line) = await left_of(reading, "guest-1")
    assert (guest[1:], line[1:4]) == ((4,), ("basket", ROSE, 4))
    log.now += 30 * DAY
    for one in ("guest-1", "guest-2"):
        log.send("carts", one, Reminder(due=log.now))
    await shown(reading)
    before = await reading.carts.dump()
    assert [row[:2] for row in before] == [("ann", "bouquet")]
    await rebuild(reading.settings, "carts")
    await reading.registry.refresh()
    assert await reading.registry.version("carts") == 2
    assert await reading.carts.dump() == before
    for one in ("guest-1", "guest-2"):
        assert await left_of(reading, one) == []


@pytest.mark.spec("auth 33", "auth 38", "auth 39")
async def test_likes_newest_first_with_their_number(reading: Reading) -> None:
    log = reading.log
    for at in range(7):
        log.send("carts", "ann", Like(kind="product", id=f"p{at}"))
    log.send("carts", "ann", Unlike(kind="product", id="p3"))
    log.send("carts", "ann", Like(kind="product", id="p0"))
    log.send("carts", "ann", Like(kind="store", id=ROSE))
    log.send("carts", "bob", Like(kind="product", id="p3"))
    await shown(reading)
    carts = reading.carts

    async def products(limit: int, cursor: str) -> Any:
        return await carts.likes("ann", "product", limit, cursor)

    newest = ["p6", "p5", "p4", "p2", "p1", "p0"]
    for limit in (1, 2, 3, 6, 7):
        pages = await walked(products, limit)
        assert [one["id"] for page in pages for one in page] == newest
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert await carts.liked("ann", "product", ["p0", "p3", "p9"]) == {"p0"}
    assert await carts.like_counts("ann") == {"product": 6, "store": 1}
    for cursor in ("!", "eA", "eB8x"):
        with pytest.raises(BadCursor):
            await carts.likes("ann", "product", 5, cursor)
    log.send("carts", "ann", add("plant"))
    log.send("carts", "ann", ForgetBuyer(buyer="ann"))
    await shown(reading)
    assert (await carts.like_counts("ann"), (await carts.one("ann"))["lines"]) == ({}, [])
    assert await carts.like_counts("bob") == {"product": 1}


@pytest.mark.spec("store C11", "store C13")
async def test_coupons_of_stores_buyers_and_holders(reading: Reading) -> None:
    log = reading.log
    log.shop()
    for at in range(5):
        coupon = CreateCoupon(
            coupon_id=f"c{at}", limit=9, discount=1_000, min_amount=2_000 + 500 * (at % 3), starts=TODAY,
            ends=TODAY if at == 4 else TOMORROW, name=f"쿠폰 {at}",
        )  # fmt: skip
        log.send("inventory", TULIP, coupon)
    log.send("inventory", TULIP, ClaimCoupons(coupon_ids=("c0", "c1", "c4"), buyer="ann"))
    log.send("inventory", TULIP, EditCoupon(coupon_id="c1", by="o", discount=1_500, name="새 쿠폰"))
    for buyer in ("bob", "cem", "dan"):
        log.send("inventory", TULIP, ClaimCoupon(coupon_id="c1", buyer=buyer))
    log.send("inventory", TULIP, CloseCoupon(coupon_id="c2", by="o"))
    await shown(reading)
    coupons = reading.coupons
    # What has ended or is closed is for the owner only.
    # What is to be had for the smallest order comes first, and of those what takes off most.
    assert [one["coupon_id"] for one in await coupons.of_store(TULIP, TODAY)] == ["c0", "c3", "c1", "c4"]
    assert [one["coupon_id"] for one in await coupons.of_store(TULIP, TOMORROW)] == ["c0", "c3", "c1"]

    async def every(limit: int, cursor: str) -> Any:
        return await coupons.all_of_store(TULIP, limit, cursor)

    for limit in (1, 2, 5):
        pages = await walked(every, limit)
        assert [one["coupon_id"] for page in pages for one in page] == ["c4", "c3", "c2", "c1", "c0"]
    items, _, total = await every(5, "")
    assert total == 5
    by_id = {one["coupon_id"]: one for one in items}
    assert [by_id["c1"][name] for name in ("name", "discount", "issued", "edition", "closed")] == ["새 쿠폰", 1_500, 4, 1, False]
    assert by_id["c2"]["closed"] is True

    async def mine(limit: int, cursor: str) -> Any:
        return await coupons.mine("ann", limit, cursor)

    for limit in (1, 2, 3):
        pages = await walked(mine, limit)
        assert [one["coupon_id"] for page in pages for one in page] == ["c0", "c1", "c4"]
    kept = {one["coupon_id"]: one["discount"] for one in await coupons.in_store("ann", TULIP)}
    assert kept == {"c0": 1_000, "c1": 1_000, "c4": 1_000}
    assert await coupons.in_store("ann", ROSE) == []
    assert (await coupons.in_store("bob", TULIP))[0]["discount"] == 1_500
    assert await coupons.editions("bob", ["c0", "c1"]) == {"c1": 1}
    assert [terms.discount for terms in (await coupons.terms(["c1"]))["c1"]] == [1_000, 1_500]
    assert [await coupons.usable_count("ann", day) for day in ("2026-11-23", TODAY, TOMORROW)] == [0, 3, 2]

    async def holders(limit: int, cursor: str) -> Any:
        return await coupons.holders(TULIP, "c1", limit, cursor)

    for limit in (1, 2, 4):
        pages = await walked(holders, limit)
        assert [one["buyer"] for page in pages for one in page] == ["dan", "cem", "bob", "ann"]
    assert (await holders(1, ""))[2] == 4
    assert await coupons.holders(ROSE, "c1", 5) is None


async def test_who_has_used_a_coupon_and_when(reading: Reading) -> None:
    log = reading.log
    log.shop()
    log.place("order-1", "ann", coupon=True)
    log.pay("order-1")
    log.place("order-2", "bob", coupon=True)
    await shown(reading)
    found = await reading.coupons.holders(ROSE, "c5000", 5)
    assert found is not None
    by_buyer = {one["buyer"]: one for one in found[0]}
    assert [(by_buyer[who]["status"], by_buyer[who]["order_id"]) for who in ("ann", "bob")] == [
        ("used", "order-1"),
        ("held", "order-2"),
    ]
    assert by_buyer["ann"]["used_at"] > 0
    assert by_buyer["bob"]["used_at"] == 0


async def test_the_history_of_stock_tells_what_was_on_hand(reading: Reading) -> None:
    log = reading.log
    log.shop()
    log.place("order-1", "ann")
    log.pay("order-1")
    log.send("inventory", ROSE, ChangeStock(flower_id="rose", by="owner", delta=-100, cause="waste"))
    log.cancel_store("order-1", ROSE)
    await shown(reading)

    async def roses(limit: int, cursor: str) -> Any:
        return await reading.stock.history(ROSE, "rose", limit, cursor)

    async def everything(limit: int, cursor: str) -> Any:
        return await reading.stock.history(ROSE, "", limit, cursor)

    told = [
        (11, 999_900, "order_cancelled", "", "order-1"),
        (-100, 999_889, "waste", "owner", ""),
        (-11, 999_989, "order", "", "order-1"),
        (1_000_000, 1_000_000, "owner", "owner", ""),
    ]
    fields = ("delta", "on_hand", "cause", "by", "order_id")
    for limit in (1, 3, 4):
        pages = await walked(roses, limit)
        assert [tuple(one[name] for name in fields) for page in pages for one in page] == told
    for limit in (1, 2, 7):
        pages = await walked(everything, limit)
        found = [(one["flower_id"], one["on_hand"]) for page in pages for one in page]
        assert found == [
            ("fern", 1_000_000), ("rose", 999_900), ("rose", 999_889), ("fern", 999_998), ("rose", 999_989), ("fern", 1_000_000),
            ("rose", 1_000_000),
        ]  # fmt: skip
    with pytest.raises(BadCursor):
        await roses(5, "eA")
