"""The server without a broker: who a request speaks for, what is hidden from the world, and the one shape of every error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from models.actor import Inquire
from models.orders.messages import ApprovePayment
from tests.unit.web.desk import Desk
from tests.unit.web.documents import BUYER, ORDER, SELLER, STORE, STORE_ORDER, STRANGER, order_body
from tests.unit.web.examples import IDS
from tests.unit.web.serving import Cut, Plenty
from web.access import Who
from web.app import App, server
from web.idempotency import sign
from web.routes import ACCESS, API


class Served:
    """The address, whoever signs, and what was ``sent`` to actors."""

    def __init__(self, url: str, http: aiohttp.ClientSession, desk: Desk, secret: bytes, sent: list[msgspec.Struct]) -> None:
        self.url, self.http, self.desk, self.secret, self.sent = url, http, desk, secret, sent

    async def get(self, path: str, **headers: str) -> tuple[int, Any, str]:
        """Status, body (decoded if it is JSON) and type."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(self.url + path, headers=said) as answer:
            body = await answer.json(content_type=None) if "json" in answer.content_type else await answer.text()
            return answer.status, body, answer.content_type


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    desk = Desk(tmp_path)
    client = Cut()
    shared = desk.shared(client, buckets=Plenty())
    runner = web.ServerRunner(server(App(shared)))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (port,) = [address[1] for address in runner.addresses]
    async with aiohttp.ClientSession() as http:
        yield Served(f"http://127.0.0.1:{port}", http, desk, shared.secret, client.sent)
    await runner.cleanup()


@pytest.mark.spec("order W-39")
async def test_nothing_but_the_token_says_who_calls(served: Served) -> None:
    claims = {"userId": BUYER, "X_User_Id": BUYER, "X_Account": BUYER, "role": "admin", "X_Forwarded_User": BUYER}
    status, body, kind = await served.get(f"{API}/orders/{ORDER}", **claims)
    assert (status, body["code"], kind) == (401, "unauthenticated", "application/problem+json")
    token = f"Bearer {served.desk.token(STRANGER)}"
    assert (await served.get(f"{API}/orders/{ORDER}", Authorization=token, **claims))[0] == 404
    assert (await served.get(f"{API}/orders", Authorization=token, **claims))[1]["items"] == []
    own = await served.get(f"{API}/orders", Authorization=f"Bearer {served.desk.token(BUYER)}", userId=STRANGER)
    assert [one["order_id"] for one in own[1]["items"]] == [ORDER]


@pytest.mark.spec("order W-41")
@pytest.mark.parametrize("path", ["/metrics", "/health/live", "/health/ready", "/client/change", "/"])
async def test_what_is_for_the_inside_is_not_there_for_the_world(served: Served, path: str) -> None:
    status, body, kind = await served.get(path, X_Forwarded_For="203.0.113.7")
    assert (status, body["code"], kind) == (404, "not_found", "application/problem+json")


@pytest.mark.parametrize("path", ["/", "/nothing", "/api", "/favicon.ico", "/health"])
async def test_what_is_nowhere_is_a_problem_too(served: Served, path: str) -> None:
    status, body, kind = await served.get(path)
    assert (status, body["code"], kind) == (404, "not_found", "application/problem+json")


def address(served: Served, template: str) -> str:
    """The route with ids that exist, and signed where it has to be."""
    nonce = sign(served.secret, "callback", ORDER)
    if template.endswith("/nearby"):
        return template + "?lat=37.5&lon=127.0"
    query = {"nonce": "?pg_token=t", "command": f"?sig={sign(served.secret, 'command', BUYER, 'orders', ORDER, 'c', '')}"}
    named = {name: value for name, value in {**IDS, "nonce": nonce}.items() if f"{{{name}}}" in template}
    return template.format(**named) + "".join(query.get(name, "") for name in named)


