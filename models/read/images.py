"""Uploaded images in MySQL: whose each is, what for, and under which digest it may be shown. From events alone.

Access patterns: by id or ids (primary key); an account's images (index owner).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models.catalog.image_messages import (
    IMAGE_EVENTS,
    ImageCallStarted,
    ImageErased,
    ImageExpired,
    ImageForgotten,
    ImageKept,
    ImageReady,
    ImageRejected,
    ImageRequested,
    ImageUnclaimed,
    UploadMissing,
)
from models.catalog.images import ENCODE, ENCODING, ERASED, EXPIRED, LICENCE, READY, REJECTED, REQUESTED, UNCLAIMED, urls
from models.read import mysql
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, ReadModel
from models.read.registry import Registry

MOVES = ImageReady | ImageExpired | ImageErased
"""After an image was ready: what takes it elsewhere, together with its pictures."""
FIELDS = ("image_id", "owner", "purpose", "content_type", "size", "at", "status", "digest", "width", "height", "code", "seq")


def table(version: int) -> sa.Table:
    """One row an image; ``status`` as ``models.catalog.images`` names it."""
    return sa.Table(
        f"images_{version}",
        sa.MetaData(),
        sa.Column("image_id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, server_default=""),
        sa.Column("purpose", sa.String(16), nullable=False, server_default=""),
        sa.Column("content_type", sa.String(32), nullable=False, server_default=""),
        sa.Column("size", sa.Integer, nullable=False, server_default="0", comment="bytes of the upload"),
        sa.Column("at", sa.BigInteger, nullable=False, server_default="0", comment="ms, UTC, when it was announced"),
        sa.Column("status", sa.String(16), nullable=False, server_default=""),
        sa.Column("digest", sa.String(64), nullable=False, server_default=""),
        sa.Column("width", sa.Integer, nullable=False, server_default="0", comment="pixels of the upright original"),
        sa.Column("height", sa.Integer, nullable=False, server_default="0"),
        sa.Column("code", sa.String(32), nullable=False, server_default="", comment="why it was rejected"),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Index(f"images_{version}_owner", "owner"),
    )


FORGET = "DELETE FROM {images} WHERE image_id IN ({rows})"
REQUEST = (
    "INSERT INTO {images} (image_id, owner, purpose, content_type, size, at, status, seq) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE seq = GREATEST(seq, VALUES(seq))"
)
MOVE = (
    "INSERT INTO {images} (image_id, status, digest, width, height, code, seq) VALUES {rows} ON DUPLICATE KEY UPDATE"
    " status = VALUES(status), digest = VALUES(digest), width = VALUES(width), height = VALUES(height), code = VALUES(code),"
    " seq = VALUES(seq)"
)
STAND = (
    "INSERT INTO {images} (image_id, status, seq) VALUES {rows} ON DUPLICATE KEY UPDATE status = VALUES(status), seq = VALUES(seq)"
)
SEEN = "INSERT INTO {images} (image_id, seq) VALUES {rows} ON DUPLICATE KEY UPDATE seq = GREATEST(seq, VALUES(seq))"


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """New images, and where each image that moved stands after these facts: the last word wins. Of other events only the
    ``seq``: a client may wait for the image's last one. What is forgotten goes first, since it may have been announced anew."""
    forgotten: set[str] = set()
    new: dict[str, tuple[Any, ...]] = {}
    moved: dict[str, tuple[Any, ...]] = {}
    stands: dict[str, tuple[Any, ...]] = {}
    seen: dict[str, tuple[Any, ...]] = {}
    for fact in facts:
        key, event = fact.key, fact.body
        if isinstance(event, ImageKept | ImageUnclaimed):
            # It keeps its pictures, of which these facts may say nothing.
            stands[key] = (key, READY if isinstance(event, ImageKept) else UNCLAIMED, fact.seq)
        elif isinstance(event, MOVES):
            stands.pop(key, None)
        match event:
            case ImageForgotten():
                forgotten.add(key)
                for of in (new, moved, stands, seen):
                    of.pop(key, None)
            case ImageRequested():
                new[key] = (key, event.owner, event.purpose, event.content_type, event.size, event.at, REQUESTED, fact.seq)
            case ImageCallStarted(call=call) if call == ENCODE:
                moved[key] = (key, ENCODING, "", 0, 0, "", fact.seq)
            case UploadMissing():
                moved[key] = (key, REQUESTED, "", 0, 0, "", fact.seq)
            case ImageReady():
                moved[key] = (key, READY, event.digest, event.width, event.height, "", fact.seq)
            case ImageRejected():
                moved[key] = (key, REJECTED, "", 0, 0, event.code, fact.seq)
            case ImageExpired():
                moved[key] = (key, EXPIRED, "", 0, 0, "", fact.seq)
            case ImageErased():
                moved[key] = (key, ERASED, "", 0, 0, "", fact.seq)
            case ImageKept() | ImageUnclaimed():
                pass
            case _ if isinstance(event, IMAGE_EVENTS):
                seen[key] = (key, fact.seq)
    rows = {REQUEST: new, MOVE: moved, STAND: stands, SEEN: seen}
    forget = mysql.Write(FORGET, [(key,) for key in sorted(forgotten)])
    return [forget, *(mysql.Write(statement, sorted(of.values())) for statement, of in rows.items())]


class _Store(mysql.Fenced):
    async def shown(self, cursor: Any, facts: Sequence[Fact]) -> Mapping[str, int]:
        """Images only: of a product nothing is shown here."""
        return {fact.key: fact.seq for fact in facts if isinstance(fact.body, IMAGE_EVENTS)}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return _Store(databases, "images", version, {"images": f"images_{version}"}, project)


create, drop = mysql.schema("images", lambda version: [table(version)])
MODEL = ReadModel(
    name="images",
    sources=(("catalog", EVENTS),),
    store=_store,
    create=create,
    drop=drop,
    # Most events of this log are sale counts.
    urgent=lambda fact: isinstance(fact.body, IMAGE_EVENTS),
)


class Queries:
    """What is asked of images."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _select(self, where: str, *values: Any) -> list[dict[str, Any]]:
        name = f"images_{await self._registry.version('images')}"
        rows = await mysql.select(self._databases, f"SELECT {', '.join(FIELDS)} FROM {name} WHERE {where}", *values)
        return [dict(zip(FIELDS, row, strict=True)) for row in rows]

    async def by_ids(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those of ``ids`` that exist: ``owner``, ``purpose``, ``status`` and, of a ready one, ``digest`` and size."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        return {row["image_id"]: row for row in await self._select(f"image_id IN {mysql.marks(wanted)}", *wanted)}

    async def urls(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """Width (``"320"``, ``"640"``, ``"1280"``) -> path, of each of ``ids`` that may be shown to everybody."""
        found = await self.by_ids(ids)
        return {key: urls(key, row["digest"]) for key, row in found.items() if row["status"] == READY and row["purpose"] != LICENCE}

    async def dump(self) -> list[dict[str, Any]]:
        """Every image, for comparison with the log."""
        return await self._select("TRUE ORDER BY image_id")
