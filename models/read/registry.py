"""Which version of each read model is the live one: a small table in MySQL, so that a rebuilt one is switched to at once.

Physical names carry the version: ``stock_1``, ``bb-orders-1``. Whoever reads or writes asks here and remembers for ``CACHED``
seconds; with MySQL away the last word counts on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import sqlalchemy as sa

from models.read.databases import Databases

CACHED = 2.0
"""Seconds that a reader may go on with the version that was live before a switch."""
metadata = sa.MetaData()
READ_MODELS = sa.Table(
    "read_models",
    metadata,
    sa.Column("model", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("newest", sa.Integer, nullable=False, comment="highest version number ever given out"),
)
POSITIONS = sa.Table(
    "read_positions",
    metadata,
    sa.Column("model", sa.String(60), primary_key=True, comment="physical name"),
    sa.Column("spot", sa.String(80), primary_key=True, comment="domain.kind/partition"),
    sa.Column("prev", sa.BigInteger, nullable=False, comment="next before the last batch"),
    sa.Column("next", sa.BigInteger, nullable=False),
    sa.Column("heard", sa.Text, nullable=False, comment="JSON: sender -> highest position"),
)


class Registry:
    """The live versions, as last seen."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._versions: dict[str, int] = {}
        self._seen = 0.0

    async def version(self, model: str) -> int:
        """The live version of ``model``. Raises ``LookupError`` for an unknown one, what the driver raises if nothing is known."""
        if time.monotonic() - self._seen > CACHED:
            await self.refresh()
        found = self._versions.get(model)
        if found is None:
            raise LookupError(f"no read model {model!r} in read_models: run deploy.migrations")
        return found

    async def add(self, models: Iterable[str]) -> None:
        """Begin with version 1 of those that have none yet."""
        await self.refresh()
        pool = await self._databases.mysql()
        async with pool.acquire() as connection, connection.cursor() as cursor:
            for model in models:
                if model not in self._versions:
                    await cursor.execute("INSERT IGNORE INTO read_models (model, version, newest) VALUES (%s, 1, 1)", (model,))
        self._seen = 0.0

    async def refresh(self) -> None:
        """Ask MySQL; if it is away what was known stays."""
        try:
            pool = await self._databases.mysql()
            async with pool.acquire() as connection, connection.cursor() as cursor:
                await cursor.execute("SELECT model, version FROM read_models")
                self._versions = dict(await cursor.fetchall())
        except Exception:
            if not self._versions:
                raise
        self._seen = time.monotonic()

    async def reserve(self, model: str) -> int:
        """A version number that nobody has had, for a rebuild."""
        pool = await self._databases.mysql()
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("UPDATE read_models SET newest = LAST_INSERT_ID(newest + 1) WHERE model = %s", (model,))
            if cursor.rowcount != 1:
                raise LookupError(f"no read model {model!r}")
            await cursor.execute("SELECT LAST_INSERT_ID()")
            return int((await cursor.fetchone())[0])

    async def switch(self, model: str, version: int) -> int:
        """Make ``version`` the live one; returns the one before."""
        pool = await self._databases.mysql()
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("SELECT version FROM read_models WHERE model = %s", (model,))
            before = int((await cursor.fetchone())[0])
            await cursor.execute("UPDATE read_models SET version = %s WHERE model = %s", (version, model))
        self._seen = 0.0
        return before
