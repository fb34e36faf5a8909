"""Florists in MySQL: policy from the events, name from the private record; either may come first.

Access patterns: by id or ids (primary key); list by id, keyset; by owner (index).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.orders.messages import StoreTerms
from models.read import mysql
from models.read.cursors import pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel
from models.read.registry import Registry
from models.stores.messages import StorePrivate, StoreSaved

ERASED = 1 << 30
"""``pseq`` of a store whose private record was erased: there is nothing more to wait for."""
FIELDS = ("store_id", "owner", "delivery_fee", "free_from", "cut_off", "threshold", "name", "seq")


def table(version: int) -> sa.Table:
    """``seq``/``pseq``: of the last event and private record folded; 0: none yet."""
    return sa.Table(
        f"stores_{version}",
        sa.MetaData(),
        sa.Column("store_id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, server_default=""),
        sa.Column("delivery_fee", sa.Integer, nullable=False, server_default="0", comment="KRW"),
        sa.Column("free_from", sa.BigInteger, nullable=False, server_default="0", comment="KRW of goods"),
        sa.Column("cut_off", sa.String(5), nullable=False, server_default="", comment="HH:MM KST"),
        sa.Column("threshold", sa.Integer, nullable=False, server_default="0", comment="stems"),
        sa.Column("name", sa.String(200), nullable=False, server_default=""),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("pseq", sa.Integer, nullable=False, server_default="0"),
        sa.Index(f"stores_{version}_owner", "owner"),
    )


UPSERT = (
    "INSERT INTO {stores} (store_id, owner, delivery_fee, free_from, cut_off, threshold, seq) VALUES {rows} ON DUPLICATE KEY"
    " UPDATE owner = VALUES(owner), delivery_fee = VALUES(delivery_fee), free_from = VALUES(free_from),"
    " cut_off = VALUES(cut_off), threshold = VALUES(threshold), seq = VALUES(seq)"
)
NAMES = (
    "INSERT INTO {stores} (store_id, name, pseq) VALUES {rows} ON DUPLICATE KEY UPDATE name = VALUES(name), pseq = VALUES(pseq)"
)


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last state of each store; its name apart."""
    policies: dict[str, tuple[Any, ...]] = {}
    names: dict[str, tuple[Any, ...]] = {}
    for fact in facts:
        body = fact.body
        if fact.private:
            names[fact.key] = (fact.key, body.name, fact.seq) if isinstance(body, StorePrivate) else (fact.key, "", ERASED)
        elif isinstance(body, StoreSaved):
            policies[fact.key] = (
                fact.key, body.owner, body.delivery_fee, body.free_from, body.cut_off, body.threshold, fact.seq,
            )  # fmt: skip
    return [mysql.Write(UPSERT, sorted(policies.values())), mysql.Write(NAMES, sorted(names.values()))]


class _Store(mysql.Fenced):
    def asks(self, facts: Sequence[Fact]) -> bool:
        return bool(facts)

    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """Policy and name both: each StoreSaved comes with a private record of the same ``seq``."""
        keys = sorted({fact.key for fact in facts})
        if not keys:
            return {}
        await cursor.execute(
            f"SELECT store_id, LEAST(seq, pseq) FROM {self._names['stores']} WHERE store_id IN {mysql.marks(keys)}", keys
        )
        return {key: seq for key, seq in await cursor.fetchall() if seq}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "stores", version, {"stores": f"stores_{version}"}, project)


async def create(databases: Databases, version: int) -> None:
    """Make the table of a version."""
    await mysql.run(databases, mysql.ddl([table(version)]))


async def drop(databases: Databases, version: int) -> None:
    """Drop the table of a version."""
    await mysql.drop(databases, [table(version)], f"stores_{version}")


MODEL = ReadModel(
    name="stores", sources=(("stores", EVENTS), ("stores", PRIVATE)), store=_store, create=create, drop=drop
)  # fmt: skip


class Queries:
    """What is asked of the stores. A store whose policy has not come yet does not exist."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _select(self, where: str, *values: Any, seq: str = "seq") -> list[dict[str, Any]]:
        name, columns = f"stores_{await self._registry.version('stores')}", ", ".join((*FIELDS[:-1], seq))
        rows = await mysql.select(self._databases, f"SELECT {columns} FROM {name} WHERE seq > 0 AND {where}", *values)
        return [dict(zip(FIELDS, row, strict=True)) for row in rows]

    async def one(self, store_id: str) -> dict[str, Any] | None:
        """A store, with ``owner``. ``seq``: the event up to which it is shown whole, with its name."""
        found = await self._select("store_id = %s", store_id, seq="LEAST(seq, pseq)")
        return found[0] if found else None

    async def terms(self, ids: Iterable[str]) -> dict[str, StoreTerms]:
        """Policy of each store that exists, as PlaceOrder wants it."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        return {
            row["store_id"]: StoreTerms(
                store_id=row["store_id"],
                name=row["name"],
                delivery_fee=row["delivery_fee"],
                free_from=row["free_from"],
                cut_off=row["cut_off"],
            )
            for row in await self._select(f"store_id IN {mysql.marks(wanted)}", *wanted)
        }

    async def by_ids(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those of ``ids`` that exist."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        return {row["store_id"]: row for row in await self._select(f"store_id IN {mysql.marks(wanted)}", *wanted)}

    async def page(self, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        """Stores by id, and the next page's cursor. Raises ``BadCursor``."""
        after = unpack(cursor, 1)[0] if cursor else ""
        found = await self._select("store_id > %s ORDER BY store_id LIMIT %s", after, limit + 1)
        return found[:limit], pack(found[limit - 1]["store_id"]) if len(found) > limit else ""

    async def of_owner(self, owner: str) -> list[dict[str, Any]]:
        """The stores of an account."""
        return await self._select("owner = %s ORDER BY store_id", owner)

    async def dump(self) -> list[dict[str, Any]]:
        """Every store, for comparison with the log."""
        return await self._select("TRUE ORDER BY store_id")
