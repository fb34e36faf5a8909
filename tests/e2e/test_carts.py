"""Carts, likes, coupons that change, and stock's history on the whole real stack: command, actor, read model, answer."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from deploy.local.stack import Stack
from models.settings import read
from tests.browser import Browser, kakao
from tests.chaos.checkout import Wish
from tests.chaos.florists import ROSE, open_store
from tests.chaos.public import Public, buyer
from tests.e2e.shop import ask, bought, eventually, paid, placed, rosary

OK = (200, 201)


class Guest:
    """A browser in which nobody is signed in."""

    def __init__(self, public: Public) -> None:
        self.public, self.cookie = public, ""

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body."""
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json", "Prefer": "wait=10"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        data = None if body is None else msgspec.json.encode(body)
        url = f"{self.public.url}/api/v1{path}"
        async with self.public.session.request(method, url, data=data, headers=headers) as answer:
            if said := answer.headers.get("Set-Cookie", ""):
                self.cookie = said.partition(";")[0]
            return answer.status, await answer.json(content_type=None)


def held(cart: Any) -> dict[str, tuple[int, str]]:
    """Product id -> (pieces, state)."""
    return {line["product_id"]: (line["quantity"], line["state"]) for store in cart["stores"] for line in store["lines"]}


@pytest.mark.spec("auth 36", "auth 37")
async def test_a_guests_cart_becomes_the_buyers_and_an_order_takes_off_what_was_bought(public: Public, word: str) -> None:
    roses, who, guest = await rosary(public, word), buyer(word), Guest(public)
    bouquet, pot = (product.product_id for product in roses.products)
    assert await guest.ask("POST", "/cart/items", {"product_id": bouquet, "quantity": 2}) == (200, {"count": 1})
    assert (await guest.ask("POST", "/cart/items", {"product_id": "nothing"}))[0] == 422
    assert held((await guest.ask("GET", "/cart"))[1]) == {bouquet: (2, "ON_SALE")}
    assert (await ask(public, who, "POST", "/cart/items", {"product_id": bouquet, "quantity": 3})).status == 200
    assert (await ask(public, who, "POST", "/cart/items", {"product_id": pot})).status == 200

    # Signed in: one request with both the token and the cookie.
    headers = {**public.headers(who), "Cookie": guest.cookie, "Idempotency-Key": f"merge-{word}", "Prefer": "wait=10"}
    for cookie in (guest.cookie, guest.cookie, ""):
        # The third time as a browser does that has had the first answer.
        headers["Cookie"] = cookie
        async with public.session.post(f"{public.url}/api/v1/cart/merge", data=b"{}", headers=headers) as merged:
            assert (merged.status, await merged.json()) == (200, {"count": 2, "left_out_ids": []})
    assert held((await ask(public, who, "GET", "/cart")).body) == {bouquet: (5, "ON_SALE"), pot: (1, "ON_SALE")}
    assert held((await guest.ask("GET", "/cart"))[1]) == {}

    cart = (await ask(public, who, "GET", "/cart")).body
    (store,) = cart["stores"]
    assert (store["goods"], store["fee"], store["missing"], cart["total"]) == (162_000, 3_000, 838_000, 165_000)

    # Four of the bouquets are bought out of the cart; while it is being paid one more comes in.
    order = await placed(public, who, Wish(roses, {bouquet: 4}), method="cart")
    assert (await ask(public, who, "PATCH", f"/cart/items/{bouquet}", {"quantity": 6})).status == 200
    assert (await paid(public, who, order))["status"] == "CONFIRMED"

    async def look() -> dict[str, tuple[int, str]]:
        return held((await ask(public, who, "GET", "/cart")).body)

    await eventually(look, {bouquet: (2, "ON_SALE"), pot: (1, "ON_SALE")})
    # What is bought directly leaves the cart alone.
    await bought(public, who, Wish(roses, {bouquet: 1}))
    assert (await ask(public, who, "DELETE", f"/cart/items/{pot}")).status == 200
    assert (await ask(public, who, "DELETE", f"/cart/items/{pot}")).status == 200
    assert await look() == {bouquet: (2, "ON_SALE")}


