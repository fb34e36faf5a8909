"""Many at once: what there is goes to exactly as many, and one wish is done once however often it is said."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from tests.chaos.checkout import Wish, body_of
from tests.chaos.florists import ORCHID, ROSE, Product, next_week, open_store, today
from tests.chaos.public import Answer, Person, Public, buyer
from tests.e2e.shop import DONE, WAIT, ask, coupons_of, eventually, money, orders_of, paid, returned, rosary, settled


@pytest.mark.spec("order W-24", "order W-53")
@pytest.mark.parametrize("seed", range(5))
async def test_forty_buyers_of_ten_bouquets(public: Public, word: str, seed: int) -> None:
    roses = await rosary(public, word, roses=100)
    bouquet, chance = roses.products[0].product_id, random.Random(seed)
    buyers = [buyer(word, str(number)) for number in range(40)]

    async def buy(who: Person, after: float) -> tuple[str, Answer | None]:
        await asyncio.sleep(after)
        answer = await ask(public, who, "POST", "/orders", body_of(Wish(roses, {bouquet: 1})))
        if answer.status not in DONE:
            return answer.body["code"], answer
        return (await paid(public, who, answer.body))["status"], None

    outcomes = await asyncio.gather(*(buy(who, chance.random() * 0.5) for who in buyers))
    assert Counter(outcome for outcome, _ in outcomes) == {"CONFIRMED": 10, "out_of_stock": 30}
    for _, told in outcomes:
        if told is not None:
            assert told.status == 409
            assert (told.body["details"]["product_id"], told.body["details"]["flower_id"]) == (bouquet, ROSE)
    assert await settled(public, roses) == {ROSE: (0, 0), ORCHID: (100, 0)}

    async def shown() -> Counter[str]:
        return Counter([status for who in buyers for status in (await orders_of(public, who)).values()])

    await eventually(shown, {"CONFIRMED": 10, "CANCELLED": 30})
    histories = await asyncio.gather(*(orders_of(public, who) for who in buyers))
    taken = [await money(public, order_id) for history in histories for order_id in history]
    assert sum(captured for payments in taken for _, captured, _ in payments) == 330_000


@pytest.mark.spec("order W-14", "order W-17", "order W-26", "order W-36", "frontend D-07")
async def test_ten_carts_each_submitted_three_times_at_once(public: Public, word: str) -> None:
    roses = await rosary(public, word)
    bouquet, pot = (product.product_id for product in roses.products)

    async def thrice(number: int) -> None:
        who, key = buyer(word, str(number)), f"cart-{number}-{word}"
        body = body_of(Wish(roses, {bouquet: number + 1}))
        answers = await asyncio.gather(*(ask(public, who, "POST", "/orders", body, key=key) for _ in range(3)))
        assert {answer.status for answer in answers} <= set(DONE)
        assert answers[0].body == answers[1].body == answers[2].body
        order_id = answers[0].body["order_id"]
        other = await ask(public, who, "POST", "/orders", body_of(Wish(roses, {pot: 1})), key=key)
        assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
        back = await public.press(answers[0].body["redirects"]["pc"])
        # A browser may repeat its GET, and then somebody may try another token: the first one counts.
        addresses = await asyncio.gather(*(returned(public, back) for _ in range(3)))
        assert {*addresses, await returned(public, back[:-1] + "-")} == {f"/api/v1/orders/{order_id}"}
        await eventually(lambda: orders_of(public, who), {order_id: "CONFIRMED"})
        total = 30_000 * (number + 1) + 3_000
        assert await money(public, order_id) == [("SUCCESS_PAYMENT", total, 0)]
        late = await ask(public, who, "POST", "/orders", body, key=key)
        assert (late.status in DONE, late.body) == (True, answers[0].body)

    await asyncio.gather(*(thrice(number) for number in range(10)))
    assert await settled(public, roses) == {ROSE: (1_000 - 10 * 55, 0), ORCHID: (100, 0)}


async def test_two_hundred_claimants_of_a_hundred_coupons(public: Public, word: str) -> None:
    florist = await open_store(
        public,
        word,
        products=[Product("a", "다발", 30_000, {ROSE: 1})],
        stock={ROSE: 10},
        coupons=[{"limit": 100, "discount": 1_000, "min_amount": 10_000, "starts": today(), "ends": next_week()}],
    )
    (coupon_id,) = florist.coupons
    path = f"/stores/{florist.store_id}/coupons/{coupon_id}/claim"
    buyers = [buyer(word, str(number)) for number in range(200)]

    async def claimed(who: Person) -> str:
        # Two at once, as an impatient thumb does.
        key = f"claim-{who.account}"
        one, other = await asyncio.gather(*(ask(public, who, "POST", path, {}, key=key) for _ in range(2)))
        assert one.body == other.body
        return "claimed" if one.status in DONE else str(one.body["code"])

    outcomes = await asyncio.gather(*(claimed(who) for who in buyers))
    assert Counter(outcomes) == {"claimed": 100, "coupon_gone": 100}
    for who, outcome in zip(buyers, outcomes, strict=True):
        assert await coupons_of(public, who) == ({coupon_id: ("claimed", "")} if outcome == "claimed" else {})
    offered = await public.call(None, "GET", f"/stores/{florist.store_id}/coupons", wait=WAIT)
    assert [(one["limit"], one["issued"]) for one in offered.body["items"]] == [(100, 100)]
