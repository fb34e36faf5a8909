"""Questions to stores and their answers, in MySQL: who asked what when from the events, the words from the private record.

| question | how |
|---|---|
| of a product, of a store, of a buyer; answered or not | an index each, ending in (asked_at, question_id): keyset, newest first |
| one | primary key |

Whose nickname stands beside a question is the accounts' business and joined when it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from models.read import mysql, pages
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel
from models.read.mysql import ERASED
from models.read.registry import Registry
from models.stores.messages import (
    QUESTION_EVENTS,
    AnswerEdited,
    QuestionAnswered,
    QuestionAsked,
    QuestionDeleted,
    QuestionEdited,
    QuestionPrivate,
    QuestionRead,
)

FIELDS = (
    "question_id", "buyer", "store_id", "product_id", "secret", "asked_at", "edited_at", "answered_at", "answer_edited_at",
    "read_at", "title", "content", "answer",
)  # fmt: skip


def table(version: int) -> sa.Table:
    """Instants in ms, UTC; 0: not yet. ``seq``/``pseq``: as in ``stores``."""

    def text(name: str, length: int) -> sa.Column[str]:
        return sa.Column(name, sa.String(length), nullable=False, server_default="")

    def moment(name: str) -> sa.Column[int]:
        return sa.Column(name, sa.BigInteger, nullable=False, server_default="0", comment="ms, UTC")

    def newest(by: str) -> sa.Index:
        return sa.Index(f"questions_{version}_{by}", f"{by}_id" if by != "buyer" else by, "asked_at", "question_id")

    return sa.Table(
        f"questions_{version}",
        sa.MetaData(),
        sa.Column("question_id", sa.String(64), primary_key=True),
        text("buyer", 64),
        text("store_id", 64),
        text("product_id", 64),
        sa.Column("secret", sa.SmallInteger, nullable=False, server_default="0"),
        *(moment(name) for name in ("asked_at", "edited_at", "answered_at", "answer_edited_at", "read_at", "deleted_at")),
        text("title", 50),
        text("content", 100),
        text("answer", 1000),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("pseq", sa.Integer, nullable=False, server_default="0"),
        newest("product"),
        newest("store"),
        newest("buyer"),
    )


def _upsert(*columns: str) -> str:
    return mysql.upsert("questions", "question_id", *columns)


ASKED = _upsert("buyer", "store_id", "product_id", "secret", "asked_at", "seq")
CHANGES: dict[type[Any], tuple[str, tuple[str, ...]]] = {
    QuestionAsked: (ASKED, ("buyer", "store_id", "product_id", "secret", "at")),
    QuestionEdited: (_upsert("secret", "edited_at", "seq"), ("secret", "at")),
    QuestionAnswered: (_upsert("answered_at", "seq"), ("at",)),
    AnswerEdited: (_upsert("answer_edited_at", "seq"), ("at",)),
    QuestionRead: (_upsert("read_at", "seq"), ("at",)),
    QuestionDeleted: (_upsert("deleted_at", "seq"), ("at",)),
}
"""Event -> its statement, and the event's fields for it, in the order in which two of them may touch one column."""
TEXTS = _upsert("title", "content", "answer", "pseq")
ERASE = f"UPDATE {{questions}} SET title = '', content = '', answer = '', pseq = {ERASED} WHERE (question_id) IN ({{rows}})"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last event of each kind of each question, and its last texts."""
    events: dict[type[Any], dict[str, tuple[Any, ...]]] = {kind: {} for kind in CHANGES}
    texts: dict[str, tuple[Any, ...] | None] = {}
    for fact in facts:
        body = fact.body
        if isinstance(body, QUESTION_EVENTS):
            fields = CHANGES[type(body)][1]
            events[type(body)][fact.key] = (fact.key, *(getattr(body, name) for name in fields), fact.seq)
        elif isinstance(body, QuestionPrivate):
            texts[fact.key] = (fact.key, body.title, body.content, body.answer, fact.seq)
        elif fact.private and body is None:
            texts[fact.key] = None
    return [
        *(mysql.Write(CHANGES[kind][0], sorted(rows.values())) for kind, rows in events.items()),
        mysql.Write(TEXTS, sorted(row for row in texts.values() if row is not None)),
        mysql.Write(ERASE, [(key,) for key, row in sorted(texts.items()) if row is None]),
    ]


def _store(databases: Databases, version: int) -> mysql.Fenced:
    about = (*CHANGES, QuestionPrivate)
    names = {"questions": f"questions_{version}"}
    return mysql.Whole(databases, "questions", version, names, project, table="questions", key="question_id", about=about)


create, drop = mysql.schema("questions", lambda version: [table(version)])
MODEL = ReadModel(
    name="questions", sources=(("stores", EVENTS), ("stores", PRIVATE)), store=_store, create=create, drop=drop
)  # fmt: skip


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which questions: of one product, store or buyer ("": of any); ``answered``: only those that are, or that are not."""

    product_id: str = ""
    store_id: str = ""
    buyer: str = ""
    answered: bool | None = None


Document = dict[str, Any]


class Queries:
    """What is asked of questions. One that is deleted, or whose words have not come yet, does not exist."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _table(self) -> str:
        return f"questions_{await self._registry.version('questions')}"

    async def one(self, question_id: str) -> Document | None:
        """A question in all its fields."""
        where = "question_id = %s AND seq > 0 AND pseq > 0 AND deleted_at = 0"
        sql = f"SELECT {', '.join(FIELDS)} FROM {await self._table()} WHERE {where}"
        rows = await mysql.select(self._databases, sql, question_id)
        return _document(rows[0]) if rows else None

    async def seen(self, question_id: str) -> int:
        """The event up to which a question is shown whole; 0: nothing of it is."""
        sql = f"SELECT LEAST(seq, pseq) FROM {await self._table()} WHERE question_id = %s"
        rows = await mysql.select(self._databases, sql, question_id)
        return int(rows[0][0]) if rows else 0

    async def page(self, about: About, limit: int, cursor: str = "") -> tuple[list[Document], str, int]:
        """Questions newest first, the next page's cursor, and how many there are in all. Raises ``BadCursor``."""
        of = {name: getattr(about, name) for name in ("product_id", "store_id", "buyer") if getattr(about, name)}
        where = "seq > 0 AND pseq > 0 AND deleted_at = 0"
        if about.answered is not None:
            where += " AND answered_at > 0" if about.answered else " AND answered_at = 0"
        rows, following, total = await pages.newest(
            self._databases, await self._table(), FIELDS, "asked_at", where, of, limit, cursor
        )
        return [_document(row) for row in rows], following, total

    async def dump(self) -> list[Document]:
        """Every question that is shown."""
        sql = f"SELECT {', '.join(FIELDS)} FROM {await self._table()} WHERE seq > 0 AND deleted_at = 0 ORDER BY question_id"
        return [_document(row) for row in await mysql.select(self._databases, sql)]


def _document(row: Sequence[Any]) -> Document:
    found = dict(zip(FIELDS, row, strict=False))
    return {**found, "secret": bool(found["secret"])}
