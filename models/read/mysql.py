"""Read models in MySQL: rows and positions in one transaction, fenced so that of two workers only one writes.

The first statement moves the positions on, but only from where this worker knows them to be: it locks their rows, and if
another worker has been there, nothing matches and the transaction is given up.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from pymysql.err import DataError
from pymysql.err import Warning as MySQLWarning
from sqlalchemy.dialects import mysql as dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from models.read.databases import Databases
from models.read.facts import Batch, Fact, Outrun, Position, Refused, Settled, Spot, folded

Rows = Sequence[tuple[Any, ...]]


class Write(msgspec.Struct, frozen=True):
    """``sql`` with one ``{rows}`` where the tuples of ``rows`` go; table names as ``{name}`` of ``Tables``."""

    sql: str
    rows: Rows


Project = Callable[[Sequence[Fact]], list[Write]]
_heard = msgspec.json.Decoder(dict[str, int]).decode
_json = msgspec.json.Encoder().encode
MOVE = (
    "INSERT INTO read_positions (model, spot, prev, next, heard) VALUES {rows} ON DUPLICATE KEY UPDATE"
    # Assignments take effect from left to right, so ``next``, by which they are decided, comes last.
    " heard = IF(next = VALUES(prev), VALUES(heard), heard), prev = IF(next = VALUES(prev), VALUES(prev), prev),"
    " next = IF(next = VALUES(prev), VALUES(next), next)"
)


async def execute(cursor: Any, sql: str, rows: Rows) -> int:
    """Run ``sql`` with ``rows`` as one statement; returns the number of rows affected as MySQL counts them."""
    one = "(" + ",".join(["%s"] * len(rows[0])) + ")"
    text = sql.replace("{rows}", ",".join([one] * len(rows)))
    return int(await cursor.execute(text, [value for row in rows for value in row]))


def upsert(table: str, key: str, *columns: str) -> str:
    """Insert ``columns`` of rows of ``table`` (logical name), or change them in those that have this ``key``.

    Of ``seq`` the highest stays: kinds of events of one batch are written one kind after the other.
    """
    changes = [f"{name} = VALUES({name})" if name != "seq" else "seq = GREATEST(seq, VALUES(seq))" for name in columns]
    names = ", ".join((key, *columns))
    return f"INSERT INTO {{{table}}} ({names}) VALUES {{rows}} ON DUPLICATE KEY UPDATE {', '.join(changes)}"


class Fenced:
    """The store of a version of a model. ``names``: logical -> physical table names, for the SQL of ``project``.

    A batch that changes no row only moves the positions; they are stored with the next one that does, or by ``settle``.
    """

    def __init__(self, databases: Databases, model: str, version: int, names: Mapping[str, str], project: Project) -> None:
        self._databases, self._physical, self._names, self._project = databases, f"{model}_{version}", names, project
        self._durable: dict[Spot, Position] = {}
        self._moved: dict[Spot, Position] = {}

    async def positions(self) -> Mapping[Spot, Position]:
        """See ``facts.Store``."""
        pool = await self._databases.mysql()
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("SELECT spot, next, heard FROM read_positions WHERE model = %s", (self._physical,))
            found = await cursor.fetchall()
        self._durable = {spot_of(spot): Position(offset, _heard(heard)) for spot, offset, heard in found}
        self._moved = {}
        return dict(self._durable)

    async def store(self, batch: Batch) -> Mapping[str, int]:
        """See ``facts.Store``."""
        writes = [write for write in folded(self._project, batch.facts) if write.rows]
        if not writes and not self.asks(batch.facts):
            self._moved.update(batch.after)
            return await self.shown(None, batch.facts)
        return await self._write(writes, {**self._moved, **batch.after}, batch.facts)

    async def settle(self, positions: Mapping[Spot, Position]) -> Settled:
        """Positions are stored with the rows, but for those of batches that changed none."""
        if self._moved:
            await self._write([], dict(self._moved), ())
        return Settled(positions)

    async def _write(self, writes: Sequence[Write], moved: Mapping[Spot, Position], facts: Sequence[Fact]) -> Mapping[str, int]:
        before = {spot: self._durable[spot].next if spot in self._durable else 0 for spot in moved}
        if any(after.next <= before[spot] for spot, after in moved.items()):
            # Stored already: then the answer to it was lost.
            raise Outrun(self._physical)
        moves = [
            (self._physical, spot.name, before[spot], after.next, _json(after.heard).decode()) for spot, after in moved.items()
        ]
        pool = await self._databases.mysql()
        async with pool.acquire() as connection:
            try:
                await connection.begin()
                async with connection.cursor() as cursor:
                    affected = await execute(cursor, MOVE, moves)
                    # A row that is inserted counts 1, one that is changed 2, one that somebody else has moved 0.
                    if affected != sum(2 if stood else 1 for stood in before.values()):
                        raise Outrun(self._physical)
                    for write in writes:
                        await execute(cursor, write.sql.format(rows="{rows}", **self._names), write.rows)
                    seen = await self.shown(cursor, facts)
                await connection.commit()
            except DataError as error:
                connection.close()
                raise Refused(str(error)) from error
            except BaseException:
                # Closed rather than rolled back: the connection may be in any state, and the pool makes another.
                connection.close()
                raise
        self._durable.update(moved)
        for spot in moved:
            self._moved.pop(spot, None)
        return seen

    def asks(self, facts: Sequence[Fact]) -> bool:
        """Does ``shown`` need a cursor for these facts?"""
        return False

    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """For each aggregate the ``seq`` up to which it is shown complete."""
        return {fact.key: fact.seq for fact in facts if not fact.private}


class Whole(Fenced):
    """A model of aggregates that are whole once event and private record with the same number are there, whichever came first.

    ``table``: the logical name of the table with ``seq`` and ``pseq`` (``ERASED``: nothing more to wait for), ``key``: its key;
    ``about``: what it folds. Other events of the domain are as good as shown: nobody looks for them here.
    """

    def __init__(
        self, databases: Databases, model: str, version: int, names: Mapping[str, str], project: Project, *, table: str, key: str,
        about: Sequence[Any],
    ) -> None:  # fmt: skip
        super().__init__(databases, model, version, names, project)
        self._table, self._key, self._about = table, key, tuple(about)

    def asks(self, facts: Sequence[Fact]) -> bool:
        return any(self._concerns(fact) for fact in facts)

    def _concerns(self, fact: Fact) -> bool:
        # Of what kind an erased record was is not known any more.
        return isinstance(fact.body, self._about) or (fact.private and fact.body is None)

    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        mine = {fact.key for fact in facts if self._concerns(fact)}
        seen = {fact.key: fact.seq for fact in facts if not fact.private and fact.key not in mine}
        if mine:
            keys = sorted(mine)
            select = f"SELECT {self._key}, LEAST(seq, pseq) FROM {self._names[self._table]} WHERE {self._key} IN {marks(keys)}"
            await cursor.execute(select, keys)
            seen |= {key: seq for key, seq in await cursor.fetchall() if seq}
        return seen


ERASED = 1 << 30
"""``pseq`` of an aggregate whose private record was erased: there is nothing more to wait for."""


def spot_of(name: str) -> Spot:
    """The spot of a stored name."""
    topic, _, partition = name.rpartition("/")
    domain, _, kind = topic.partition(".")
    return Spot(domain, kind, int(partition))


EXACT = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
"""Texts are compared by their bytes: by the default of most servers ``Rose`` and ``rose`` are one id; in the log they are two."""


def ddl(tables: Iterable[sa.Table]) -> list[str]:
    """Statements that create ``tables`` where they are missing."""
    made = []
    for table in tables:
        made.append(f"{CreateTable(table, if_not_exists=True).compile(dialect=dialect.dialect())}".rstrip() + f" {EXACT}")
        made += [str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect.dialect())) for index in table.indexes]
    return made


async def run(databases: Databases, statements: Iterable[str]) -> None:
    """Execute statements that take no parameters, one after another."""
    pool = await databases.mysql()
    with warnings.catch_warnings():
        # That a table is there already is what IF NOT EXISTS asks for.
        warnings.simplefilter("ignore", MySQLWarning)
        async with pool.acquire() as connection, connection.cursor() as cursor:
            for statement in statements:
                await cursor.execute(statement.replace("%", "%%"))


async def drop(databases: Databases, tables: Iterable[sa.Table], physical: str) -> None:
    """Drop ``tables`` and forget the positions of ``physical``."""
    await run(databases, [f"DROP TABLE IF EXISTS `{table.name}`" for table in tables])
    pool = await databases.mysql()
    async with pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute("DELETE FROM read_positions WHERE model = %s", (physical,))


Make = Callable[[Databases, int], Awaitable[None]]
"""Makes, or drops, what a version of a read model needs."""


def schema(model: str, tables: Callable[[int], Sequence[sa.Table]]) -> tuple[Make, Make]:
    """``create`` and ``drop`` of a read model: the tables of a version, and with them its positions."""

    async def make(databases: Databases, version: int) -> None:
        await run(databases, ddl(tables(version)))

    async def end(databases: Databases, version: int) -> None:
        await drop(databases, tables(version), f"{model}_{version}")

    return make, end


async def select(databases: Databases, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    pool = await databases.mysql()
    async with pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(sql, values)
        return list(await cursor.fetchall())


def marks(values: Sequence[Any]) -> str:
    """Placeholders for ``IN``."""
    return "(" + ",".join(["%s"] * len(values)) + ")"