@pytest.mark.spec("auth 36")
async def test_whoever_signs_in_takes_the_guests_cart_along(public: Public, word: str, stack: Stack) -> None:
    roses, me, person = await rosary(public, word), Browser(public.session, read(stack.env())), kakao()
    bouquet, pot = (product.product_id for product in roses.products)

    async def put(product_id: str, quantity: int) -> None:
        answer = await me.ask("POST", "/cart/items", {"product_id": product_id, "quantity": quantity})
        assert answer.status == 200, answer.body

    async def signed_in(back: str) -> None:
        answer = await me.ask("GET", back)
        assert (answer.status, answer.cookies["bb_guest"]) == (200, ""), answer.body
        me.token = answer.body["token"]

    await put(bouquet, 2)
    guest, back = me.cookies["bb_guest"], await me.consent("kakao", person)
    await signed_in(back)
    assert held((await me.ask("GET", "/cart")).body) == {bouquet: (2, "ON_SALE")}
    # The browser goes back and comes once more, cookies and all.
    again = await me.ask("GET", back)
    assert (again.status, again.body["code"], "bb_guest" in again.cookies) == (401, "oauth_denied", False)
    assert held((await me.ask("GET", "/cart")).body) == {bouquet: (2, "ON_SALE")}

    # Another day, signed out: what is put into a cart then is added, and what has come before does not come again.
    me.token, me.cookies["bb_guest"] = "", guest
    assert held((await me.ask("GET", "/cart")).body) == {}
    await put(bouquet, 1)
    await put(pot, 3)
    await signed_in(await me.consent("kakao", person))
    assert held((await me.ask("GET", "/cart")).body) == {bouquet: (3, "ON_SALE"), pot: (3, "ON_SALE")}
    # Nor by asking for it.
    assert (await me.ask("POST", "/cart/merge", {})).body == {"count": 2, "left_out_ids": []}
    assert held((await me.ask("GET", "/cart")).body) == {bouquet: (3, "ON_SALE"), pot: (3, "ON_SALE")}


@pytest.mark.spec("auth 36")
async def test_lines_show_what_became_of_their_products(public: Public, word: str) -> None:
    roses, who = await rosary(public, word, roses=12), buyer(word)
    bouquet, pot = (product.product_id for product in roses.products)
    for one in (bouquet, pot):
        assert (await ask(public, who, "POST", "/cart/items", {"product_id": one})).status == 200

    async def look() -> dict[str, tuple[int, str]]:
        return held((await ask(public, who, "GET", "/cart")).body)

    assert (await ask(public, roses.owner, "PATCH", f"/products/{pot}", {"version": 1, "price": 13_000})).status == 200
    await eventually(look, {bouquet: (1, "ON_SALE"), pot: (1, "PRICE_CHANGED")})
    (line,) = [
        line
        for store in (await ask(public, who, "GET", "/cart")).body["stores"]
        for line in store["lines"]
        if line["product_id"] == pot
    ]
    assert (line["old_price"], line["price"], line["available"]) == (12_000, 13_000, 100)
    stop = {"version": 2, "status": "DISCONTINUED"}
    assert (await ask(public, roses.owner, "PATCH", f"/products/{pot}", stop)).status == 200
    assert (await ask(public, roses.owner, "PATCH", f"/stores/{roses.store_id}/stock/{ROSE}", {"delta": -3})).status == 200
    await eventually(look, {bouquet: (1, "SOLD_OUT"), pot: (1, "STOPPED")})


