"""``python -m tests.bench.shelves``: what visitors ask for most, 16 of them at once: lists, search, a product, a cart, to sign in;
and the lists of sellers and of admins.

On the bench's own stack (see ``tests.bench``), with its 64 florists and four products of each, and ``--products`` more. The index
by itself is ``tests.bench.search``. Prints Markdown. Exit code 1 if any request failed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import uuid
from pathlib import Path
from urllib.parse import quote

import aiohttp
import msgspec
import uvloop

from deploy.demo.data.scale import send
from models.actor import id_of
from tests.bench import report
from tests.bench.report import Result
from tests.bench.rig import SHOP, Rig
from tests.bench.scenarios import line
from tests.bench.shelf_load import Look, Looks
from tests.bench.shop import Shop
from tests.bench.sign_in_load import SignIns
from topics.client import Client
from web.tokens import make

CLIENTS, LINES = 16, 5
API = "/api/v1"
LISTS = ("sort=NEW", "sort=SALE", "sort=LOW&max_price=25000", "sort=RATING&facets=1")
ALL = ("date=NEW", "date=OLD", "status=SALE&sales=TOP")
LIMITS = "*.address=1000000/60,*.account=1000000/60"
"""Nobody is told to come back later."""
GROWN = 600.0
"""Seconds in which products that were sent are in lists."""
TEXTS = ("꽃다발", "꽃다발 2", "꽃집 3호")


async def fill_carts(url: str, shop: Shop) -> None:
    """``LINES`` products for each of ``CLIENTS`` buyers."""
    products = [one.product_id for florist in shop.florists for one in florist.products]
    async with aiohttp.ClientSession() as http, asyncio.timeout(GROWN):
        for product_id in products:
            # Whoever saved them has not waited for the read model.
            while (await http.get(f"{url}{API}/products/{product_id}")).status != 200:
                await asyncio.sleep(0.1)
        for number in range(CLIENTS):
            for product_id in products[number * LINES : (number + 1) * LINES]:
                headers = {"Authorization": f"Bearer {shop.tokens[number]}", "Idempotency-Key": uuid.uuid4().hex}
                body = {"product_id": product_id, "quantity": 2}
                async with http.post(f"{url}{API}/cart/items", json=body, headers=headers) as answer:
                    answer.raise_for_status()


async def grow(url: str, client: Client, products: int) -> None:
    """Send ``products`` more to the catalogue and wait until lists have them."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(GROWN):
        await send(client, products)
        total = 0
        while total < products:
            await asyncio.sleep(1)
            async with http.get(f"{url}{API}/products?limit=1") as answer:
                total = (await answer.json())["total"] if answer.status == 200 else 0


def scenarios(shop: Shop) -> dict[str, tuple[str, list[Look]]]:
    """Name -> title and what is asked for."""
    products = [one.product_id for florist in shop.florists for one in florist.products]
    stores = [one.terms.store_id for one in shop.florists]
    sellers = {one: make(shop.token_key, id_of("bench", "seller", one), "seller", (one,)) for one in stores}
    admin = make(shop.token_key, id_of("bench", "admin"), "admin")
    return {
        "list": ("lists", [Look(f"{API}/products?{query}&limit=24") for query in LISTS]),
        "search": ("text search", [Look(f"{API}/products?text={quote(text)}&limit=24") for text in TEXTS]),
        "own": ("a seller's list", [Look(f"{API}/stores/{one}/products?limit=24", token) for one, token in sellers.items()]),
        "all": ("an admin's list", [Look(f"{API}/admin/products?{query}&limit=24", admin) for query in ALL]),
        "page": ("a product's page", [Look(f"{API}/products/{one}") for one in products]),
        "cart": (f"a cart of {LINES} products", [Look(f"{API}/cart", token) for token in shop.tokens[:CLIENTS]]),
    }


async def bench(only: str, runs: int, seconds: float, products: int) -> list[Result]:
    """Measure all scenarios (or ``only`` one), ``runs`` times each, after one that is not counted, with ``products`` more."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    os.environ.setdefault("BB_BENCH_LIMITS", LIMITS)
    rig, results = Rig(say), []
    await rig.up(fresh=True)
    try:
        await rig.only(*SHOP)
        env = rig.stack.env()
        async with rig.client() as client:
            shop = Shop(client, Path(env["BB_TOKEN_KEY"]), Path(env["BB_WEB_SECRET"]))
            await shop.open()
            await fill_carts(rig.settings.public_url, shop)
            if products:
                await grow(rig.settings.public_url, client, products)
            plans: list[tuple[str, str, str, msgspec.Struct]] = [
                (name, title, "shelf_load", Looks(rig.settings.public_url, seconds, looks, CLIENTS))
                for name, (title, looks) in scenarios(shop).items()
            ]
            plans.append(("sign-in", "signing in by Kakao's page", "sign_in_load", SignIns(seconds, CLIENTS)))
            for name, title, module, plan in plans:
                if only not in ("", name):
                    continue
                await rig.run(f"tests.bench.{module}", plan)
                found = [(await rig.run(f"tests.bench.{module}", plan))[0] for _ in range(runs)]
                say(f"{title}: {line(found[-1])}")
                results.append(Result(name, title, found, "request"))
    finally:
        await rig.down()
    return results


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.shelves")
    parser.add_argument("--only", default="", choices=("", "list", "search", "own", "all", "page", "cart", "sign-in"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--products", type=int, default=0, help="so many more than those that the florists have")
    given = parser.parse_args()
    results = uvloop.run(bench(given.only, given.runs, given.seconds, given.products))
    print(f"{report.main_table(results)}\n\n{report.cpu_table(results)}")
    return 1 if any(run.failed for result in results for run in result.runs) else 0


if __name__ == "__main__":
    sys.exit(main())
