"""Coupons of florists and what buyers have of them, in MySQL.

Access patterns:

| question | how |
|---|---|
| terms of coupons | primary key (coupon_id) |
| coupons of a store | index (store_id) |
| a buyer's coupons | index (buyer, coupon_id) |

An issued coupon is ``claimed``, ``held`` by an order, or ``used``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.inventory.messages import (
    CouponClaimed,
    CouponCreated,
    CouponPrivate,
    HoldCommitted,
    HoldPlaced,
    HoldReleased,
    StockReturned,
)
from models.orders.messages import CouponTerms
from models.read import mysql
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel, highest
from models.read.registry import Registry

CLAIMED, HELD, USED = "claimed", "held", "used"
FIELDS = ("coupon_id", "store_id", "name", "limit", "discount", "min_amount", "starts", "ends", "issued")
COLUMNS = ("coupon_id", "store_id", "name", "max_issued", "discount", "min_amount", "starts", "ends", "issued")
ISSUED = ("status", "order_id", "claimed_at")


def tables(version: int) -> tuple[sa.Table, sa.Table]:
    """Coupons, and issued ones. ``seq`` 0: only the name has come yet."""
    metadata = sa.MetaData()
    coupons = sa.Table(
        f"coupons_{version}",
        metadata,
        sa.Column("coupon_id", sa.String(64), primary_key=True),
        sa.Column("store_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("max_issued", sa.Integer, nullable=False, server_default="0"),
        sa.Column("discount", sa.BigInteger, nullable=False, server_default="0", comment="KRW"),
        sa.Column("min_amount", sa.BigInteger, nullable=False, server_default="0", comment="KRW of goods"),
        sa.Column("starts", sa.String(10), nullable=False, server_default="", comment="KST day, inclusive"),
        sa.Column("ends", sa.String(10), nullable=False, server_default="", comment="KST day, inclusive"),
        sa.Column("issued", sa.Integer, nullable=False, server_default="0"),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Index(f"coupons_{version}_store", "store_id"),
    )
    issued = sa.Table(
        f"coupons_issued_{version}",
        metadata,
        sa.Column("coupon_id", sa.String(64), primary_key=True),
        sa.Column("buyer", sa.String(64), primary_key=True),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("order_id", sa.String(64), nullable=False, comment="that holds or has used it"),
        sa.Column("claimed_at", sa.BigInteger, nullable=False, comment="ms, UTC"),
        sa.Index(f"coupons_issued_{version}_buyer", "buyer", "coupon_id"),
    )
    return coupons, issued


CREATE = (
    "INSERT INTO {coupons} (coupon_id, store_id, max_issued, discount, min_amount, starts, ends, seq) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE store_id = VALUES(store_id), max_issued = VALUES(max_issued), discount = VALUES(discount),"
    " min_amount = VALUES(min_amount), starts = VALUES(starts), ends = VALUES(ends), seq = VALUES(seq)"
)
NAME = (
    "INSERT INTO {coupons} (coupon_id, store_id, name) VALUES {rows} ON DUPLICATE KEY UPDATE name = VALUES(name)"
)
COUNT = (
    "INSERT INTO {coupons} (coupon_id, store_id, issued) VALUES {rows} ON DUPLICATE KEY UPDATE issued = VALUES(issued)"
)
CLAIM = (
    "INSERT INTO {issued} (coupon_id, buyer, status, order_id, claimed_at) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE coupon_id = coupon_id"
)
GIVE_BACK = "UPDATE {issued} SET status = 'claimed', order_id = '' WHERE (coupon_id, buyer, order_id) IN ({rows})"
MARK = (
    "INSERT INTO {issued} (coupon_id, buyer, status, order_id, claimed_at) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE status = VALUES(status), order_id = VALUES(order_id)"
)


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """Writes in an order in which they may be made one after another.

    Within a batch an issued coupon's changes fold into the last. A coupon comes back only from the order that has it: where the
    batch does not tell who has it, the row does.
    """
    created: dict[str, tuple[Any, ...]] = {}
    names: dict[str, tuple[Any, ...]] = {}
    counts: dict[str, tuple[Any, ...]] = {}
    claims: dict[tuple[str, str], tuple[Any, ...]] = {}
    backs: dict[tuple[str, str], set[str]] = {}
    marks: dict[tuple[str, str], tuple[str, str]] = {}
    for fact in facts:
        event = fact.body
        match event:
            case CouponPrivate():
                names[event.coupon_id] = (event.coupon_id, fact.key, event.name)
            case CouponCreated():
                created[event.coupon_id] = (
                    event.coupon_id, fact.key, event.limit, event.discount, event.min_amount, event.starts, event.ends, fact.seq,
                )  # fmt: skip
            case CouponClaimed():
                counts[event.coupon_id] = (event.coupon_id, fact.key, event.issued)
                claims[event.coupon_id, event.buyer] = (event.coupon_id, event.buyer, CLAIMED, "", event.at)
            case (HoldPlaced() | HoldCommitted()) if event.coupon_id:
                marks[event.coupon_id, event.buyer] = (HELD if isinstance(event, HoldPlaced) else USED, event.order_id)
            case (HoldReleased() | StockReturned()) if event.coupon_id:
                name = (event.coupon_id, event.buyer)
                if name not in marks:
                    backs.setdefault(name, set()).add(event.order_id)
                elif marks[name][1] == event.order_id:
                    marks[name] = (CLAIMED, "")
    return [
        mysql.Write(CREATE, sorted(created.values())),
        mysql.Write(NAME, sorted(names.values())),
        mysql.Write(COUNT, sorted(counts.values())),
        mysql.Write(CLAIM, sorted(claims.values())),
        mysql.Write(GIVE_BACK, sorted((*name, order) for name, orders in backs.items() for order in orders if name not in marks)),
        mysql.Write(MARK, sorted((*name, *mark, 0) for name, mark in marks.items())),
    ]


class _Store(mysql.Fenced):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._highest: dict[str, int] = {}

    def asks(self, facts: Sequence[Fact]) -> bool:
        return any(fact.private or isinstance(fact.body, CouponCreated) for fact in facts)

    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """A coupon is complete with its name; a store's events are shown up to the first coupon that has none yet."""
        seen = highest(facts)
        if not self.asks(facts):
            return seen
        keys = sorted({fact.key for fact in facts})
        self._highest.update(seen)
        await cursor.execute(
            f"SELECT store_id, MIN(seq) FROM {self._names['coupons']} WHERE store_id IN {mysql.marks(keys)}"
            " AND name IS NULL AND seq > 0 GROUP BY store_id",
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
    return {"coupons": f"coupons_{version}", "issued": f"coupons_issued_{version}"}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "coupons", version, _names(version), project)


