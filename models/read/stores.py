"""Florists in MySQL: policy, place and hours from the events, names and numbers from the private record; either may come first.

Access patterns:

| question | how |
|---|---|
| by id or ids | primary key |
| of an owner | index (owner) |
| a list, also of a sido or gugun | index (status, gugun); keyset on (sort value, store_id), joined with ``store_ratings`` |
| near a point | index (lat, lon) finds a box, the distance is reckoned exactly (``models/stores/near.py``) |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from models.orders.messages import StoreTerms
from models.read import mysql, store_ratings
from models.read.cursors import number, pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Fact, ReadModel
from models.read.mysql import ERASED
from models.read.registry import Registry
from models.stores import near
from models.stores.hours import Hours
from models.stores.messages import StorePrivate, StoreRestored, StoreSaved, StoreSuspended, SuspensionLifted

OPEN, SUSPENDED = "OPEN", "SUSPENDED"
PUBLIC = (
    "owner", "delivery_fee", "free_from", "cut_off", "threshold", "sido", "gugun", "lat", "lon", "hours", "slot_capacity",
    "minutes_per_day", "registered_at",
)  # fmt: skip
"""Fields of ``StoreSaved`` by name."""
TEXTS = ("name", "detail", "thumbnail", "phone", "bank", "account_number", "address", "address_detail", "zipcode", "reason")
"""Fields of ``StorePrivate`` by name."""
FIELDS = ("store_id", *PUBLIC, *TEXTS, "status")
NEAREST = 200
"""Stores that a question for what is near answers at most."""
_hours = msgspec.json.Decoder(dict[str, Hours]).decode
_json = msgspec.json.Encoder(order="deterministic").encode


def table(version: int) -> sa.Table:
    """``seq``/``pseq``: of the last event and private record folded; 0: none yet."""

    def text(name: str, length: int) -> sa.Column[str]:
        return sa.Column(name, sa.String(length), nullable=False, server_default="")

    def number(name: str, kind: Any, comment: str = "") -> sa.Column[int]:
        return sa.Column(name, kind, nullable=False, server_default="0", comment=comment or None)

    return sa.Table(
        f"stores_{version}",
        sa.MetaData(),
        sa.Column("store_id", sa.String(64), primary_key=True),
        text("owner", 64),
        number("delivery_fee", sa.Integer, "KRW"),
        number("free_from", sa.BigInteger, "KRW of goods"),
        sa.Column("cut_off", sa.String(5), nullable=False, server_default="", comment="HH:MM KST"),
        number("threshold", sa.Integer, "stems"),
        text("sido", 2),
        text("gugun", 5),
        number("lat", sa.Double(), "degrees"),
        number("lon", sa.Double(), "degrees"),
        sa.Column("hours", sa.String(1000), nullable=False, server_default="{}", comment="JSON: day -> opens, closes"),
        number("slot_capacity", sa.Integer, "pickups of a half hour"),
        number("minutes_per_day", sa.Integer, "making minutes"),
        number("registered_at", sa.BigInteger, "ms, UTC"),
        sa.Column("status", sa.String(9), nullable=False, server_default=OPEN),
        text("name", 200),
        text("detail", 1000),
        text("thumbnail", 200),
        text("phone", 20),
        text("bank", 3),
        text("account_number", 40),
        text("address", 200),
        text("address_detail", 200),
        text("zipcode", 5),
        text("reason", 500),
        number("seq", sa.Integer),
        number("pseq", sa.Integer),
        sa.Index(f"stores_{version}_owner", "owner"),
        sa.Index(f"stores_{version}_place", "lat", "lon"),
        sa.Index(f"stores_{version}_region", "status", "gugun"),
    )


SAVE = mysql.upsert("stores", "store_id", *PUBLIC, "seq")
STATUS = mysql.upsert("stores", "store_id", "status", "seq")
NAMES = mysql.upsert("stores", "store_id", *TEXTS, "pseq")
BLANK = ", ".join(f"{name} = ''" for name in TEXTS)
ERASE = f"UPDATE {{stores}} SET {BLANK}, pseq = {ERASED} WHERE (store_id) IN ({{rows}})"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last state of each store, whether it is suspended, and its texts: each by itself."""
    saved: dict[str, tuple[Any, ...]] = {}
    status: dict[str, tuple[Any, ...]] = {}
    texts: dict[str, tuple[Any, ...] | None] = {}
    for fact in facts:
        match fact.body:
            case StoreSaved() as event:
                values = (getattr(event, name) for name in PUBLIC)
                saved[fact.key] = (fact.key, *(_json(one).decode() if isinstance(one, dict) else one for one in values), fact.seq)
            case StoreSuspended() | StoreRestored() | SuspensionLifted():
                said = OPEN if isinstance(fact.body, StoreRestored) else SUSPENDED
                status[fact.key] = (fact.key, said, fact.seq)
            case StorePrivate() as record:
                texts[fact.key] = (fact.key, *(getattr(record, name) for name in TEXTS), fact.seq)
            case None if fact.private:
                texts[fact.key] = None
    return [
        mysql.Write(SAVE, sorted(saved.values())),
        mysql.Write(STATUS, sorted(status.values())),
        mysql.Write(NAMES, sorted(row for row in texts.values() if row is not None)),
        mysql.Write(ERASE, [(key,) for key, row in sorted(texts.items()) if row is None]),
    ]


