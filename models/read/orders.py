"""Order history in DynamoDB, for buyers and florists.

Access patterns:

| question | how |
|---|---|
| an order, its timeline, by id | ``id`` = order id |
| a store order by id | ``id`` = store order id |
| a buyer's orders, newest first, all or of one status | index ``by_buyer``: ``buyer`` + ``sort``, keyset on ``sort`` |
| a florist's orders of one status, newest first | index ``by_store``: ``store_status`` = ``<store>#<status>`` + ``sort`` |
| a florist's orders of every status, newest first | the same index, one query per status, merged |

An item per order and one per store order, the latter from CONFIRMED on: an unpaid order is none of the florist's business.
``sort`` is ``<placed_at, 13 digits>#<id>``. Attributes ``doc`` and ``who`` hold JSON: typed attributes of DynamoDB would cost
more CPU than everything else here, and nobody asks for a part. ``seq``/``pseq``: of the last event and private record folded.

Orders being folded stay in memory; those that are not there are read back once per batch. Another worker that has folded
further is noticed by the condition of the write, and what is in memory is thrown away.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog

from models.orders.messages import OrderPrivate
from models.orders.state import CANCELLED, CANCELLING, PENDING, REFUNDED
from models.read import dynamo
from models.read.cursors import pack, unpack
from models.read.databases import Databases
from models.read.facts import EVENTS, PRIVATE, Batch, Fact, Outrun, Position, ReadModel, Settled, Spot
from models.read.mysql import spot_of
from models.read.orders_fold import Entry, Happened, Order, Sold, project, shown, shown_sold, sold
from models.read.registry import Registry

log = structlog.get_logger(__name__)
KNOWN = 10_000
"""Orders kept in memory: about 5 KB each."""
STATUSES = (PENDING, CANCELLING, CANCELLED, REFUNDED)
"""Of store orders."""
POSITIONS = "#positions"
"""Id of the item that holds the positions; no order has such an id."""
INDEXES = {"by_buyer": ("buyer", "sort"), "by_store": ("store_status", "sort")}
_encode = msgspec.json.Encoder().encode
_order = msgspec.json.Decoder(Order).decode
_private = msgspec.json.Decoder(OrderPrivate).decode
_sold = msgspec.json.Decoder(Sold).decode


def table_name(databases: Databases, version: int) -> str:
    """The physical name."""
    return f"{databases.prefix}-orders-{version}"


def items_of(entry: Entry) -> list[dynamo.Item]:
    """What is to be put after a change: the order's item, and those of the store orders that were touched."""
    pseq = {"N": str(entry.pseq)}
    order, who = entry.order, entry.private
    if order is None:
        return []
    seq, sort = {"N": str(order.seq)}, f"{order.placed_at:013d}#"
    item: dynamo.Item = {
        "id": {"S": order.order_id},
        "buyer": {"S": order.buyer},
        "sort": {"S": sort + order.order_id},
        "status": {"S": order.status},
        "seq": seq,
        "pseq": pseq,
        "doc": {"S": _encode(order).decode()},
    }
    if who is not None:
        item["who"] = {"S": _encode(who).decode()}
    items = [item]
    if not order.confirmed_at:
        return items
    for store in order.stores:
        priced = store.priced
        if priced.store_order_id in entry.touched:
            items.append(
                {
                    "id": {"S": priced.store_order_id},
                    "store_status": {"S": f"{priced.store_id}#{store.status}"},
                    "sort": {"S": sort + priced.store_order_id},
                    "seq": seq,
                    "pseq": pseq,
                    "doc": {"S": _encode(sold(order, store, who)).decode()},
                }
            )
    return items


def entry_of(item: dynamo.Item) -> Entry:
    """The entry that an order's item was made of."""
    order = _order(item["doc"]["S"]) if "doc" in item else None
    return Entry(order, _private(item["who"]["S"]) if "who" in item else None, int(item["pseq"]["N"]))


def private_item(key: str, entry: Entry) -> dynamo.Item:
    """A private record whose events have not come yet: in no index, so in nobody's list."""
    item: dynamo.Item = {"id": {"S": key}, "seq": {"N": "0"}, "pseq": {"N": str(entry.pseq)}}
    if entry.private is not None:
        item["who"] = {"S": _encode(entry.private).decode()}
    return item


class Stored(NamedTuple):
    """An item: ``order`` or ``sold``, none if its document cannot be read.

    ``entry``: its keys in ``by_buyer`` or ``by_store``; ``status``: what ``by_buyer`` is filtered by.
    """

    id: str
    seq: int
    entry: tuple[str, str]
    status: str
    order: Order | None
    sold: Sold | None


