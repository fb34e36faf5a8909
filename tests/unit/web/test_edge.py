"""The edge: where a request comes from, which sites may read an answer, what every answer carries, and when it is too late."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from models.accounts.secrets import hashed
from tests.unit.web.desk import Desk
from tests.unit.web.documents import BUYER, ORDER, STORE, STRANGER, order_body
from tests.unit.web.serving import Served, serving
from web.access import Who
from web.call import Call
from web.cookies import Cookies, Refresh, following, fresh
from web.edge import LONGEST, Origins, address
from web.idempotency import sign
from web.limits import SharedBuckets
from web.problems import Problem
from web.rule import Rule

SHOP, FRONT, EVIL = "https://shop.example", "https://store.example", "https://evil.example"
CORS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def bearer(desk: Desk, *who: Any, **more: Any) -> dict[str, str]:
    """The header of somebody's token."""
    return {"Authorization": f"Bearer {desk.token(*who, **more)}"}


# -- origins --------------------------------------------------------------------------------------------------------------


async def test_a_browser_is_told_what_a_front_end_of_the_list_may(desk: Desk) -> None:
    async with serving(desk, cors=f"{FRONT},https://admin.example") as served:
        asked = {"Origin": FRONT, "Access-Control-Request-Method": "POST"}
        allowed = await served.ask("OPTIONS", "/orders", asked)
        assert allowed.status == 204
        assert [allowed.headers[name] for name in CORS] == [FRONT, "true", "POST, GET"]
        assert "Idempotency-Key" in allowed.headers["Access-Control-Allow-Headers"]
        assert allowed.headers["Vary"] == "Origin"
        assert [(await served.ask("OPTIONS", path, asked)).status for path in ("/orders/a/timeline", "/nothing")] == [204, 204]
        read = await served.ask("GET", "/products", {"Origin": FRONT})
        assert (read.status, read.headers[CORS[0]], read.headers["Vary"]) == (200, FRONT, "Origin")
        refused = await served.ask("GET", "/orders", {"Origin": FRONT})
        assert (refused.status, refused.headers[CORS[0]]) == (401, FRONT)


@pytest.mark.parametrize("origin", [EVIL, "null", "https://store.example.evil.example", "http://store.example", f"{FRONT}:444", ""])
async def test_a_page_of_another_site_is_told_nothing(desk: Desk, origin: str) -> None:
    async with serving(desk, cors=FRONT) as served:
        for method, path in (("OPTIONS", "/orders"), ("GET", "/products"), ("GET", "/orders"), ("GET", "/nothing")):
            said = await served.ask(method, path, {"Origin": origin, "Access-Control-Request-Method": "GET"})
            assert [name for name in CORS if name in said.headers] == []
            # A cache must not hand on to this page what another one was told.
            assert said.headers["Vary"] == "Origin"


@pytest.mark.parametrize("bad", ["*", "shop.example", "https://shop.example/", "https://shop.example/path", "null", "file://x"])
def test_an_origin_that_is_none_is_said_at_the_start(bad: str) -> None:
    with pytest.raises(ValueError, match="BB_CORS"):
        Origins(SHOP, [FRONT, bad])


