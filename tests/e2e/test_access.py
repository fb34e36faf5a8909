"""Who is let in: tokens that are none, and strangers with good ones."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.chaos.checkout import Wish, body_of
from tests.chaos.public import ADMIN, Person, Public, buyer, seller
from tests.e2e.shop import ask, bought, eventually, money, orders_of, placed, rosary, settled
from web.tokens import ensure_keys, make


async def status(public: Public, token: str, path: str = "/orders") -> tuple[int, str]:
    """Status and code of a GET with a token of one's own making."""
    async with public.session.get(f"{public.url}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}) as answer:
        body = await answer.json(content_type=None)
        return answer.status, body.get("code", "")


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says of itself that it needs no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{head}.{body}."


@pytest.mark.spec("order W-39", "order W-41", "store A4")
async def test_only_our_own_tokens_count(stack: Stack, public: Public, word: str, tmp_path: Path) -> None:
    who, ours = buyer(word), Path(stack.env()["BB_TOKEN_KEY"])
    foreign = tmp_path / "token-key"
    ensure_keys(foreign, tmp_path / "web-secret")
    good = make(ours, who.account, "buyer")
    head, claims, signature = good.split(".")
    as_admin = unsigned({"iss": "blooming-blooms", "sub": who.account, "role": "admin", "exp": 4_000_000_000})
    assert await status(public, good) == (200, "")
    for bad in (
        make(ours, who.account, "buyer", lifetime=-1),
        make(foreign, who.account, "buyer"),
        as_admin,
        f"{head}.{as_admin.split('.')[1]}.{signature}",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        "nonsense",
    ):
        assert await status(public, bad) == (401, "unauthenticated")
    for headers in ({}, {"userId": who.account, "X-User-Id": who.account}, {"Authorization": "Basic YTpi"}):
        async with public.session.get(f"{public.url}/api/v1/orders", headers=headers) as answer:
            assert answer.status == 401


@pytest.mark.spec("order W-41", "auth 17", "store A5")
async def test_what_is_for_the_inside_has_no_way_in(public: Public) -> None:
    """Figures and health of web processes, words to workers, the sandbox's own pages: a header of the caller's changes nothing."""
    for path in ("/metrics", "/health/live", "/health/ready", "/pause", "/client/change", "/sandbox", "/sandbox/books", "/"):
        for method in ("GET", "POST"):
            for headers in ({}, {"X-Forwarded-For": ""}, {"Connection": "X-Forwarded-For", "Host": "127.0.0.1"}):
                async with public.session.request(method, public.url + path, headers=headers) as answer:
                    assert answer.status == 404, (method, path, headers)


@pytest.mark.spec("order W-38", "order W-42", "order W-43")
async def test_to_strangers_nothing_exists(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    order = await bought(public, who, Wish(roses, {roses.products[0].product_id: 1}))
    order_id, (part,) = order["order_id"], order["stores"]
    stranger, other_seller = buyer(word, "stranger"), seller(f"other-{word}")
    cancel, cancel_part = f"/orders/{order_id}/cancel", f"/orders/{order_id}/stores/{part['store_order_id']}/cancel"
    store = f"/stores/{roses.store_id}"
    cases: list[tuple[Person, str, str, Any, int, str]] = [
        (stranger, "GET", f"/orders/{order_id}", None, 404, "order_unknown"),
        (stranger, "GET", f"/orders/{order_id}/timeline", None, 404, "order_unknown"),
        (stranger, "POST", cancel, {}, 404, "order_unknown"),
        (stranger, "POST", cancel_part, {}, 404, "order_unknown"),
        (other_seller, "POST", cancel_part, {}, 404, "order_unknown"),
        (other_seller, "GET", f"{store}/orders", None, 403, "forbidden"),
        (other_seller, "GET", f"{store}/stock", None, 403, "forbidden"),
        (other_seller, "PATCH", f"{store}/stock/rose", {"delta": 1}, 403, "forbidden"),
        (other_seller, "PATCH", f"/products/{roses.products[0].product_id}", {"version": 1, "price": 1}, 403, "forbidden"),
        (stranger, "GET", f"{store}/orders", None, 403, "forbidden"),
        (stranger, "PATCH", f"{store}/stock/rose", {"delta": 1}, 403, "forbidden"),
        (roses.owner, "POST", "/orders", body_of(), 403, "forbidden"),
        (ADMIN, "POST", "/orders", body_of(), 403, "forbidden"),
        (stranger, "GET", "/orders/nothing", None, 404, "order_unknown"),
    ]
    for person, method, path, body, wanted, code in cases:
        answer = await ask(public, person, method, path, body)
        assert (answer.status, answer.body["code"]) == (wanted, code), f"{person.role} {method} {path}"
    assert await orders_of(public, who) == {order_id: "CONFIRMED"}
    assert await orders_of(public, stranger) == {}
    assert await settled(public, roses) == {"rose": (990, 0), "orchid": (100, 0)}


@pytest.mark.spec("order W-36")
async def test_nobody_can_make_up_a_callback(public: Public, word: str) -> None:
    roses, who = await rosary(public, word), buyer(word)
    wish = Wish(roses, {roses.products[0].product_id: 1})
    order, other = await placed(public, who, wish), await placed(public, who, wish)
    mine = await public.press(order["redirects"]["pc"])
    for address in (
        mine.replace(order["order_id"], other["order_id"]),
        f"{public.url}/api/v1/payments/callback/{other['order_id']}/{'A' * 43}/approve?pg_token=1",
    ):
        answer = await ask(public, None, "GET", address)
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    # The shop's own address with a token that the gateway never gave: the order comes to nothing, and no money moves.
    wrong = mine.partition("?")[0] + "?pg_token=made-up"
    assert (await ask(public, None, "GET", wrong)).status == 303
    await eventually(lambda: orders_of(public, who), {order["order_id"]: "CANCELLED", other["order_id"]: "AWAITING_PAYMENT"})
    assert [captured for _, captured, _ in await money(public, order["order_id"])] == [0]
    assert await settled(public, roses) == {"rose": (1_000, 10), "orchid": (100, 0)}
