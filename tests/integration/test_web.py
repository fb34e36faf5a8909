"""The web against a real broker and a real Redis; the actors are played (``web_actors.py``)."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientResponse, ClientSession, web
from redis.asyncio import Redis

from deploy.local.stack import Stack
from models.actor import id_of
from models.orders.messages import ApprovePayment, CancelStoreOrder, PlaceOrder
from models.read import live
from tests.integration.web_actors import Actors, create_inboxes, placed
from tests.unit.web.desk import Desk
from tests.unit.web.documents import BUYER, ORDER, SELLER, STORE, STORE_ORDER, STRANGER, order_body
from topics.answers import Answer
from topics.client import Client
from topics.envelope import Envelope
from web.app import App, server
from web.idempotency import sign
from web.sse import Hub

PARTITIONS = 2


class Place:
    """A running web, its played actors, and how to reach both."""

    def __init__(self, session: ClientSession, url: str, actors: Actors, desk: Desk, redis: Redis, prefix: str, app: App) -> None:
        self.session, self.url, self.actors, self.desk, self.redis, self.prefix, self.app = (
            session, url, actors, desk, redis, prefix, app,
        )  # fmt: skip

    async def call(self, method: str, path: str, body: Any = None, **headers: Any) -> tuple[int, dict[str, str], Any]:
        data = msgspec.json.encode(body) if body is not None else None
        async with self.session.request(
            method, f"{self.url}/api/v1{path}", data=data, headers=headers or self.desk.headers(), allow_redirects=False
        ) as answer:
            raw = await answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, dict(answer.headers), msgspec.json.decode(raw) if is_json else raw


@pytest.fixture(scope="session")
def services(stack: Stack) -> tuple[str, str]:
    """(Kafka, Redis) of the test stack."""
    env = stack.env()
    return env["BB_KAFKA"], env["BB_REDIS_URL"]


@pytest.fixture
async def place(services: tuple[str, str], tmp_path: Path) -> AsyncIterator[Place]:
    kafka, redis_url = services
    prefix, process = f"web{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    await create_inboxes(kafka, prefix, PARTITIONS)
    desk = Desk(tmp_path)
    client = Client(kafka, prefix, PARTITIONS, redis_url, process)
    hub = Hub(redis_url, prefix, process, 2)
    await client.start()
    app = App(desk.shared(client, live=hub, sse_streams=2, sse_heartbeat=0.3, drain=0.0))
    runner = web.ServerRunner(server(app), shutdown_timeout=5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    redis = Redis.from_url(redis_url)
    async with Actors(kafka, prefix, redis_url, placed) as actors, ClientSession() as session:
        while not client.connected:
            await asyncio.sleep(0.02)
        await client.listening.wait()
        yield Place(session, f"http://127.0.0.1:{port}", actors, desk, redis, prefix, app)
        app.shared.stopping.set()
        await hub.stop()
    await runner.cleanup()
    await client.stop()
    await redis.aclose()


@pytest.mark.spec("order W-1", "order W-2", "order W-14")
async def test_an_order_is_placed_and_a_retry_gets_the_same_bytes(place: Place) -> None:
    headers = place.desk.headers(key="one-and-only")
    first = await place.call("POST", "/orders", order_body(), **headers)
    assert first[0] == 201
    assert first[2]["redirects"] == {"pc": "http://pay.test/1"}
    again = await asyncio.gather(*(place.call("POST", "/orders", order_body(), **headers) for _ in range(3)))
    assert [(status, body) for status, _, body in again] == [(201, first[2])] * 3
    sent = [message for _, message in place.actors.inputs if isinstance(message, PlaceOrder)]
    assert {message.order_id for message in sent} == {first[2]["order_id"]}
    assert sent[0].buyer == BUYER
    assert [line.product.price for line in sent[0].stores[0].lines] == [1000, 2000]
    assert sent[0].callback == "http://shop.test/api/v1/payments/callback"
    other = await place.call("POST", "/orders", order_body(expected_total=1), **headers)
    assert (other[0], other[2]["code"]) == (422, "idempotency_key_reused")


async def test_the_status_of_a_command_is_the_senders_alone(place: Place) -> None:
    place.actors.silent = True
    status, headers, body = await place.call("POST", "/orders", order_body(), **place.desk.headers(Prefer="wait=0"))
    assert (status, body) == (202, {"status": "pending"})
    place.actors.silent = False
    location = headers["Location"].removeprefix("/api/v1")
    found = await place.call("GET", location)
    assert found[0] == 200
    assert found[2]["status"] == "AWAITING_PAYMENT"
    stranger = await place.call("GET", location, **place.desk.headers(STRANGER))
    assert (stranger[0], stranger[2]["code"]) == (404, "command_unknown")
    forged = await place.call("GET", location.replace("/orders/", "/payments/"))
    assert forged[0] == 404


async def test_an_answer_that_was_lost_is_asked_for_again(place: Place) -> None:
    place.actors.silent = True

    async def speak() -> None:
        await asyncio.sleep(0.4)
        place.actors.silent = False

    speaking = asyncio.create_task(speak())
    status, _, _ = await place.call("POST", "/orders", order_body(), **place.desk.headers(Prefer="wait=1"))
    await speaking
    assert status == 201


async def test_201_waits_for_the_read_model(place: Place) -> None:
    place.actors.reports = False
    status, headers, _ = await place.call("POST", "/orders", order_body(), **place.desk.headers(Prefer="wait=1"))
    assert status == 202
    assert "/api/v1/commands/orders/" in headers["Location"]


@pytest.mark.spec("order W-46", "store M8")
async def test_a_refusal_is_a_problem_in_the_readers_language(place: Place) -> None:
    def refused(envelope: Envelope, message: Any) -> Answer:
        return Answer(envelope.id, "orders", envelope.subject, 0, 409, "price_changed", {"total": 7})

    place.actors.rule = refused
    status, headers, body = await place.call("POST", "/orders", order_body(), **place.desk.headers(Accept_Language="en"))
    assert (status, headers["Content-Type"]) == (409, "application/problem+json")
    assert body == {
        "type": "urn:blooming-blooms:problem:price_changed",
        "title": "The total has changed",
        "status": 409,
        "code": "price_changed",
        "detail": "The total is now 7 KRW.",
        "details": {"total": 7},
    }


@pytest.mark.spec("order W-3", "order W-45")
async def test_every_bad_field_is_named_and_nothing_is_sent(place: Place) -> None:
    bad = order_body(orderer={"name": "", "phone": "010-1234", "email": "nobody"}, expected_total=-1)
    bad["stores"][0]["lines"][0]["quantity"] = -2
    status, _, body = await place.call("POST", "/orders", bad)
    assert (status, body["code"]) == (422, "validation_failed")
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("/stores/0/lines/0/quantity", "too_small"),
        ("/orderer/name", "blank"),
        ("/orderer/phone", "phone"),
        ("/orderer/email", "email"),
        ("/expected_total", "too_small"),
    ]
    unknown = order_body()
    unknown["stores"][0]["lines"].append({"product_id": "nothing", "quantity": 1})
    status, _, body = await place.call("POST", "/orders", unknown)
    assert (status, [error["code"] for error in body["errors"]]) == (422, ["unknown_product"])
    assert place.actors.inputs == []


@pytest.mark.spec("order W-36", "order W-37")
async def test_a_callback_counts_once_and_redirects_always(place: Place) -> None:
    order_id = str(uuid.uuid4())
    nonce = sign(place.app.shared.secret, "callback", order_id)
    for token in ("token-1", "token-2"):
        path = f"/payments/callback/{order_id}/{nonce}/approve?pg_token={token}"
        status, headers, _ = await place.call("GET", path, **{"X-A": ""})
        assert (status, headers["Location"]) == (303, f"/api/v1/orders/{order_id}")
    commands = {envelope.id for envelope, message in place.actors.inputs if isinstance(message, ApprovePayment)}
    assert commands == {id_of(order_id, nonce, "approve")}
    status, _, _ = await place.call("GET", f"/payments/callback/{order_id}/{nonce[:-1]}x/approve?pg_token=t", **{"X-A": ""})
    assert status == 404


@pytest.mark.spec("order W-38")
async def test_a_store_order_is_cancelled_by_its_buyer_or_its_seller_only(place: Place) -> None:
    path = f"/orders/{ORDER}/stores/{STORE_ORDER}/cancel"
    assert (await place.call("POST", path))[0] == 200
    assert (await place.call("POST", path, **place.desk.headers(SELLER, "seller", (STORE,))))[0] == 200
    assert (await place.call("POST", path, **place.desk.headers(STRANGER)))[0] == 404
    assert (await place.call("POST", path, **place.desk.headers("seller-2", "seller", ("store-2",))))[0] == 404
    assert [message.by for _, message in place.actors.inputs if isinstance(message, CancelStoreOrder)] == ["buyer", "seller"]


async def test_limits(place: Place) -> None:
    big = await place.call("POST", "/orders", {"x": "y" * 70_000})
    assert (big[0], big[2]["code"]) == (413, "body_too_large")
    keyless = place.desk.headers()
    del keyless["Idempotency-Key"]
    assert (await place.call("POST", "/orders", order_body(), **keyless))[2]["code"] == "idempotency_key_required"
    assert (await place.call("GET", "/orders?limit=101"))[0] == 400
    assert (await place.call("GET", "/nothing"))[0] == 404
    status, headers, _ = await place.call("DELETE", "/orders")
    assert (status, headers["Allow"]) == (405, "POST, GET")


async def events_of(place: Place, number: int, last: str = "") -> list[tuple[str, str]]:
    """The first ``number`` (id, data) that a stream says."""
    headers = place.desk.headers() | ({"Last-Event-ID": last} if last else {})
    async with asyncio.timeout(10), place.session.get(f"{place.url}/api/v1/events", headers=headers) as answer:
        assert answer.status == 200
        return [await next_of(answer) for _ in range(number)]


async def next_of(answer: ClientResponse) -> tuple[str, str]:
    """The next (id, data) that an open stream says; heartbeats are passed over."""
    ident = ""
    while raw := await answer.content.readline():
        line = raw.decode().rstrip("\n")
        if line.startswith("id: "):
            ident = line[4:]
        elif line.startswith("data: "):
            return ident, line[6:]
    raise EOFError("the stream has ended")


@pytest.mark.spec("product W20")
async def test_events_replay_without_gap_or_repeat(place: Place) -> None:
    key = live.key(place.prefix, BUYER)

    async def say(number: int) -> str:
        ident: Any = await place.redis.xadd(key, {"kind": "order", "data": str(number)})
        return str(ident.decode())

    ids = [await say(number) for number in range(3)]
    following = asyncio.create_task(events_of(place, 40, ids[0]))
    for number in range(3, 41):
        ids.append(await say(number))
        await asyncio.sleep(0.002)
    assert await following == list(zip(ids[1:], map(str, range(1, 41)), strict=True))
    assert await events_of(place, 2, ids[-3]) == [(ids[-2], "39"), (ids[-1], "40")]


@pytest.mark.spec("product W20")
async def test_streams_of_an_account_are_counted_and_close_with_the_process(place: Place) -> None:
    async with contextlib.AsyncExitStack() as stack:
        opened = []
        for _ in range(2):
            request = place.session.get(f"{place.url}/api/v1/events", headers=place.desk.headers())
            opened.append(await stack.enter_async_context(request))
        status, _, body = await place.call("GET", "/events")
        assert (status, body["code"]) == (429, "too_many_streams")
        assert (await opened[0].content.readline()).startswith(b"retry")
        assert await opened[0].content.readline() == b"\n"
        assert await opened[0].content.readline() == b":\n"
        place.app.shared.stopping.set()
        await place.app.shared.live.stop()
        async with asyncio.timeout(2):
            await asyncio.gather(*(answer.content.read() for answer in opened))


@pytest.mark.spec("product W18", "product W19")
async def test_a_stream_that_breaks_off_hinders_no_other_and_its_place_is_free_again(place: Place) -> None:
    """It is missed long before the next heartbeat finds nobody."""
    place.app.shared.settings = msgspec.structs.replace(place.app.shared.settings, sse_heartbeat=15.0)
    key = live.key(place.prefix, BUYER)
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(10):

        async def opened() -> ClientResponse:
            request = place.session.get(f"{place.url}/api/v1/events", headers=place.desk.headers())
            return await stack.enter_async_context(request)

        broken, whole = await opened(), await opened()
        assert [broken.status, whole.status, (await opened()).status] == [200, 200, 429]
        assert broken.connection is not None
        assert broken.connection.transport is not None
        broken.connection.transport.abort()
        # Nothing is written meanwhile, which would find it out.
        async with asyncio.timeout(5):
            while (new := await opened()).status == 429:
                await asyncio.sleep(0.05)
        assert new.status == 200
        said: Any = await place.redis.xadd(key, {"kind": "order", "data": "1"})
        assert [await next_of(one) for one in (whole, new)] == [(said.decode(), "1")] * 2
