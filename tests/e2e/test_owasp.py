"""Every route of the running stack, asked by those who may not, about what is really somebody's (OWASP API 2023: 1, 2, 3, 5).

Beside each refusal, what the victims are shown is the same after all of it as before. ``tests/unit/web/test_walk.py`` walks the
same routes with more forgeries; here the actors, the read models and nginx are real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.local.configs import PROBLEMS
from deploy.local.stack import Stack
from tests.chaos.checkout import Wish
from tests.chaos.florists import ROSE, Florist
from tests.chaos.public import Person, Public, buyer, seller
from tests.e2e.shop import ask, bought, eventually, rosary, settled
from tests.unit.web.desk import Desk
from tests.unit.web.documents import ORDER, STORE, STORE_ORDER
from tests.unit.web.examples import IDS, body, names
from tests.unit.web.test_tokens import forged
from web.access import Who
from web.routes import ROUTES
from web.rule import Rule

OWNED = (Who.OWNER, Who.PARTY, Who.SELLER, Who.KEEPER, Who.ADMIN)
"""Routes about what is somebody's: whoever else asks is refused, whatever the role. The others only touch what is the caller's."""
SHOWN = (Who.PUBLIC, Who.BUYER, Who.OWNER, Who.PARTY, Who.SELLER)
OUTSIDE = ("nonce", "command")
"""Addresses that are signed."""


class World(NamedTuple):
    """Victims, what is theirs, and who wants it."""

    public: Public
    florist: Florist
    buyer: Person
    ids: Mapping[str, str]
    words: tuple[str, ...]
    """What nobody else may be told."""
    attackers: Mapping[str, Person]


async def sold(public: Public, florist: Florist) -> int:
    """How many of the florist's first product are said to be sold."""
    return int((await ask(public, None, "GET", f"/products/{florist.products[0].product_id}")).body["sold"])


async def world(public: Public, word: str) -> World:
    """A florist, and a buyer with an order that is paid."""
    florist, who = await rosary(public, word), buyer(word)
    order = await bought(public, who, Wish(florist, {florist.products[0].product_id: 1}))
    (part,) = order["stores"]
    # What a product has sold is shown up to a second later than the order.
    await eventually(lambda: sold(public, florist), 1)
    ids = {
        **IDS,
        "coupon_id": next(iter(florist.coupons)),
        "flower_id": ROSE,
        "order_id": order["order_id"],
        "product_id": florist.products[0].product_id,
        "row": order["order_id"],
        "store_id": florist.store_id,
        "store_order_id": part["store_order_id"],
    }
    stranger = seller(f"other-{word}")
    attackers = {
        "stranger": buyer(word, "stranger"),
        "other seller": stranger,
        "seller without a store": Person(stranger.account, "seller", ()),
        "a seller by the buyer's account": Person(who.account, "seller", stranger.stores),
        "a buyer by the seller's account": Person(florist.owner.account, "buyer"),
        "the buyer, with a store in the token": Person(who.account, "buyer", (florist.store_id,)),
    }
    words = (order["order_id"], part["store_order_id"], who.account)
    return World(public, florist, who, ids, words, {**attackers, "the buyer": who})


