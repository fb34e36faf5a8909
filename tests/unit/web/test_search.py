"""Lists and plain-language search as routes: what they ask of the process ``search``, and what never gets there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from models.search.filters import Choice, Filters
from models.search.wire import Found, Question
from tests.unit.web.desk import Desk
from tests.unit.web.documents import ADMIN, BUYER, IMAGE
from tests.unit.web.known import Known
from topics.client import Client
from web.app import App, server
from web.reads import ReadsAway

OLD = {"product_id": "product-1", "thumbnail": "/old/rose.webp"}


class Place:
    """The web with read models out of a dict."""

    def __init__(self, url: str, http: aiohttp.ClientSession, desk: Desk, known: Known) -> None:
        self.url, self.http, self.desk, self.known = url, http, desk, known

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = msgspec.json.encode(body) if body is not None else None
        said = {"Content-Type": "application/json", **headers} if data else headers
        async with self.http.request(method, f"{self.url}/api/v1{path}", data=data, headers=said) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    desk, known = Desk(tmp_path), Known()
    client = Client("127.0.0.1:9", "bb", 4, "redis://127.0.0.1:9/0", "test")
    runner = web.ServerRunner(server(App(desk.shared(client, known))))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (port,) = [address[1] for address in runner.addresses]
    async with aiohttp.ClientSession() as http:
        yield Place(f"http://127.0.0.1:{port}", http, desk, known)
    await runner.cleanup()


@pytest.mark.spec("product W46")
async def test_parameters_become_a_question(place: Place) -> None:
    status, body = await place.call(
        "GET",
        "/products?text=장미&category=1&flower=rose&flower=-11&max_price=50000&status=SALE&sort=LOW&facets=1&limit=24&cursor=c",
    )
    assert (status, body) == (
        200, {"items": [OLD], "next": "next", "total": 1, "facets": {"tag": {"1": 1}}},
    )  # fmt: skip
    filters = Filters(
        text="장미", category=(Choice(("1",)),), flower=(Choice(("rose",)), Choice(("11",), True)), max_price=50_000, status="SALE",
        sort="LOW",
    )  # fmt: skip
    assert place.known.searched == [Question(filters, 24, "c", True)]


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("/products", Question(Filters(), 20, "", False)),
        ("/products?store=store-1&limit=2", Question(Filters(store="store-1"), 2, "", False)),
        ("/products?limit=5&cursor=c", Question(Filters(), 5, "c", False)),
    ],
)
async def test_a_plain_list_is_asked_of_the_search_too(place: Place, path: str, question: Question) -> None:
    """It alone knows which stores are suspended, and a list of documents is a scan that checkouts would wait for."""
    status, body = await place.call("GET", path)
    assert (status, body, place.known.searched) == (200, {"items": [OLD], "next": "next", "total": 1}, [question])


@pytest.mark.parametrize("more", ["scope=admin", "scope=seller&store=store-1", "hidden=1", "filters=%7B%7D&scope=admin&limit=5"])
async def test_no_parameter_asks_for_what_only_sellers_and_admins_may_see(place: Place, more: str) -> None:
    """Whoever asks: the route is everybody's."""
    for token in ({}, {"Authorization": f"Bearer {place.desk.token(ADMIN, 'admin')}"}):
        assert (await place.call("GET", f"/products?{more}", **token))[0] == 200
        assert place.known.searched.pop().scope == "public"


@pytest.mark.spec("product W33", "product W46")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("sort=price", "sort"), ("sort=LOW&sort=HIGH", "sort"), ("status=DELETED", "status"),
        ("sort=ALL_NEW", "sort"), ("sort=TOP_OLD", "sort"),
        ("min_price=2&max_price=1", "min_price"),
        ("max_price=a", "max_price"), ("category=;", "category"), ("facets=yes", "facets"), ("sort=LOW&limit=101", "limit"),
        ("sort=LOW&limit=0", "limit"), ("text=%21", "text"), ("sort=LOW&facets=2", "facets"),
    ],
)  # fmt: skip
async def test_a_bad_parameter_is_named_and_nobody_is_asked(place: Place, path: str, name: str) -> None:
    status, body = await place.call("GET", f"/products?{path}")
    assert (status, body["code"], body["details"]["name"]) == (400, "bad_parameter", name)
    assert place.known.searched == []