READS = sorted(
    path for method, path in ACCESS if method == "GET" and not path.endswith("/events") and "{provider}" not in path
)  # fmt: skip
"""All but the live stream, which only Redis hears of, and the way to an identity provider (``test_signing_in.py``)."""
TOLD: dict[str, type[msgspec.Struct]] = {"/payments/callback": ApprovePayment, "/commands/": Inquire}


@pytest.mark.spec("order W-41")
@pytest.mark.parametrize("path", READS)
async def test_a_get_changes_nothing(served: Served, path: str) -> None:
    """But for the way back from the gateway, which is a GET by the provider's contract, and a question to a row."""
    token = served.desk.token(BUYER)
    if ACCESS["GET", path] in SELLERS:
        token = served.desk.token(SELLER, "seller", (STORE,))
    if ACCESS["GET", path] is Who.ADMIN:
        token = served.desk.token("admin-1", "admin")
    status, _, _ = await served.get(address(served, path), Authorization=f"Bearer {token}")
    told = next((kind for part, kind in TOLD.items() if part in path), None)
    assert (status, [type(one) for one in served.sent]) == ((503, [told]) if told else (200, []))


WRITES = sorted((method, path) for method, path in ACCESS if method != "GET")
SELLERS = (Who.SELLER, Who.KEEPER)


@pytest.mark.spec("order W-45", "store V2")
@pytest.mark.parametrize(("method", "path"), WRITES, ids=lambda value: value.removeprefix(API))
async def test_every_write_reads_its_body_and_sends_nothing_that_it_does_not_know(served: Served, method: str, path: str) -> None:
    """A field that is misspelt, or of which nobody has heard, is named instead of left out."""
    rule = ACCESS[method, path]
    who: tuple[Any, ...] = (SELLER, "seller", (STORE,)) if rule in SELLERS else (BUYER, "buyer")
    who = {Who.ADMIN: ("admin-1", "admin"), Who.APPLICANT: ("applicant-1", "applicant")}.get(rule, who)
    headers = {**served.desk.headers(*who), "Origin": "http://shop.test", "X-CSRF": "1"}
    async with served.http.request(method, served.url + path.format(**IDS), json={"couponAmount": 1}, headers=headers) as answer:
        said = await answer.json(content_type="application/problem+json")
    assert (answer.status, said["code"]) == (422, "validation_failed")
    assert ("/couponAmount", "unknown_field") in [(error["pointer"], error["code"]) for error in said["errors"]]
    assert served.sent == []


@pytest.mark.spec("order W-28", "order W-41")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"/stores/{STORE}/orders/{STORE_ORDER}"),
        ("PUT", f"/stores/{STORE}/orders/{STORE_ORDER}"),
        ("PATCH", f"/orders/{ORDER}/stores/{STORE_ORDER}"),
        ("PATCH", f"/orders/{ORDER}"),
        ("PATCH", f"/deliveries/{STORE_ORDER}/CANCELED"),
        ("DELETE", f"/orders/{ORDER}"),
        ("POST", f"/stores/{STORE}/orders"),
    ],
)
async def test_nobody_sets_the_status_of_an_order(served: Served, method: str, path: str) -> None:
    for who in ((BUYER, "buyer"), (SELLER, "seller", (STORE,)), ("admin-1", "admin")):
        headers = served.desk.headers(*who)
        body = {"status": "CANCELLED"}
        async with served.http.request(method, f"{served.url}{API}{path}", json=body, headers=headers) as answer:
            assert answer.status in (404, 405)
    assert served.sent == []


@pytest.mark.spec("order W-47")
@pytest.mark.parametrize(
    ("path", "status", "found"),
    [
        ("/orders", "CONFIRMED", 200),
        ("/orders", "PENDING", 400),
        (f"/stores/{STORE}/orders", "PENDING", 200),
        (f"/stores/{STORE}/orders", "CONFIRMED", 400),
        (f"/stores/{STORE}/orders", "pending", 400),
    ],
)
async def test_a_filter_that_nothing_can_match_is_refused_and_a_page_claims_no_count(
    served: Served, path: str, status: str, found: int
) -> None:
    who = served.desk.token(BUYER) if path == "/orders" else served.desk.token(SELLER, "seller", (STORE,))
    answer, body, _ = await served.get(f"{API}{path}?status={status}", Authorization=f"Bearer {who}")
    assert (answer, body.get("code", "")) == (found, "" if found == 200 else "bad_parameter")
    assert found == 400 or set(body) == {"items", "next"}