class _Store:
    """Positions may lag: ``seq`` tells what is folded.

    An order for which nobody waits is put later, with the next change for which somebody does, or by ``settle``: most orders are
    put twice, once to be paid and once confirmed. Until then ``_late`` has what was folded since it was put.
    """

    def __init__(self, databases: Databases, version: int) -> None:
        self._databases, self._table = databases, table_name(databases, version)
        self._known: OrderedDict[str, Entry] = OrderedDict()
        self._late: dict[str, list[Fact]] = {}
        self._doubtful: set[str] = set()

    async def positions(self) -> Mapping[Spot, Position]:
        # Whoever asks begins anew, maybe after others.
        self._known.clear()
        self._late.clear()
        found = await dynamo.one(self._databases, self._table, POSITIONS) or {}
        stored = {name: value for name, value in found.items() if "/" in name}
        return {spot_of(name): Position(int(value["N"])) for name, value in stored.items()}

    async def settle(self, positions: Mapping[Spot, Position]) -> Settled:
        """What is late first: nobody reads again what lies before the positions."""
        if self._late:
            await self._fold(list(self._late), [], put=lambda key, entry: True)
        client = await self._databases.dynamo()
        names = {f"#{number}": spot.name for number, spot in enumerate(positions)}
        values = {f":{number}": {"N": str(position.next)} for number, position in enumerate(positions.values())}
        await client.update_item(
            TableName=self._table,
            Key={"id": {"S": POSITIONS}},
            UpdateExpression="SET " + ", ".join(f"#{number} = :{number}" for number in range(len(positions))),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )
        return Settled(positions)

    async def store(self, batch: Batch) -> Mapping[str, int]:
        keys = list(dict.fromkeys(fact.key for fact in batch.facts))
        urgent = {fact.key for fact in batch.facts if _urgent(fact)}
        return await self._fold(keys, batch.facts, put=lambda key, entry: key in urgent and entry.complete)

    async def _fold(self, keys: list[str], facts: Sequence[Fact], put: Callable[[str, Entry], bool]) -> Mapping[str, int]:
        """Fold ``facts`` of ``keys`` into memory and put the orders that ``put`` says; returns ``seq`` of those stored whole."""
        # An order that begins with this batch need not be looked for: if it is there, the write's condition says so. It is when an
        # event was said twice; the first time counts, so whoever knows only the second must not put an order made of that.
        new = {fact.key for fact in facts if fact.seq == 1 and not fact.private} - self._doubtful - self._late.keys()
        unread: set[str] = set()
        try:
            entries = await self._entries(keys, new)
            changed = dict.fromkeys([*(key for key in keys if key in self._late), *project(facts, entries)])
            due = [key for key in changed if put(key, entries[key])]
            late = changed.keys() - due
            items: list[dynamo.Item] = []
            for key in due:
                items += items_of(entries[key]) or [private_item(key, entries[key])]
            unread = {key for key in due if entries[key].unread}
            if items:
                await dynamo.put(self._databases, self._table, items, unread)
        except BaseException as error:
            # Memory is ahead of the table now, or behind it.
            for key in keys:
                self._known.pop(key, None)
            self._doubtful.update(keys)
            if not isinstance(error, Outrun):
                raise
            if not unread:
                log.warning("orders_outrun", orders=len(keys))
                raise
            # Maybe one was there already. Now all are read, so this happens once.
            return await self._fold(keys, facts, put)
        for key in due:
            self._late.pop(key, None)
            entries[key].touched.clear()
            entries[key].unread = False
        self._doubtful.difference_update(due)
        for fact in facts:
            if fact.key in late:
                self._late.setdefault(fact.key, []).append(fact)
        seen = {}
        for key, entry in entries.items():
            if entry.gap:
                log.error("order_history_gap", order=key, seq=entry.seq)
                entry.gap = False
            if entry.complete and key not in self._late:
                seen[key] = entry.seq
        return seen

    async def _entries(self, keys: Sequence[str], new: set[str]) -> dict[str, Entry]:
        known = self._known
        for key in new:
            known.setdefault(key, Entry(unread=True))
        missing = [key for key in keys if key not in known]
        if missing:
            found = await dynamo.get(self._databases, self._table, missing)
            read = {key: entry_of(found[key]) if key in found else Entry() for key in missing}
            project([fact for key in missing for fact in self._late.get(key, ())], read)
            known.update(read)
        for key in keys:
            known.move_to_end(key)
        entries = {key: known[key] for key in keys}
        while len(known) > KNOWN:
            known.popitem(last=False)
        return entries


