"""The payment ledger in MySQL, double-entry: where is the money that went through the gateway?

Access patterns:

| question | how |
|---|---|
| what was booked for an order | index (order_id) |
| balance of an account, at any time | index (account, at) |
| do all entries balance (auditor) | group by event_id |

Each event of payments that moved money is one entry of two legs that add up to 0; debit is positive. Amounts in KRW.

    captured   gateway_receivable +a   orders_liability   -a    the gateway owes us what we owe an order
    refunded   refunds            +r   gateway_receivable -r    the gateway paid it back
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.payments.messages import Captured, Refunded
from models.read import mysql
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, Poison, ReadModel
from models.read.registry import Registry

GATEWAY, ORDERS, REFUNDS = "gateway_receivable", "orders_liability", "refunds"
PAGE = 2_000
"""Orders of a page of ``Queries.sums``."""


def table(version: int) -> sa.Table:
    """A row per leg."""
    return sa.Table(
        f"ledger_{version}",
        sa.MetaData(),
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("leg", sa.SmallInteger, primary_key=True),
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False, comment="KRW, debit positive"),
        sa.Column("cause", sa.String(64), nullable=False, comment="captured, or the refund id"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="ms, UTC"),
        sa.Index(f"ledger_{version}_order", "order_id"),
        sa.Index(f"ledger_{version}_account", "account", "at"),
    )


INSERT = (
    "INSERT INTO {ledger} (event_id, leg, order_id, seq, account, amount, cause, at) VALUES {rows}"
    # The same event can only come twice if somebody has tampered with the positions; what is booked stays as it is.
    " ON DUPLICATE KEY UPDATE event_id = event_id"
)


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The legs of every event that moved money."""
    legs: list[tuple[Any, ...]] = []
    for fact in facts:
        match fact.body:
            case Captured(amount=amount, captured_at=at):
                entry = ((GATEWAY, amount), (ORDERS, -amount))
                cause = "captured"
            case Refunded(amount=amount, refund_id=cause):
                entry = ((REFUNDS, amount), (GATEWAY, -amount))
                at = fact.at
            case _:
                continue
        if sum(sum_ for _, sum_ in entry):
            raise Poison(fact, ValueError("legs do not add up to 0"))
        legs += [(fact.id, leg, fact.key, fact.seq, account, sum_, cause, at) for leg, (account, sum_) in enumerate(entry)]
    return [mysql.Write(INSERT, legs)]


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return mysql.Fenced(databases, "ledger", version, {"ledger": f"ledger_{version}"}, project)


create, drop = mysql.schema("ledger", lambda version: [table(version)])
MODEL = ReadModel(
    name="ledger",
    sources=(("payments", EVENTS),),
    store=_store,
    create=create,
    drop=drop,
    reported=False,
    urgent=lambda fact: False,
    patience=250.0,
)


class Queries:
    """What is asked of the ledger."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _table(self) -> str:
        return f"ledger_{await self._registry.version('ledger')}"

    async def entries(self, order_id: str) -> list[dict[str, Any]]:
        """The legs booked for an order, oldest first."""
        rows = await mysql.select(
            self._databases,
            f"SELECT event_id, leg, account, amount, cause, at FROM {await self._table()} WHERE order_id = %s ORDER BY seq, leg",
            order_id,
        )
        return [dict(zip(("event_id", "leg", "account", "amount", "cause", "at"), row, strict=True)) for row in rows]

    async def balances(self) -> Mapping[str, int]:
        """The balance of each account, KRW."""
        rows = await mysql.select(self._databases, f"SELECT account, SUM(amount) FROM {await self._table()} GROUP BY account")
        return {account: int(amount) for account, amount in rows}

    async def unbalanced(self) -> list[str]:
        """Ids of events whose entry is not exactly two legs that add up to 0; none, unless somebody tampered."""
        rows = await mysql.select(
            self._databases,
            f"SELECT event_id FROM {await self._table()} GROUP BY event_id HAVING SUM(amount) <> 0 OR COUNT(*) <> 2 LIMIT 1000",
        )
        return [row[0] for row in rows]

    async def dump(self) -> list[tuple[Any, ...]]:
        """Every leg (event id, leg, order id, account, amount), for comparison with the log."""
        return await mysql.select(
            self._databases, f"SELECT event_id, leg, order_id, account, amount FROM {await self._table()} ORDER BY event_id, leg"
        )

    async def sums(self) -> AsyncIterator[list[tuple[str, int, int, int]]]:
        """Pages of (order id, legs, their sum, digest), for comparison with the log.

        ``digest``: CRC-32 of ``event_id|leg|seq|account|amount|cause|at`` of each leg, combined by XOR.
        """
        after = ""
        while True:
            rows = await mysql.select(
                self._databases,
                "SELECT order_id, COUNT(*), SUM(amount),"
                " BIT_XOR(CRC32(CONCAT_WS('|', event_id, leg, seq, account, amount, cause, at)))"
                f" FROM {await self._table()} WHERE order_id > %s GROUP BY order_id ORDER BY order_id LIMIT %s",
                after,
                PAGE,
            )
            if rows:
                yield [(order, count, int(total), int(digest)) for order, count, total, digest in rows]
            if len(rows) < PAGE:
                return
            after = rows[-1][0]
