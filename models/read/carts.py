"""Carts and likes in MySQL: one fold of the carts domain, so that one ``seq`` tells what is shown of an owner.

Access patterns:

| question | how |
|---|---|
| the cart of an owner | primary key (owner, product_id): at most 50 rows |
| likes of a buyer, newest first, with their number | index (buyer, kind, at, target), keyset |
| which of these are liked | primary key (buyer, kind, target) |

Events say what is, not what has changed, so that of several in a batch the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.carts.messages import (
    BuyerForgotten,
    CartCleared,
    CartExpired,
    CartHandedOver,
    CartLine,
    CartLineSet,
    CartLinesRemoved,
    CartTakenOver,
    Liked,
    Unliked,
)
from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, ReadModel
from models.read.registry import Registry

LINE = ("product_id", "store_id", "quantity", "price", "added_at")


def tables(version: int) -> tuple[sa.Table, sa.Table, sa.Table]:
    """How far each owner is shown, lines, likes."""
    metadata = sa.MetaData()
    carts = sa.Table(
        f"carts_{version}",
        metadata,
        sa.Column("owner", sa.String(64), primary_key=True, comment="a buyer's account or a guest's key"),
        sa.Column("seq", sa.Integer, nullable=False),
    )
    lines = sa.Table(
        f"cart_lines_{version}",
        metadata,
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("product_id", sa.String(64), primary_key=True),
        sa.Column("store_id", sa.String(64), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False, comment="KRW a piece, as the owner last saw it"),
        sa.Column("added_at", sa.BigInteger, nullable=False, comment="ms, UTC"),
    )
    likes = sa.Table(
        f"likes_{version}",
        metadata,
        sa.Column("buyer", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True, comment="product or store"),
        sa.Column("target", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False, comment="ms, UTC"),
        sa.Index(f"likes_{version}_newest", "buyer", "kind", "at", "target"),
    )
    return carts, lines, likes


END = "DELETE FROM {carts} WHERE owner IN ({rows})"
EMPTY = "DELETE FROM {lines} WHERE owner IN ({rows})"
UNLIKE_ALL = "DELETE FROM {likes} WHERE buyer IN ({rows})"
REMOVE = "DELETE FROM {lines} WHERE (owner, product_id) IN ({rows})"
SET = (
    "INSERT INTO {lines} (owner, product_id, store_id, quantity, price, added_at) VALUES {rows} ON DUPLICATE KEY UPDATE"
    " store_id = VALUES(store_id), quantity = VALUES(quantity), price = VALUES(price), added_at = VALUES(added_at)"
)
UNLIKE = "DELETE FROM {likes} WHERE (buyer, kind, target) IN ({rows})"
LIKE = "INSERT INTO {likes} (buyer, kind, target, at) VALUES {rows} ON DUPLICATE KEY UPDATE at = VALUES(at)"
SEEN = "INSERT INTO {carts} (owner, seq) VALUES {rows} ON DUPLICATE KEY UPDATE seq = VALUES(seq)"


class _Fold:
    """What a batch comes to. ``None``: it is not there any more."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}
        self.ended: set[str] = set()
        self.emptied: set[str] = set()
        self.forgotten: set[str] = set()
        self.lines: dict[tuple[str, str], CartLine | None] = {}
        self.likes: dict[tuple[str, str, str], int | None] = {}

    def take(self, fact: Fact) -> None:
        """One event of an owner's."""
        owner, event = fact.key, fact.body
        self.seen[owner] = fact.seq
        match event:
            case CartLineSet():
                self.lines[owner, event.product_id] = CartLine(**{name: getattr(event, name) for name in LINE})
            case CartLinesRemoved(product_ids=gone):
                self.lines |= {(owner, one): None for one in gone}
            case CartTakenOver(lines=lines):
                self.lines |= {(owner, line.product_id): line for line in lines}
            case CartCleared():
                self.lines |= {(owner, one): None for one in event.pieces}
                self.lines |= {(owner, line.product_id): line for line in event.left_lines}
            case CartHandedOver() | CartExpired():
                self._empty(owner)
                # A guest's, of whom nobody hears again: guests come without end.
                self.ended.add(owner)
                del self.seen[owner]
            case BuyerForgotten():
                self._empty(owner)
                self.forgotten.add(owner)
                self.likes = {name: at for name, at in self.likes.items() if name[0] != owner}
            case Liked(kind=kind, id=liked, at=at):
                self.likes[owner, kind, liked] = at
            case Unliked(kind=kind, id=liked):
                self.likes[owner, kind, liked] = None

    def _empty(self, owner: str) -> None:
        self.emptied.add(owner)
        self.lines = {name: line for name, line in self.lines.items() if name[0] != owner}


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """Writes in an order in which they may be made one after another."""
    fold = _Fold()
    for fact in facts:
        fold.take(fact)
    lines = sorted((owner, *(getattr(line, name) for name in LINE)) for (owner, _), line in fold.lines.items() if line is not None)
    return [
        mysql.Write(END, [(owner,) for owner in sorted(fold.ended)]),
        mysql.Write(EMPTY, [(owner,) for owner in sorted(fold.emptied)]),
        mysql.Write(UNLIKE_ALL, [(buyer,) for buyer in sorted(fold.forgotten)]),
        mysql.Write(REMOVE, sorted(name for name, line in fold.lines.items() if line is None)),
        mysql.Write(SET, lines),
        mysql.Write(UNLIKE, sorted(name for name, at in fold.likes.items() if at is None)),
        mysql.Write(LIKE, sorted((*name, at) for name, at in fold.likes.items() if at is not None)),
        mysql.Write(SEEN, sorted(fold.seen.items())),
    ]


