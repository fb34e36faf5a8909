"""Pages of a list that is read newest first, with its total: one way for all lists of this kind in MySQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.read import mysql
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases

Rows = Sequence[tuple[Any, ...]]


async def newest(
    databases: Databases,
    table: str,
    columns: Sequence[str],
    at: str,
    where: str,
    values: Mapping[str, Any],
    limit: int,
    cursor: str,
) -> tuple[Rows, str, int]:
    """Rows of ``columns``, of which the first is the id, by the column ``at`` (ms) downwards, then by id.

    ``where``: a condition without parameters; ``values``: column -> what it must be. Returns rows, the next page's cursor and how
    many rows there are in all. Raises ``BadCursor``.
    """
    condition = " AND ".join([where, *(f"{name} = %s" for name in values)])
    given: tuple[Any, ...] = tuple(values.values())
    counted = await mysql.select(databases, f"SELECT COUNT(*) FROM {table} WHERE {condition}", *given)
    key = columns[0]
    if cursor:
        moment, after = unpack(cursor, 2)
        below = number(moment)
        condition += f" AND ({at} < %s OR ({at} = %s AND {key} < %s))"
        given += (below, below, after)
    sql = f"SELECT {', '.join((*columns, at))} FROM {table} WHERE {condition} ORDER BY {at} DESC, {key} DESC LIMIT %s"
    found = await mysql.select(databases, sql, *given, limit + 1)
    following = pack(str(found[limit - 1][-1]), found[limit - 1][0]) if len(found) > limit else ""
    return [row[:-1] for row in found[:limit]], following, int(counted[0][0])