@pytest.mark.spec("auth 14", "frontend D-04")
@pytest.mark.parametrize(
    ("headers", "good"),
    [
        ({"X-CSRF": "1", "Origin": SHOP}, True),
        ({"X-CSRF": "1", "Origin": SHOP, "Sec-Fetch-Site": "same-origin"}, True),
        ({"X-CSRF": "1", "Origin": FRONT, "Sec-Fetch-Site": "same-site"}, True),
        ({"X-CSRF": "1", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": SHOP}, False),
        ({"X-CSRF": "", "Origin": SHOP}, False),
        ({"X-CSRF": "1"}, False),
        ({"X-CSRF": "1", "Origin": EVIL}, False),
        ({"X-CSRF": "1", "Origin": "null"}, False),
        ({"X-CSRF": "1", "Origin": ""}, False),
        ({"X-CSRF": "1", "Sec-Fetch-Site": "same-site"}, False),
        ({"X-CSRF": "1", "Sec-Fetch-Site": "cross-site"}, False),
        ({"X-CSRF": "1", "Sec-Fetch-Site": "none"}, False),
        ({"X-CSRF": "1", "Origin": SHOP, "Sec-Fetch-Site": "cross-site"}, False),
        ({"X-CSRF": "1", "Origin": EVIL, "Sec-Fetch-Site": "same-origin"}, False),
    ],
)
def test_only_our_own_pages_use_the_cookie(headers: dict[str, str], good: bool) -> None:
    origins = Origins(f"{SHOP}/", [FRONT])
    if good:
        origins.check(headers)
        return
    with pytest.raises(Problem) as refused:
        origins.check(headers)
    assert (refused.value.status, refused.value.code) == (403, "cross_site")


# -- what every answer carries --------------------------------------------------------------------------------------------

ANSWERS = [
    ("GET", "/products", 200), ("GET", f"/orders/{ORDER}", 200), ("GET", "/orders/none", 404), ("GET", "/nothing", 404),
    ("DELETE", "/orders", 405), ("POST", "/orders", 400), ("GET", "/docs", 200), ("GET", "/openapi.json", 200),
    ("GET", f"/stores/{STORE}/stock", 403),
]  # fmt: skip


@pytest.mark.spec("auth 8")
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_carries_the_headers_of_security(desk: Desk, method: str, path: str, status: int) -> None:
    async with serving(desk) as served:
        said = await served.ask(method, path, bearer(desk))
        assert said.status == status
        policy = dict(part.strip().split(" ", 1) for part in said.headers["Content-Security-Policy"].split(";"))
        assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'")
        assert "unsafe" not in said.headers["Content-Security-Policy"]
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert said.headers["Referrer-Policy"] == "no-referrer"
        assert said.headers["Cross-Origin-Resource-Policy"] == "same-site"
        assert "Strict-Transport-Security" not in said.headers
        public = path in ("/products", "/openapi.json")
        assert said.headers["Cache-Control"].startswith("public" if public else "no-store")
        assert said.headers["Server"] == "blooming-blooms", "which programs answer, and how old they are, is nobody's business"


async def test_in_production_a_browser_never_comes_back_without_tls(desk: Desk) -> None:
    async with serving(desk, env="production") as served:
        for path in ("/products", "/nothing"):
            said = await served.ask("GET", path)
            assert said.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


# -- limits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 31")
async def test_a_route_says_its_limit_and_keeps_to_it(desk: Desk) -> None:
    async with serving(desk, limits="read.account=2/60,write.account=1/60", limit_shares=1) as served:
        mine, other = bearer(desk), bearer(desk, STRANGER)
        first = await served.ask("GET", "/orders", mine)
        said = [first.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset", "Policy")]
        assert (first.status, said) == (200, ["2", "1", "30", "2;w=60"])
        assert (await served.ask("GET", f"/orders/{ORDER}", mine)).headers["RateLimit-Remaining"] == "0"
        refused = await served.ask("GET", "/orders", mine)
        assert (refused.status, refused.code, refused.headers["RateLimit-Remaining"]) == (429, "too_many_requests", "0")
        assert refused.headers["Retry-After"] == "30"
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert (await served.ask("GET", "/orders", other)).status == 200
        # Another limit, another bucket; a refused request counts as well.
        key = {"Idempotency-Key": "a-good-key"}
        assert (await served.ask("POST", "/orders", {**mine, **key}, {"x": 1})).status == 422
        assert (await served.ask("POST", "/orders", {**mine, **key}, order_body())).status == 429
        assert served.sent == []


async def test_who_is_not_signed_in_counts_by_address_and_a_bad_token_is_no_way_round(desk: Desk) -> None:
    async with serving(desk, limits="read.address=3/60", limit_shares=1) as served:
        near, far = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
        bad = {"Authorization": "Bearer nonsense", **near}
        assert [(await served.ask("GET", "/products", one)).status for one in (near, bad, near, near, bad, far)] == [
            200, 401, 200, 429, 429, 200,
        ]  # fmt: skip
        # What the client says itself stands before what our proxy adds.
        spoofed = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
        assert (await served.ask("GET", "/products", spoofed)).status == 429


async def test_only_our_proxy_says_where_a_request_comes_from(desk: Desk) -> None:
    async with serving(desk, limits="read.address=1/60", limit_shares=1, proxies="10.0.0.1") as served:
        said = [(await served.ask("GET", "/products", {"X-Forwarded-For": f"203.0.113.{n}"})).status for n in range(3)]
        assert said == [200, 429, 429]


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [("", "127.0.0.1"), ("203.0.113.7", "203.0.113.7"), ("1.2.3.4, 203.0.113.7 ", "203.0.113.7"), ("1.2.3.4,", "127.0.0.1")],
)
def test_addresses(forwarded: str, found: str) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded}).clone(remote="127.0.0.1")
    assert address(request, frozenset({"127.0.0.1"})) == found
    assert address(request, frozenset()) == "127.0.0.1"


