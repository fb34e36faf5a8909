"""Stems of a florist in MySQL: on hand, promised, and every change of what is on hand.

Access patterns:

| question | how |
|---|---|
| the shelf of a store | primary key (store_id, flower_id) |
| history of a flower, newest first | primary key (store_id, flower_id, seq), keyset on seq |
| history of a store, newest first | index (store_id, seq, flower_id), keyset |

Facts are deltas and rows are sums of them, so a row that somebody else has changed stays different from the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from models.inventory.messages import HoldCommitted, HoldPlaced, HoldReleased, StockChanged, StockReturned
from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, ReadModel
from models.read.registry import Registry

COMMITTED, RETURNED = "order", "order_cancelled"
"""Causes of changes that an order brings; the others are those of ``ChangeStock``."""


def tables(version: int) -> tuple[sa.Table, sa.Table]:
    """Stock and its history."""
    metadata = sa.MetaData()
    stock = sa.Table(
        f"stock_{version}",
        metadata,
        sa.Column("store_id", sa.String(64), primary_key=True),
        sa.Column("flower_id", sa.String(64), primary_key=True),
        sa.Column("on_hand", sa.BigInteger, nullable=False, comment="stems"),
        sa.Column("held", sa.BigInteger, nullable=False, comment="stems promised"),
        sa.Column("version", sa.Integer, nullable=False, comment="counts the changes of on_hand"),
        sa.Column("seq", sa.Integer, nullable=False),
    )
    history = sa.Table(
        f"stock_history_{version}",
        metadata,
        sa.Column("store_id", sa.String(64), primary_key=True),
        sa.Column("flower_id", sa.String(64), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("delta", sa.BigInteger, nullable=False, comment="stems"),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.Column("who", sa.String(64), nullable=False, comment="account or order"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="ms, UTC"),
        sa.Index(f"stock_history_{version}_newest", "store_id", "seq", "flower_id"),
    )
    return stock, history


UPSERT = (
    "INSERT INTO {stock} (store_id, flower_id, on_hand, held, version, seq) VALUES {rows} ON DUPLICATE KEY UPDATE"
    " on_hand = on_hand + VALUES(on_hand), held = held + VALUES(held), version = version + VALUES(version), seq = VALUES(seq)"
)
HISTORY = "INSERT INTO {history} (store_id, flower_id, seq, delta, cause, who, at) VALUES {rows} ON DUPLICATE KEY UPDATE seq = seq"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """One row per flower that changed, however often, and one per change of what is on hand."""
    sums: dict[tuple[str, str], list[int]] = {}
    changes: list[tuple[Any, ...]] = []
    for fact in facts:
        event = fact.body
        match event:
            case StockChanged():
                _add(sums, fact, {event.flower_id: event.delta}, on_hand=1)
                changes.append((fact.key, event.flower_id, fact.seq, event.delta, event.cause, event.by, event.at))
                continue
            case HoldPlaced():
                on_hand, held, cause = 0, 1, ""
            case HoldCommitted():
                on_hand, held, cause = -1, -1, COMMITTED
            case HoldReleased():
                on_hand, held, cause = 0, -1, ""
            case StockReturned():
                on_hand, held, cause = 1, 0, RETURNED
            case _:
                continue
        _add(sums, fact, event.flowers, on_hand=on_hand, held=held)
        if cause:
            changes += [
                (fact.key, flower, fact.seq, on_hand * stems, cause, event.order_id, fact.at)
                for flower, stems in event.flowers.items()
            ]
    # Sorted, so that rows are locked in the same order by everybody.
    rows = [(*names, *figures) for names, figures in sorted(sums.items())]
    return [mysql.Write(UPSERT, rows), mysql.Write(HISTORY, changes)]


def _add(sums: dict[tuple[str, str], list[int]], fact: Fact, flowers: dict[str, int], on_hand: int = 0, held: int = 0) -> None:
    for flower, stems in flowers.items():
        row = sums.setdefault((fact.key, flower), [0, 0, 0, 0])
        row[0] += on_hand * stems
        row[1] += held * stems
        # As in models/inventory/decide.py: a promise does not make what the owner saw out of date.
        row[2] += 1 if on_hand else 0
        row[3] = fact.seq


def _names(version: int) -> dict[str, str]:
    return {"stock": f"stock_{version}", "history": f"stock_history_{version}"}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return mysql.Fenced(databases, "stock", version, _names(version), project)


create, drop = mysql.schema("stock", tables)
MODEL = ReadModel(
    name="stock",
    sources=(("inventory", EVENTS),),
    store=_store,
    create=create,
    drop=drop,
    urgent=lambda fact: isinstance(fact.body, StockChanged),
    patience=150.0,
    pace=5.0,
    longest=150.0,
)


class Queries:
    """What is asked of the shelves."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _tables(self) -> dict[str, str]:
        return _names(await self._registry.version("stock"))

    async def of_store(self, store_id: str) -> list[dict[str, Any]]:
        """Each flower of a store: flower_id, on_hand, held, version, seq of its last change."""
        names = await self._tables()
        rows = await mysql.select(
            self._databases,
            f"SELECT flower_id, on_hand, held, version, seq FROM {names['stock']} WHERE store_id = %s ORDER BY flower_id",
            store_id,
        )
        return [dict(zip(("flower_id", "on_hand", "held", "version", "seq"), row, strict=True)) for row in rows]

    async def available(self, store_ids: Iterable[str]) -> dict[str, dict[str, int]]:
        """Store id -> flower id -> stems that are promised to nobody."""
        wanted = sorted(set(store_ids))
        found: dict[str, dict[str, int]] = {one: {} for one in wanted}
        if wanted:
            name = (await self._tables())["stock"]
            sql = f"SELECT store_id, flower_id, on_hand - held FROM {name} WHERE store_id IN {mysql.marks(wanted)}"
            for store_id, flower_id, stems in await mysql.select(self._databases, sql, *wanted):
                found[store_id][flower_id] = stems
        return found

    async def history(self, store_id: str, flower_id: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        """Changes of a flower, of all of a store's if it is "", newest first. Raises ``BadCursor``.

        Each: flower_id, delta, ``on_hand`` after it, cause, ``by`` (account) or ``order_id``, at (ms). What is on hand after a
        change is what is there now less all that came later, so an early page costs little and a late one more.
        """
        names = await self._tables()
        seq, flower = _after(cursor)
        only = " AND flower_id = %s" if flower_id else ""
        rows = await mysql.select(
            self._databases,
            "SELECT h.flower_id, h.seq, h.delta, h.cause, h.who, h.at, s.on_hand - COALESCE((SELECT SUM(n.delta)"
            f" FROM {names['history']} n WHERE n.store_id = s.store_id AND n.flower_id = h.flower_id AND n.seq > h.seq), 0)"
            f" FROM (SELECT * FROM {names['history']} WHERE store_id = %s{only} AND (seq < %s OR (seq = %s AND flower_id > %s))"
            f" ORDER BY seq DESC, flower_id LIMIT %s) h JOIN {names['stock']} s"
            " ON s.store_id = h.store_id AND s.flower_id = h.flower_id ORDER BY h.seq DESC, h.flower_id",
            *(store_id, *((flower_id,) if flower_id else ()), seq, seq, flower, limit + 1),
        )
        found = [_change(*row) for row in rows[:limit]]
        return found, pack(str(rows[limit - 1][1]), rows[limit - 1][0]) if len(rows) > limit else ""

    async def dump(self) -> list[tuple[Any, ...]]:
        """Every flower (store, flower, on_hand, held, version, seq of its last change), for comparison with the log."""
        names = await self._tables()
        return await mysql.select(
            self._databases,
            f"SELECT store_id, flower_id, on_hand, held, version, seq FROM {names['stock']} ORDER BY store_id, flower_id",
        )

    async def dump_history(self) -> list[tuple[Any, ...]]:
        """Every change (store, flower, seq, delta, cause, who), for comparison with the log."""
        names = await self._tables()
        return await mysql.select(
            self._databases,
            f"SELECT store_id, flower_id, seq, delta, cause, who FROM {names['history']} ORDER BY store_id, flower_id, seq",
        )

    async def history_sums(self) -> list[tuple[Any, ...]]:
        """For each flower (store, flower, changes, sum of deltas, digest), for comparison with the log.

        ``digest``: CRC-32 of ``seq|delta|cause|who|at`` of each row, combined by XOR: the rows stay where they are.
        """
        names = await self._tables()
        rows = await mysql.select(
            self._databases,
            "SELECT store_id, flower_id, COUNT(*), SUM(delta), BIT_XOR(CRC32(CONCAT_WS('|', seq, delta, cause, who, at)))"
            f" FROM {names['history']} GROUP BY store_id, flower_id",
        )
        return [(store, flower, count, int(total), int(digest)) for store, flower, count, total, digest in rows]


def _change(flower_id: str, seq: int, delta: int, cause: str, who: str, at: int, on_hand: Any) -> dict[str, Any]:
    of_order = cause in (COMMITTED, RETURNED)
    told = {"flower_id": flower_id, "delta": delta, "on_hand": int(on_hand), "cause": cause}
    return {**told, "by": "" if of_order else who, "order_id": who if of_order else "", "at": at}


def _after(cursor: str) -> tuple[int, str]:
    if not cursor:
        return 1 << 31, ""
    seq, flower_id = unpack(cursor, 2)
    return number(seq, 10), flower_id
