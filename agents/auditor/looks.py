"""One look at a read model: what it shows is read first, then the log is folded to its end, then both are compared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import msgspec

from agents.auditor import compare
from agents.auditor.books import Books
from agents.auditor.invariants import GATEWAY, Violation
from models.read import carts, coupons, ledger, orders, products, restock, reviews, stock, stores
from models.read.databases import Databases
from models.read.registry import Registry
from models.read.search import Search
from models.search.documents import Card
from models.search.filters import Filters
from models.search.wire import MOST, Question

CatchUp = Callable[[], Awaitable[None]]
_card = msgspec.json.Decoder(Card).decode
PAGE_TIMEOUT = 10.0
"""Seconds for a page of the gateway's books."""


class Looks:
    """``catch_up``: folds the log to its end into ``books``; ``search``: address of the process that answers lists.

    ``gateway``: address of the sandbox whose books are compared too.
    """

    def __init__(self, databases: Databases, books: Books, catch_up: CatchUp, search: str, gateway: str = "") -> None:
        registry = Registry(databases)
        self._books, self._catch_up, self._search, self._gateway = books, catch_up, search, gateway
        self._orders = orders.Queries(databases, registry)
        self._stock = stock.Queries(databases, registry)
        self._coupons = coupons.Queries(databases, registry)
        self._ledger = ledger.Queries(databases, registry)
        self._stores = stores.Queries(databases, registry)
        self._products = products.Queries(databases, registry)
        self._reviews = reviews.Queries(databases, registry)
        self._restock = restock.Queries(databases, registry)
        self._carts = carts.Queries(databases, registry)
        self.by_name: Mapping[str, Callable[[], Awaitable[list[Violation]]]] = {
            "read_orders": self._look_at_orders,
            "read_stock": self._look_at_stock,
            "read_coupons": self._look_at_coupons,
            "read_ledger": self._look_at_ledger,
            "read_stores": self._look_at_stores,
            "read_products": self._look_at_products,
            "read_reviews": self._look_at_reviews,
            "read_restock": self._look_at_restock,
            "read_search": self._look_at_lists,
            "read_carts": self._look_at_carts,
            **({GATEWAY: self._look_at_gateway} if gateway else {}),
        }
        """Invariant -> the look that finds what violates it. Each raises whatever the driver raises if its database is away."""

    async def _look_at_orders(self) -> list[Violation]:
        comparing = compare.Orders()
        found: list[Violation] = []
        async for page in self._orders.stored():
            await self._catch_up()
            found += comparing.page(self._books, page)
        return found + list(comparing.end(self._books))

    async def _look_at_stock(self) -> list[Violation]:
        rows, history = await self._stock.dump(), await self._stock.history_sums()
        await self._catch_up()
        return list(compare.stock(self._books, rows, history))

    async def _look_at_coupons(self) -> list[Violation]:
        rows, issued = await self._coupons.dump(), await self._coupons.dump_issued()
        await self._catch_up()
        return list(compare.coupons(self._books, rows, issued))

    async def _look_at_ledger(self) -> list[Violation]:
        sums = [one async for page in self._ledger.sums() for one in page]
        unbalanced = await self._ledger.unbalanced()
        await self._catch_up()
        return list(compare.ledger(self._books, sums, unbalanced))

    async def _look_at_stores(self) -> list[Violation]:
        rows = await self._stores.dump()
        await self._catch_up()
        return list(compare.stores(self._books, rows))

    async def _look_at_products(self) -> list[Violation]:
        rows = await self._products.dump()
        await self._catch_up()
        return list(compare.products(self._books, rows))

    async def _look_at_reviews(self) -> list[Violation]:
        rows = await self._reviews.dump()
        await self._catch_up()
        return list(compare.reviews(self._books, rows))

    async def _look_at_restock(self) -> list[Violation]:
        rows = await self._restock.dump()
        await self._catch_up()
        return list(compare.restock(self._books, rows))

    async def _look_at_lists(self) -> list[Violation]:
        asked, cards, question = Search(self._search), [], Question(Filters(sort="OLD"), MOST)
        try:
            while True:
                page = await asked.found(question)
                cards += [_card(one) for one in page.items]
                if not page.next:
                    break
                question = msgspec.structs.replace(question, cursor=page.next)
        finally:
            await asked.close()
        await self._catch_up()
        return list(compare.search(self._books, cards))

    async def _look_at_carts(self) -> list[Violation]:
        rows, likes = await self._carts.dump(), await self._carts.dump_likes()
        await self._catch_up()
        return list(compare.carts(self._books, rows, likes))

    async def _look_at_gateway(self) -> list[Violation]:
        payments = [one async for page in _pages(self._gateway) for one in page]
        await self._catch_up()
        return list(compare.gateway(self._books, payments))


async def _pages(gateway: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The sandbox gateway's own books. Raises aiohttp.ClientError, TimeoutError."""
    since = 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PAGE_TIMEOUT)) as session:
        while True:
            async with session.get(f"{gateway}/sandbox/books?since={since}", raise_for_status=True) as answer:
                page = await answer.json()
            if not page["payments"]:
                return
            yield page["payments"]
            since = page["next"]