async def nothing(call: Call) -> web.Response:
    """``GET /test``: answers at once."""
    return call.answer({"address": call.address})


async def test_a_limit_of_all_processes_is_closed_while_redis_is_away(desk: Desk) -> None:
    buckets = SharedBuckets("redis://127.0.0.1:9/0", "bb", b"s" * 32)
    rule = Rule("POST", "/test", Who.PUBLIC, nothing, limit="sign_in")
    async with serving(desk, rules=[rule], buckets=buckets) as served:
        said = await served.ask("POST", "/test")
        assert (said.status, said.code, said.headers["Retry-After"]) == (503, "unavailable", "1")


# -- time and size --------------------------------------------------------------------------------------------------------


async def test_a_target_has_an_end(desk: Desk) -> None:
    async with serving(desk) as served:
        path = "/api/v1/products?cursor="
        long = await served.ask("GET", path + "x" * (LONGEST - len(path) + 1))
        assert (long.status, long.code) == (414, "target_too_long")
        assert (await served.ask("GET", path + "x" * (LONGEST - len(path)))).status == 400, "a cursor has 1000 characters"


async def sleeps(call: Call) -> web.Response:
    """``GET /test``: longer than anybody waits."""
    await asyncio.sleep(60)
    return call.answer({})


async def fails(call: Call) -> web.Response:
    """``GET /test``: with a time-out of its own, which nobody has foreseen."""
    raise TimeoutError


async def test_an_answer_comes_in_time_or_not_at_all(desk: Desk) -> None:
    rules = [Rule("GET", "/slow", Who.PUBLIC, sleeps), Rule("GET", "/broken", Who.PUBLIC, fails)]
    async with serving(desk, rules=rules, request_timeout=0.1) as served:
        begun = time.monotonic()
        said = await served.ask("GET", "/slow")
        assert (said.status, said.code, said.headers["Retry-After"]) == (503, "unavailable", "1")
        assert time.monotonic() - begun < 5
        assert (await served.ask("GET", "/broken")).code == "internal_error"


async def test_a_stream_has_no_end(desk: Desk) -> None:
    async def late(call: Call) -> web.Response:
        await asyncio.sleep(0.3)
        return call.answer({})

    rules = [Rule("GET", "/stream", Who.PUBLIC, late, endless=True)]
    async with serving(desk, rules=rules, request_timeout=0.1) as served:
        assert (await served.ask("GET", "/stream")).status == 200


