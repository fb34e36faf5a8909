"""Coupons of florists and what buyers have of them, in MySQL (``models/read/coupons_fold.py``).

Access patterns:

| question | how |
|---|---|
| terms of coupons, each edition | primary key (coupon_id, edition) |
| coupons of a store, newest first | index (store_id, created), keyset |
| a buyer's coupons, newest first | index (buyer, claimed_at, coupon_id), keyset |
| holders of a coupon, newest first | index (coupon_id, claimed_at, buyer), keyset |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.inventory.messages import CouponClaimed, CouponClosed, CouponCreated, CouponEdited, CouponPrivate
from models.orders.messages import CouponTerms
from models.read import mysql
from models.read.coupons_fold import project, tables
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel, highest
from models.read.registry import Registry

FIELDS = ("coupon_id", "store_id", "name", "limit", "discount", "min_amount", "starts", "ends", "issued", "edition", "closed")
COLUMNS = ("coupon_id", "store_id", "name", "max_issued", "discount", "min_amount", "starts", "ends", "issued", "edition", "closed")
HELD = ("coupon_id", "store_id", "name", "discount", "min_amount", "starts", "ends", "status", "order_id", "claimed_at", "used_at")
HOLDER = ("buyer", "status", "order_id", "claimed_at", "used_at")
LATEST = 1 << 62


class _Store(mysql.Fenced):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._highest: dict[str, int] = {}

    def asks(self, facts: Sequence[Fact]) -> bool:
        return any(fact.private or isinstance(fact.body, CouponCreated | CouponEdited) for fact in facts)

    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """A coupon is complete with its name; a store's events are shown up to the first coupon whose name is still to come."""
        seen = highest(facts)
        if not self.asks(facts):
            return seen
        keys = sorted({fact.key for fact in facts})
        self._highest.update(seen)
        await cursor.execute(
            f"SELECT store_id, MIN(seq) FROM {self._names['coupons']} WHERE store_id IN {mysql.marks(keys)}"
            " AND seq > pseq GROUP BY store_id",
            keys,
        )
        waits = dict(await cursor.fetchall())
        for key in keys:
            if key in waits:
                seen[key] = min(seen.get(key, 0), waits[key] - 1)
            elif key in self._highest:
                seen[key] = self._highest.pop(key)
        return {key: seq for key, seq in seen.items() if seq > 0}


def _names(version: int) -> dict[str, str]:
    return {"coupons": f"coupons_{version}", "terms": f"coupons_terms_{version}", "issued": f"coupons_issued_{version}"}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "coupons", version, _names(version), project)


create, drop = mysql.schema("coupons", tables)
MODEL = ReadModel(
    name="coupons",
    sources=(("inventory", EVENTS), ("inventory", PRIVATE)),
    store=_store,
    create=create,
    drop=drop,
    urgent=lambda fact: isinstance(fact.body, CouponClaimed | CouponCreated | CouponEdited | CouponClosed | CouponPrivate),
    patience=150.0,
    pace=5.0,
    longest=150.0,
)


