"""All that the public logs say, folded: every store, every order, products and stores' policies. No I/O.

An order at rest is kept packed (about 1 KB); beyond ``kept`` of those the oldest are forgotten but for 8 bytes that say that
they existed, so a process that watches for ever stays bounded. What comes for a forgotten order is not judged any more.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict, deque
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec

from agents.auditor import baskets, goods, orders, rest, shelves
from agents.auditor.baskets import Basket
from agents.auditor.clearings import Clearings
from agents.auditor.counts import Counts
from agents.auditor.goods import Good
from agents.auditor.invariants import AT_REST, Violation
from agents.auditor.orders import Dossier
from agents.auditor.shelves import Shelf
from models.carts.messages import CartCleared
from models.orders.messages import OrderConfirmed, StoreCancelled
from models.read.facts import Fact
from models.stores.messages import StoreRestored, StoreSaved, StoreSuspended, SuspensionLifted

REPEATS = 500
"""Events of an aggregate that are remembered to compare repeats with: more than a turn of the kernel can say again."""
ROOM = 1_000
"""Open orders beyond which those at rest are packed without waiting for a judgement: a long log is folded in one go."""
FAULTS = 10_000
"""Violations that are remembered; more of them say nothing new."""
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Dossier).decode


class Stream(msgspec.Struct):
    """The events of one aggregate. ``seen``: digests of the last ones, the newest that of ``last``; None: not kept any more."""

    last: int = 0
    seen: deque[int] | None = None


class Saved(msgspec.Struct, frozen=True):
    """The last word on a store's policy."""

    seq: int
    event: Any