def _names(version: int) -> dict[str, str]:
    return {"carts": f"carts_{version}", "lines": f"cart_lines_{version}", "likes": f"likes_{version}"}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return mysql.Fenced(databases, "carts", version, _names(version), project)


create, drop = mysql.schema("carts", tables)
MODEL = ReadModel(
    name="carts",
    sources=(("carts", EVENTS),),
    store=_store,
    create=create,
    drop=drop,
    # After an order nobody waits for its cart.
    urgent=lambda fact: not isinstance(fact.body, CartCleared),
)


class Queries:
    """What is asked of carts and likes."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _tables(self) -> dict[str, str]:
        return _names(await self._registry.version("carts"))

    async def one(self, owner: str) -> dict[str, Any]:
        """The cart of ``owner``: ``seq`` (0: there is none) and ``lines``, the newest first."""
        names = await self._tables()
        rows = await mysql.select(
            self._databases,
            f"SELECT c.seq, {', '.join(f'l.{name}' for name in LINE)} FROM {names['carts']} c LEFT JOIN {names['lines']} l"
            " ON l.owner = c.owner WHERE c.owner = %s ORDER BY l.added_at DESC, l.product_id",
            owner,
        )
        lines = [dict(zip(LINE, row[1:], strict=True)) for row in rows if row[1] is not None]
        return {"seq": rows[0][0] if rows else 0, "lines": lines}

    async def liked(self, buyer: str, kind: str, ids: Iterable[str]) -> set[str]:
        """Those of ``ids`` that ``buyer`` likes."""
        wanted = sorted(set(ids))
        if not wanted:
            return set()
        name = (await self._tables())["likes"]
        rows = await mysql.select(
            self._databases,
            f"SELECT target FROM {name} WHERE buyer = %s AND kind = %s AND target IN {mysql.marks(wanted)}",
            buyer,
            kind,
            *wanted,
        )
        return {row[0] for row in rows}

    async def likes(self, buyer: str, kind: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        """A page, newest first: ``id`` and ``at`` (ms). Raises ``BadCursor``."""
        at, liked = _after(cursor)
        name = (await self._tables())["likes"]
        rows = await mysql.select(
            self._databases,
            f"SELECT target, at FROM {name} WHERE buyer = %s AND kind = %s AND (at, target) < (%s, %s)"
            " ORDER BY at DESC, target DESC LIMIT %s",
            buyer,
            kind,
            at,
            liked,
            limit + 1,
        )
        found = [{"id": one, "at": since} for one, since in rows[:limit]]
        return found, pack(str(rows[limit - 1][1]), rows[limit - 1][0]) if len(rows) > limit else ""

    async def like_counts(self, buyer: str) -> Mapping[str, int]:
        """Kind -> how many the buyer likes; a kind of which there is none is left out."""
        name = (await self._tables())["likes"]
        rows = await mysql.select(self._databases, f"SELECT kind, COUNT(*) FROM {name} WHERE buyer = %s GROUP BY kind", buyer)
        return dict(rows)

    async def dump(self) -> list[tuple[Any, ...]]:
        """Every line (owner, product, store, quantity, price, added_at), for comparison with the log."""
        name = (await self._tables())["lines"]
        columns = ", ".join(("owner", *LINE))
        return await mysql.select(self._databases, f"SELECT {columns} FROM {name} ORDER BY owner, product_id")

    async def dump_likes(self) -> list[tuple[Any, ...]]:
        """Every like (buyer, kind, id, at), for comparison with the log."""
        name = (await self._tables())["likes"]
        return await mysql.select(self._databases, f"SELECT buyer, kind, target, at FROM {name} ORDER BY buyer, kind, target")


def _after(cursor: str) -> tuple[int, str]:
    if not cursor:
        return 1 << 62, ""
    at, liked = unpack(cursor, 2)
    return number(at), liked
