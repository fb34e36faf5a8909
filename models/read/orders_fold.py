"""The order history's fold: what events and private records add up to. Pure; ``orders.py`` stores and asks.

An order's document comes from its events alone, what is personal (``OrderPrivate``) lies beside it untouched, and a reader joins
them: either may come first, and erasing the one leaves the other as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from models.orders.messages import (
    CancelNoted,
    CaptureRequested,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderPrivate,
    OrderRefunded,
    PaymentAwaited,
    PaymentPrepared,
    PricedStore,
    StoreCancelled,
    StoreCancelRefused,
    StoreCancelRequested,
    StoreHeld,
    StoreRefunded,
)
from models.orders.state import (
    AWAITING_PAYMENT,
    CANCELLED,
    CANCELLING,
    CAPTURING,
    CONFIRMED,
    PENDING,
    REFUNDED,
    RESERVING,
)
from models.read.facts import Fact, Poison

ERASED = 1 << 40
"""``pseq`` of an order whose private record was erased: there is nothing more to wait for."""
AMOUNTS = ("captured", "refund", "amount")
IDS = ("store_id", "store_order_id", "product_id", "flower_id", "coupon_id")


class Happened(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the timeline. ``at``: ms, UTC."""

    event: str
    at: int
    seq: int
    ids: dict[str, str] = {}
    amount: int = 0
    reason: str = ""


class StoreOrder(msgspec.Struct, omit_defaults=True):
    """One florist's part. ``status`` as the florist and the buyer see it; until the order is confirmed it is the order's."""

    priced: PricedStore
    status: str = ""
    refunded: int = 0
    cancelled_by: str = ""


class Order(msgspec.Struct, omit_defaults=True):
    """What the events of an order add up to. ``needs``: the ``seq`` of the private record that belongs to it."""

    order_id: str
    buyer: str
    status: str
    total: int
    tax_free: int
    placed_at: int
    deadline: int
    stores: list[StoreOrder]
    timeline: list[Happened]
    seq: int
    needs: int
    prepared: bool = False
    captured: int = 0
    method: str = ""
    refunded: int = 0
    confirmed_at: int = 0
    cancelled_at: int = 0
    reason: str = ""
    reason_ids: dict[str, str] = {}
    cancel_noted: bool = False


class Entry(msgspec.Struct):
    """An order as it is stored: document and private record, each with the ``seq`` folded into it.

    ``touched``: store orders that changed since it was written, by id. ``unread``: taken to be new, without a look at what is
    stored.
    """

    order: Order | None = None
    private: OrderPrivate | None = None
    pseq: int = 0
    gap: bool = False
    touched: set[str] = msgspec.field(default_factory=set)
    unread: bool = False

    @property
    def seq(self) -> int:
        """Of the last event folded."""
        return self.order.seq if self.order else 0

    @property
    def complete(self) -> bool:
        """Events and the private record that belongs to them are both there."""
        return self.order is not None and self.pseq >= self.order.needs


def project(facts: Sequence[Fact], entries: Mapping[str, Entry]) -> list[str]:
    """Fold ``facts`` into ``entries`` (one for each aggregate); returns the keys that changed, each once."""
    changed: dict[str, None] = {}
    for fact in facts:
        entry = entries[fact.key]
        try:
            if _fold_private(entry, fact) if fact.private else _fold(entry, fact):
                changed[fact.key] = None
        except Exception as error:
            raise Poison(fact, error) from error
    return list(changed)


def _fold_private(entry: Entry, fact: Fact) -> bool:
    seq = fact.seq if fact.body is not None else ERASED
    if seq <= entry.pseq:
        return False
    entry.private, entry.pseq = fact.body, seq
    if entry.order is not None:
        entry.touched.update(store.priced.store_order_id for store in entry.order.stores)
    return True


def _fold(entry: Entry, fact: Fact) -> bool:
    if fact.seq <= entry.seq:
        return False
    event, order = fact.body, entry.order
    if order is None:
        if not isinstance(event, OrderPlaced):
            # Its beginning is not in the log any more, or somebody deleted the document: nothing can be made of the rest.
            entry.gap = True
            return False
        order = entry.order = _placed(fact, event)
    else:
        entry.gap = entry.gap or fact.seq != order.seq + 1
        _change(entry, order, event, fact)
    order.seq = fact.seq
    order.timeline.append(_happened(fact))
    if isinstance(event, OrderPlaced | PaymentPrepared) or (isinstance(event, PaymentAwaited) and not order.prepared):
        # These say where the buyer pays, or who gets what, in the private record.
        order.needs = fact.last
    if isinstance(event, PaymentPrepared | PaymentAwaited):
        order.prepared = True
    return True


def _placed(fact: Fact, event: OrderPlaced) -> Order:
    return Order(
        order_id=fact.key,
        buyer=event.buyer,
        status=RESERVING,
        total=event.total,
        tax_free=event.tax_free,
        placed_at=event.placed_at,
        deadline=event.deadline,
        stores=[StoreOrder(priced, RESERVING) for priced in event.stores],
        timeline=[],
        seq=fact.seq,
        needs=fact.last,
        # Of 0 KRW no gateway hears, so nobody waits for its redirects.
        prepared=event.total == 0,
    )