async def create(databases: Databases, version: int) -> None:
    """Make the tables of a version."""
    await mysql.run(databases, mysql.ddl(tables(version)))


async def drop(databases: Databases, version: int) -> None:
    """Drop the tables of a version."""
    await mysql.drop(databases, tables(version), f"coupons_{version}")


MODEL = ReadModel(
    name="coupons",
    sources=(("inventory", EVENTS), ("inventory", PRIVATE)),
    store=_store,
    create=create,
    drop=drop,
    urgent=lambda fact: isinstance(fact.body, CouponClaimed | CouponCreated | CouponPrivate),
    patience=150.0,
    pace=5.0,
    longest=150.0,
)


class Queries:
    """What is asked of coupons. One whose terms have not come yet does not exist."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _names(self) -> dict[str, str]:
        return _names(await self._registry.version("coupons"))

    async def _coupons(self, where: str, *values: Any) -> list[dict[str, Any]]:
        name = (await self._names())["coupons"]
        rows = await mysql.select(self._databases, f"SELECT {', '.join(COLUMNS)} FROM {name} WHERE seq > 0 AND {where}", *values)
        found = [dict(zip(FIELDS, row, strict=True)) for row in rows]
        for coupon in found:
            coupon["name"] = coupon["name"] or ""
        return found

    async def terms(self, ids: Iterable[str]) -> dict[str, CouponTerms]:
        """Terms of each coupon that exists, as PlaceOrder wants them."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        return {
            row["coupon_id"]: CouponTerms(**{name: row[name] for name in CouponTerms.__struct_fields__})
            for row in await self._coupons(f"coupon_id IN {mysql.marks(wanted)}", *wanted)
        }

    async def of_store(self, store_id: str) -> list[dict[str, Any]]:
        """Coupons of a store: terms, ``limit``, ``issued``, ``name``."""
        return await self._coupons("store_id = %s ORDER BY coupon_id", store_id)

    async def of_buyer(self, buyer: str) -> list[dict[str, Any]]:
        """What a buyer has claimed: terms, ``status`` (claimed, held, used), ``order_id``, ``claimed_at`` (ms)."""
        names = await self._names()
        columns = ", ".join([f"c.{column}" for column in COLUMNS] + [f"i.{column}" for column in ISSUED])
        rows = await mysql.select(
            self._databases,
            f"SELECT {columns} FROM {names['issued']} i JOIN {names['coupons']} c USING (coupon_id)"
            " WHERE i.buyer = %s ORDER BY i.coupon_id LIMIT 1000",
            buyer,
        )
        found = [dict(zip((*FIELDS, *ISSUED), row, strict=True)) for row in rows]
        for coupon in found:
            coupon["name"] = coupon["name"] or ""
        return found

    async def dump(self) -> list[dict[str, Any]]:
        """Every coupon, for comparison with the log."""
        return await self._coupons("TRUE ORDER BY coupon_id")

    async def dump_issued(self) -> list[tuple[Any, ...]]:
        """Every issued coupon (coupon, buyer, status, order), for comparison with the log."""
        names = await self._names()
        return await mysql.select(
            self._databases, f"SELECT coupon_id, buyer, status, order_id FROM {names['issued']} ORDER BY coupon_id, buyer"
        )
