"""A buyer's order, from the cart to the florists, seen from every side."""

from __future__ import annotations

import asyncio

import pytest

from deploy.local.stack import Stack
from tests.chaos.checkout import Wish, body_of, claim
from tests.chaos.florists import ORCHID, ROSE, TULIP, Product, next_week, open_store, today
from tests.chaos.public import Public, buyer
from tests.e2e.shop import (
    DONE,
    ask,
    bought,
    coupons_of,
    eventually,
    ledger,
    money,
    paid,
    placed,
    rosary,
    settled,
    statement,
    tulip_house,
)


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
    assert shown["orderer"]["phone"] == "+821011112222"
    assert shown["address"]["phone"] == "+821033334444"
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


@pytest.mark.spec("store C12")
async def test_no_coupon_pays_for_everything(public: Public, word: str) -> None:
    """Neither a new one nor a change of one; what an order of nothing does is told by ``tests/unit/orders/test_saga.py``."""
    florist = await rosary(public, word)
    (coupon_id,) = florist.coupons
    at = f"/stores/{florist.store_id}/coupons"
    before = (await ask(public, florist.owner, "GET", f"{at}/all")).body
    terms = {"name": "전액", "limit": 1, "starts": today(), "ends": next_week()}
    made = await ask(public, florist.owner, "POST", at, {**terms, "discount": 5_000, "min_amount": 5_000})
    assert (made.status, made.body["errors"][0]["code"]) == (422, "not_below")
    # Half of the rule is in the coupon that is there: 5,000 from 20,000 KRW on.
    for change in ({"discount": 20_000}, {"min_amount": 5_000}):
        changed = await ask(public, florist.owner, "PATCH", f"{at}/{coupon_id}", change)
        assert (changed.status, changed.body["code"], changed.body["details"]) == (422, "coupon_invalid", {"fields": ["discount"]})
    assert (await ask(public, florist.owner, "GET", f"{at}/all")).body == before


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
