"""Reviews in MySQL: written ones by product, store and author, and the rights to write one that are still open.

Access patterns:

| question | how |
|---|---|
| one | primary key (review_id) |
| of a product, by date or by rating | indexes (product_id, status, written_at) and (product_id, status, rating) |
| of a store | indexes (store_id, status, written_at) and (store_id, status, rating) |
| of an author, written or still to be written | index (author, status, written_at) |

Pages are keyset on (rating, written_at, review_id) or (written_at, review_id). Images are in the row, so a review with several is
still one row of a page (product W47). Names and pictures of authors are not here: they are joined when a page is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from models.catalog.messages import (
    ReviewAllowed,
    ReviewDeleted,
    ReviewEdited,
    ReviewHidden,
    ReviewPrivate,
    ReviewReplied,
    ReviewWritten,
)
from models.catalog.reviews import ALLOWED, GONE, HIDDEN, WRITTEN
from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel
from models.read.registry import Registry

PRODUCT, STORE, AUTHOR = "product_id", "store_id", "author"
"""Whose reviews are asked for."""
DATE, HIGH, LOW = "DATE", "HIGH", "LOW"
"""Orders of a list; newest first within the same rating."""
FIELDS = (
    "review_id", "product_id", "store_id", "author", "kind", "subject", "status", "rating", "written_at", "edited_at", "replied_at",
    "text", "images", "reply", "reason", "seq",
)  # fmt: skip


def _word(name: str, length: int, comment: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="", comment=comment or None)


def _number(name: str, kind: type[sa.Integer], comment: str = "") -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False, server_default="0", comment=comment or None)


def table(version: int) -> sa.Table:
    """``seq``/``pseq``: of the last event and private record folded; ``needs``: the event whose record is needed for it."""
    return sa.Table(
        f"reviews_{version}",
        sa.MetaData(),
        sa.Column("review_id", sa.String(64), primary_key=True),
        _word("product_id", 64),
        _word("store_id", 64),
        _word("author", 64),
        _word("kind", 16),
        _word("subject", 64),
        _word("status", 8),
        _number("rating", sa.SmallInteger, "half stars"),
        _number("allowed_at", sa.BigInteger, "ms, UTC"),
        _number("written_at", sa.BigInteger, "ms, UTC"),
        _number("edited_at", sa.BigInteger, "ms, UTC"),
        _number("replied_at", sa.BigInteger, "ms, UTC"),
        sa.Column("text", sa.Text, nullable=True),
        _word("images", 1000, "JSON"),
        sa.Column("reply", sa.Text, nullable=True),
        _word("reason", 500),
        _number("seq", sa.Integer),
        _number("needs", sa.Integer),
        _number("pseq", sa.Integer),
        *(
            sa.Index(f"reviews_{version}_{name}_{order}", f"{name}_id", "status", order)
            for name in ("product", "store")
            for order in ("written_at", "rating")
        ),
        sa.Index(f"reviews_{version}_author", "author", "status", "written_at"),
    )


def _update(*columns: str) -> str:
    """Insert or change ``columns`` of a review; ``seq`` and ``needs`` only grow."""
    names = ", ".join(("review_id", *columns))
    grow = [f"{name} = GREATEST({name}, VALUES({name}))" for name in columns if name in ("seq", "needs", "pseq")]
    change = [f"{name} = VALUES({name})" for name in columns if name not in ("seq", "needs", "pseq")]
    return f"INSERT INTO {{reviews}} ({names}) VALUES {{rows}} ON DUPLICATE KEY UPDATE {', '.join(change + grow)}"


ALLOW = _update("product_id", "store_id", "author", "kind", "subject", "status", "allowed_at", "seq")
WRITE = _update("status", "rating", "written_at", "seq", "needs")
EDIT = _update("rating", "edited_at", "seq", "needs")
REPLY = _update("replied_at", "seq", "needs")
END = _update("status", "seq", "needs")
TEXTS = _update("text", "images", "reply", "reason", "pseq")


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """Writes in the order of a review's life, which is the only one in which its events can come; the last of each kind counts."""
    allowed: dict[str, tuple[Any, ...]] = {}
    written: dict[str, tuple[Any, ...]] = {}
    edited: dict[str, tuple[Any, ...]] = {}
    replied: dict[str, tuple[Any, ...]] = {}
    ended: dict[str, tuple[Any, ...]] = {}
    texts: dict[str, tuple[Any, ...]] = {}
    for fact in facts:
        key, body, seq = fact.key, fact.body, fact.seq
        match body:
            case ReviewAllowed():
                allowed[key] = (
                    key, body.product_id, body.store_id, body.buyer, body.kind, body.subject, ALLOWED, body.at, seq,
                )  # fmt: skip
            case ReviewWritten():
                written[key] = (key, WRITTEN, body.rating, body.at, seq, seq)
            case ReviewEdited():
                edited[key] = (key, body.rating, body.at, seq, seq)
            case ReviewReplied():
                replied[key] = (key, body.at, seq, seq)
            case ReviewHidden():
                ended[key] = (key, HIDDEN, seq, seq)
            case ReviewDeleted():
                ended[key] = (key, GONE, seq, seq)
            case ReviewPrivate():
                texts[key] = (key, body.text, msgspec.json.encode(body.images).decode(), body.reply, body.reason, seq)
    return [
        mysql.Write(sql, sorted(rows.values()))
        for sql, rows in ((ALLOW, allowed), (WRITE, written), (EDIT, edited), (REPLY, replied), (END, ended), (TEXTS, texts))
    ]