@pytest.mark.spec("order W-42")
async def test_no_other_sites_page_may_read_an_answer(served: Served) -> None:
    headers = {**served.desk.headers(), "Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    for method, path in (
        ("OPTIONS", "/orders"), ("GET", "/orders"), ("GET", "/products"), ("GET", "/nothing"), ("GET", f"/stores/{STORE}/orders"),
    ):  # fmt: skip
        async with served.http.request(method, f"{served.url}{API}{path}", headers=headers) as answer:
            assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []
            assert (answer.status == 405) is (method == "OPTIONS")


@pytest.mark.spec("order W-42")
async def test_who_runs_a_store_is_not_told(served: Served) -> None:
    for path in ("/stores", f"/stores/{STORE}"):
        status, body, _ = await served.get(API + path)
        assert status == 200
        assert SELLER not in msgspec.json.encode(body).decode()


async def test_health_and_figures_for_whoever_runs_it(served: Served) -> None:
    assert (await served.get("/health/live"))[:2] == (200, {"live": True})
    assert (await served.get("/health/ready"))[:2] == (503, {"ready": False, "why": "the broker has not been reached yet"})
    status, text, _ = await served.get("/metrics")
    assert status == 200
    assert "\nbb_web_ready 0.0\n" in text
    assert "\nbb_web_hears_answers 0.0\n" in text


@pytest.mark.spec("order W-46")
@pytest.mark.parametrize(
    ("method", "path", "key", "status", "code"),
    [
        ("GET", f"{API}/nothing", "", 404, "not_found"),
        ("DELETE", f"{API}/orders", "", 405, "method_not_allowed"),
        ("GET", f"{API}/orders?limit=0", "", 400, "bad_parameter"),
        ("POST", f"{API}/orders", "short", 400, "idempotency_key_required"),
        ("POST", f"{API}/orders", "a-good-key", 503, "unavailable"),
        ("POST", f"{API}/stores/store-1/coupons", "a-good-key", 403, "forbidden"),
    ],
)
async def test_every_error_is_a_problem_with_its_own_status(
    served: Served, method: str, path: str, key: str, status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {served.desk.token()}", "Idempotency-Key": key, "Accept-Language": "en"}
    async with served.http.request(method, served.url + path, json=order_body(), headers=headers) as answer:
        said = await answer.json(content_type="application/problem+json")
        assert (answer.status, said["status"], said["code"]) == (status, status, code)
        assert said["title"]


async def test_a_sampled_trace_goes_on_with_a_span_of_the_requests_own(served: Served) -> None:
    given = f"00-{'a' * 32}-{'b' * 16}-01"
    async with served.http.get(f"{served.url}{API}/stores", headers={"traceparent": given}) as answer:
        own = answer.headers["traceparent"]
        assert answer.headers["X-Request-Id"] == "a" * 32
    assert (own[:36], own[52:]) == (given[:36], "-01")
    assert own[36:52] != given[36:52]
    plain = given[:-2] + "00"
    async with served.http.get(f"{served.url}{API}/stores", headers={"traceparent": plain}) as answer:
        assert answer.headers["traceparent"] == plain


async def test_both_documents_are_served(served: Served) -> None:
    assert (await served.get(f"{API}/openapi.json"))[1]["openapi"] == "3.1.0"
    assert (await served.get(f"{API}/asyncapi.json"))[1]["asyncapi"] == "3.0.0"
    assert "asyncapi.json" in (await served.get(f"{API}/docs"))[1]
