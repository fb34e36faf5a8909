"""Product documents in MongoDB, ordinary and subscription products in one collection: terms and counts from the events, texts from
the private record, whichever comes first.

They are asked for by ``_id`` alone, for FerretDB scans for all else: lists come out of the search index (``products_list.py``).

Motor stays inside these modules (it has reached its end of life). A document carries ``seq`` and ``pseq`` (of the last event and
private record folded, 0: none yet; ``saved``: the event that ``pseq`` has to reach), and is replaced only as it was read: of two
workers the later one reads again. Counts are absolute and nobody waits for them, so they are put off until ``settle``: an order
does not pay a write of MongoDB for each product.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure

from models.catalog.messages import (
    DELETED,
    ORDINARY,
    RESTOCK_EVENTS,
    SALE,
    ProductPrivate,
    ProductRated,
    ProductRemoved,
    ProductSaved,
    ProductSold,
)
from models.orders.messages import ProductTerms
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Batch, Fact, Outrun, Position, ReadModel, Settled, Spot, folded
from models.read.mysql import spot_of
from models.read.registry import Registry
from models.search.ranking import average

ERASED = 1 << 30
NAMESPACE_NOT_FOUND = 26
"""MongoDB's code for a collection that is not there."""
Document = dict[str, Any]
SAVED = (
    "store_id", "price", "flowers", "status", "tax_free", "category", "kind", "tags", "representative", "minutes", "version",
    "created",
)  # fmt: skip
TEXTS = ("name", "description", "thumbnail", "summary", "images")
EMPTY: Mapping[str, Any] = {
    "store_id": "", "price": 0, "flowers": {}, "status": "", "tax_free": False, "category": "", "kind": ORDINARY, "tags": [],
    "representative": "", "minutes": 0, "version": 0, "created": 0, "name": "", "description": "", "thumbnail": "", "summary": "",
    "images": [], "sold": 0, "reviews": 0, "rating_sum": 0, "seq": 0, "pseq": 0, "saved": 0,
}  # fmt: skip


ROUND, LEAST, MOST = 30, 4, 500
"""Settlements, one a second, in which all counts are written that are late when a round begins; the fewest and the most documents
of one. A document costs FerretDB about a millisecond of CPU and stands for all sales of its product since its last one: the more
sell, the more are written, but each once in a round."""


def project(facts: Sequence[Fact], known: Mapping[str, Document]) -> dict[str, Document]:
    """The documents that ``facts`` change, after them; ``known`` has those that exist."""
    changed: dict[str, Document] = {}
    for fact in facts:
        document = changed.get(fact.key) or {"_id": fact.key, **EMPTY, **known.get(fact.key, {})}
        number, body = ("pseq" if fact.private else "seq"), fact.body
        seq = ERASED if fact.private and body is None else fact.seq
        if seq <= document[number]:
            continue
        fields = _fields(body, document)
        if fields is not None:
            changed[fact.key] = {**document, **fields, number: seq, **({"saved": seq} if _keeps(body) else {})}
    return changed


def _keeps(body: Any) -> bool:
    """Does the event come with a private record?"""
    return isinstance(body, ProductSaved | ProductRemoved)


def _fields(body: Any, document: Document) -> Document | None:
    """What ``body`` changes; ``None``: it is about no product."""
    match body:
        case ProductSaved():
            fields = {name: getattr(body, name) for name in SAVED}
            # Of another kind of product that had this id before, nothing is counted for this one.
            anew = bool(document["seq"]) and document["kind"] != body.kind
            return {**fields, "tags": list(body.tags), **({"sold": 0, "reviews": 0, "rating_sum": 0} if anew else {})}
        case ProductRemoved():
            return {"status": DELETED}
        case ProductSold() | ProductRated():
            return counted(body)
        case ProductPrivate():
            return {**{name: getattr(body, name) for name in TEXTS}, "images": list(body.images)}
        case None if document["seq"] or document["pseq"]:
            return {**dict.fromkeys(TEXTS, ""), "images": []}
        case _:
            return {} if isinstance(body, RESTOCK_EVENTS) else None


def counted(event: ProductSold | ProductRated) -> Document:
    """The counts that the event tells."""
    if isinstance(event, ProductSold):
        return {"sold": event.sold}
    return {"reviews": event.reviews, "rating_sum": event.rating_sum}