def _about(fact: Fact) -> bool:
    return isinstance(
        fact.body, ReviewAllowed | ReviewWritten | ReviewEdited | ReviewReplied | ReviewHidden | ReviewDeleted | ReviewPrivate
    )


class _Store(mysql.Fenced):
    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """A review is shown up to the last event whose texts are there too."""
        keys = sorted({fact.key for fact in facts if _about(fact)})
        if not keys:
            return {}
        await cursor.execute(
            f"SELECT review_id, IF(pseq >= needs, seq, pseq) FROM {self._names['reviews']} WHERE review_id IN {mysql.marks(keys)}",
            keys,
        )
        return {key: int(seq) for key, seq in await cursor.fetchall() if seq}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "reviews", version, {"reviews": f"reviews_{version}"}, project)


create, drop = mysql.schema("reviews", lambda version: [table(version)])
MODEL = ReadModel(
    name="reviews",
    sources=(("catalog", EVENTS), ("catalog", PRIVATE)),
    store=_store,
    create=create,
    drop=drop,
    urgent=_about,
)


class Page(NamedTuple):
    """Reviews, the next page's cursor ("" at the end), and how many there are in all."""

    items: list[dict[str, Any]]
    cursor: str
    total: int


class Queries:
    """What is asked of reviews. ``rating`` is in half stars, ``stars`` the same in stars; instants in ms."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _select(self, where: str, *values: Any) -> list[dict[str, Any]]:
        name = f"reviews_{await self._registry.version('reviews')}"
        columns = ", ".join((*FIELDS[:-1], "IF(pseq >= needs, seq, pseq)"))
        return [_told(row) for row in await mysql.select(self._databases, f"SELECT {columns} FROM {name} WHERE {where}", *values)]

    async def one(self, review_id: str) -> dict[str, Any] | None:
        """A review in whatever state. ``seq``: the event up to which it is shown whole."""
        found = await self._select("review_id = %s AND seq > 0", review_id)
        return found[0] if found else None

    async def page(self, whose: str, ident: str, status: str, order: str, limit: int, cursor: str = "") -> Page:
        """Reviews of a product, a store or an author (``whose``) that stand in ``status``. Raises ``BadCursor``."""
        name = f"reviews_{await self._registry.version('reviews')}"
        # What is still to be written has no text; the others wait until theirs has come.
        which = f"{whose} = %s AND status = %s" + ("" if status == ALLOWED else " AND text IS NOT NULL")
        ((total,),) = await mysql.select(self._databases, f"SELECT COUNT(*) FROM {name} WHERE {which}", ident, status)
        by_date = order == DATE
        beyond, values = "", []
        if cursor:
            rating, written_at, last = unpack(cursor, 3)
            stars, moment = number(rating), number(written_at)
            beyond = " AND (written_at, review_id) < (%s, %s)"
            values = [moment, last]
            if not by_date:
                step = "<" if order == HIGH else ">"
                beyond = f" AND (rating {step} %s OR (rating = %s{beyond}))"
                values = [stars, stars, *values]
        direction = "" if by_date else f"rating {'DESC' if order == HIGH else 'ASC'}, "
        found = await self._select(
            f"{which}{beyond} ORDER BY {direction}written_at DESC, review_id DESC LIMIT %s", ident, status, *values, limit + 1
        )
        last_one = found[limit - 1] if len(found) > limit else None
        more = pack(str(last_one["rating"]), str(last_one["written_at"]), last_one["review_id"]) if last_one else ""
        return Page(found[:limit], more, int(total))

    async def dump(self) -> list[dict[str, Any]]:
        """Every review, for comparison with the log."""
        return await self._select("seq > 0 ORDER BY review_id")


def _told(row: tuple[Any, ...]) -> dict[str, Any]:
    said = dict(zip(FIELDS, row, strict=True))
    images = msgspec.json.decode(said["images"]) if said["images"] else []
    texts = {"text": said["text"] or "", "reply": said["reply"] or "", "images": images}
    return {**said, **texts, "stars": said["rating"] / 2, "seq": int(said["seq"])}