class Books:
    """``kept``: orders at rest that are remembered; ``room``: as ``ROOM``. Facts of a partition come in its order; partitions in
    any."""

    def __init__(self, kept: int = 1 << 62, room: int = ROOM) -> None:
        self.shelves: dict[str, Shelf] = {}
        self.carts: dict[str, Basket] = {}
        self.stores: dict[str, Saved] = {}
        self.suspended: set[str] = set()
        self.products: dict[str, Good] = {}
        self.counts = Counts(self.products)
        self._clearings = Clearings()
        self.open: dict[str, Dossier] = {}
        """Orders of which something may still be on its way, by id."""
        self.faults: dict[tuple[str, str], Violation] = {}
        """What can never be right again, by invariant and id."""
        self.facts = 0
        self._kept = kept
        self._least = self._room = room
        self._packed: OrderedDict[str, bytes] = OrderedDict()
        self._forgotten: set[int] = set()
        self._streams: dict[tuple[str, str], Stream] = {}

    # -- folding -------------------------------------------------------------------------------------------------------------

    def fold(self, fact: Fact) -> None:
        """Take one event of a public log."""
        if len(self.open) > self._room:
            self.judge(fact.at)
        order_id = order_of(fact)
        forgotten = bool(order_id) and self.forgot(order_id)
        event = fact.body
        if forgotten and isinstance(event, StoreCancelled):
            self.counts.lost_sight(event.store_id)
        # A store lives on when an order is forgotten, unlike the aggregates of the order.
        if (forgotten and fact.domain != "inventory") or not self._is_news(fact):
            return
        self.facts += 1
        if order_id and not forgotten:
            dossier = self._opened(order_id)
            self._note(orders.fold(dossier, fact))
            if fact.domain == "orders" and dossier.order is not None:
                self.counts.traded(dossier.order, event)
                if isinstance(event, OrderConfirmed):
                    self._clearings.confirmed(order_id, dossier.order)
        if fact.domain == "inventory":
            self._note(shelves.fold(self.shelves.setdefault(fact.key, Shelf()), fact))
        elif fact.domain == "carts":
            basket = self.carts.setdefault(fact.key, Basket())
            self._note(baskets.fold(basket, fact))
            if isinstance(event, CartCleared):
                self._clearings.cleared(fact.key, event)
            if basket.is_bare:
                # Of guests there is no end.
                del self.carts[fact.key]
        elif fact.domain == "catalog":
            self._note(goods.fold(self.products, fact))
            self.counts.told(fact)
        elif isinstance(event, StoreSaved):
            self.stores[fact.key] = Saved(fact.seq, event)
        elif isinstance(event, StoreSuspended | StoreRestored | SuspensionLifted):
            if isinstance(event, StoreSuspended):
                self.suspended.add(fact.key)
            elif isinstance(event, StoreRestored):
                self.suspended.discard(fact.key)
            self.stores[fact.key] = Saved(fact.seq, self.stores[fact.key].event)

    def undecodable(self, record: str, why: str) -> None:
        """A record (topic/partition@offset) is no batch of events."""
        self._note([Violation("event_decodable", record, why)])

    def _is_news(self, fact: Fact) -> bool:
        """Events come at least once: is this one new? Of an aggregate they come in the order of ``seq``, without a gap,
        unless it begins anew."""
        stream = self._streams.setdefault((fact.domain, fact.key), Stream())
        digest = zlib.crc32(msgspec.json.encode((fact.id, fact.body)))
        name = f"{fact.domain}/{fact.key}#{fact.seq}"
        if fact.seq <= stream.last:
            back = stream.last - fact.seq
            if stream.seen is not None and back < len(stream.seen) and stream.seen[-1 - back] != digest:
                self._note([Violation("event_sequence", name, f"{fact.id} says something else than the event of this seq before")])
            return False
        if fact.seq != stream.last + 1:
            if not fact.first:
                self._note([Violation("event_sequence", name, f"comes after #{stream.last}")])
            stream.seen = None
        if stream.seen is None:
            stream.seen = deque(maxlen=REPEATS)
        stream.seen.append(digest)
        stream.last = fact.seq
        return True

    def _note(self, found: Any) -> None:
        for one in found:
            if len(self.faults) < FAULTS:
                self.faults.setdefault((one.invariant, one.id), one)

    # -- orders --------------------------------------------------------------------------------------------------------------

    def order(self, order_id: str) -> Dossier | None:
        """What was said of an order; None: nothing, or it is forgotten."""
        if order_id in self.open:
            return self.open[order_id]
        packed = self._packed.get(order_id)
        return _unpack(packed) if packed is not None else None

    def orders(self) -> Iterator[tuple[str, Dossier]]:
        """Every order that is remembered."""
        yield from self.open.items()
        for order_id, packed in self._packed.items():
            yield order_id, _unpack(packed)

    def forgot(self, order_id: str) -> bool:
        """Was there such an order, of which only that is known?"""
        return bool(self._forgotten) and _short(order_id) in self._forgotten

    def _opened(self, order_id: str) -> Dossier:
        dossier = self.open.get(order_id)
        if dossier is None:
            packed = self._packed.pop(order_id, None)
            dossier = self.open[order_id] = _unpack(packed) if packed is not None else Dossier()
        return dossier

    # -- judging -------------------------------------------------------------------------------------------------------------

    def judge(self, now: int) -> tuple[list[Violation], list[Violation]]:
        """Violations, those that can never be right again among them, and alarms, at ``now``. Orders at rest are packed."""
        found, alarms = list(self.faults.values()), []
        found += self.counts.off.values()
        found += self._clearings.violations(self.carts, self.order, self.forgot)
        for order_id, dossier in list(self.open.items()):
            wrong = list(rest.violations(order_id, dossier, now))
            worrying = list(rest.alarms(order_id, dossier, now))
            found += wrong
            alarms += worrying
            if not wrong and not worrying and rest.at_rest(dossier):
                self._pack(order_id, dossier)
        # Twice what is open anyway, so that looking through it costs each event the same however many there are.
        self._room = max(self._least, 2 * len(self.open))
        return found, alarms

    def _pack(self, order_id: str, dossier: Dossier) -> None:
        del self.open[order_id]
        self._packed[order_id] = _pack(dossier)
        for name in _streams_of(order_id, dossier):
            if name in self._streams:
                self._streams[name].seen = None
        while len(self._packed) > self._kept:
            oldest, packed = self._packed.popitem(last=False)
            self._forgotten.add(_short(oldest))
            for name in _streams_of(oldest, _unpack(packed)):
                self._streams.pop(name, None)


def order_of(fact: Fact) -> str:
    """The order that an event is about; "": none."""
    if fact.domain in ("orders", "payments"):
        return fact.key
    # An order only passes through a cart: what it finds there is the cart's own book.
    return "" if fact.domain == "carts" else getattr(fact.body, "order_id", "")


def _streams_of(order_id: str, dossier: Dossier) -> list[tuple[str, str]]:
    return [("orders", order_id), ("payments", order_id), *(("deliveries", key) for key in dossier.deliveries)]


def _short(order_id: str) -> int:
    return int.from_bytes(blake2b(order_id.encode(), digest_size=8).digest(), "big")


def comes_to_rest(violation: Violation) -> bool:
    """May it be only for the moment?"""
    return violation.invariant in AT_REST