def real(value: Any, ids: Mapping[str, str]) -> Any:
    """An example's body about what really is."""
    known = {STORE: ids["store_id"], "product-1": ids["product_id"], ORDER: ids["order_id"], STORE_ORDER: ids["store_order_id"]}
    if isinstance(value, dict):
        return {known.get(name, name): real(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [real(one, ids) for one in value]
    return known.get(value, value) if isinstance(value, str) else value


def path_of(rule: Rule, ids: Mapping[str, str]) -> str:
    return rule.path.format(**{**ids, "nonce": "n"})


async def shown(one: World) -> dict[str, Any]:
    """What the victims, and visitors, are shown on every route that reads."""
    found = {}
    for rule in ROUTES:
        if rule.method != "GET" or rule.who not in SHOWN or rule.endless or set(names(rule)) & set(OUTSIDE):
            continue
        if rule.who is Who.PUBLIC and not names(rule):
            # Lists of the whole marketplace, where other tests may be at work.
            continue
        who = {Who.PUBLIC: None, Who.SELLER: one.florist.owner}.get(rule.who, one.buyer)
        answer = await ask(one.public, who, "GET", path_of(rule, one.ids))
        found[rule.template] = (answer.status, answer.body)
    return found


@pytest.mark.spec("auth 6", "auth 7", "auth 47", "order W-38")
async def test_nobody_gets_at_what_is_anothers(public: Public, word: str) -> None:
    one = await world(public, word)
    shelf, before = await settled(public, one.florist), await shown(one)
    assert sum(status == 200 for status, _ in before.values()) >= 10
    let_in = []
    for rule in ROUTES:
        if rule.who not in OWNED:
            continue
        for name, who in one.attackers.items():
            if (who.account, who.role) == (one.buyer.account, "buyer") and rule.who in (Who.OWNER, Who.PARTY):
                continue
            said = await public.call(who, rule.method, path_of(rule, one.ids), real(body(rule), one.ids), wait=2)
            told = [secret for secret in one.words if secret in str(said.body)]
            if said.status not in (403, 404) or told:
                let_in.append((name, rule.method, rule.template, said.status, told))
    assert let_in == []
    assert await shown(one) == before
    assert await settled(public, one.florist) == shelf


@pytest.mark.spec("auth 7", "auth 14")
async def test_no_forged_token_gets_anywhere(stack: Stack, public: Public, tmp_path: Path) -> None:
    ours = Desk(tmp_path)
    ours.key = Path(stack.env()["BB_TOKEN_KEY"])
    bad = {name: token for name, token in forged(ours).items() if token and token.isascii() and token.isprintable()}
    assert len(bad) > 25
    let_in = []
    for rule in ROUTES:
        if rule.cookie or rule.endless:
            continue
        for name, token in [*bad.items(), ("none at all", "")]:
            if not token and rule.who in (Who.PUBLIC, Who.SHOPPER):
                continue
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            url = f"{public.url}{path_of(rule, IDS)}"
            async with public.session.request(rule.method, url, headers=headers, allow_redirects=False) as answer:
                if answer.status != 401:
                    let_in.append((name, rule.method, rule.template, answer.status))
    assert let_in == []


@pytest.mark.spec("auth 5", "order W-39")
async def test_nginx_hands_on_nothing_that_a_client_says_of_itself(public: Public, word: str) -> None:
    who = buyer(word)
    for headers in (
        {"X-Forwarded-For": "127.0.0.1", "userId": who.account, "X-User-Id": who.account},
        {"Forwarded": "for=127.0.0.1", "X-Real-IP": "127.0.0.1", "X-Original-URL": "/metrics", "X-Rewrite-URL": "/metrics"},
        {"Connection": "Authorization, X-Forwarded-For", "X-HTTP-Method-Override": "GET"},
    ):
        async with public.session.get(f"{public.url}/api/v1/orders", headers=headers) as answer:
            assert answer.status == 401
        async with public.session.get(f"{public.url}/metrics", headers=headers) as answer:
            assert answer.status == 404


@pytest.mark.spec("auth 30")
async def test_what_nginx_refuses_is_a_problem_too(public: Public) -> None:
    async def refused(words: bytes) -> tuple[int, bytes]:
        host, port = public.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(words)
        await writer.drain()
        async with asyncio.timeout(10):
            said = await reader.read()
        writer.close()
        return int(said.split(b" ", 2)[1]), said

    image = f"/images/{'0' * 36}/{'0' * 32}-640.webp"
    for words, status in (
        (b"GET /api/v1/products?x=" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 414),
        (b"GET /api/v1/products HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 40_000 + b"\r\nConnection: close\r\n\r\n", 400),
        (b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n", 413),
        (b"GET /api/v1/products HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n", 400),
        (b"TRACE /api/v1/products HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
        *(
            (f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), status)
            for line, status in (
                ("GET /", 404), ("GET /nothing", 404), ("GET /api", 404), ("GET /sandbox/books", 404), ("GET /problem/404", 404),
                ("GET /images", 404), (f"GET {image}", 404), (f"DELETE {image}", 404), (f"GET /uploads/{'0' * 36}", 405),
                (f"PUT /documents/{'0' * 36}", 405), ("PUT /api/v1/products", 405),
            )
        ),
        (f"POST {image} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n".encode(), 413),
    ):  # fmt: skip
        found, said = await refused(words)
        problem = b"application/problem+json" in said, f'"code":"{PROBLEMS[status]}"'.encode() in said, b"<html" in said
        assert (found, *problem) == (status, True, True, False), said
