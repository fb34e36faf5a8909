"""How an order ends otherwise than by being delivered: given up, run out, cancelled, each with everything given back exactly."""

from __future__ import annotations

import asyncio

import pytest

from deploy.local.stack import Stack
from tests.chaos.checkout import Wish, claim
from tests.chaos.florists import ORCHID, ROSE, TULIP, Florist
from tests.chaos.public import GaveUp, Person, Public, buyer
from tests.e2e.conftest import HASTY
from tests.e2e.shop import (
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
    returned,
    rosary,
    settled,
    statement,
    tulip_house,
)

FULL = {ROSE: (1_000, 0), ORCHID: (100, 0)}


async def _waiting(public: Public, word: str) -> tuple[Florist, Person, dict[str, object]]:
    """An order with a coupon that waits for its payment."""
    roses, who = await rosary(public, word), buyer(word)
    wish = Wish(roses, {roses.products[0].product_id: 1}, next(iter(roses.coupons)))
    await claim(public, who, wish)
    return roses, who, await placed(public, who, wish)


async def _nothing_is_left(public: Public, roses: Florist, who: Person, order_id: str, reason: str) -> None:
    """The order came to nothing: so it is shown, and stems and coupon are free."""
    shown = (await ask(public, who, "GET", f"/orders/{order_id}")).body
    assert (shown["status"], shown["reason"], shown["captured"]) == ("CANCELLED", reason, 0)
    assert "redirects" not in shown
    assert await settled(public, roses) == FULL
    await eventually(lambda: coupons_of(public, who), {next(iter(roses.coupons)): ("claimed", "")})


@pytest.mark.parametrize(("button", "reason"), [("cancel", "payment_cancelled"), ("fail", "payment_failed")])
async def test_the_gateways_buttons_give_the_order_up(public: Public, word: str, button: str, reason: str) -> None:
    roses, who, order = await _waiting(public, word)
    order_id, page = str(order["order_id"]), order["redirects"]["pc"]  # type: ignore[index]
    back = await public.press(page, button)
    address = await returned(public, back)
    assert address == f"/api/v1/orders/{order_id}"
    await _nothing_is_left(public, roses, who, order_id, reason)
    # The browser's second GET gets the same, and the gateway's page is closed.
    assert await returned(public, back) == address
    with pytest.raises(GaveUp, match="409"):
        await public.press(page)
    assert [captured for _, captured, _ in await money(public, order_id)] == [0]


async def test_the_buyer_gives_the_order_up_before_paying(public: Public, word: str) -> None:
    roses, who, order = await _waiting(public, word)
    order_id = str(order["order_id"])
    answer = await ask(public, who, "POST", f"/orders/{order_id}/cancel", {})
    assert (answer.status, answer.body["status"], answer.body["reason"]) == (200, "CANCELLED", "buyer")
    await _nothing_is_left(public, roses, who, order_id, "buyer")
    # Who pays all the same on a page that was left open pays nothing.
    back = await public.press(order["redirects"]["pc"])  # type: ignore[index]
    await returned(public, back)
    assert await money(public, order_id) == [("AUTH_PASSWORD", 0, 0)]
    await _nothing_is_left(public, roses, who, order_id, "buyer")
    again = await ask(public, who, "POST", f"/orders/{order_id}/cancel", {})
    assert (again.status, again.body["status"]) == (200, "CANCELLED")