def _change(entry: Entry, order: Order, event: Any, fact: Fact) -> None:
    match event:
        case StoreHeld() | PaymentPrepared():
            pass
        case PaymentAwaited():
            _all(order, AWAITING_PAYMENT)
        case CaptureRequested():
            _all(order, CAPTURING)
        case CancelNoted():
            order.cancel_noted = True
        case OrderConfirmed():
            order.captured, order.method, order.confirmed_at = event.captured, event.method, event.confirmed_at
            _all(order, PENDING)
            order.status = CONFIRMED
            entry.touched.update(store.priced.store_order_id for store in order.stores)
        case OrderCancelled():
            _all(order, CANCELLED)
            order.reason, order.cancelled_at = event.reason, event.cancelled_at
            order.reason_ids = _ids(event)
            order.captured, order.cancel_noted = max(order.captured, event.refund), False
        case OrderRefunded():
            order.refunded += event.amount
        case StoreCancelRequested():
            store = _store(entry, order, event.store_order_id)
            store.status, store.cancelled_by = CANCELLING, event.by
        case StoreCancelRefused():
            store = _store(entry, order, event.store_order_id)
            store.status, store.cancelled_by = PENDING, ""
        case StoreCancelled():
            _store(entry, order, event.store_order_id).status = CANCELLED
        case StoreRefunded():
            store = _store(entry, order, event.store_order_id)
            store.status, store.refunded = REFUNDED, event.amount
            order.refunded += event.amount
        case _:
            raise TypeError(f"the order history knows no {type(event).__name__}")


def _all(order: Order, status: str) -> None:
    order.status = status
    for store in order.stores:
        store.status = status


def _store(entry: Entry, order: Order, store_order_id: str) -> StoreOrder:
    entry.touched.add(store_order_id)
    return next(store for store in order.stores if store.priced.store_order_id == store_order_id)


def _ids(event: Any) -> dict[str, str]:
    return {name: said for name in IDS if (said := getattr(event, name, ""))}


def _happened(fact: Fact) -> Happened:
    event = fact.body
    amount = next((said for name in AMOUNTS if (said := getattr(event, name, 0))), 0)
    return Happened(type(event).__name__, fact.at, fact.seq, _ids(event), amount, getattr(event, "reason", ""))


# -- as it is shown ---------------------------------------------------------------------------------------------------------


def shown(order: Order, private: OrderPrivate | None) -> dict[str, Any]:
    """The order as its buyer sees it, JSON-ready."""
    told: dict[str, Any] = {
        "order_id": order.order_id,
        "buyer": order.buyer,
        "status": order.status,
        "total": order.total,
        "tax_free": order.tax_free,
        "placed_at": order.placed_at,
        "deadline": order.deadline,
        "captured": order.captured,
        "refunded": order.refunded,
        "method": order.method,
        "seq": order.seq,
        "stores": [shown_store(store, private) for store in order.stores],
    }
    for name in ("confirmed_at", "cancelled_at", "reason", "reason_ids", "cancel_noted"):
        if said := getattr(order, name):
            told[name] = said
    if private is not None:
        told["orderer"] = msgspec.to_builtins(private.orderer)
        told["address"] = msgspec.to_builtins(private.address)
        if order.status == AWAITING_PAYMENT:
            told["redirects"] = private.redirects
    return told


def shown_store(store: StoreOrder, private: OrderPrivate | None) -> dict[str, Any]:
    """A part of it, with names where they are known."""
    priced = store.priced
    names: Mapping[str, str] = private.names if private else {}
    thumbnails: Mapping[str, str] = private.thumbnails if private else {}
    told: dict[str, Any] = {
        "store_id": priced.store_id,
        "name": names.get(priced.store_id, ""),
        "store_order_id": priced.store_order_id,
        "kind": priced.kind,
        "making_day": priced.making_day,
        "status": store.status,
        "goods": priced.goods,
        "discount": priced.discount,
        "delivery_fee": priced.delivery_fee,
        "total": priced.total,
        "refunded": store.refunded,
        "coupon_id": priced.coupon_id,
        "lines": [
            {
                "line_id": line.line_id,
                "product_id": line.product_id,
                "name": names.get(line.product_id, ""),
                "thumbnail": thumbnails.get(line.product_id, ""),
                "quantity": line.quantity,
                "price": line.price,
                "amount": line.amount,
                "discount": line.discount,
                "tax_free": line.tax_free,
            }
            for line in priced.lines
        ],
    }
    if store.cancelled_by:
        told["cancelled_by"] = store.cancelled_by
    return told


class Sold(msgspec.Struct, omit_defaults=True):
    """A store order as its florist has it: his own figures (order W-43), and whom it goes to."""

    order_id: str
    placed_at: int
    confirmed_at: int
    store: StoreOrder
    private: OrderPrivate | None = None


def sold(order: Order, store: StoreOrder, private: OrderPrivate | None) -> Sold:
    """What of the order is one florist's business: no other store's names, no redirects."""
    own = None
    if private is not None:
        mine = {store.priced.store_id, *(line.product_id for line in store.priced.lines)}
        own = OrderPrivate(
            orderer=private.orderer,
            address=private.address,
            names={one: name for one, name in private.names.items() if one in mine},
            thumbnails={one: url for one, url in private.thumbnails.items() if one in mine},
        )
    return Sold(order.order_id, order.placed_at, order.confirmed_at, store, own)


def shown_sold(one: Sold) -> dict[str, Any]:
    """The store order as its florist sees it, JSON-ready."""
    told = {
        "order_id": one.order_id,
        "placed_at": one.placed_at,
        "confirmed_at": one.confirmed_at,
        **shown_store(one.store, one.private),
    }
    if one.private is not None:
        told["orderer"] = msgspec.to_builtins(one.private.orderer)
        told["address"] = msgspec.to_builtins(one.private.address)
    return told