async def spoken(served: Served, words: bytes) -> tuple[bytes, bytes]:
    """What the server says to ``words`` that are sent as they are: head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.url.rpartition(":")[2]))
    try:
        writer.write(words)
        await writer.drain()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return head, body
    finally:
        writer.close()


@pytest.mark.spec("auth 24", "auth 30")
@pytest.mark.parametrize(
    "words",
    [
        b"GET /api/v1/products?pg_token=secret-1 HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /api/v1/\xea\xbd\x83?code=secret-1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/a b?code=secret-1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/products HTTP/1.1\r\nHost: x\r\nCookie secret-1\r\n\r\n",
        b"GET /api/v1/products HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nCookie: secret-1\r\n\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nsecret-1",
        b"GET /api/v1/products?code=secret-1" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["version", "letters", "blank", "header", "length", "smuggling", "long"],
)
async def test_what_is_no_request_is_refused_like_any_other_and_not_logged(
    desk: Desk, words: bytes, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(desk) as served:
        head, body = await spoken(served, words)
        assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        assert b"application/problem+json" in head
        assert msgspec.json.decode(body)["code"] == "malformed_request"
        assert b"aiohttp" not in head
        assert served.sent == []
    printed = capsys.readouterr()
    assert "secret-1" not in printed.out + printed.err + caplog.text


# -- the cookie -----------------------------------------------------------------------------------------------------------


async def test_a_route_of_the_cookie_asks_where_the_request_comes_from(desk: Desk) -> None:
    rule = Rule("POST", "/test", Who.PUBLIC, nothing, cookie=True)
    async with serving(desk, rules=[rule], public_url=SHOP) as served:
        assert (await served.ask("POST", "/test")).code == "cross_site"
        assert (await served.ask("POST", "/test", {"Origin": EVIL, "X-CSRF": "1"})).code == "cross_site"
        good = {"Origin": SHOP, "X-CSRF": "1"}
        assert (await served.ask("POST", "/test", good)).status == 200
        # A token that has run out is why the cookie is used.
        assert (await served.ask("POST", "/test", {**good, **bearer(desk, BUYER, lifetime=-1)})).status == 200


ACCOUNT = f"{'a' * 32}-2"
REFRESH = Refresh(ACCOUNT, "5f0c1c5e-0000-5000-8000-000000000000", "S" * 43)
KEY = b"k" * 32
SIGNATURE = sign(KEY, "cookie", *REFRESH)[:22]
TEXT = ".".join((*REFRESH, SIGNATURE))
"""Of the cookie."""


def kept(cookies: Cookies, refresh: Refresh | None) -> str:
    """The ``Set-Cookie`` of an answer that gives ``refresh`` or takes it away."""
    answer = web.Response()
    if refresh is None:
        cookies.take_away(answer)
    else:
        cookies.give(answer, refresh)
    (said,) = answer.headers.getall("Set-Cookie")
    return said


@pytest.mark.spec("auth 14", "auth 15", "frontend D-04")
def test_no_script_and_no_other_site_has_the_refresh_secret() -> None:
    text = f"{ACCOUNT}.{REFRESH.session}.{'S' * 43}.{SIGNATURE}"
    rest = "Path=/api/v1/auth; Max-Age=2592000; HttpOnly; SameSite=Strict"
    assert kept(Cookies(KEY, secure=True), REFRESH) == f"__Secure-bb-refresh={text}; {rest}; Secure"
    assert kept(Cookies(KEY, secure=False), REFRESH) == f"bb-refresh={text}; {rest}"
    assert kept(Cookies(KEY, secure=True), None).startswith("__Secure-bb-refresh=; Path=/api/v1/auth; Max-Age=0;")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"__Secure-bb-refresh={TEXT}", REFRESH),
        (f"other=1; __Secure-bb-refresh={TEXT}; last=2", REFRESH),
        (f"bb-refresh={TEXT}", None),
        (f"__Secure-bb-refresh={TEXT}x", None),
        (f"__Secure-bb-refresh={'.'.join(REFRESH)}", None),
        (f"__Secure-bb-refresh={'.'.join(REFRESH)}.{'A' * 22}", None),
        (f"__Secure-bb-refresh={TEXT.replace('S' * 43, 'T' * 43)}", None),
        (f"__Secure-bb-refresh={TEXT.replace('a' * 32, 'b' * 32)}", None),
        (f"__Secure-bb-refresh={TEXT.replace('5f0c', '5f0d')}", None),
        (f"__Secure-bb-refresh={ACCOUNT}.../etc/passwd.{'S' * 43}.{SIGNATURE}", None),
        (f"__Secure-bb-refresh={'A' * 32}-1.s.{'S' * 43}.{SIGNATURE}", None),
        ("__Secure-bb-refresh=", None),
        ("=;;=\x01", None),
        ("", None),
    ],
)
def test_only_a_cookie_of_ours_is_one(header: str, found: Refresh | None) -> None:
    assert Cookies(KEY, secure=True).read(make_mocked_request("POST", "/", headers={"Cookie": header})) == found


def test_a_secret_is_random_and_the_next_one_follows_for_the_web_alone() -> None:
    assert len({fresh() for _ in range(100)}) == 100
    assert {len(fresh()), len(following(b"k" * 32, REFRESH))} == {43}
    assert following(b"k" * 32, REFRESH) == following(b"k" * 32, REFRESH)
    other = REFRESH._replace(secret="T" * 43)
    assert len({following(b"k" * 32, REFRESH), following(b"l" * 32, REFRESH), following(b"k" * 32, other), "S" * 43}) == 4
    assert (REFRESH.row, len(REFRESH.hash), REFRESH.hash == hashed("S" * 43)) == ("a" * 32, 64, True)
