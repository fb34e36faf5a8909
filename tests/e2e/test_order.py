"""A buyer's order, from the cart to the florists, seen from every side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from deploy.local.stack import Stack
from models.actor import id_of
from models.inventory.messages import ClaimCoupon, CreateCoupon
from models.settings import read
from tests.chaos.checkout import Wish, body_of, claim
from tests.chaos.florists import ORCHID, ROSE, TULIP, Product, next_week, open_store, today
from tests.chaos.public import Public, buyer
from tests.e2e.shop import (
    DONE,
    LONG,
    ask,
    bought,
    coupons_of,
    eventually,
    ledger,
    money,
    orders_of,
    paid,
    placed,
    rosary,
    settled,
    statement,
    tulip_house,
)
from topics.client import Client


@pytest.mark.spec("order W-2", "order W-9", "order W-15", "order W-37", "order W-43", "order W-48", "order W-50", "order W-53")
async def test_an_order_from_two_florists_with_a_coupon_each(stack: Stack, public: Public, word: str) -> None:
    roses, tulips = await asyncio.gather(rosary(public, word), tulip_house(public, word))
    who, (rose_coupon,), (tulip_coupon,) = buyer(word), roses.coupons, tulips.coupons
    bouquet, pot = (product.product_id for product in roses.products)
    (bunch,) = (product.product_id for product in tulips.products)
    wishes = (Wish(roses, {bouquet: 2, pot: 1}, rose_coupon), Wish(tulips, {bunch: 1}, tulip_coupon))
    for wish in wishes:
        assert (await claim(public, who, wish)).status in DONE

    # Held: the stems are promised, the coupons are out of reach, nobody has paid.
    order = await placed(public, who, *wishes)
    order_id = order["order_id"]
    assert (order["status"], order["total"]) == ("AWAITING_PAYMENT", 90_500)
    assert [(part["goods"], part["discount"], part["delivery_fee"], part["total"]) for part in order["stores"]] == [
        (72_000, 5_000, 3_000, 70_000),
        (20_000, 2_000, 2_500, 20_500),
    ]
    assert await settled(public, roses) == {ROSE: (1_000, 20), ORCHID: (100, 1)}
    assert await settled(public, tulips) == {TULIP: (1_000, 5)}
    held = {rose_coupon: ("held", order_id), tulip_coupon: ("held", order_id)}
    await eventually(lambda: coupons_of(public, who), held)
    assert await money(public, order_id) == [("READY", 0, 0)]

    # Paid: confirmed, in the history of the buyer and of both florists.
    shown = await paid(public, who, order)
    assert (shown["status"], shown["captured"], shown["refunded"], shown["total"]) == ("CONFIRMED", 90_500, 0, 90_500)
    assert shown["tax_free"] == 11_167, "12,000 less the pot's share of the coupon, 5,000 * 12,000 / 72,000 rounded down"
    assert [(line["amount"], line["discount"], line["tax_free"]) for line in shown["stores"][0]["lines"]] == [
        (60_000, 4_167, False),
        (12_000, 833, True),
    ]
    assert shown["orderer"]["phone"] == "01011112222"
    assert shown["address"]["phone"] == "01033334444"
    listed = await ask(public, who, "GET", "/orders?status=CONFIRMED")
    assert [(one["order_id"], one["total"]) for one in listed.body["items"]] == [(order_id, 90_500)]
    for florist, part in zip((roses, tulips), shown["stores"], strict=True):
        of_store = await ask(public, florist.owner, "GET", f"/stores/{florist.store_id}/orders?status=PENDING")
        (sold,) = of_store.body["items"]
        assert (sold["order_id"], sold["store_order_id"]) == (order_id, part["store_order_id"])
        assert (sold["store_id"], sold["total"], sold["status"]) == (florist.store_id, part["total"], "PENDING")
        assert [line["name"] for line in sold["lines"]] == [line["name"] for line in part["lines"]]
    assert [line["name"] for part in shown["stores"] for line in part["lines"]] == ["장미 다발", "난 화분", "튤립 다발"]

    # Every book has the same figures.
    assert await settled(public, roses) == {ROSE: (980, 0), ORCHID: (99, 0)}
    assert await settled(public, tulips) == {TULIP: (995, 0)}
    used = {rose_coupon: ("used", order_id), tulip_coupon: ("used", order_id)}
    await eventually(lambda: coupons_of(public, who), used)
    assert await money(public, order_id) == [("SUCCESS_PAYMENT", 90_500, 0)]
    told = await statement(public, stack.env(), order_id)
    assert (told["amount"]["total"], told["amount"]["tax_free"]) == (90_500, 11_167)
    assert (told["item_name"], told["quantity"]) == ("장미 다발 외 2건", 4)
    booked = [("gateway_receivable", 90_500, "captured"), ("orders_liability", -90_500, "captured")]
    await eventually(lambda: ledger(stack.env(), order_id), booked)


async def test_the_same_product_twice_is_one_line(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    bouquet = roses.products[0].product_id
    body = body_of(Wish(roses, {bouquet: 3}))
    body["stores"][0]["lines"] = [{"product_id": bouquet, "quantity": 1}, {"product_id": bouquet, "quantity": 2}]
    answer = await ask(public, who, "POST", "/orders", body)
    assert (answer.status in DONE, answer.body["total"]) == (True, 93_000)
    shown = (await ask(public, who, "GET", f"/orders/{answer.body['order_id']}")).body
    assert [(line["product_id"], line["quantity"]) for line in shown["stores"][0]["lines"]] == [(bouquet, 3)]
    assert await settled(public, roses) == {ROSE: (1_000, 30), ORCHID: (100, 0)}


async def test_delivery_is_free_from_the_stores_own_limit_on(public: Public, word: str) -> None:
    florist = await open_store(public, word, free_from=50_000, products=[Product("a", "다발", 25_000, {ROSE: 1})], stock={ROSE: 10})
    product = florist.products[0].product_id
    order = await bought(public, buyer(word), Wish(florist, {product: 2}))
    assert (order["total"], order["stores"][0]["delivery_fee"]) == (50_000, 0)


async def test_an_order_of_nothing_needs_no_gateway(stack: Stack, public: Public, word: str) -> None:
    """The API makes no coupon that pays for everything; the actor takes one of exactly the minimum, as the owner's tools may."""
    florist = await open_store(public, word, delivery_fee=0, products=[Product("a", "한 송이", 5_000, {ROSE: 1})], stock={ROSE: 10})
    who, coupon_id, settings = buyer(word), id_of("coupon", word), read(stack.env())
    client = Client(settings.kafka, settings.prefix, settings.partitions, settings.redis_url, f"e2e-{word}")
    await client.start()
    try:
        await eventually(_can_ask(client), True)
        create = CreateCoupon(
            coupon_id=coupon_id, limit=1, discount=5_000, min_amount=5_000, starts=today(), ends=next_week(), name="전액"
        )
        claims = ClaimCoupon(coupon_id=coupon_id, buyer=who.account)
        for message in (create, claims):
            said = await client.ask("inventory", florist.store_id, message, id=id_of(word, type(message).__name__), wait=LONG)
            assert said is not None
            assert said.status < 400
    finally:
        await client.stop()
    await eventually(lambda: coupons_of(public, who), {coupon_id: ("claimed", "")})
    body = body_of(Wish(florist, {florist.products[0].product_id: 1}), expected_total=0)
    body["stores"][0]["coupon_id"] = coupon_id
    answer = await ask(public, who, "POST", "/orders", body)
    assert (answer.status in DONE, answer.body["status"], answer.body["total"]) == (True, "CONFIRMED", 0)
    assert answer.body["redirects"] == {}
    order_id = answer.body["order_id"]
    assert await public.books(order_id) == []
    assert await settled(public, florist) == {ROSE: (9, 0)}
    await eventually(lambda: coupons_of(public, who), {coupon_id: ("used", order_id)})
    assert await orders_of(public, who) == {order_id: "CONFIRMED"}
    # Its cancellation ends without a gateway, too.
    (part,) = answer.body["stores"]
    cancelled = await ask(public, who, "POST", f"/orders/{order_id}/stores/{part['store_order_id']}/cancel", {})
    assert (cancelled.status, cancelled.body["stores"][0]["status"]) == (200, "REFUNDED")
    assert await settled(public, florist) == {ROSE: (10, 0)}
    assert await public.books(order_id) == []