def _store(databases: Databases, version: int) -> mysql.Fenced:
    about = (StoreSaved, StoreSuspended, StoreRestored, SuspensionLifted, StorePrivate)
    names = {"stores": f"stores_{version}"}
    return mysql.Whole(databases, "stores", version, names, project, table="stores", key="store_id", about=about)


create, drop = mysql.schema("stores", lambda version: [table(version)])
MODEL = ReadModel(
    name="stores", sources=(("stores", EVENTS), ("stores", PRIVATE)), store=_store, create=create, drop=drop
)  # fmt: skip


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which stores, in which order. ``gugun``, ``sido``: codes, "": all; ``status``: OPEN, SUSPENDED or "": both.

    ``sort``: RATE (best rated first) or DATE (newest first).
    """

    sido: str = ""
    gugun: str = ""
    status: str = OPEN
    sort: str = "RATE"


SORTS: Mapping[str, str] = {"RATE": "COALESCE(r.score, 0)", "DATE": "s.registered_at"}
"""What a list is sorted by, highest first, then by id."""
Document = dict[str, Any]


class Queries:
    """What is asked of the stores. A store whose policy has not come yet does not exist."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _from(self) -> str:
        stores, ratings = await self._registry.version("stores"), await self._registry.version("store_ratings")
        return f"stores_{stores} s LEFT JOIN {store_ratings.name(ratings)} r ON r.store_id = s.store_id"

    async def _select(self, where: str, *values: Any, more: str = "s.seq") -> list[tuple[Document, Any]]:
        """Documents with reviews and average, and the column ``more`` of each."""
        columns = ", ".join((*(f"s.{name}" for name in FIELDS), "COALESCE(r.reviews, 0)", "COALESCE(r.rating_sum, 0)", more))
        sql = f"SELECT {columns} FROM {await self._from()} WHERE s.seq > 0 AND {where}"
        return [(_document(row), row[-1]) for row in await mysql.select(self._databases, sql, *values)]

    async def one(self, store_id: str) -> Document | None:
        """A store with all its fields. ``seq``: the event up to which it is shown whole, with its names."""
        found = await self._select("s.store_id = %s", store_id, more="LEAST(s.seq, s.pseq)")
        return {**found[0][0], "seq": found[0][1]} if found else None

    async def terms(self, ids: Iterable[str]) -> dict[str, StoreTerms]:
        """Policy of each store that exists, as PlaceOrder wants it. One that is suspended is not ``open``."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        names = ("store_id", "name", "delivery_fee", "free_from", "cut_off")
        sql = (
            f"SELECT {', '.join(names)}, status = '{OPEN}' FROM stores_{await self._registry.version('stores')}"
            f" WHERE seq > 0 AND store_id IN {mysql.marks(wanted)}"
        )
        rows = await mysql.select(self._databases, sql, *wanted)
        return {row[0]: StoreTerms(**dict(zip(names, row, strict=False)), open=bool(row[-1])) for row in rows}

    async def by_ids(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those of ``ids`` that exist."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        found = await self._select(f"s.store_id IN {mysql.marks(wanted)}", *wanted)
        return {one["store_id"]: one for one, _ in found}

    async def page(self, wanted: Wanted, limit: int, cursor: str = "") -> tuple[list[Document], str, int]:
        """Stores, the next page's cursor, and how many there are in all. Raises ``BadCursor``."""
        where, values = _where(wanted)
        stores = f"stores_{await self._registry.version('stores')} s"
        counted = await mysql.select(self._databases, f"SELECT COUNT(*) FROM {stores} WHERE s.seq > 0 AND {where}", *values)
        by = SORTS[wanted.sort]
        if cursor:
            value, after = unpack(cursor, 2)
            below = number(value)
            where += f" AND ({by} < %s OR ({by} = %s AND s.store_id > %s))"
            values += (below, below, after)
        found = await self._select(f"{where} ORDER BY {by} DESC, s.store_id LIMIT %s", *values, limit + 1, more=by)
        last = found[limit - 1] if len(found) > limit else None
        return [one for one, _ in found[:limit]], pack(str(last[1]), last[0]["store_id"]) if last else "", int(counted[0][0])

    async def near(self, lat: float, lon: float, metres: int) -> list[Document]:
        """Stores that are open within ``metres`` of a point, nearest first, with their ``distance`` in whole metres."""
        box = near.box(lat, lon, metres)
        where = f"s.status = '{OPEN}' AND s.gugun > '' AND s.lat BETWEEN %s AND %s AND s.lon BETWEEN %s AND %s"
        found = [(near.distance(lat, lon, one["lat"], one["lon"]), one) for one, _ in await self._select(where, *box)]
        found = sorted((one for one in found if one[0] <= metres), key=lambda one: (one[0], one[1]["store_id"]))
        return [{**one, "distance": round(away)} for away, one in found[:NEAREST]]

    async def of_owner(self, owner: str) -> list[Document]:
        """The stores of an account."""
        return [one for one, _ in await self._select("s.owner = %s ORDER BY s.store_id", owner)]

    async def dump(self) -> list[dict[str, Any]]:
        """What ``StoreSaved`` said of every store, for comparison with the log."""
        names = ("store_id", *PUBLIC, "status", "seq", "name")
        sql = f"SELECT {', '.join(names)} FROM stores_{await self._registry.version('stores')} WHERE seq > 0 ORDER BY store_id"
        rows = [dict(zip(names, row, strict=True)) for row in await mysql.select(self._databases, sql)]
        return [{**row, "hours": _hours(row["hours"])} for row in rows]


def _where(wanted: Wanted) -> tuple[str, tuple[Any, ...]]:
    asked = {"status": wanted.status, "sido": wanted.sido, "gugun": wanted.gugun}
    said = {name: value for name, value in asked.items() if value}
    return " AND ".join(["TRUE", *(f"s.{name} = %s" for name in said)]), tuple(said.values())


def _document(row: Sequence[Any]) -> Document:
    """``rating``: stars, the average over all reviews of its products; ``None`` without any."""
    found = dict(zip(FIELDS, row, strict=False))
    reviews, rating_sum = int(row[-3]), int(row[-2])
    found["hours"] = msgspec.to_builtins(_hours(found["hours"]))
    return {**found, "reviews": reviews, "rating": store_ratings.average(reviews, rating_sum)}
