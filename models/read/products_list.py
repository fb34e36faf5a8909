"""Lists of products for those who sell them and for admins, out of the search index as everybody's (ADR 0020)."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from models.catalog.messages import SALE
from models.read.search import Search
from models.search.filters import Choice, Filters
from models.search.wire import Question

BEST = 10
"""Products of a store's best sellers."""


class Listed(NamedTuple):
    """A page, the next one's cursor ("" at the end), and how many there are in all."""

    items: list[dict[str, Any]]
    cursor: str
    total: int


_whole = msgspec.json.Decoder().decode


def sort_of(date: str, sales: str) -> str:
    """One of ``ranking.MANAGED``. ``sales``: TOP, BOTTOM or "", before ``date``: NEW or OLD."""
    return f"{sales or 'ALL'}_{date}"


class Queries:
    """Lists in keyset pages."""

    def __init__(self, search: Search) -> None:
        self._search = search

    async def of_store(self, store_id: str, category: str, flower: str, status: str, limit: int, cursor: str) -> Listed:
        """What a store's seller manages, newest first. ``status`` "": all but DELETED; ``flower``: in whatever number of stems.

        Raises ``BadCursor``.
        """
        filters = Filters(
            store=store_id, category=_choices(category), flower=_choices(flower), status=status, sort=sort_of("NEW", "")
        )
        return await self._page(Question(filters, limit, cursor, scope="seller"))

    async def of_all(self, status: str, date: str, sales: str, limit: int, cursor: str) -> Listed:
        """Products of every store, removed ones among them, by ``sort_of``. Raises ``BadCursor``."""
        return await self._page(Question(Filters(status=status, sort=sort_of(date, sales)), limit, cursor, scope="admin"))

    async def best_sellers(self, store_id: str) -> list[dict[str, Any]]:
        """The ordinary products on sale of which a store has sold most, most first; none that never sold."""
        filters = Filters(store=store_id, status=SALE, sort=sort_of("NEW", "TOP"))
        found = await self._page(Question(filters, BEST, scope="seller"))
        return [one for one in found.items if one["sold"]]

    async def _page(self, question: Question) -> Listed:
        found = await self._search.found(question)
        return Listed([_whole(one) for one in found.items], found.next, found.total)


def _choices(value: str) -> tuple[Choice, ...]:
    return (Choice((value,)),) if value else ()
