"""What admins and operators have done, in MySQL: every event of ``SOURCES`` that says ``by`` (auth 46).

Access patterns: newest first (primary key of time), and the same of one admin or of one that something was done to (indexes).
Events hold ids and codes only; what an admin wrote is read from the account's own record, and goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, ReadModel, highest
from models.read.registry import Registry

SOURCES = ("accounts", "stores", "catalog")
FIELDS = ("at", "id", "by", "action", "subject", "details")
_json = msgspec.json.Encoder(order="sorted").encode
_details = msgspec.json.Decoder(dict[str, Any]).decode


def table(version: int) -> sa.Table:
    """``id``: domain, row key and ``seq`` of the event; ``subject``: the account, store, product … that it is about."""
    return sa.Table(
        f"audit_{version}",
        sa.MetaData(),
        sa.Column("at", sa.BigInteger, primary_key=True, comment="ms, UTC"),
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("details", sa.Text, nullable=False, comment="JSON: the event's other fields"),
        sa.Index(f"audit_{version}_by", "by", "at"),
        sa.Index(f"audit_{version}_subject", "subject", "at"),
    )


ADD = "INSERT INTO {audit} (at, id, `by`, action, subject, details) VALUES {rows} ON DUPLICATE KEY UPDATE id = VALUES(id)"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """A row an act."""
    rows = []
    for fact in facts:
        by = getattr(fact.body, "by", "")
        if fact.private or not by:
            continue
        said = msgspec.to_builtins(fact.body)
        subject = said.pop("account", fact.key)
        details = {name: value for name, value in said.items() if name not in ("type", "by")}
        ident = f"{fact.domain}/{fact.key}/{fact.seq}"
        rows.append((fact.at, ident, by, type(fact.body).__name__, subject, _json(details).decode()))
    return [mysql.Write(ADD, sorted(rows))]


class _Store(mysql.Fenced):
    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        return highest(facts)


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "audit", version, {"audit": f"audit_{version}"}, project)


create, drop = mysql.schema("audit", lambda version: [table(version)])
MODEL = ReadModel(
    name="audit",
    sources=tuple((domain, EVENTS) for domain in SOURCES),
    store=_store,
    create=create,
    drop=drop,
    urgent=lambda fact: bool(getattr(fact.body, "by", "")),
)


class Queries:
    """What is asked of the audit log."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def page(self, by: str, subject: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        """Acts, newest first, of ``by`` and about ``subject`` (``""``: all), and the next cursor. Raises ``BadCursor``."""
        name = f"audit_{await self._registry.version('audit')}"
        where, values = "TRUE", list[Any]()
        for column, wanted in (("`by`", by), ("subject", subject)):
            if wanted:
                where += f" AND {column} = %s"
                values.append(wanted)
        if cursor:
            moment, ident = unpack(cursor, 2)
            at = number(moment)
            where += " AND (at < %s OR (at = %s AND id < %s))"
            values += [at, at, ident]
        rows = await mysql.select(
            self._databases,
            f"SELECT at, id, `by`, action, subject, details FROM {name} WHERE {where} ORDER BY at DESC, id DESC LIMIT %s",
            *values,
            limit + 1,
        )
        found = [dict(zip(FIELDS, row, strict=True)) for row in rows]
        for one in found:
            one["details"] = _details(one["details"])
        last = found[limit - 1] if len(found) > limit else None
        return found[:limit], pack(str(last["at"]), last["id"]) if last else ""

    async def dump(self) -> list[dict[str, Any]]:
        """Everything, for comparison with the log."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            items, cursor = await self.page("", "", 1000, cursor)
            found += items
            if not cursor:
                return found