def at_once(late: int) -> int:
    """Documents of each settlement of a round that begins with so many late."""
    return min(MOST, max(LEAST, -(-late // ROUND)))


def _urgent(fact: Fact) -> bool:
    return fact.private or isinstance(fact.body, ProductSaved | ProductRemoved)


class _Store:
    """Positions lie in a collection of their own and may lag: ``seq`` tells what is folded.

    ``_late``: product -> counts that the collection does not have yet, with their ``seq``, late longest first. A round begins
    with the positions ``_then`` and the products that are late then (``_owed``), ``_at_once`` of which a settlement writes. Once
    they all are, the positions are noted.
    """

    def __init__(self, databases: Databases, version: int) -> None:
        self._databases, self._physical = databases, f"products_{version}"
        self._late: dict[str, Document] = {}
        self._then: dict[Spot, Position] | None = None
        self._owed: set[str] = set()
        self._at_once = LEAST

    async def positions(self) -> Mapping[Spot, Position]:
        # Whoever asks begins anew, maybe after others.
        self._late.clear()
        self._then = None
        found = await self._databases.mongo[POSITIONS].find_one({"_id": self._physical})
        return {spot_of(name.replace("|", ".")): Position(offset) for name, offset in (found or {}).get("spots", {}).items()}

    async def settle(self, positions: Mapping[Spot, Position]) -> Settled:
        """Some of what is late. The positions with which a round began are noted at its end: nobody reads again what lies before
        them. While products sell something is always left, and the next round begins."""
        if self._then is None:
            self._then, self._owed, self._at_once = dict(positions), set(self._late), at_once(len(self._late))
        await self._write(dict(islice(self._late.items(), self._at_once)))
        if self._owed:
            return Settled({}, left=True)
        # A dot in a field's name would mean a path.
        noted = self._then if self._late else dict(positions)
        spots = {spot.name.replace(".", "|"): position.next for spot, position in noted.items()}
        changes = {f"spots.{name}": offset for name, offset in spots.items()}
        await self._databases.mongo[POSITIONS].update_one({"_id": self._physical}, {"$set": changes}, upsert=True)
        self._then = None
        return Settled(noted, left=bool(self._late))

    async def _write(self, late: Mapping[str, Document]) -> None:
        """Bring these products' counts into the collection, in one command."""
        if not late:
            return
        # Nothing matches a document that somebody else has brought further.
        writes = [UpdateOne({"_id": key, "seq": {"$lt": counts["seq"]}}, {"$set": counts}) for key, counts in late.items()]
        await self._databases.mongo[self._physical].bulk_write(writes, ordered=False)
        for key in late:
            # A worker that ends settles too, maybe beside its own loop.
            self._late.pop(key, None)
        self._owed -= late.keys()

    async def store(self, batch: Batch) -> Mapping[str, int]:
        due = {fact.key for fact in batch.facts if _urgent(fact)}
        shown = await self._fold([fact for fact in batch.facts if fact.key in due], due) if due else {}
        for fact in batch.facts:
            if fact.key not in due and isinstance(fact.body, ProductSold | ProductRated | RESTOCK_EVENTS):
                fields = {} if isinstance(fact.body, RESTOCK_EVENTS) else counted(fact.body)
                self._late[fact.key] = {**self._late.get(fact.key, {}), **fields, "seq": fact.seq}
        return shown

    async def _fold(self, facts: Sequence[Fact], keys: set[str]) -> Mapping[str, int]:
        """Write the documents of ``keys``, with what was late of them."""
        collection = self._databases.mongo[self._physical]
        known = {key: found for key in keys if (found := await collection.find_one({"_id": key})) is not None}
        ahead = {key: {**found, **self._ahead(key, found)} for key, found in known.items()}
        changed = folded(lambda facts: project(facts, ahead), facts)
        for key, document in changed.items():
            before = known.get(key)
            if before is None:
                try:
                    await collection.insert_one(document)
                except DuplicateKeyError:
                    raise Outrun(self._physical) from None
                continue
            replaced = await collection.replace_one({"_id": key, "seq": before["seq"], "pseq": before["pseq"]}, document)
            if not replaced.matched_count:
                raise Outrun(self._physical)
            self._late.pop(key, None)
            self._owed.discard(key)
        shown = {**known, **changed}
        return {key: seq for key, one in shown.items() if (seq := _whole(one))}

    def _ahead(self, key: str, found: Document) -> Document:
        late = self._late.get(key)
        return late if late is not None and late["seq"] > found["seq"] else {}


def _whole(document: Mapping[str, Any]) -> int:
    """The event up to which a document is shown whole, with its texts."""
    seq, pseq = int(document["seq"]), int(document["pseq"])
    return seq if pseq >= document.get("saved", seq) else min(seq, pseq)


POSITIONS = "read_positions"


def _store(databases: Databases, version: int) -> _Store:
    return _Store(databases, version)


async def create(databases: Databases, version: int) -> None:
    """Make the collection of a version, if it is not there: a missing one is not taken for an empty one (``Queries``)."""
    with suppress(CollectionInvalid):
        await databases.mongo.create_collection(f"products_{version}")


async def drop(databases: Databases, version: int) -> None:
    """Drop the collection of a version."""
    await databases.mongo.drop_collection(f"products_{version}")
    await databases.mongo[POSITIONS].delete_one({"_id": f"products_{version}"})


MODEL = ReadModel(
    name="products",
    sources=(("catalog", EVENTS), ("catalog", PRIVATE)),
    store=_store,
    create=create,
    drop=drop,
    urgent=_urgent,
)


class Queries:
    """What is asked of products by their ids. One whose terms have not come yet does not exist.

    A collection that is not there reads as an empty one: a version that a rebuild has dropped, of whose successor this process has
    not heard since MySQL is away or slow. So whoever does not find one looks whether it is; ``pymongo.errors.OperationFailure`` if
    not.
    """

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _collection(self) -> Any:
        return self._databases.mongo[f"products_{await self._registry.version('products')}"]

    async def _sure(self, collection: Any) -> None:
        if not await self._databases.mongo.list_collection_names(filter={"name": collection.name}):
            raise OperationFailure(f"there is no {collection.name}", NAMESPACE_NOT_FOUND)

    async def one(self, product_id: str) -> Document | None:
        """A product, whatever its status. ``seq``: the event up to which it is shown whole, with its texts."""
        found = await self._found([product_id])
        return {**told(found[0]), "seq": _whole(found[0])} if found else None

    async def by_ids(self, ids: Iterable[str]) -> dict[str, Document]:
        """Those of ``ids`` that exist."""
        return {one["_id"]: told(one) for one in await self._found(ids)}

    async def _found(self, ids: Iterable[str]) -> list[Document]:
        collection = await self._collection()
        # One by one, side by side: FerretDB scans the collection for ``$in`` (50 ids of 5,000: 1,100 ms of its CPU, and 36 ms so).
        found = await asyncio.gather(*(collection.find_one({"_id": one}) for one in set(ids)))
        if None in found:
            await self._sure(collection)
        return [one for one in found if one is not None and one["seq"]]

    async def terms(self, ids: Iterable[str]) -> dict[str, ProductTerms]:
        """Price, flowers and status of each product that exists, as PlaceOrder wants them; a subscription is not ordered so."""
        return {
            key: ProductTerms(
                product_id=key,
                store_id=one["store_id"],
                name=one["name"],
                price=one["price"],
                flowers=one["flowers"],
                tax_free=one["tax_free"],
                on_sale=one["status"] == SALE and one["kind"] == ORDINARY,
                thumbnail=one["thumbnail"],
            )
            for key, one in (await self.by_ids(ids)).items()
        }

    async def dump(self) -> list[Document]:
        """Every product, for comparison with the log."""
        collection = await self._collection()
        return [told(one) for one in await collection.find({}).sort("_id", 1).to_list(None) if one["seq"]]


def told(found: Document) -> Document:
    """A document as it is answered: ``average`` in stars, to one decimal, 0 without reviews (product W45)."""
    said = {"product_id": found["_id"], **EMPTY, **found}
    del said["_id"], said["pseq"], said["saved"]
    # Documents of earlier releases say why an admin took it off, which is its seller's and the admins' business.
    said.pop("removal", None)
    # The driver reads a long number as its own ``Int64``, which no JSON encoder knows.
    return {**said, "created": int(said["created"]), "average": average(said["reviews"], said["rating_sum"])}