async def test_a_cursor_of_another_list_is_refused(place: Place) -> None:
    status, body = await place.call("GET", "/products?sort=LOW&cursor=bad")
    assert (status, body["code"]) == (400, "bad_cursor")


async def test_a_card_shows_its_picture_and_none_while_nobody_knows_where(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    card = msgspec.json.encode({"product_id": "p", "thumbnail": IMAGE})

    async def found(question: Question) -> Found:
        return Found([msgspec.Raw(card)], "", 1)

    async def away(*_: object) -> None:
        raise ReadsAway("mysql")

    monkeypatch.setattr(place.known, "found", found)
    images = place.known.images
    monkeypatch.setattr(place.known, "images", away)
    status, body = await place.call("GET", "/products?sort=LOW")
    assert (status, body["items"]) == (200, [{"product_id": "p", "thumbnail": ""}])
    monkeypatch.setattr(place.known, "images", images)
    (shown,) = (await place.call("GET", "/products?sort=LOW"))[1]["items"]
    assert shown["thumbnail"] == shown["thumbnail_urls"]["640"] == f"/images/{IMAGE}/{'d' * 32}-640.webp"


async def test_the_main_page_is_public(place: Place) -> None:
    assert await place.call("GET", "/main") == (200, {"rows": [{"name": "best", "items": [OLD]}]})


@pytest.mark.spec("product W35")
async def test_a_sentence_goes_with_a_pseudonym_for_who_pays(place: Place) -> None:
    status, body = await place.call("POST", "/search", {"sentence": "장미 주세요", "limit": 5})
    assert (status, body["by"], body["chips"]) == (200, "rules", [{"kind": "flower", "label": "장미", "value": "rose"}])
    headers = {"Authorization": f"Bearer {place.desk.token()}"}
    await place.call("POST", "/search", {"sentence": "장미"}, **headers)
    await place.call("POST", "/search", {"sentence": "튤립"}, **headers)
    anonymous, first, second = place.known.sentences
    assert (anonymous.sentence, anonymous.limit, first.limit) == ("장미 주세요", 5, 20)
    assert first.visitor == second.visitor != anonymous.visitor
    assert BUYER not in first.visitor
    assert "127.0" not in anonymous.visitor


@pytest.mark.spec("product W35")
@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/sentence", "required"), ({"sentence": ""}, "/sentence", "blank"), ({"sentence": "  "}, "/sentence", "blank"),
        ({"sentence": "꽃" * 201}, "/sentence", "too_long"), ({"sentence": 5}, "/sentence", "type"),
        ({"sentence": "꽃", "limit": 0}, "/limit", "too_small"), ({"sentence": "꽃", "system": "x"}, "/system", "unknown_field"),
    ],
)  # fmt: skip
async def test_a_bad_sentence_is_refused(place: Place, body: Any, pointer: str, code: str) -> None:
    status, answer = await place.call("POST", "/search", body)
    assert (status, [(one["pointer"], one["code"]) for one in answer["errors"]]) == (422, [(pointer, code)])
    assert place.known.sentences == []


async def test_without_the_process_every_list_is_away_and_a_product_is_not(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise ReadsAway("search")

    for name in ("found", "main_page", "understood"):
        monkeypatch.setattr(place.known, name, away)
    for method, path in (("GET", "/products"), ("GET", "/products?store=store-1"), ("GET", "/main"), ("POST", "/search")):
        status, answer = await place.call(method, path, {"sentence": "꽃"} if method == "POST" else None)
        assert (status, answer["code"]) == (503, "unavailable")
    assert (await place.call("GET", "/products/product-1"))[0] == 200
