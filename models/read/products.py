"""Product documents in MongoDB: one per product; terms from the events, texts from the private record, whichever comes first.

Access patterns:

| question | how |
|---|---|
| by id or ids | ``_id`` |
| of a store, or of all, on sale | index (store_id, _id), keyset on ``_id``; FerretDB scans, MongoDB does not |

Motor stays inside this module (it has reached its end of life). A document carries ``seq`` and ``pseq`` (of the last event and
private record folded, 0: none yet), and is replaced only as it was read: of two workers the later one reads again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo.errors import DuplicateKeyError, OperationFailure

from models.catalog.image_messages import IMAGE_EVENTS
from models.catalog.messages import ProductPrivate, ProductSaved
from models.orders.messages import ProductTerms
from models.read.cursors import pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Batch, Fact, Outrun, Position, ReadModel, Spot, folded
from models.read.mysql import spot_of
from models.read.registry import Registry

ON_SALE = "SALE"
ERASED = 1 << 30
NAMESPACE_NOT_FOUND = 26
"""MongoDB's code for a collection that is not there."""
Document = dict[str, Any]
EMPTY: Mapping[str, Any] = {
    "store_id": "", "price": 0, "flowers": {}, "status": "", "tax_free": False, "category": "",
    "name": "", "description": "", "thumbnail": "", "seq": 0, "pseq": 0,
}  # fmt: skip


def project(facts: Sequence[Fact], known: Mapping[str, Document]) -> dict[str, Document]:
    """The documents that ``facts`` change, after them; ``known`` has those that exist."""
    changed: dict[str, Document] = {}
    for fact in facts:
        document = changed.get(fact.key) or known.get(fact.key) or {"_id": fact.key, **EMPTY}
        number, body = ("pseq" if fact.private else "seq"), fact.body
        seq = ERASED if fact.private and body is None else fact.seq
        if seq <= document[number]:
            continue
        if isinstance(body, IMAGE_EVENTS):
            # Of the catalog's other kind, under keys of their own.
            continue
        if isinstance(body, ProductSaved):
            fields = {name: getattr(body, name) for name in ("store_id", "price", "flowers", "status", "tax_free", "category")}
        else:
            texts = body if isinstance(body, ProductPrivate) else ProductPrivate(name="")
            fields = {"name": texts.name, "description": texts.description, "thumbnail": texts.thumbnail}
        changed[fact.key] = {**document, **fields, number: seq}
    return changed


class _Store:
    """Positions lie in a collection of their own and may lag: ``seq`` tells what is folded."""

    def __init__(self, databases: Databases, version: int) -> None:
        self._databases, self._physical = databases, f"products_{version}"

    async def positions(self) -> Mapping[Spot, Position]:
        found = await self._databases.mongo[POSITIONS].find_one({"_id": self._physical})
        return {spot_of(name.replace("|", ".")): Position(offset) for name, offset in (found or {}).get("spots", {}).items()}

    async def settle(self, positions: Mapping[Spot, Position]) -> None:
        # A dot in a field's name would mean a path.
        spots = {spot.name.replace(".", "|"): position.next for spot, position in positions.items()}
        changes = {f"spots.{name}": offset for name, offset in spots.items()}
        await self._databases.mongo[POSITIONS].update_one({"_id": self._physical}, {"$set": changes}, upsert=True)

    async def store(self, batch: Batch) -> Mapping[str, int]:
        collection = self._databases.mongo[self._physical]
        keys = {fact.key for fact in batch.facts}
        known = {key: found for key in keys if (found := await collection.find_one({"_id": key})) is not None}
        changed = folded(lambda facts: project(facts, known), batch.facts)
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
        shown = {**known, **changed}
        return {key: seq for key, one in shown.items() if (seq := min(one["seq"], one["pseq"]))}


POSITIONS = "read_positions"


def _store(databases: Databases, version: int) -> _Store:
    return _Store(databases, version)


async def create(databases: Databases, version: int) -> None:
    """Make the collection of a version."""
    await databases.mongo[f"products_{version}"].create_index([("store_id", 1), ("_id", 1)])


async def drop(databases: Databases, version: int) -> None:
    """Drop the collection of a version."""
    await databases.mongo.drop_collection(f"products_{version}")
    await databases.mongo[POSITIONS].delete_one({"_id": f"products_{version}"})


MODEL = ReadModel(
    name="products", sources=(("catalog", EVENTS), ("catalog", PRIVATE)), store=_store, create=create, drop=drop
)  # fmt: skip


class Queries:
    """What is asked of products. One whose terms have not come yet does not exist.

    A collection that is not there reads as an empty one: a version that a rebuild has dropped, of whose successor this process has
    not heard since MySQL is away or slow. So whoever finds nothing looks whether it is; ``pymongo.errors.OperationFailure`` if not.
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
        return {**_told(found[0]), "seq": min(found[0]["seq"], found[0]["pseq"])} if found else None

    async def by_ids(self, ids: Iterable[str]) -> dict[str, Document]:
        """Those of ``ids`` that exist."""
        return {one["_id"]: _told(one) for one in await self._found(ids)}

    async def _found(self, ids: Iterable[str]) -> list[Document]:
        collection = await self._collection()
        # One by one, side by side: FerretDB scans the collection for ``$in``.
        found = await asyncio.gather(*(collection.find_one({"_id": one}) for one in set(ids)))
        if None in found:
            await self._sure(collection)
        return [one for one in found if one is not None and one["seq"]]

    async def terms(self, ids: Iterable[str]) -> dict[str, ProductTerms]:
        """Price, flowers and status of each product that exists, as PlaceOrder wants them."""
        return {
            key: ProductTerms(
                product_id=key,
                store_id=one["store_id"],
                name=one["name"],
                price=one["price"],
                flowers=one["flowers"],
                tax_free=one["tax_free"],
                on_sale=one["status"] == ON_SALE,
                thumbnail=one["thumbnail"],
            )
            for key, one in (await self.by_ids(ids)).items()
        }

    async def on_sale(self, store_id: str, limit: int, cursor: str = "") -> tuple[list[Document], str]:
        """Products on sale of a store ("": of all) by id, and the next page's cursor. Raises ``BadCursor``."""
        collection = await self._collection()
        wanted: Document = {"status": ON_SALE, **({"store_id": store_id} if store_id else {})}
        if cursor:
            wanted["_id"] = {"$gt": unpack(cursor, 1)[0]}
        found = await collection.find(wanted).sort("_id", 1).limit(limit + 1).to_list(limit + 1)
        if not found:
            await self._sure(collection)
        return [_told(one) for one in found[:limit]], pack(found[limit - 1]["_id"]) if len(found) > limit else ""

    async def dump(self) -> list[Document]:
        """Every product, for comparison with the log."""
        collection = await self._collection()
        return [_told(one) for one in await collection.find({}).sort("_id", 1).to_list(None) if one["seq"]]


def _told(found: Document) -> Document:
    told = {"product_id": found["_id"], **found}
    del told["_id"], told["pseq"]
    return told
