"""Everything that the shop refuses, and that nothing else happens then."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.kst import KST
from tests.chaos.checkout import Wish, body_of, claim
from tests.chaos.florists import ORCHID, ROSE, TULIP, Product, next_week, open_store, today
from tests.chaos.public import Public, buyer
from tests.e2e.shop import DONE, ask, bought, codes, coupons_of, eventually, orders_of, rosary, settled, tulip_house


@pytest.mark.spec("order W-53", "order W-23")
async def test_out_of_stock_names_store_product_and_flower_and_frees_what_another_florist_held(public: Public, word: str) -> None:
    roses, tulips = await asyncio.gather(rosary(public, word), tulip_house(public, word, tulips=4))
    who, (coupon,) = buyer(word), roses.coupons
    wishes = (Wish(roses, {roses.products[0].product_id: 1}, coupon), Wish(tulips, {tulips.products[0].product_id: 1}))
    await claim(public, who, wishes[0])
    answer = await ask(public, who, "POST", "/orders", body_of(*wishes))
    assert (answer.status, answer.body["code"]) == (409, "out_of_stock")
    order_id = answer.body["details"].pop("order_id")
    assert answer.body["details"] == {
        "store_id": tulips.store_id,
        "product_id": tulips.products[0].product_id,
        "flower_id": TULIP,
    }
    assert tulips.products[0].product_id in answer.body["detail"]
    await eventually(lambda: coupons_of(public, who), {coupon: ("claimed", "")})
    assert await settled(public, roses) == {ROSE: (1_000, 0), ORCHID: (100, 0)}
    assert await settled(public, tulips) == {TULIP: (4, 0)}
    await eventually(lambda: orders_of(public, who), {order_id: "CANCELLED"})
    shown = (await ask(public, who, "GET", f"/orders/{order_id}")).body
    assert (shown["reason"], shown["captured"], shown["refunded"]) == ("out_of_stock", 0, 0)
    # The gateway may have been asked to get ready meanwhile; it never took anything.
    assert sum(payment["captured"] for payment in await public.books(order_id)) == 0
    # The coupon is good for the next order.
    assert (await bought(public, who, wishes[0]))["total"] == 28_000


@pytest.mark.spec("order W-1", "order W-2", "order W-14", "frontend D-08")
async def test_a_changed_price_is_refused_with_the_right_total_and_a_retry_gets_the_first_answer(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    bouquet = roses.products[0]
    body, key = body_of(Wish(roses, {bouquet.product_id: 1}), expected_total=32_000), f"changed-{word}"
    first = await ask(public, who, "POST", "/orders", body, key=key)
    assert (first.status, first.body["code"]) == (409, "price_changed")
    assert first.body["details"] == {
        "total": 33_000,
        "expected_total": 32_000,
        "stores": [{"store_id": roses.store_id, "goods": 30_000, "discount": 0, "delivery_fee": 3_000}],
    }
    # Now the price is what the buyer had said: the answer under the key stays what it was.
    cheaper = {"version": 1, "price": 29_000}
    saved = await ask(public, roses.owner, "PATCH", f"/products/{bouquet.product_id}", cheaper)
    assert saved.status == 200
    await asyncio.sleep(5.5)
    again = await ask(public, who, "POST", "/orders", body, key=key)
    assert (again.status, again.body) == (first.status, first.body)
    assert await orders_of(public, who) == {}
    assert await settled(public, roses) == {ROSE: (1_000, 0), ORCHID: (100, 0)}
    # Under a new key it is a new wish, and goes through.
    assert (await ask(public, who, "POST", "/orders", body)).status in DONE


@pytest.mark.spec("order W-4")
async def test_coupons_are_refused_by_their_own_rules(public: Public, word: str) -> None:
    later = (datetime.now(KST).date() + timedelta(days=2)).isoformat()
    florist, other = await asyncio.gather(
        open_store(
            public,
            word,
            products=[Product("a", "다발", 10_000, {ROSE: 1}), Product("b", "큰 다발", 40_000, {ROSE: 4})],
            stock={ROSE: 100},
            coupons=[
                {"limit": 1, "discount": 3_000, "min_amount": 20_000},
                {"limit": 1, "discount": 3_000, "min_amount": 20_000, "starts": later, "ends": next_week()},
            ],
        ),
        tulip_house(public, word),
    )
    who, small, large = buyer(word), *(product.product_id for product in florist.products)
    plain, coming = florist.coupons
    (foreign,) = other.coupons

    async def refused(body: dict[str, Any]) -> tuple[int, list[str]]:
        answer = await ask(public, who, "POST", "/orders", body)
        return answer.status, codes(answer)

    async def became() -> list[str]:
        return list((await orders_of(public, who)).values())

    assert await refused(body_of(Wish(florist, {large: 1}, plain))) == (409, ["coupon_unknown"]), "not claimed yet"
    assert (await claim(public, who, Wish(florist, {}, plain))).status in DONE
    twice = await ask(public, who, "POST", f"/stores/{florist.store_id}/coupons/{plain}/claim", {})
    assert (twice.status, twice.body["code"]) == (409, "coupon_claimed")
    late = await ask(public, buyer(word, "late"), "POST", f"/stores/{florist.store_id}/coupons/{plain}/claim", {})
    assert (late.status, late.body["code"]) == (409, "coupon_gone")
    early = await ask(public, who, "POST", f"/stores/{florist.store_id}/coupons/{coming}/claim", {})
    assert (early.status, early.body["code"]) == (409, "coupon_not_started")
    assert await refused(body_of(Wish(florist, {small: 1}, plain))) == (409, ["coupon_minimum"])
    assert await refused(body_of(Wish(florist, {large: 1}, coming))) == (409, ["coupon_not_started"])
    foreign_body = body_of(Wish(florist, {large: 1}))
    foreign_body["stores"][0]["coupon_id"] = foreign
    assert await refused(foreign_body) == (409, ["coupon_of_other_store"])
    foreign_body["stores"][0]["coupon_id"] = "nobody-made-it"
    assert await refused(foreign_body) == (422, ["unknown_coupon"])
    # Only the one that had to be asked of the florist has become an order, and came to nothing.
    await eventually(became, ["CANCELLED"])
    assert await settled(public, florist) == {ROSE: (100, 0)}
    await eventually(lambda: coupons_of(public, who), {plain: ("claimed", "")})
    # Used is used.
    order = await bought(public, who, Wish(florist, {large: 1}, plain))
    assert await refused(body_of(Wish(florist, {large: 1}, plain))) == (409, ["coupon_used"])
    assert await settled(public, florist) == {ROSE: (96, 0)}
    await eventually(lambda: coupons_of(public, who), {plain: ("used", order["order_id"])})


async def test_the_making_day_is_not_before_what_the_cut_off_allows(public: Public, word: str) -> None:
    products = [Product("a", "다발", 10_000, {ROSE: 1})]
    always_late = await open_store(public, word, products=products, stock={ROSE: 10}, cut_off="00:00")
    who, product = buyer(word), always_late.products[0].product_id
    tomorrow = (datetime.now(KST).date() + timedelta(days=1)).isoformat()
    answer = await ask(public, who, "POST", "/orders", body_of(Wish(always_late, {product: 1}, making_day=today())))
    assert (answer.status, codes(answer)) == (409, ["making_day_too_early"])
    (problem,) = answer.body["details"]["problems"]
    assert problem["earliest"] in (tomorrow, (datetime.now(KST).date() + timedelta(days=1)).isoformat()), "or midnight has passed"
    assert await orders_of(public, who) == {}
    answer = await ask(public, who, "POST", "/orders", body_of(Wish(always_late, {product: 1}, making_day=next_week())))
    assert (answer.status in DONE, answer.body["stores"][0]["making_day"]) == (True, next_week())
    assert await settled(public, always_late) == {ROSE: (10, 1)}


@pytest.mark.spec("order W-3", "order W-4", "order W-45", "order W-46", "frontend D-10")
async def test_a_malformed_checkout_names_every_fault_and_leaves_no_order(public: Public, word: str) -> None:
    florist = await open_store(
        public,
        word,
        products=[Product(f"p{number}", f"다발 {number}", 1_000, {ROSE: 1}) for number in range(52)],
        stock={ROSE: 100_000},
    )
    other, who = await tulip_house(public, word), buyer(word)
    *ids, gone = [product.product_id for product in florist.products]
    stop = {"version": 1, "status": "DISCONTINUED"}
    assert (await ask(public, florist.owner, "PATCH", f"/products/{gone}", stop)).status == 200

    def store(*lines: tuple[str, int], store_id: str = florist.store_id) -> dict[str, Any]:
        wanted = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in lines]
        return {"store_id": store_id, "lines": wanted}

    cases: list[tuple[list[dict[str, Any]], int, list[str]]] = [
        ([store(*((one, 1) for one in ids))], 422, ["too_many_lines"]),
        ([store((ids[0], 0))], 422, ["too_small"]),
        ([store((ids[0], -1), (ids[1], 1_000))], 422, ["too_small", "too_large"]),
        ([store((ids[0], 600), (ids[0], 400))], 422, ["too_large"]),
        ([store()], 422, ["too_few"]),
        ([], 422, ["too_few"]),
        ([store((ids[0], 1)), store((ids[1], 1))], 422, ["duplicate"]),
        ([store((ids[0], 1), ("nobody-sells-it", 1)), store((ids[1], 1), store_id="nowhere")], 422, [
            "unknown_product", "unknown_store",
        ]),
        ([store((other.products[0].product_id, 1))], 409, ["product_of_other_store"]),
        ([store((gone, 1), (ids[0], 1))], 409, ["product_not_on_sale"]),
    ]  # fmt: skip
    for stores, status, wanted in cases:
        answer = await ask(public, who, "POST", "/orders", body_of(stores=stores, expected_total=1))
        assert (answer.status, sorted(codes(answer))) == (status, sorted(wanted)), answer.body
        assert answer.headers["Content-Type"] == "application/problem+json"
    priced = body_of(Wish(florist, {ids[0]: 1}), price=1)
    assert codes(await ask(public, who, "POST", "/orders", priced)) == ["unknown_field"]
    assert await orders_of(public, who) == {}
    assert await settled(public, florist) == {ROSE: (100_000, 0)}
    # Fifty are not too many.
    answer = await ask(public, who, "POST", "/orders", body_of(Wish(florist, dict.fromkeys(ids[:50], 1))))
    assert (answer.status in DONE, answer.body["total"]) == (True, 53_000)
