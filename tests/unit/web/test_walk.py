"""Every route of the table, asked by everybody who may not (OWASP API 2023: 1, 2, 3, 5): routes that come later are walked too.

Nothing here knows a route by name. What a path names is described in ``examples.py``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
import pytest_asyncio

from tests.unit.web.desk import Desk
from tests.unit.web.documents import ADMIN, BUYER, ORDER, OTHER_SELLER, OTHER_STORE, SELLER, STORE, STORE_ORDER, STRANGER
from tests.unit.web.examples import IDS, body, names, target
from tests.unit.web.serving import Said, Served, serving
from tests.unit.web.test_tokens import forged, signed
from web.access import Who
from web.ended import Ended
from web.routes import ROUTES
from web.rule import Rule

BY: Mapping[str, Any] = {"ids": lambda value: f"{value.method} {value.template}" if isinstance(value, Rule) else value}
OPEN = (Who.PUBLIC, Who.SHOPPER)
"""Where nobody needs to be signed in."""
GUARDED = pytest.mark.parametrize("rule", [rule for rule in ROUTES if rule.who not in OPEN], **BY)
URL = "https://shop.example"

PEOPLE: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "buyer": (BUYER, "buyer", ()),
    "stranger": (STRANGER, "buyer", ()),
    "seller": (SELLER, "seller", (STORE,)),
    "other seller": (OTHER_SELLER, "seller", (OTHER_STORE,)),
    "seller without a store": ("seller-3", "seller", ()),
    "admin": (ADMIN, "admin", ()),
    "applicant": ("applicant-1", "applicant", ()),
}
ROLES: Mapping[Who, set[str]] = {
    Who.PUBLIC: {"buyer", "seller", "admin", "applicant"},
    Who.BUYER: {"buyer"},
    Who.OWNER: {"buyer"},
    Who.PARTY: {"buyer", "seller"},
    Who.SELLER: {"seller"},
    Who.KEEPER: {"seller", "admin"},
    Who.ADMIN: {"admin"},
    Who.APPLICANT: {"applicant"},
    Who.ANYONE: {"buyer", "seller", "admin", "applicant"},
    Who.SENDER: {"buyer", "seller", "admin", "applicant"},
    Who.SHOPPER: {"buyer"},
}
"""Roles that may use a route at all."""


def roles(rule: Rule) -> set[str]:
    """Those of a route; of a kind that is not described, none."""
    return ROLES.get(rule.who, set())


class Door(Ended):
    """Knows that ``session-ended`` has ended, and that Redis is there."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:9/0", "bb", 1e9, 4)
        self._alive = time.monotonic()
        self.heard("ended", {"session-ended": round(time.time() * 1000)})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    desk = Desk(tmp_path_factory.mktemp("keys"))
    async with serving(desk, public_url=URL, ended=Door(), limits="*.account=100000/1,*.address=100000/1") as one:
        yield one


async def ask(served: Served, rule: Rule, token: str, said: Any = None, **ids: str) -> Said:
    """A good request to a route, as a page of our own sends it; ``said``: its body."""
    del served.client.sent[:], served.client.keys[:]
    headers = {"Idempotency-Key": f"walk-{time.monotonic_ns()}", "Origin": URL, "X-CSRF": "1", "Prefer": "wait=0"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return await served.ask(rule.method, target(rule, served.desk, **ids), headers, body(rule) if said is None else said)


def test_everything_that_a_path_names_is_described() -> None:
    unknown = {name for rule in ROUTES for name in names(rule)} - {*IDS, "nonce"}
    assert unknown == set(), "say in tests/unit/web/examples.py whose it is"
    assert set(IDS) == {name for rule in ROUTES for name in names(rule)} - {"nonce"}, "described, but no route names it"


def test_every_kind_of_who_is_walked() -> None:
    assert set(ROLES) == set(Who)


@pytest.mark.spec("auth 7")
@GUARDED
async def test_a_guest_gets_nowhere(served: Served, rule: Rule) -> None:
    said = await ask(served, rule, "")
    assert (said.status, said.code, served.sent) == (401, "unauthenticated", [])


@pytest.mark.spec("auth 6")
@GUARDED
@pytest.mark.parametrize("name", PEOPLE)
async def test_a_wrong_role_gets_nowhere(served: Served, rule: Rule, name: str) -> None:
    account, role, stores = PEOPLE[name]
    foreign = "store_id" in names(rule) and rule.who in (Who.SELLER, Who.KEEPER) and role == "seller" and STORE not in stores
    said = await ask(served, rule, served.desk.token(account, role, stores))
    if role not in roles(rule) or foreign:
        assert (said.status, said.code, served.sent) == (403, "forbidden", [])
    else:
        assert said.status != 401


@pytest.mark.spec("auth 6", "order W-38")
@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (rule, name)
        for rule in ROUTES
        for name in ("stranger", "other seller", "seller without a store")
        if rule.who is not Who.PUBLIC and PEOPLE[name][1] in roles(rule)
    ],
    **BY,
)
async def test_to_a_stranger_with_the_right_role_nothing_of_others_is_there(served: Served, rule: Rule, name: str) -> None:
    """Either the web refuses, or it shows nothing of others, or what it asks an actor says truly who asks."""
    account, role, stores = PEOPLE[name]
    said = await ask(served, rule, served.desk.token(account, role, stores))
    text = str(said.body)
    secrets = [word for word in (BUYER, SELLER, ORDER, STORE_ORDER) if word in text and word not in rule.path]
    assert secrets == []
    if served.sent:
        words = msgspec.json.encode([served.sent, served.client.keys]).decode()
        assert account in words, "the actor cannot know who asks"
        assert BUYER not in words
        assert SELLER not in words
    else:
        assert said.status in (200, 400, 403, 404, 422, 503)


