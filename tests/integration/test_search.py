"""The process ``search`` on a real broker: what the log says is what lists show, after a restart, a loss and a rebuild too."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.search.serve import Searching
from agents.search.understand import RULES, Understanding
from deploy.local.stack import Stack
from models.actor import id_of
from models.catalog.messages import SaveProduct
from models.read.cursors import BadCursor
from models.read.search import Search
from models.search.filters import Filters, parsed
from models.search.sentence import Morpheme
from models.search.wire import Found, Question, Scope, Sentence
from tests.integration.reading import Reading, installation, until
from tests.integration.searching import searching


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


def product(number: int, **change: Any) -> SaveProduct:
    fields: dict[str, Any] = {
        "store_id": "store-rose", "name": f"빨간장미 꽃다발 {number}", "price": 1_000 * (number % 7 + 1), "flowers": {"1": 5},
        "category": str(number % 2 + 1), "tags": ("1",),
    }  # fmt: skip
    return SaveProduct(**{**fields, **change})


async def every(client: Search, filters: Filters, scope: Scope = "public") -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = await client.found(Question(filters, 7, cursor, scope=scope))
        found += [msgspec.json.decode(one)["product_id"] for one in page.items]
        cursor = page.next
        if not cursor:
            return found


async def test_lists_show_the_log_after_a_restart_a_loss_and_a_rebuild(reading: Reading, tmp_path: Path) -> None:
    reading.log.shop()
    for number in range(40):
        reading.log.send("catalog", f"p{number}", product(number))
    await reading.say()
    dear, roses = Filters(sort="HIGH"), parsed({"text": ["장미"], "category": ["1"], "sort": ["LOW"]})
    async with searching(reading, tmp_path) as (made, client):
        shown = await every(client, dear), await every(client, roses)
        assert (len(shown[0]), len(shown[1])) == (43, 20)
        assert made.feed.shelf.products == 43
    # A restart reads on where it was: only what came meanwhile is folded.
    reading.log.send("catalog", "p0", product(0, status="DELETED"))
    reading.log.send("catalog", "p1", product(1, price=9_999_000))
    await reading.say()
    async with searching(reading, tmp_path) as (_, client):
        shown = await every(client, dear), await every(client, roses)
        assert shown[0][0] == "p1"
        assert (len(shown[0]), len(shown[1])) == (42, 19)
    # The index alone is lost: it is filled from what is folded.
    shutil.rmtree(tmp_path / "v1" / "index")
    async with searching(reading, tmp_path) as (_, client):
        assert (await every(client, dear), await every(client, roses)) == shown
    # Everything is lost: it is filled from the log.
    shutil.rmtree(tmp_path)
    async with searching(reading, tmp_path) as (made, client):
        assert (await every(client, dear), await every(client, roses)) == shown
        # Rebuilt on an operator's word, answering all the while; a cursor from before goes on after it.
        first = await client.found(Question(dear, 10))
        before = made.feed
        made.rebuild()
        while made.feed is before:
            assert (await client.found(Question(dear, 10))).items == first.items
        await until(lambda: not (tmp_path / "v1").exists())
        assert (tmp_path / "live").read_text() == "2"
        rest = await client.found(Question(dear, 100, first.next))
        assert [msgspec.json.decode(one)["product_id"] for one in (*first.items, *rest.items)] == shown[0]
        # And it is fed on.
        reading.log.send("catalog", "p2", product(2, price=9_999_999))
        await reading.say()
        await until(lambda: _first(made) == "p2")
    async with searching(reading, tmp_path) as (made, client):
        assert made.feed.folder == tmp_path / "v2"
        assert (await every(client, dear))[0] == "p2"


def _first(made: Searching) -> str:
    return str(msgspec.json.decode(made.found(Question(Filters(sort="HIGH"), 1)).items[0])["product_id"])


@pytest.mark.spec("product W42", "product W43")
async def test_what_is_asked_over_http(reading: Reading, tmp_path: Path) -> None:
    reading.log.shop()
    reading.log.send("catalog", "p1", product(1, price=50_000))
    monthly = id_of("subscription", "store-rose")
    subscription = SaveProduct(store_id="store-rose", name="달마다", price=30_000, flowers={}, kind="subscription")
    reading.log.send("catalog", monthly, subscription)
    reading.log.send("catalog", "old", product(3, status="DISCONTINUED"))
    await reading.say()
    async with searching(reading, tmp_path) as (made, client):
        assert await client.shown(monthly, 1, 10.0)
        facets: Found = await client.found(Question(Filters(store="store-rose"), facets=True))
        assert facets.facets is not None
        assert facets.facets["tag"] == {"1": 2}
        rows = {row.name: [msgspec.json.decode(one)["product_id"] for one in row.items] for row in (await client.main()).rows}
        assert set(rows) == {"best", "new", "rated"}
        assert rows["new"][0] == "p1"
        assert not {"old", monthly} & {one for row in rows.values() for one in row}
        with pytest.raises(BadCursor):
            await client.found(Question(Filters(), 5, "none"))
        made.understanding = Understanding(None, reading.databases, lambda text: [Morpheme("장미", "NNG", 0)], lambda: made.names)
        understood = await client.understood(Sentence("장미 5만원대", "v"))
        assert (understood.by, understood.filters) == (
            RULES,
            {"flower": ["rose"], "min_price": ["50000"], "max_price": ["59999"], "status": ["SALE"], "sort": ["SALE"]},
        )  # fmt: skip
        assert [(one.kind, one.label) for one in understood.chips] == [
            ("flower", "장미"), ("min_price", "50,000원 이상"), ("max_price", "59,999원 이하"), ("status", "판매중"),
            ("sort", "판매량순"),
        ]  # fmt: skip
        assert [msgspec.json.decode(one)["product_id"] for one in understood.items] == ["p1"]


async def test_whoever_has_waited_for_a_product_finds_it_in_lists_at_once(reading: Reading, tmp_path: Path) -> None:
    """As it was saved, also while the index is rebuilt and after another one has taken over."""
    log = reading.log

    async def own(client: Search, status: str = "") -> list[str]:
        return await every(client, Filters(store="store-rose", status=status, sort="ALL_NEW"), "seller")

    async def said(client: Search, key: str, seq: int, message: SaveProduct) -> None:
        log.send("catalog", key, message)
        waiting = asyncio.create_task(client.shown(key, seq, 30.0))
        await reading.say()
        assert await waiting

    async def saved(client: Search, number: int, seq: int, **change: Any) -> None:
        await said(client, f"p{number}", seq, product(number, **change))

    async with searching(reading, tmp_path) as (made, client):
        for number in range(5):
            await saved(client, number, 1)
            assert await own(client) == [f"p{one}" for one in range(number, -1, -1)]
        await saved(client, 3, 2, status="DELETED")
        assert (await own(client), await own(client, "DELETED")) == (["p4", "p2", "p1", "p0"], ["p3"])
        assert await every(client, Filters(store="store-rose")) == ["p4", "p2", "p1", "p0"]
        monthly = SaveProduct(store_id="store-rose", name="달마다", price=30_000, flowers={}, kind="subscription")
        await said(client, id_of("subscription", "store-rose"), 1, monthly)
        assert await own(client) == ["p4", "p2", "p1", "p0"]
        assert not await client.shown("p0", 2, 0.1)
        assert not await client.shown("never", 1, 0.1)
        before, number, kept = made.feed, 10, await own(client)
        made.rebuild()
        while made.feed is before or number < 12:
            await saved(client, number, 1)
            kept.insert(0, f"p{number}")
            assert await own(client) == kept
            number += 1
        await until(lambda: not (tmp_path / "v1").exists())
    # Where nobody answers lists nobody needs to wait for them, and who comes first reads all that there is.
    assert await client.shown("p0", 99, 30.0)
    await client.close()


async def test_half_an_index_answers_nothing(reading: Reading, tmp_path: Path) -> None:
    made = Searching(msgspec.structs.replace(reading.settings, search_dir=str(tmp_path)))
    assert made.why_not_ready() is not None
    handler = made.routes()[2].handler
    answer: Any = await handler(None)  # type: ignore[arg-type]
    assert answer.status == 503
    made.feed._close()
