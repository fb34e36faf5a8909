"""The sandbox's own books: one SQLite file, one connection, one commit for all requests of a turn of the loop.

Nothing is answered before it is committed. WAL with synchronous=NORMAL: a commit is a write to the system's page cache, which
kill -9 cannot take back; a power cut could, and a sandbox may lose that.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import msgspec

from deploy.sandbox.kakaopay.payment import Payment

_SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
    tid TEXT PRIMARY KEY, partner_order_id TEXT NOT NULL, changed INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS payment_order ON payment (partner_order_id);
CREATE UNIQUE INDEX IF NOT EXISTS payment_changed ON payment (changed);
"""


class Books:
    """Payments by tid. Every method but ``committed`` is synchronous: between ``find`` and ``put`` nobody else gets a word in."""

    def __init__(self, folder: Path) -> None:
        """Opens or creates the books in ``folder``. Raises sqlite3.OperationalError if another process holds them."""
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "books.sqlite3", isolation_level=None)
        # An exclusive lock keeps a second sandbox out and saves the shared-memory file; the auditor reads over HTTP.
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        # A checkpoint is the only fsync; 8,000 pages (32 MB) keep it off the measured path most of the time.
        self._db.execute("PRAGMA wal_autocheckpoint=8000")
        self._db.executescript(_SCHEMA)
        self._changed: int = self._db.execute("SELECT coalesce(max(changed), 0) FROM payment").fetchone()[0]
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Payment).decode
        self._open = False
        self._waiting: list[asyncio.Future[None]] = []

    def find(self, tid: str) -> Payment | None:
        """The payment as it is now, uncommitted changes included: await ``committed`` before telling anybody."""
        row = self._db.execute("SELECT body FROM payment WHERE tid = ?", (tid,)).fetchone()
        return self._decode(row[0]) if row else None

    def add(self, payment: Payment) -> None:
        """Writes a new payment. Raises sqlite3.IntegrityError if its tid exists."""
        self._begin()
        self._db.execute(
            "INSERT INTO payment VALUES (?, ?, ?, ?)", (payment.tid, payment.order_id, self._changed, self._encode(payment))
        )

    def put(self, payment: Payment) -> None:
        """Writes a payment that exists."""
        self._begin()
        self._db.execute(
            "UPDATE payment SET changed = ?, body = ? WHERE tid = ?", (self._changed, self._encode(payment), payment.tid)
        )

    async def committed(self) -> None:
        """Returns once everything found or put so far is in the books; at once if it already is.

        Raises sqlite3.Error if the commit failed: then nothing of this turn happened, for any of its requests.
        """
        if not self._open:
            return
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # The commit runs behind all requests that are ready in this turn of the loop, and so serves them together.
            loop.call_soon(self.commit)
        waiter = loop.create_future()
        self._waiting.append(waiter)
        await waiter

    def commit(self) -> None:
        """Commits what is open and wakes who waits for it."""
        waiting, self._waiting = self._waiting, []
        try:
            if self._open:
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            # SQLite has rolled back on its own after some errors (a full disk), and a second ROLLBACK would raise.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_exception(error)
        else:
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_result(None)
        finally:
            self._open = False

    def since(self, changed: int, limit: int) -> list[tuple[int, Payment]]:
        """At most ``limit`` payments changed after ``changed``, oldest change first, each with the number of its last change."""
        rows = self._db.execute(
            "SELECT changed, body FROM payment WHERE changed > ? ORDER BY changed LIMIT ?", (changed, limit)
        ).fetchall()
        return [(number, self._decode(body)) for number, body in rows]

    def of_order(self, order_id: str) -> list[tuple[int, Payment]]:
        """All payments readied for one order, oldest tid first, each with the number of its last change."""
        rows = self._db.execute(
            "SELECT changed, body FROM payment WHERE partner_order_id = ? ORDER BY rowid", (order_id,)
        ).fetchall()
        return [(number, self._decode(body)) for number, body in rows]

    def close(self) -> None:
        """Commits and closes."""
        self.commit()
        self._db.close()

    def _begin(self) -> None:
        if not self._open:
            self._db.execute("BEGIN IMMEDIATE")
            self._open = True
        self._changed += 1