@pytest.mark.spec("auth 38", "auth 39")
async def test_likes(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    bouquet, pot = (product.product_id for product in roses.products)
    likes = [("PUT", f"/likes/products/{bouquet}"), ("PUT", f"/likes/products/{pot}"), ("PUT", f"/likes/stores/{roses.store_id}")]
    for method, path in (*likes, *likes, ("DELETE", f"/likes/products/{bouquet}"), ("DELETE", f"/likes/products/{bouquet}")):
        assert (await ask(public, who, method, path)).body["liked"] is (method == "PUT")
    page = (await ask(public, who, "GET", "/likes/products")).body
    assert ([one["product_id"] for one in page["items"]], page["total"], page["items"][0]["name"]) == ([pot], 1, "난 화분")
    stores = (await ask(public, who, "GET", "/likes/stores")).body
    assert ([one["name"] for one in stores["items"]], stores["total"]) == (["장미집"], 1)
    flags = (await ask(public, who, "GET", f"/likes?products={bouquet},{pot}&stores={roses.store_id}")).body
    assert flags == {"products": {bouquet: False, pot: True}, "stores": {roses.store_id: True}}
    assert (await ask(public, who, "GET", "/likes/count")).body == {"product_count": 1, "store_count": 1}


@pytest.mark.spec("store C11", "store C13")
async def test_a_coupon_changes_and_each_buyer_keeps_the_own_terms(public: Public, word: str) -> None:
    roses, early, late = await rosary(public, word), buyer(word, "early"), buyer(word, "late")
    bouquet = roses.products[0].product_id
    (coupon_id,) = roses.coupons
    base = f"/stores/{roses.store_id}/coupons"
    assert (await ask(public, early, "POST", f"{base}/{coupon_id}/claim")).status in OK
    change = {"discount": 7_000, "limit": 2, "name": "더 많이"}
    assert (await ask(public, roses.owner, "PATCH", f"{base}/{coupon_id}", change)).status == 200
    all_of_it = (await ask(public, roses.owner, "GET", f"{base}/all")).body
    assert [(one["name"], one["discount"], one["left"], one["state"]) for one in all_of_it["items"]] == [
        ("더 많이", 7_000, 1, "ACTIVE")
    ]
    claimed = [(await ask(public, late, "POST", f"{base}/claim", {}, key=f"all-{word}")).body for _ in range(2)]
    # Sent again, as after a lost answer, it says what it said; another one finds nothing left.
    assert claimed == [{"store_id": roses.store_id, "coupon_ids": [coupon_id]}] * 2
    assert (await ask(public, late, "POST", f"{base}/claim", {})).body == {"store_id": roses.store_id, "coupon_ids": []}
    assert (await ask(public, roses.owner, "PATCH", f"{base}/{coupon_id}", {"limit": 1})).body["code"] == "coupon_limit"
    assert (await ask(public, buyer(word, "third"), "POST", f"{base}/{coupon_id}/claim")).body["code"] == "coupon_gone"
    assert (await ask(public, roses.owner, "POST", f"{base}/{coupon_id}/close")).status == 200

    # Each pays what the own terms make of it, although nobody can claim it any more.
    for who, discount in ((early, 5_000), (late, 7_000)):
        (mine,) = (await ask(public, who, "GET", "/coupons")).body["items"]
        assert (mine["discount"], mine["state"], mine["store_name"]) == (discount, "USABLE", "장미집")
        (usable,) = (await ask(public, who, "POST", f"{base}/usable", {"amount": 30_000})).body["items"]
        assert (usable["off"], usable["reason"]) == (discount, "")
        total = 30_000 - discount + 3_000
        order = await placed(public, who, Wish(roses, {bouquet: 1}, coupon_id), expected_total=total)
        assert order["total"] == total
        assert (await paid(public, who, order))["status"] == "CONFIRMED"

    async def states() -> list[str]:
        found = (await ask(public, roses.owner, "GET", f"{base}/{coupon_id}/holders")).body
        assert found["total"] == 2
        return [one["status"] for one in found["items"]]

    await eventually(states, ["used", "used"])
    assert (await ask(public, None, "GET", base)).body["items"] == []
    assert (await ask(public, early, "GET", "/coupons/count")).body == {"usable_count": 0}


@pytest.mark.spec("store C6", "store C11")
async def test_claims_edits_and_orders_at_once_leave_no_coupon_below_its_issue(public: Public, word: str) -> None:
    roses = await rosary(public, word)
    bouquet = roses.products[0].product_id
    (coupon_id,) = roses.coupons
    path = f"/stores/{roses.store_id}/coupons/{coupon_id}"
    buyers = [buyer(word, str(at)) for at in range(12)]
    edits = [ask(public, roses.owner, "PATCH", path, {"limit": 6 + at % 3, "discount": 5_000 + at * 100}) for at in range(6)]
    claims = [ask(public, who, "POST", f"{path}/claim") for who in buyers]
    answers = await asyncio.gather(*claims[:6], *edits, *claims[6:])
    assert {answer.status for answer in answers} <= {200, 201, 409}
    shown = (await ask(public, roses.owner, "GET", f"/stores/{roses.store_id}/coupons/all")).body["items"][0]
    assert shown["issued"] <= shown["limit"]
    holders = (await ask(public, roses.owner, "GET", f"{path}/holders")).body
    assert holders["total"] == shown["issued"]
    # Whoever has one pays by the own terms at once, whichever those are.
    for who in buyers:
        for mine in (await ask(public, who, "GET", "/coupons")).body["items"]:
            total = 33_000 - mine["discount"]
            order = await placed(public, who, Wish(roses, {bouquet: 1}, coupon_id), expected_total=total)
            assert order["total"] == total


@pytest.mark.spec("store C5")
async def test_claims_outlive_a_redis_that_is_emptied(public: Public, word: str, stack: Stack) -> None:
    ann, ben = buyer(word, "ann"), buyer(word, "ben")
    florist = await open_store(public, word, coupons=[{"limit": 1, "discount": 1_000, "min_amount": 10_000}])
    (coupon_id,) = florist.coupons
    base = f"/stores/{florist.store_id}/coupons"
    claim = f"{base}/{coupon_id}/claim"
    assert (await ask(public, ann, "POST", claim)).status in OK
    async with Redis.from_url(stack.env()["BB_REDIS_URL"]) as redis:
        assert await redis.flushall() is True
    # A second wish, no repeat of the first one.
    for who, code in ((ann, "coupon_claimed"), (ben, "coupon_gone")):
        answer = await ask(public, who, "POST", claim)
        assert (answer.status, answer.body.get("code")) == (409, code)
    mine = (await ask(public, ann, "GET", "/coupons")).body["items"]
    assert [(one["coupon_id"], one["state"]) for one in mine] == [(coupon_id, "USABLE")]
    assert (await ask(public, ben, "GET", "/coupons")).body["items"] == []
    shown = (await ask(public, florist.owner, "GET", f"{base}/all")).body["items"]
    assert [(one["limit"], one["issued"]) for one in shown] == [(1, 1)]


async def test_the_history_of_stock_names_every_cause(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    order = await bought(public, who, Wish(roses, {roses.products[0].product_id: 1}))
    path = f"/stores/{roses.store_id}/stock"
    assert (await ask(public, roses.owner, "PATCH", f"{path}/{ROSE}", {"delta": -40, "cause": "waste"})).status == 200

    async def told() -> list[tuple[int, int, str, str]]:
        items = (await ask(public, roses.owner, "GET", f"{path}/history?flower={ROSE}")).body["items"]
        return [(one["delta"], one["on_hand"], one["cause"], one["order_id"]) for one in items]

    await eventually(told, [(-40, 950, "waste", ""), (-10, 990, "order", order["order_id"]), (1_000, 1_000, "delivery", "")])
