"""What is sent where it does not belong, through nginx, on every route: fields, tokens, names in paths, files (OWASP API 2023)."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.local.stack import Stack
from models.actor import id_of
from models.settings import read
from tests.browser import kakao
from tests.chaos.public import ADMIN, Person, Public, buyer, seller
from tests.e2e.people import Diary, done
from tests.e2e.shop import ask, eventually, settled
from tests.e2e.test_owasp import path_of, real, shown, world
from tests.unit.images.files import HTML, SVG
from tests.unit.web.examples import IDS, body, names
from tests.unit.web.test_tokens import mutated
from tests.unit.web.test_walk import NASTY, ROLES
from web.access import Who
from web.routes import ROUTES

SEED, AT_ONCE = 20261126, 32
FIELDS = ("account", "buyer", "by", "role", "seller", "owner", "is_admin", "verified", "status", "id", "couponAmount", "total")


@pytest.fixture
async def signed_in(stack: Stack) -> AsyncIterator[Diary]:
    """Somebody who has just come by Kakao."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        me = Diary(http, read(stack.env()))
        assert (await me.by("kakao", kakao())).status == 200
        yield me


async def status_of(public: Public, method: str, path: str, token: str) -> tuple[int, str]:
    """Status and code of a request with a token."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "a-good-key"}
    async with public.session.request(method, f"{public.url}{path}", headers=headers, allow_redirects=False) as answer:
        said = await answer.json(content_type=None) if "json" in answer.content_type else {}
        return answer.status, said.get("code", "")


@pytest.mark.spec("auth 14", "auth 16")
async def test_the_token_of_a_session_that_has_ended_counts_nowhere(public: Public, signed_in: Diary) -> None:
    token = signed_in.token
    await done(signed_in, "POST", "/auth/sign-out")

    async def said() -> set[tuple[int, str]]:
        return {await status_of(public, "GET", "/api/v1/me", token) for _ in range(6)}

    # nginx deals requests out to all processes in turn.
    await eventually(said, {(401, "session_ended")}, 5)
    let_in = []
    for rule in ROUTES:
        if not rule.cookie and not rule.endless:
            told = await status_of(public, rule.method, path_of(rule, IDS), token)
            if told != (401, "session_ended"):
                let_in.append((rule.method, rule.template, told))
    assert let_in == []


@pytest.mark.spec("auth 14")
async def test_of_ten_thousand_mutated_tokens_none_gets_in(public: Public, signed_in: Diary) -> None:
    dice, good = random.Random(SEED), signed_in.token
    assert await status_of(public, "GET", "/api/v1/me", good) == (200, "")
    tokens: set[str] = set()
    while len(tokens) < 10_000:
        token = mutated(good, dice).strip()
        # Others are no header at all.
        if token != good and token.isprintable():
            tokens.add(token)
    left, said = iter(sorted(tokens)), Counter[tuple[int, str]]()

    async def try_them() -> None:
        for token in left:
            said[await status_of(public, "GET", "/api/v1/me", token)] += 1

    await asyncio.gather(*(try_them() for _ in range(AT_ONCE)))
    assert said == {(401, "unauthenticated"): 10_000}


@pytest.mark.timeout(300)
@pytest.mark.spec("auth 2", "order W-1", "order W-45")
async def test_no_route_takes_a_field_that_it_does_not_ask_for(public: Public, word: str) -> None:
    """Mass assignment, by whoever may use the route, on what is theirs."""
    one = await world(public, word)
    shelf, before = await settled(public, one.florist), await shown(one)
    people = {"buyer": one.buyer, "seller": one.florist.owner, "admin": ADMIN, "applicant": Person(id_of(word), "applicant")}
    taken = []
    for rule in ROUTES:
        if rule.method == "GET" or rule.cookie:
            continue
        who = None if rule.who is Who.PUBLIC else people[sorted(ROLES[rule.who])[-1 if rule.who is Who.KEEPER else 0]]
        if rule.who is Who.ANYONE:
            # Of codes and passwords an account may send few.
            who = buyer(word, rule.template)
        foreign = [field for field in FIELDS if field not in (rule.body.__struct_fields__ if rule.body else ())]
        wish = {**real(body(rule), one.ids), **dict.fromkeys(foreign, "admin-1")}
        said = await public.call(who, rule.method, path_of(rule, one.ids), wish, wait=2)
        named = {error["pointer"] for error in said.body.get("errors", ()) if error["code"] == "unknown_field"}
        if said.status != 422 or named != {f"/{field}" for field in foreign}:
            taken.append((rule.method, rule.template, said.status, said.body.get("code"), named))
    assert taken == []
    assert await shown(one) == before
    assert await settled(public, one.florist) == shelf


@pytest.mark.spec("auth 30")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
async def test_no_write_takes_a_packed_body_or_falls_over_one(public: Public, word: str, encoding: str) -> None:
    who = buyer(word)
    headers = {
        **public.headers(who),
        "Content-Type": "application/json",
        "Content-Encoding": encoding,
        "Idempotency-Key": "a-good-key",
    }
    for method, path in (("POST", "/api/v1/orders"), ("POST", "/api/v1/auth/seller"), ("POST", "/api/v1/cart/items")):
        async with public.session.request(method, f"{public.url}{path}", headers=headers, data=b'{"not": "packed"}') as answer:
            said = await answer.json(content_type=None)
            assert (path, answer.status, said["code"]) == (path, 415, "encoded_body")


@pytest.mark.timeout(300)
@pytest.mark.spec("auth 30")
async def test_no_path_hides_in_a_name(public: Public) -> None:
    """Sent as it is: no client tidies it up. What nginx makes of ``..`` is a path of ours or none."""
    host, port = public.url.removeprefix("http://").split(":")

    async def status(method: str, path: str) -> int:
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Content-Length: 0", "Connection: close", "Idempotency-Key: a-good-key"]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        said = await reader.read()
        writer.close()
        return int(said.split(b" ", 2)[1])

    tries = [
        (rule.method, rule.path.format(**{**IDS, "nonce": "n", name: nasty}))
        for rule in ROUTES
        for name in names(rule)
        for nasty in NASTY
    ]
    let_in, left = [], iter(tries)

    async def try_them() -> None:
        for method, path in left:
            if (said := await status(method, path)) not in (400, 401, 404, 405):
                let_in.append((method, path, said))

    await asyncio.gather(*(try_them() for _ in range(AT_ONCE)))
    assert let_in == []


@pytest.mark.spec("product W31")
@pytest.mark.parametrize("purpose", ["review", "profile", "product", "store"])
async def test_what_is_no_image_is_nowhere_to_be_seen(public: Public, word: str, purpose: str) -> None:
    # Of an account's form, as the profile is asked about its row before anything is refused.
    mine = Person(f"{uuid.uuid4().hex}-1") if purpose == "profile" else buyer(word)
    who = mine if purpose in ("review", "profile") else seller(id_of(word))
    for data in (SVG, HTML):
        announced = await ask(public, who, "POST", "/images", {"purpose": purpose, "content_type": "image/png", "size": len(data)})
        link, image_id = announced.body["upload"], announced.body["image_id"]
        async with public.session.request(link["method"], link["url"], data=data, headers=link["headers"]) as sent:
            assert sent.status == 200
        refused = await ask(public, who, "POST", f"/images/{image_id}/finish")
        assert (refused.status, refused.body["code"]) == (422, "image_unreadable")
        assert "urls" not in (await ask(public, who, "GET", f"/images/{image_id}")).body
        if purpose == "profile":
            used = await ask(public, who, "PATCH", "/me", {"picture": image_id})
            assert (used.status, used.body["code"]) == (422, "image_unusable")