class Queries:
    """What is asked of coupons. One whose terms have not come yet does not exist. Days are KST days, ``YYYY-MM-DD``."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _names(self) -> dict[str, str]:
        return _names(await self._registry.version("coupons"))

    async def _coupons(self, where: str, *values: Any, more: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        name = (await self._names())["coupons"]
        columns = ", ".join((*COLUMNS, *more))
        rows = await mysql.select(self._databases, f"SELECT {columns} FROM {name} WHERE seq > 0 AND {where}", *values)
        return [{**dict(zip((*FIELDS, *more), row, strict=True)), "closed": bool(row[10])} for row in rows]

    async def terms(self, ids: Iterable[str]) -> dict[str, tuple[CouponTerms, ...]]:
        """Terms of each coupon that exists, as PlaceOrder wants them: every edition in order, the last one is of now."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        names = await self._names()
        rows = await mysql.select(
            self._databases,
            f"SELECT c.coupon_id, c.store_id, t.discount, t.min_amount, t.starts, t.ends FROM {names['coupons']} c"
            f" JOIN {names['terms']} t USING (coupon_id) WHERE c.seq > 0 AND c.coupon_id IN {mysql.marks(wanted)}"
            " ORDER BY c.coupon_id, t.edition",
            *wanted,
        )
        found: dict[str, tuple[CouponTerms, ...]] = {}
        for row in rows:
            terms = CouponTerms(**dict(zip(CouponTerms.__struct_fields__, row, strict=True)))
            found[row[0]] = (*found.get(row[0], ()), terms)
        return found

    async def editions(self, buyer: str, ids: Iterable[str]) -> dict[str, int]:
        """The edition under which ``buyer`` has each of ``ids``; those that were not claimed are left out."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        name = (await self._names())["issued"]
        sql = f"SELECT coupon_id, edition FROM {name} WHERE buyer = %s AND coupon_id IN {mysql.marks(wanted)}"
        return dict(await mysql.select(self._databases, sql, buyer, *wanted))

    async def one(self, coupon_id: str) -> dict[str, Any] | None:
        """A coupon, with ``last``: the event that changed it last."""
        found = await self._coupons("coupon_id = %s", coupon_id, more=("last",))
        return found[0] if found else None

    async def of_store(self, store_id: str, today: str) -> list[dict[str, Any]]:
        """What a store gives on ``today`` or will: neither closed nor ended; those that are all claimed among them.

        What is to be had for the smallest order comes first.
        """
        return await self._coupons(
            "store_id = %s AND closed = 0 AND ends >= %s ORDER BY min_amount, discount DESC, coupon_id LIMIT 500", store_id, today
        )

    async def all_of_store(self, store_id: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str, int]:
        """Every coupon that a store ever had, newest first, and how many. Raises ``BadCursor``."""
        below = number(unpack(cursor, 1)[0]) if cursor else LATEST
        found = await self._coupons(
            "store_id = %s AND created < %s ORDER BY created DESC LIMIT %s", store_id, below, limit + 1, more=("created",)
        )
        following = pack(str(found[limit - 1]["created"])) if len(found) > limit else ""
        name = (await self._names())["coupons"]
        total = await self._count(f"{name} WHERE seq > 0 AND store_id = %s", store_id)
        return [{field: one[field] for field in FIELDS} for one in found[:limit]], following, total

    async def of_buyer(self, buyer: str) -> list[dict[str, Any]]:
        """What a buyer has claimed, newest first, at most 1,000: the terms that the buyer has, see ``HELD``."""
        return await self._held("i.buyer = %s ORDER BY i.claimed_at DESC, i.coupon_id LIMIT 1000", buyer)

    async def mine(self, buyer: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str, int]:
        """A page of that, and how many there are. Raises ``BadCursor``."""
        at, coupon_id = _after(cursor)
        found = await self._held(
            "i.buyer = %s AND (i.claimed_at < %s OR (i.claimed_at = %s AND i.coupon_id > %s))"
            " ORDER BY i.claimed_at DESC, i.coupon_id LIMIT %s",
            buyer, at, at, coupon_id, limit + 1,
        )  # fmt: skip
        following = pack(str(found[limit - 1]["claimed_at"]), found[limit - 1]["coupon_id"]) if len(found) > limit else ""
        name = (await self._names())["issued"]
        return found[:limit], following, await self._count(f"{name} WHERE buyer = %s", buyer)

    async def usable_count(self, buyer: str, today: str) -> int:
        """How many coupons the buyer could use on ``today`` for goods enough."""
        names = await self._names()
        return await self._count(
            f"{names['issued']} i JOIN {names['terms']} t USING (coupon_id, edition)"
            " WHERE i.buyer = %s AND i.status = 'claimed' AND t.starts <= %s AND t.ends >= %s",
            buyer, today, today,
        )  # fmt: skip

    async def in_store(self, buyer: str, store_id: str) -> list[dict[str, Any]]:
        """What a buyer has of one store's, see ``of_buyer``."""
        return await self._held("i.buyer = %s AND c.store_id = %s ORDER BY t.discount DESC, i.coupon_id LIMIT 500", buyer, store_id)

    async def _held(self, where: str, *values: Any) -> list[dict[str, Any]]:
        names = await self._names()
        columns = "c.coupon_id, c.store_id, c.name, t.discount, t.min_amount, t.starts, t.ends, i.status, i.order_id, i.claimed_at"
        rows = await mysql.select(
            self._databases,
            f"SELECT {columns}, i.used_at, i.seq FROM {names['issued']} i JOIN {names['coupons']} c USING (coupon_id)"
            f" JOIN {names['terms']} t ON t.coupon_id = i.coupon_id AND t.edition = i.edition WHERE {where}",
            *values,
        )
        return [dict(zip((*HELD, "seq"), row, strict=True)) for row in rows]

    async def holders(
        self, store_id: str, coupon_id: str, limit: int, cursor: str = ""
    ) -> tuple[list[dict[str, Any]], str, int] | None:
        """Who has a coupon, newest first (``HOLDER``), and how many; ``None``: the store has no such coupon. Raises
        ``BadCursor``."""
        at, buyer = _after(cursor)
        if not await self._coupons("coupon_id = %s AND store_id = %s", coupon_id, store_id):
            return None
        name = (await self._names())["issued"]
        rows = await mysql.select(
            self._databases,
            f"SELECT {', '.join(HOLDER)} FROM {name} WHERE coupon_id = %s AND (claimed_at < %s OR (claimed_at = %s AND buyer > %s))"
            " ORDER BY claimed_at DESC, buyer LIMIT %s",
            coupon_id, at, at, buyer, limit + 1,
        )  # fmt: skip
        found = [dict(zip(HOLDER, row, strict=True)) for row in rows]
        following = pack(str(found[limit - 1]["claimed_at"]), found[limit - 1]["buyer"]) if len(found) > limit else ""
        return found[:limit], following, await self._count(f"{name} WHERE coupon_id = %s", coupon_id)

    async def _count(self, where: str, *values: Any) -> int:
        return int((await mysql.select(self._databases, f"SELECT COUNT(*) FROM {where}", *values))[0][0])

    async def dump(self) -> list[dict[str, Any]]:
        """Every coupon, for comparison with the log."""
        return await self._coupons("TRUE ORDER BY coupon_id")

    async def dump_issued(self) -> list[tuple[Any, ...]]:
        """Every issued coupon (coupon, buyer, status, order, edition), for comparison with the log."""
        names = await self._names()
        return await mysql.select(
            self._databases,
            f"SELECT coupon_id, buyer, status, order_id, edition FROM {names['issued']} ORDER BY coupon_id, buyer",
        )


def _after(cursor: str) -> tuple[int, str]:
    if not cursor:
        return LATEST, ""
    at, name = unpack(cursor, 2)
    return number(at), name