def _store(databases: Databases, version: int) -> _Store:
    return _Store(databases, version)


async def create(databases: Databases, version: int) -> None:
    """Make the table of a version."""
    await dynamo.create(databases, table_name(databases, version), INDEXES)


async def drop(databases: Databases, version: int) -> None:
    """Drop the table of a version."""
    await dynamo.drop(databases, table_name(databases, version))


def _urgent(fact: Fact) -> bool:
    """Events that answer a command, and the record that says where to pay; the steps between them may share a write."""
    if fact.private:
        return not isinstance(fact.body, OrderPrivate) or bool(fact.body.redirects)
    return bool(fact.body.answers())


MODEL = ReadModel(
    name="orders",
    sources=(("orders", EVENTS), ("orders", PRIVATE)),
    store=_store,
    create=create,
    drop=drop,
    urgent=_urgent,
    pace=2.0,
    longest=30.0,
)


class Queries:
    """What is asked of the order history. Cursors raise ``BadCursor``."""

    def __init__(self, databases: Databases, registry: Registry) -> None:
        self._databases, self._registry = databases, registry

    async def _table(self) -> str:
        return table_name(self._databases, await self._registry.version("orders"))

    async def _entry(self, order_id: str) -> Entry:
        found = await dynamo.one(self._databases, await self._table(), order_id)
        # A store order's item lies in the same table, but belongs to the florist.
        return entry_of(found) if found is not None and ("buyer" in found or "doc" not in found) else Entry()

    async def one(self, order_id: str) -> dict[str, Any] | None:
        """The order as its buyer sees it; names, address and redirects (while it waits for the payment) as far as known."""
        entry = await self._entry(order_id)
        return shown(entry.order, entry.private) if entry.order is not None else None

    async def timeline(self, order_id: str) -> list[dict[str, Any]]:
        """What happened to the order, oldest first: event, at (ms), seq; ids, amount (KRW) and reason where there are any."""
        entry = await self._entry(order_id)
        return [_happened(one) for one in entry.order.timeline] if entry.order is not None else []

    async def of_buyer(self, buyer: str, status: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        """Orders of a buyer, newest first; ``status`` "": all. And the cursor of the next page, "" at the end."""
        below = unpack(cursor, 1)[0] if cursor else ""
        only = ("status", status) if status else None
        items = await dynamo.page(self._databases, await self._table(), "by_buyer", ("buyer", buyer), below, limit + 1, only)
        entries = [entry_of(item) for item in items[:limit]]
        return [shown(entry.order, entry.private) for entry in entries if entry.order is not None], _next(items, limit)

    async def of_store(self, store_id: str, status: str, limit: int, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        """Store orders of a florist, newest first; ``status`` "": all of ``STATUSES``. And the next page's cursor."""
        below = unpack(cursor, 1)[0] if cursor else ""
        wanted = [f"{store_id}#{one}" for one in ((status,) if status else STATUSES)]
        items = await dynamo.pages(self._databases, await self._table(), "by_store", "store_status", wanted, below, limit + 1)
        return [shown_sold(_sold(item["doc"]["S"])) for item in items[:limit]], _next(items, limit)

    async def dump(self) -> dict[str, Order]:
        """Every order's document by id, for comparison with the log."""
        return {item.id: item.order async for page in self.stored() for item in page if item.order is not None}

    async def dump_sold(self) -> dict[str, Sold]:
        """Every store order's document by id, for comparison with the log."""
        return {item.id: item.sold async for page in self.stored() for item in page if item.sold is not None}

    async def stored(self) -> AsyncIterator[list[Stored]]:
        """Every item of an order or store order whose events have come, with what the indexes are made of; page by page."""
        async for page in dynamo.scan(self._databases, await self._table()):
            yield [_stored(item) for item in page if "doc" in item]


def _stored(item: dynamo.Item) -> Stored:
    mine = "buyer" in item
    order, sold_ = None, None
    with contextlib.suppress(msgspec.MsgspecError):
        if mine:
            order = _order(item["doc"]["S"])
        else:
            sold_ = _sold(item["doc"]["S"])
    hash_, range_ = (item.get(name, {}).get("S", "") for name in INDEXES["by_buyer" if mine else "by_store"])
    seq, status = int(item.get("seq", {}).get("N", 0)), item.get("status", {}).get("S", "")
    return Stored(item["id"]["S"], seq, (hash_, range_), status, order, sold_)


def _next(items: Sequence[dynamo.Item], limit: int) -> str:
    return pack(items[limit - 1]["sort"]["S"]) if len(items) > limit else ""


def _happened(one: Happened) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(one)
    return told
