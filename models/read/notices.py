"""Notices of stores in MySQL: when from the events, the words from the private record.

| question | how |
|---|---|
| of a store | index (store_id, posted_at, notice_id): keyset, newest first |
| one | primary key |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.read import mysql, pages
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel
from models.read.mysql import ERASED
from models.read.registry import Registry
from models.stores.messages import NOTICE_EVENTS, NoticeDeleted, NoticeEdited, NoticePosted, NoticePrivate

FIELDS = ("notice_id", "store_id", "posted_at", "edited_at", "title", "content")


def table(version: int) -> sa.Table:
    """Instants in ms, UTC; 0: not yet. ``seq``/``pseq``: as in ``stores``."""

    def text(name: str, length: int) -> sa.Column[str]:
        return sa.Column(name, sa.String(length), nullable=False, server_default="")

    def moment(name: str) -> sa.Column[int]:
        return sa.Column(name, sa.BigInteger, nullable=False, server_default="0", comment="ms, UTC")

    return sa.Table(
        f"notices_{version}",
        sa.MetaData(),
        sa.Column("notice_id", sa.String(64), primary_key=True),
        text("store_id", 64),
        *(moment(name) for name in ("posted_at", "edited_at", "deleted_at")),
        text("title", 50),
        text("content", 1000),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("pseq", sa.Integer, nullable=False, server_default="0"),
        sa.Index(f"notices_{version}_store", "store_id", "posted_at", "notice_id"),
    )


CHANGES: dict[type[Any], tuple[str, tuple[str, ...]]] = {
    NoticePosted: (mysql.upsert("notices", "notice_id", "store_id", "posted_at", "seq"), ("store_id", "at")),
    NoticeEdited: (mysql.upsert("notices", "notice_id", "edited_at", "seq"), ("at",)),
    NoticeDeleted: (mysql.upsert("notices", "notice_id", "deleted_at", "seq"), ("at",)),
}
"""Event -> its statement, and the event's fields for it."""
TEXTS = mysql.upsert("notices", "notice_id", "title", "content", "pseq")
ERASE = f"UPDATE {{notices}} SET title = '', content = '', pseq = {ERASED} WHERE (notice_id) IN ({{rows}})"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last event of each kind of each notice, and its last texts."""
    events: dict[type[Any], dict[str, tuple[Any, ...]]] = {kind: {} for kind in CHANGES}
    texts: dict[str, tuple[Any, ...] | None] = {}
    for fact in facts:
        body = fact.body
        if isinstance(body, NOTICE_EVENTS):
            fields = CHANGES[type(body)][1]
            events[type(body)][fact.key] = (fact.key, *(getattr(body, name) for name in fields), fact.seq)
        elif isinstance(body, NoticePrivate):
            texts[fact.key] = (fact.key, body.title, body.content, fact.seq)
        elif fact.private and body is None:
            texts[fact.key] = None
    return [
        *(mysql.Write(CHANGES[kind][0], sorted(rows.values())) for kind, rows in events.items()),
        mysql.Write(TEXTS, sorted(row for row in texts.values() if row is not None)),
        mysql.Write(ERASE, [(key,) for key, row in sorted(texts.items()) if row is None]),
    ]


def _store(databases: Databases, version: int) -> mysql.Fenced:
    names = {"notices": f"notices_{version}"}
    about = (*CHANGES, NoticePrivate)
    return mysql.Whole(databases, "notices", version, names, project, table="notices", key="notice_id", about=about)


create, drop = mysql.schema("notices", lambda version: [table(version)])
MODEL = ReadModel(
    name="notices", sources=(("stores", EVENTS), ("stores", PRIVATE)), store=_store, create=create, drop=drop
)  # fmt: skip
Document = dict[str, Any]


class Queries:
    """What is asked of notices. One that is deleted does not exist, nor one whose words have not come yet."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _table(self) -> str:
        return f"notices_{await self._registry.version('notices')}"

    async def seen(self, notice_id: str) -> int:
        """The event up to which a notice is shown whole; 0: nothing of it is."""
        sql = f"SELECT LEAST(seq, pseq) FROM {await self._table()} WHERE notice_id = %s"
        rows = await mysql.select(self._databases, sql, notice_id)
        return int(rows[0][0]) if rows else 0

    async def page(self, store_id: str, limit: int, cursor: str = "") -> tuple[list[Document], str, int]:
        """Notices of a store newest first, the next page's cursor, and how many there are in all. Raises ``BadCursor``."""
        where, of = "seq > 0 AND pseq > 0 AND deleted_at = 0", {"store_id": store_id}
        rows, following, total = await pages.newest(
            self._databases, await self._table(), FIELDS, "posted_at", where, of, limit, cursor
        )
        return [dict(zip(FIELDS, row, strict=True)) for row in rows], following, total
