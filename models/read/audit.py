"""What admins and operators have done, in MySQL: every event of ``SOURCES`` that says ``by`` (auth 46).

Access patterns: newest first (primary key of time), and the same of one admin or of one that something was done to (indexes).
Events hold ids and codes only; what an admin wrote is read from the private record of the account, store, product or review, lies
in a table of its own, joined by the act's ``noted``, and goes with that record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from models.accounts.messages import AccountPrivate, AccountRestored, AccountSuspended
from models.accounts.seller_messages import SellerDenied, SellerPermitted
from models.catalog.messages import ProductPrivate, ProductRemoved, ReviewHidden, ReviewPrivate
from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel, highest
from models.read.registry import Registry
from models.stores.messages import StorePrivate, StoreSuspended

SOURCES = ("accounts", "stores", "catalog")
FIELDS = ("at", "id", "by", "action", "subject", "details", "note")
_json = msgspec.json.Encoder(order="sorted").encode
_details = msgspec.json.Decoder(dict[str, Any]).decode


def tables(version: int) -> list[sa.Table]:
    """Acts, and what was written about them."""
    return [table(version), notes_table(version)]


def notes_table(version: int) -> sa.Table:
    """``id``: an act's ``noted``; ``owner``: domain and row key of the record in which it stands."""
    return sa.Table(
        f"audit_notes_{version}",
        sa.MetaData(),
        sa.Column("id", sa.String(140), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Index(f"audit_notes_{version}_owner", "owner"),
    )


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
        sa.Column("noted", sa.String(140), nullable=False, comment="empty: it can have none"),
        sa.Index(f"audit_{version}_by", "by", "at"),
        sa.Index(f"audit_{version}_subject", "subject", "at"),
    )


ADD = "INSERT INTO {audit} (at, id, `by`, action, subject, details, noted) VALUES {rows} ON DUPLICATE KEY UPDATE id = VALUES(id)"
FORGET = "DELETE FROM {audit_notes} WHERE owner IN ({rows})"
NOTE = "INSERT INTO {audit_notes} (id, owner, note) VALUES {rows} ON DUPLICATE KEY UPDATE note = VALUES(note)"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """A row an act, and the notes of every record that has some: what a later one does not have any more is forgotten."""
    rows = []
    notes: dict[str, dict[str, str]] = {}
    for fact in facts:
        if fact.private:
            written = _written(fact)
            if written or fact.body is None:
                notes[f"{fact.domain}/{fact.key}"] = written
            continue
        by = getattr(fact.body, "by", "")
        if not by:
            continue
        said = msgspec.to_builtins(fact.body)
        subject = said.pop("account", fact.key)
        details = {name: value for name, value in said.items() if name not in ("type", "by")}
        ident = f"{fact.domain}/{fact.key}/{fact.seq}"
        rows.append((fact.at, ident, by, type(fact.body).__name__, subject, _json(details).decode(), _noted(fact)))
    kept = [(ident, owner, note) for owner, written in notes.items() for ident, note in written.items()]
    return [
        mysql.Write(ADD, sorted(rows)),
        mysql.Write(FORGET, [(owner,) for owner in sorted(notes)]),
        mysql.Write(NOTE, sorted(kept)),
    ]


def _noted(fact: Fact) -> str:
    """Under which id ``_written`` finds what was said about the act."""
    match fact.body:
        case StoreSuspended(act=0) | StoreSuspended(of_owner=True):
            return ""
        case StoreSuspended(act=act):
            return f"{fact.key}/{act}"
        case ProductRemoved() | ReviewHidden():
            return fact.key
        case SellerPermitted() | SellerDenied() | AccountSuspended() | AccountRestored() as event:
            return f"{event.account}/{event.act}"
    return ""


def _written(fact: Fact) -> dict[str, str]:
    """Note id -> what an admin wrote, as a private record has it."""
    match fact.body:
        case AccountPrivate(account=account, notes=notes):
            return {f"{account}/{act}": note for act, note in notes.items()}
        case StorePrivate(notes=notes):
            return {f"{fact.key}/{act}": note for act, note in notes.items()}
        case ProductPrivate(removal=note) | ReviewPrivate(reason=note) if note:
            return {fact.key: note}
    return {}


class _Store(mysql.Fenced):
    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        return highest([fact for fact in facts if not fact.private])


def _store(databases: Databases, version: int) -> mysql.Fenced:
    names = {"audit": f"audit_{version}", "audit_notes": f"audit_notes_{version}"}
    return _Store(databases, "audit", version, names, project)


create, drop = mysql.schema("audit", tables)
MODEL = ReadModel(
    name="audit",
    sources=tuple((domain, kind) for domain in SOURCES for kind in (EVENTS, PRIVATE)),
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
        version = await self._registry.version("audit")
        where, values = "TRUE", list[Any]()
        for column, wanted in (("a.`by`", by), ("a.subject", subject)):
            if wanted:
                where += f" AND {column} = %s"
                values.append(wanted)
        if cursor:
            moment, ident = unpack(cursor, 2)
            at = number(moment)
            where += " AND (a.at < %s OR (a.at = %s AND a.id < %s))"
            values += [at, at, ident]
        rows = await mysql.select(
            self._databases,
            f"SELECT a.at, a.id, a.`by`, a.action, a.subject, a.details, COALESCE(n.note, '') FROM audit_{version} a"
            f" LEFT JOIN audit_notes_{version} n ON n.id = a.noted WHERE {where} ORDER BY a.at DESC, a.id DESC LIMIT %s",
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