@pytest.mark.spec("auth 7", "auth 14")
@pytest.mark.parametrize("rule", [rule for rule in ROUTES if not rule.cookie], **BY)
async def test_no_token_that_is_none_counts_anywhere(served: Served, rule: Rule) -> None:
    """Not on a route for everybody either: whoever thinks to be signed in is told that this is not so.

    Routes of the refresh cookie read no token at all.
    """
    bad = {
        **{name: token for name, token in forged(served.desk).items() if token and token.isascii() and token.isprintable()},
        "run out": served.desk.token(ADMIN, "admin", (), -1),
        "of a session that has ended": served.desk.token(ADMIN, "admin", (), 600, "session-ended"),
    }
    assert len(bad) > 25
    for name, token in bad.items():
        said = await ask(served, rule, token)
        assert (name, said.status, served.sent) == (name, 401, [])
    for scheme in ("Basic YTpi", f"Token {served.desk.token()}", "Bearer", "Bearer ", f"Bearer  {served.desk.token()}"):
        headers = {"Authorization": scheme, "Idempotency-Key": "a-good-key", "Origin": URL, "X-CSRF": "1"}
        said = await served.ask(rule.method, target(rule, served.desk), headers, body(rule))
        assert (scheme, said.status, served.sent) == (scheme, 401, [])


@pytest.mark.spec("auth 5", "order W-39")
@pytest.mark.parametrize("rule", [rule for rule in ROUTES if rule.who is not Who.PUBLIC], **BY)
async def test_no_header_but_the_token_says_who_asks(served: Served, rule: Rule) -> None:
    claims = dict.fromkeys(("userId", "X-User-Id", "X-Account", "X-Forwarded-User", "X-Auth-Request-User", "Remote-User"), BUYER)
    cookie = f"userId={BUYER}; accessToken={served.desk.token()}"
    claims |= {"role": "admin", "X-Role": "admin", "X-Store-Id": STORE, "Cookie": cookie}
    del served.client.sent[:], served.client.keys[:]
    said = await served.ask(rule.method, target(rule, served.desk), {**claims, "Idempotency-Key": "a-good-key"}, body(rule))
    if rule.who in OPEN:
        assert BUYER not in msgspec.json.encode([served.sent, served.client.keys]).decode()
        assert said.status != 403
    else:
        assert (said.status, served.sent) == (401, [])


FIELDS = (
    "account", "buyer", "by", "role", "seller", "sub", "is_admin", "isEmailVerified", "verified", "state", "id", "couponAmount",
    "total",
)  # fmt: skip
"""Who asks, what they may, and what it costs: nobody takes a client's word for it."""


@pytest.mark.spec("auth 2", "order W-1", "order W-45")
@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (rule, field)
        for rule in ROUTES
        for field in FIELDS
        if rule.method != "GET" and field not in (rule.body.__struct_fields__ if rule.body else ())
    ],
    **BY,
)
async def test_a_field_that_is_not_asked_for_is_named_and_nothing_is_sent(served: Served, rule: Rule, field: str) -> None:
    """Mass assignment."""
    name = next(name for name, (_, role, _) in PEOPLE.items() if role in roles(rule))
    said = await ask(served, rule, served.desk.token(*PEOPLE[name]), {**body(rule), field: "admin-1"})
    assert (said.status, said.code, served.sent) == (422, "validation_failed", [])
    assert (f"/{field}", "unknown_field") in [(error["pointer"], error["code"]) for error in said.body["errors"]]


NASTY = (
    "..", ".", "", "%2e%2e", "..%2f..%2fetc", "a%2Fb", "a%5Cb", "a%00b", "a%0d%0aX:1", "a b", "a'b", 'a"b', "a;b", "a,b", "$ne",
    "*", "{}", "a:b", "%F0%9F%8C%B7", "꽃", "x" * 65, "__proto__/..", "a\tb",
)  # fmt: skip


@pytest.mark.spec("auth 30")
@pytest.mark.parametrize("rule", [rule for rule in ROUTES if names(rule)], **BY)
async def test_what_is_no_id_is_nowhere(served: Served, rule: Rule) -> None:
    """No path, query, pattern or line break gets past the table as an id."""
    for name in names(rule):
        for nasty in NASTY:
            raw = rule.path.format(**{**IDS, "nonce": "n", name: nasty})
            status = await raw_status(served, rule.method, raw)
            assert (name, nasty, status in (400, 401, 404, 405)) == (name, nasty, True), status
    assert served.sent == []


async def raw_status(served: Served, method: str, path: str) -> int:
    """Status of a request whose path is sent as it is: no client tidies it up."""
    del served.client.sent[:]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.url.rpartition(":")[2]))
    try:
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Content-Length: 0", "Connection: close", "Idempotency-Key: a-good-key"]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        return int((await reader.read()).split(b" ", 2)[1])
    finally:
        writer.close()


def test_the_walkers_tokens_are_good(served: Served) -> None:
    """So that a 401 above is the word of the check and not of a token that nobody would take."""
    for account, role, stores in PEOPLE.values():
        assert served.shared.tokens.caller(served.desk.token(account, role, stores)).account == account
    claims = jwt.decode(served.desk.token(), options={"verify_signature": False})
    assert served.shared.tokens.caller(signed(served.desk, claims)).account == BUYER
    assert Path(served.desk.key).exists()
