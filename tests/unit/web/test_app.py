"""The server without a broker: who a request speaks for, what is hidden from the world, and the one shape of every error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.unit.web.known import BUYER, ORDER, STRANGER, Desk, order_body
from topics.client import Client
from web.access import API
from web.app import App, server


class Served:
    """The address, and whoever signs."""

    def __init__(self, url: str, http: aiohttp.ClientSession, desk: Desk) -> None:
        self.url, self.http, self.desk = url, http, desk

    async def get(self, path: str, **headers: str) -> tuple[int, Any, str]:
        """Status, body (decoded if it is JSON) and type."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(self.url + path, headers=said) as answer:
            body = await answer.json(content_type=None) if "json" in answer.content_type else await answer.text()
            return answer.status, body, answer.content_type


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    desk = Desk(tmp_path)
    # Never started: whatever would be sent is answered 503.
    client = Client("127.0.0.1:9", "bb", 4, "redis://127.0.0.1:9/0", "test")
    runner = web.ServerRunner(server(App(desk.shared(client))))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (port,) = [address[1] for address in runner.addresses]
    async with aiohttp.ClientSession() as http:
        yield Served(f"http://127.0.0.1:{port}", http, desk)
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
    assert (await served.get(path, X_Forwarded_For="203.0.113.7"))[0] == 404


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
