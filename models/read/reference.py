"""What admins have said about flowers, tags and categories, in MySQL: one row, laid over the defaults that every process knows.

Access pattern: all of it, by primary key; whoever joins names with it keeps it for ``CACHED`` seconds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from models.catalog.messages import REFERENCE, ReferencePrivate
from models.catalog.reference import merged
from models.read import mysql
from models.read.databases import Databases
from models.read.facts import PRIVATE, Fact, ReadModel
from models.read.registry import Registry

CACHED = 2.0
"""Seconds for which names are joined as they were."""
_json = msgspec.json.Encoder().encode
_said = msgspec.json.Decoder(ReferencePrivate).decode


def table(version: int) -> sa.Table:
    """The private record as it is, JSON."""
    return sa.Table(
        f"reference_{version}",
        sa.MetaData(),
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("said", MEDIUMTEXT, nullable=False, comment="JSON"),
        sa.Column("seq", sa.Integer, nullable=False),
    )


UPSERT = "INSERT INTO {reference} (name, said, seq) VALUES {rows} ON DUPLICATE KEY UPDATE said = VALUES(said), seq = VALUES(seq)"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last record."""
    records = [fact for fact in facts if isinstance(fact.body, ReferencePrivate)]
    return [mysql.Write(UPSERT, [(one.key, _json(one.body).decode(), one.seq) for one in records[-1:]])]


class _Store(mysql.Fenced):
    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """The record holds all that its events say."""
        return {fact.key: fact.seq for fact in facts if isinstance(fact.body, ReferencePrivate)}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "reference", version, {"reference": f"reference_{version}"}, project)


create, drop = mysql.schema("reference", lambda version: [table(version)])
MODEL = ReadModel(
    name="reference",
    sources=(("catalog", PRIVATE),),
    store=_store,
    create=create,
    drop=drop,
    urgent=lambda fact: isinstance(fact.body, ReferencePrivate),
)


class Queries:
    """What is asked of the reference data."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry
        self._kept = ReferencePrivate()
        self._until = 0.0

    async def now(self) -> tuple[ReferencePrivate, int]:
        """All flowers, tags and categories, and the event up to which they are shown (0: the defaults)."""
        name = f"reference_{await self._registry.version('reference')}"
        rows = await mysql.select(self._databases, f"SELECT said, seq FROM {name} WHERE name = %s", REFERENCE)
        said, seq = rows[0] if rows else ("{}", 0)
        self._kept, self._until = merged(_said(said)), time.monotonic() + CACHED
        return self._kept, int(seq)

    async def names(self) -> ReferencePrivate:
        """The same, at most ``CACHED`` seconds old."""
        return self._kept if time.monotonic() < self._until else (await self.now())[0]
