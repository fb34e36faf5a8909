"""Lists of products for those who sell them and for admins; what buyers see is the search's business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from models.catalog.messages import DELETED, SALE, SUBSCRIPTION
from models.read.cursors import number, pack, unpack
from models.read.products import Collection, Document, told

ASCENDING, DESCENDING = 1, -1
BEST = 10
"""Products of a store's best sellers."""
Sort = Sequence[tuple[str, int]]
"""Fields and directions; the last is ``_id``, so that no two are alike."""
NEWEST: Sort = (("created", DESCENDING), ("_id", DESCENDING))
ORDINARY_ONLY: Mapping[str, Any] = {"kind": {"$ne": SUBSCRIPTION}}


class Listed(NamedTuple):
    """A page, the next one's cursor ("" at the end), and how many there are in all."""

    items: list[Document]
    cursor: str
    total: int


def after(sort: Sort, values: Sequence[Any]) -> Document:
    """The filter for what comes after an entry with these ``values`` of the fields of ``sort``."""
    ways = []
    for at, (name, direction) in enumerate(sort):
        same = {field: value for (field, _), value in zip(sort[:at], values, strict=False)}
        ways.append({**same, name: {"$lt" if direction == DESCENDING else "$gt": values[at]}})
    return {"$or": ways}


def _place(cursor: str, sort: Sort) -> list[Any]:
    """The values that ``cursor`` has for ``sort``: numbers, and the id."""
    *numbers, ident = unpack(cursor, len(sort))
    return [*map(number, numbers), ident]


class Queries(Collection):
    """Lists in keyset pages."""

    async def of_store(self, store_id: str, category: str, flower: str, status: str, limit: int, cursor: str) -> Listed:
        """What a store's seller manages, newest first. ``status`` "": all but DELETED; ``flower``: in whatever number of stems.

        Raises ``BadCursor``.
        """
        wanted: Document = {
            "store_id": store_id,
            **ORDINARY_ONLY,
            "status": status or {"$ne": DELETED},
            **({"category": category} if category else {}),
            **({f"flowers.{flower}": {"$exists": True}} if flower else {}),
        }
        return await self._page(wanted, NEWEST, limit, cursor)

    async def of_all(self, status: str, date: str, sales: str, limit: int, cursor: str) -> Listed:
        """Products of every store, removed ones among them. ``sales``: TOP or BOTTOM goes before ``date``: NEW or OLD.

        Raises ``BadCursor``.
        """
        wanted: Document = {**ORDINARY_ONLY, **({"status": status} if status else {})}
        when = ASCENDING if date == "OLD" else DESCENDING
        sort = [("created", when), ("_id", when)]
        if sales:
            sort.insert(0, ("sold", ASCENDING if sales == "BOTTOM" else DESCENDING))
        return await self._page(wanted, sort, limit, cursor)

    async def best_sellers(self, store_id: str) -> list[Document]:
        """The ordinary products on sale of which a store has sold most, most first; none that never sold."""
        collection = await self._collection()
        wanted = {"store_id": store_id, "status": SALE, **ORDINARY_ONLY, "sold": {"$gt": 0}}
        sort = [("sold", DESCENDING), ("_id", DESCENDING)]
        return [told(one) for one in await collection.find(wanted).sort(sort).limit(BEST).to_list(BEST)]

    async def _page(self, wanted: Document, sort: Sort, limit: int, cursor: str) -> Listed:
        collection = await self._collection()
        wanted = {"seq": {"$gt": 0}, **wanted}
        total = await collection.count_documents(wanted)
        page = {**wanted, **after(sort, _place(cursor, sort))} if cursor else wanted
        found = await collection.find(page).sort(list(sort)).limit(limit + 1).to_list(limit + 1)
        if not total:
            await self._sure(collection)
        more = pack(*(str(found[limit - 1][name]) for name, _ in sort)) if len(found) > limit else ""
        # Why an admin removed it is its seller's and the admins' business.
        items = [{**told(one), "removal": one.get("removal", "")} for one in found[:limit]]
        return Listed(items, more, total)
