"""From a seller's product to a buyer's list and sentence, on the whole stack."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from models.settings import read
from tests.chaos.florists import Product, open_store
from tests.chaos.public import ADMIN, Public
from tests.e2e.shop import ask, eventually

TRIES = 4
"""Fewer than open the circuit breaker."""


@pytest.mark.spec("product W35", "product W36", "product W42")
async def test_a_product_is_found_changed_and_gone(public: Public, word: str) -> None:
    name = f"빨간장미 {word[:8]}"
    florist = await open_store(
        public, word, "검색집", name="검색집", products=[Product("found", name, 30_000, {"1": 10})], stock={}
    )  # fmt: skip
    product = florist.products[0].product_id

    async def listed(path: str) -> Any:
        answer = await ask(public, None, "GET", path)
        return [(one["product_id"], one["price"]) for one in answer.body["items"]] if answer.status == 200 else answer.status

    by_text = f"/products?text={quote(word[:8])}"
    by_store = f"/products?store={florist.store_id}&sort=LOW&flower=rose&max_price=40000"
    await eventually(lambda: listed(by_text), [(product, 30_000)])
    await eventually(lambda: listed(by_store), [(product, 30_000)])
    edit = f"/products/{product}"
    assert (await ask(public, florist.owner, "PATCH", edit, {"version": 1, "price": 35_000})).status == 200
    await eventually(lambda: listed(by_store), [(product, 35_000)])
    assert (await ask(public, None, "GET", "/main")).status == 200

    sentence = {"sentence": "친구 생일 선물 5만원 이하 분홍색으로"}
    said = await ask(public, None, "POST", "/search", sentence)
    for _ in range(TRIES):
        if said.body["by"] == "model":
            break
        # A machine that is too busy for the model's budget is answered by rules, which understand the same.
        await asyncio.sleep(1)
        said = await ask(public, None, "POST", "/search", sentence)
    assert (said.status, said.body["by"]) == (200, "model")
    assert [(one["kind"], one["label"]) for one in said.body["chips"]] == [
        ("tag", "친구 선물"), ("color", "분홍"), ("max_price", "50,000원 이하"), ("status", "판매중"), ("sort", "판매량순"),
    ]  # fmt: skip
    page = await ask(public, None, "GET", f"/products?{urlencode(said.body['filters'], doseq=True)}")
    assert (page.status, page.body["total"]) == (200, said.body["total"])
    # A sentence that the model refuses is understood by rules, in the same shape.
    other = await ask(public, None, "POST", "/search", {"sentence": f"장미 {word[:6]} 3만원대"})
    assert (other.body["by"], other.body["filters"]) == (
        "rules", {"flower": ["rose"], "min_price": ["30000"], "max_price": ["39999"], "status": ["SALE"], "sort": ["SALE"]},
    )  # fmt: skip

    assert (await ask(public, florist.owner, "PATCH", edit, {"version": 2, "status": "DELETED"})).status == 200
    await eventually(lambda: listed(by_store), [])


async def test_a_suspended_store_is_in_no_list_until_it_is_restored(public: Public, word: str) -> None:
    name = f"노란튤립 {word[:8]}"
    florist = await open_store(public, word, "쉬는집", products=[Product("found", name, 30_000, {"16": 10})], stock={})
    product, store = florist.products[0].product_id, f"/admin/stores/{florist.store_id}"

    async def listed() -> list[bool]:
        """In: the plain list of all, the store's, the one of a text, the row of the newest, and a sentence's."""
        asked = ["/products?limit=100", f"/products?store={florist.store_id}", f"/products?text={quote(word[:8])}"]
        lists = [(await ask(public, None, "GET", path)).body["items"] for path in asked]
        rows = (await ask(public, None, "GET", "/main")).body["rows"]
        lists.append([card for row in rows if row["name"] == "new" for card in row["items"]])
        lists.append((await ask(public, None, "POST", "/search", {"sentence": name})).body["items"])
        return [product in [card["product_id"] for card in cards] for cards in lists]

    everywhere = [True] * 5
    await eventually(listed, everywhere)
    assert (await ask(public, ADMIN, "POST", f"{store}/suspend", {"reason": "신고가 많습니다"})).status == 200
    await eventually(listed, [False] * 5)
    assert [one["product_id"] for one in await public.all_items(florist.owner, f"/stores/{florist.store_id}/products")] == [product]
    assert (await ask(public, ADMIN, "POST", f"{store}/restore")).status == 200
    await eventually(listed, everywhere)


async def test_the_index_is_folded_anew_by_a_command_while_it_answers(stack: Stack, public: Public, word: str) -> None:
    florist = await open_store(
        public, word, "색인집", name="색인집", products=[Product("folded", "수국", 20_000, {"9": 3})], stock={}
    )
    path, product = f"/products?store={florist.store_id}", florist.products[0].product_id
    live = ROOT / read(stack.env()).search_dir / "live"

    async def listed() -> Any:
        answer = await ask(public, None, "GET", path)
        return [one["product_id"] for one in answer.body["items"]] if answer.status == 200 else answer.status

    async def version() -> int:
        assert await listed() == [product]
        return int(live.read_text()) if live.exists() else 1

    await eventually(listed, [product])
    before = await version()
    argv = [sys.executable, "-m", "agents.commands", "search", "rebuild"]
    done = await asyncio.to_thread(subprocess.run, argv, env=stack.full_env(), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    await eventually(version, before + 1)
    assert await listed() == [product]