@pytest.mark.spec("order W-12", "order W-20", "order W-53")
async def test_an_order_that_nobody_pays_runs_out(public: Public, hasty: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    wish = Wish(roses, {roses.products[0].product_id: 1}, next(iter(roses.coupons)))
    await claim(public, who, wish)
    async with public.live(who) as live:
        order = await placed(hasty, who, wish)
        assert await settled(public, roses) == {ROSE: (1_000, 10), ORCHID: (100, 0)}
        await live.until("OrderCancelled", order["order_id"], seconds=HASTY + LONG)
        (told,) = [one.data for one in live.told if one.kind == "OrderCancelled"]
    assert told["reason"] == "expired"
    assert told["cancelled_at"] >= order["deadline"]

    async def status() -> str | None:
        return (await orders_of(public, who)).get(order["order_id"])

    await eventually(status, "CANCELLED")
    await _nothing_is_left(public, roses, who, order["order_id"], "expired")
    # Whoever pays after that pays nothing.
    await returned(public, await public.press(order["redirects"]["pc"]))
    assert await money(public, order["order_id"]) == [("AUTH_PASSWORD", 0, 0)]
    await _nothing_is_left(public, roses, who, order["order_id"], "expired")


@pytest.mark.spec("order W-8", "order W-11", "order W-27")
async def test_one_florists_part_is_cancelled_and_exactly_its_own_share_goes_back(stack: Stack, public: Public, word: str) -> None:
    roses, tulips = await asyncio.gather(rosary(public, word), tulip_house(public, word))
    who, (rose_coupon,), (tulip_coupon,) = buyer(word), roses.coupons, tulips.coupons
    bouquet, pot = (product.product_id for product in roses.products)
    wishes = (
        Wish(roses, {bouquet: 2, pot: 1}, rose_coupon),
        Wish(tulips, {tulips.products[0].product_id: 1}, tulip_coupon),
    )
    for wish in wishes:
        await claim(public, who, wish)
    order = await bought(public, who, *wishes)
    order_id, (rose_part, tulip_part) = order["order_id"], order["stores"]
    too_late = await ask(public, who, "POST", f"/orders/{order_id}/cancel", {})
    assert (too_late.status, too_late.body["code"]) == (409, "too_late"), "the whole order is the florists' now"

    cancel = f"/orders/{order_id}/stores/{rose_part['store_order_id']}/cancel"
    answers = await asyncio.gather(*(ask(public, who, "POST", cancel, {}) for _ in range(5)))
    assert {answer.status for answer in answers} <= {200, 409}
    assert 200 in {answer.status for answer in answers}
    shown = (await ask(public, who, "GET", f"/orders/{order_id}")).body
    assert (shown["status"], shown["captured"], shown["refunded"]) == ("CONFIRMED", 90_500, 70_000)
    assert [(part["status"], part["refunded"]) for part in shown["stores"]] == [("REFUNDED", 70_000), ("PENDING", 0)]
    told = await statement(public, stack.env(), order_id)
    assert (told["canceled_amount"]["total"], told["canceled_amount"]["tax_free"]) == (70_000, 11_167)
    assert (told["cancel_available_amount"]["total"], told["cancel_available_amount"]["tax_free"]) == (20_500, 0)
    assert await settled(public, roses) == FULL
    assert await settled(public, tulips) == {TULIP: (995, 0)}
    coupons = {rose_coupon: ("claimed", ""), tulip_coupon: ("used", order_id)}
    await eventually(lambda: coupons_of(public, who), coupons)
    legs = [
        ("gateway_receivable", 90_500, "captured"),
        ("orders_liability", -90_500, "captured"),
        ("refunds", 70_000, rose_part["store_order_id"]),
        ("gateway_receivable", -70_000, rose_part["store_order_id"]),
    ]
    await eventually(lambda: ledger(stack.env(), order_id), legs)
    sold = await ask(public, roses.owner, "GET", f"/stores/{roses.store_id}/orders?status=REFUNDED")
    assert [(one["store_order_id"], one["refunded"]) for one in sold.body["items"]] == [(rose_part["store_order_id"], 70_000)]

    # Once more, under a new key: it has been cancelled.
    again = await ask(public, who, "POST", cancel, {})
    assert (again.status, again.body["code"]) == (409, "already_cancelled")
    # The other florist cancels what is left, as its seller may.
    other = f"/orders/{order_id}/stores/{tulip_part['store_order_id']}/cancel"
    answer = await ask(public, tulips.owner, "POST", other, {})
    assert answer.status == 200
    shown = (await ask(public, who, "GET", f"/orders/{order_id}")).body
    assert (shown["refunded"], shown["stores"][1]["cancelled_by"]) == (90_500, "seller")
    assert await money(public, order_id) == [("CANCEL_PAYMENT", 90_500, 90_500)]
    told = await statement(public, stack.env(), order_id)
    assert (told["canceled_amount"]["total"], told["canceled_amount"]["tax_free"]) == (90_500, 11_167)
    assert await settled(public, tulips) == {TULIP: (1_000, 0)}
    await eventually(lambda: coupons_of(public, who), {rose_coupon: ("claimed", ""), tulip_coupon: ("claimed", "")})
    assert (await paid(public, who, await placed(public, who, wishes[0])))["total"] == 70_000, "the coupon is good again"
