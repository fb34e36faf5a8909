"""Who waits for which product to be sold again, in MySQL.

Access patterns:

| question | how |
|---|---|
| does a buyer wait for a product | primary key (buyer, product_id) |
| what a buyer waits for, newest first | index (buyer, at), keyset on (at, product_id) |
| who waits for a product | index (product_id) |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from models.catalog.messages import RESTOCK_EVENTS, RestockAwaited, RestockDropped
from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, ReadModel
from models.read.registry import Registry


def table(version: int) -> sa.Table:
    """Who has taken his wish back has ``at`` 0: the row stays, so that it has the ``seq`` of its last event."""
    return sa.Table(
        f"restock_{version}",
        sa.MetaData(),
        sa.Column("buyer", sa.String(64), primary_key=True),
        sa.Column("product_id", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False, comment="ms, UTC; 0: does not wait any more"),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Index(f"restock_{version}_at", "buyer", "at", "product_id"),
        sa.Index(f"restock_{version}_product", "product_id", "at"),
    )


UPSERT = (
    "INSERT INTO {restock} (buyer, product_id, at, seq) VALUES {rows} ON DUPLICATE KEY UPDATE at = VALUES(at), seq = VALUES(seq)"
)


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last word of each buyer on each product."""
    rows: dict[tuple[str, str], tuple[Any, ...]] = {}
    for fact in facts:
        match fact.body:
            case RestockAwaited(buyer=buyer, at=at):
                rows[buyer, fact.key] = (buyer, fact.key, at, fact.seq)
            case RestockDropped(buyer=buyer):
                rows[buyer, fact.key] = (buyer, fact.key, 0, fact.seq)
    return [mysql.Write(UPSERT, sorted(rows.values()))]


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return mysql.Fenced(databases, "restock", version, {"restock": f"restock_{version}"}, project)


create, drop = mysql.schema("restock", lambda version: [table(version)])
MODEL = ReadModel(
    name="restock",
    sources=(("catalog", EVENTS),),
    store=_store,
    create=create,
    drop=drop,
    urgent=lambda fact: isinstance(fact.body, RESTOCK_EVENTS),
)


class Alert(NamedTuple):
    """``at``: since when the buyer waits (ms), 0: not any more. ``seq``: the event that said so."""

    at: int
    seq: int


class Queries:
    """What is asked about waiting."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _name(self) -> str:
        return f"restock_{await self._registry.version('restock')}"

    async def one(self, buyer: str, product_id: str) -> Alert | None:
        """What the buyer last said of the product; ``None``: nothing."""
        sql = f"SELECT at, seq FROM {await self._name()} WHERE buyer = %s AND product_id = %s"
        rows = await mysql.select(self._databases, sql, buyer, product_id)
        return Alert(*rows[0]) if rows else None

    async def of_buyer(self, buyer: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str, int]:
        """Products for which the buyer waits (``product_id``, ``at``), the next page's cursor, how many. Raises ``BadCursor``."""
        name = await self._name()
        ((total,),) = await mysql.select(self._databases, f"SELECT COUNT(*) FROM {name} WHERE buyer = %s AND at > 0", buyer)
        beyond, values = "", []
        if cursor:
            at, last = unpack(cursor, 2)
            beyond, values = " AND (at, product_id) < (%s, %s)", [number(at), last]
        rows = await mysql.select(
            self._databases,
            f"SELECT product_id, at FROM {name} WHERE buyer = %s AND at > 0{beyond} ORDER BY at DESC, product_id DESC LIMIT %s",
            buyer,
            *values,
            limit + 1,
        )
        items = [{"product_id": product_id, "at": at} for product_id, at in rows]
        more = pack(str(items[limit - 1]["at"]), items[limit - 1]["product_id"]) if len(items) > limit else ""
        return items[:limit], more, int(total)

    async def dump(self) -> list[tuple[Any, ...]]:
        """Everybody who waits (product, buyer, since when), for comparison with the log."""
        sql = f"SELECT product_id, buyer, at FROM {await self._name()} WHERE at > 0 ORDER BY product_id, buyer"
        return await mysql.select(self._databases, sql)