async def test_who_does_not_wait_is_told_where_to_look(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    wish = Wish(roses, {roses.products[0].product_id: 1})
    taken = await public.call(who, "POST", "/orders", body_of(wish), wait=0)
    assert (taken.status, taken.body) == (202, {"status": "pending"})
    where = taken.headers["Location"]
    told = await ask(public, who, "GET", where)
    assert (told.status, told.body["status"], told.body["total"]) == (200, "AWAITING_PAYMENT", 33_000)
    # It is the sender's alone, as it was signed for.
    for somebody, address in ((buyer(word, "stranger"), where), (who, where[:-1] + ("A" if where[-1] != "A" else "B"))):
        answer = await public.call(somebody, "GET", address)
        assert (answer.status, answer.body["code"]) == (404, "command_unknown")
    # A refusal comes there as it would have come at once.
    refused = await public.call(who, "POST", "/orders", body_of(wish, expected_total=1), wait=0)
    assert refused.status == 202
    answer = await ask(public, who, "GET", refused.headers["Location"])
    assert (answer.status, answer.body["code"], answer.body["details"]["total"]) == (409, "price_changed", 33_000)
    assert (await paid(public, who, told.body))["status"] == "CONFIRMED"
    assert await settled(public, roses) == {ROSE: (990, 0), ORCHID: (100, 0)}


def _can_ask(client: Client) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return client.connected and client.listening.is_set()

    return look
