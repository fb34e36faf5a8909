"""What the search process remembers between runs: products, stores and names as folded, and how far the logs are read.

One SQLite file. Documents, positions and the marks of what the index has yet to take over change in one transaction, so a process
that was killed neither misses nor needs to repeat anything; the tantivy folder beside it is derived and may lag.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from models.catalog import reference
from models.catalog.messages import REFERENCE
from models.read.facts import Fact, Spot
from models.search.documents import Product, Store, product_after, store_after, upto
from models.search.vocabulary import Names

FORMAT = 2
"""Of the file and of the index beside it; another one is filled anew from the log."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS product (id TEXT PRIMARY KEY, store TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS product_store ON product (store);
CREATE TABLE IF NOT EXISTS store (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (spot TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dirty (mark INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS names (one INTEGER PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL);
"""
_encode = msgspec.msgpack.Encoder().encode
_product = msgspec.msgpack.Decoder(Product).decode
_store = msgspec.msgpack.Decoder(Store).decode
_names = msgspec.msgpack.Decoder(Names).decode


class Dirty(NamedTuple):
    """A product that the index has yet to take over, and its store; ``None``: it is not known after all."""

    mark: int
    id: str
    product: Product | None
    store: Store


class Folded:
    """The file. Not for several threads at once, but for ``products``; calls block for as long as the disk takes."""

    def __init__(self, folder: Path) -> None:
        """Opens or creates the file in ``folder``. Raises ``sqlite3.Error`` if it cannot be read."""
        folder.mkdir(parents=True, exist_ok=True)
        # Its own thread uses it, another one may close it.
        self._db = sqlite3.connect(folder / "folded.sqlite3", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        # A power cut may take the last transactions, each as a whole: their records are then read again.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._reader = sqlite3.connect(folder / "folded.sqlite3", isolation_level=None, check_same_thread=False)
        self._reader.execute("PRAGMA query_only=ON")

    def positions(self) -> dict[str, int]:
        """``Spot.name`` -> the offset to read next."""
        return dict(self._db.execute("SELECT spot, next FROM position"))

    def names(self) -> Names:
        """What flowers, tags and categories are called now."""
        row = self._db.execute("SELECT body FROM names").fetchone()
        return _names(row[0]) if row else Names()

    def count(self) -> int:
        """Products known, shown or not."""
        number: int = self._db.execute("SELECT count(*) FROM product").fetchone()[0]
        return number

    def fold(self, facts: Sequence[Fact], after: Mapping[Spot, int]) -> int:
        """Fold ``facts``, in their order, and note where their spots stand ``after`` them; how many products that touches."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            touched = self._products([fact for fact in facts if fact.domain == "catalog" and fact.key != REFERENCE])
            touched |= self._stores([fact for fact in facts if fact.domain == "stores"])
            if self._reference([fact for fact in facts if fact.domain == "catalog" and fact.key == REFERENCE and fact.private]):
                touched |= {row[0] for row in self._db.execute("SELECT id FROM product")}
            self._mark(touched)
            rows = [(spot.name, offset) for spot, offset in after.items()]
            self._db.executemany("INSERT OR REPLACE INTO position VALUES (?, ?)", rows)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return len(touched)

    def mark_all(self) -> None:
        """The index has lost everything: it is to take every product over again."""
        self._db.execute("BEGIN IMMEDIATE")
        self._mark({row[0] for row in self._db.execute("SELECT id FROM product")})
        self._db.execute("COMMIT")

    def dirty(self, after: int, most: int) -> list[Dirty]:
        """At most ``most`` marked products with a mark above ``after``, in the marks' order."""
        rows = self._db.execute(
            "SELECT d.mark, d.id, p.body, s.body FROM dirty d LEFT JOIN product p ON p.id = d.id "
            "LEFT JOIN store s ON s.id = p.store WHERE d.mark > ? ORDER BY d.mark LIMIT ?",
            (after, most),
        )
        found = []
        for mark, key, body, store in rows:
            product = _product(body) if body else None
            found.append(Dirty(mark, key, product, _store(store) if store else Store(product.store_id if product else "")))
        return found

    def clean(self, mark: int) -> None:
        """The index holds everything up to ``mark``; what was marked again meanwhile has a greater one."""
        self._db.execute("DELETE FROM dirty WHERE mark <= ?", (mark,))

    def products(self, ids: Iterable[str]) -> list[Product]:
        """As they are folded now, in the order of ``ids``; unknown ones are left out. For one thread beside the other's."""
        found = (self._reader.execute("SELECT body FROM product WHERE id = ?", (one,)).fetchone() for one in ids)
        return [_product(row[0]) for row in found if row]

    def indexed(self, product_id: str) -> int:
        """The event up to which the index has a product, or would if it were one that lists hold; 0: it is marked, or not known."""
        row = self._db.execute(
            "SELECT body FROM product p WHERE id = ? AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.id = p.id)", (product_id,)
        ).fetchone()
        return upto(_product(row[0])) if row else 0

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._db.close()

    def _products(self, facts: Sequence[Fact]) -> set[str]:
        changed: dict[str, Product] = {}
        for fact in facts:
            before = changed.get(fact.key) or self._known("product", fact.key, _product) or Product(fact.key)
            after = product_after(before, fact)
            if after is not before:
                changed[fact.key] = after
        self._put(changed.values())
        return set(changed)

    def _put(self, products: Iterable[Product]) -> None:
        rows = [(one.id, one.store_id, _encode(one)) for one in products]
        self._db.executemany("INSERT OR REPLACE INTO product VALUES (?, ?, ?)", rows)

    def _stores(self, facts: Sequence[Fact]) -> set[str]:
        changed: dict[str, Store] = {}
        shown: set[str] = set()
        for fact in facts:
            before = changed.get(fact.key) or self._known("store", fact.key, _store) or Store(fact.key)
            after = store_after(before, fact)
            if after is not before:
                changed[fact.key] = after
            if (before.name, before.suspended) != (after.name, after.suspended):
                shown.add(fact.key)
        self._db.executemany("INSERT OR REPLACE INTO store VALUES (?, ?)", [(key, _encode(one)) for key, one in changed.items()])
        return {row[0] for key in shown for row in self._db.execute("SELECT id FROM product WHERE store = ?", (key,))}

    def _reference(self, facts: Sequence[Fact]) -> bool:
        """The last record says everything that admins have said; it lies over what was delivered."""
        row = self._db.execute("SELECT seq FROM names").fetchone()
        news = [fact for fact in facts if fact.body is not None and fact.seq > (row[0] if row else 0)]
        if not news:
            return False
        now = reference.merged(news[-1].body)
        names = Names(*({key: one.name_ko for key, one in kind.items()} for kind in (now.flowers, now.categories, now.tags)))
        self._db.execute("INSERT OR REPLACE INTO names VALUES (1, ?, ?)", (news[-1].seq, _encode(names)))
        return True

    def _known(self, table: str, key: str, decode: Any) -> Any:
        row = self._db.execute(f"SELECT body FROM {table} WHERE id = ?", (key,)).fetchone()
        return decode(row[0]) if row else None

    def _mark(self, ids: Iterable[str]) -> None:
        # A new row each time: who is marked again while the index writes is not cleaned with the old mark.
        self._db.executemany("INSERT OR REPLACE INTO dirty (id) VALUES (?)", [(key,) for key in sorted(ids)])
