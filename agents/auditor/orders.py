"""What four domains say of one order, and whether it fits together. Folds in place, without I/O. KRW; ms since the epoch."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from agents.auditor.invariants import Violation
from models.actor import MINUTE
from models.deliveries.messages import DeliveryCancelled, DeliveryCreated
from models.inventory.messages import HoldCommitted, HoldPlaced, HoldReleased, StockReturned
from models.orders import messages as said
from models.orders.messages import PricedStore
from models.payments.messages import (
    CaptureAsked,
    Captured,
    DifferenceFound,
    PaymentFailed,
    Reconciled,
    Refunded,
    RefundQueued,
)
from models.read.facts import Fact

LONG = 10 * MINUTE
"""After so long without the gateway's word a person is told (design §7, row 6)."""
OPEN = ("RESERVING", "AWAITING_PAYMENT")
STANDING = ("PENDING", "CANCELLING")
"""Store orders that somebody makes, or will, and that are paid for."""
IDS = ("store_id", "store_order_id", "product_id", "flower_id", "coupon_id")


class StoreOrder(msgspec.Struct):
    """One florist's part; ``status`` is the order's until it is confirmed. ``counted``: its pieces are among those sold."""

    priced: PricedStore
    status: str
    refunded: int = 0
    by: str = ""
    counted: bool = False


class Order(msgspec.Struct):
    """What the events of an order add up to. ``timeline``: digest of (event, time, seq, ids, amount, reason) of each."""

    buyer: str
    status: str
    total: int
    tax_free: int
    placed_at: int
    deadline: int
    stores: list[StoreOrder]
    seq: int = 0
    timeline: int = 0
    captured: int = 0
    method: str = ""
    refund: int = 0
    refunded: int = 0
    requested_at: int = 0
    confirmed_at: int = 0
    cancelled_at: int = 0
    reason: str = ""
    reason_ids: dict[str, str] = {}
    cancel_noted: bool = False
    by_cart: bool | None = None

    def store(self, store_order_id: str) -> StoreOrder | None:
        """The store order of that id."""
        return next((one for one in self.stores if one.priced.store_order_id == store_order_id), None)


class Payment(msgspec.Struct):
    """``queued``: refund id -> (KRW, since when); ``refunds``: refund id -> KRW; ``legs``, ``booked``: of the ledger."""

    captured: int = 0
    capturing_since: int = 0
    refunds: dict[str, int] = {}
    queued: dict[str, tuple[int, int]] = {}
    differs: bool = False
    legs: int = 0
    booked: int = 0

    @property
    def refunded(self) -> int:
        """KRW that went back."""
        return sum(self.refunds.values())

    @property
    def left(self) -> int:
        """KRW that neither went back nor is on its way."""
        return self.captured - self.refunded - sum(amount for amount, _ in self.queued.values())


class Hold(msgspec.Struct):
    """What a store promised. ``status``: OPEN, COMMITTED, RELEASED; ``returned``: how often it came back."""

    flowers: dict[str, int]
    coupon_id: str
    status: str = "OPEN"
    returned: int = 0
    came_back: dict[str, int] = {}


class Delivery(msgspec.Struct):
    """``created``: how often."""

    store_id: str = ""
    created: int = 0
    cancelled: bool = False


class Dossier(msgspec.Struct):
    """All that was said of an order. ``holds``: by store id; ``deliveries``: by store order id."""

    order: Order | None = None
    payment: Payment | None = None
    holds: dict[str, Hold] = {}
    deliveries: dict[str, Delivery] = {}

    @property
    def confirmed(self) -> bool:
        """Does the order stand?"""
        return self.order is not None and self.order.status == "CONFIRMED"

    @property
    def ended(self) -> bool:
        """Has the saga come to its end?"""
        return self.order is not None and self.order.status in ("CONFIRMED", "CANCELLED")


def fold(dossier: Dossier, fact: Fact) -> Iterator[Violation]:
    """Take ``fact`` into the dossier of its order; what cannot be."""
    match fact.domain:
        case "orders":
            yield from _order(dossier, fact)
        case "payments":
            yield from _payment(dossier, fact)
        case "inventory":
            _hold(dossier, fact)
        case "deliveries":
            _delivery(dossier, fact)


# -- orders ------------------------------------------------------------------------------------------------------------------

BEFORE: Mapping[str, tuple[str, ...]] = {
    "StoreHeld": ("RESERVING",),
    "PaymentPrepared": ("RESERVING",),
    "PaymentAwaited": ("RESERVING",),
    "CaptureRequested": ("AWAITING_PAYMENT",),
    "CancelNoted": ("CAPTURING",),
    # RESERVING: an order of 0 KRW, of which no gateway hears.
    "OrderConfirmed": ("RESERVING", "CAPTURING"),
    # CANCELLED: money came although it had been refused, and goes back.
    "OrderCancelled": ("RESERVING", "AWAITING_PAYMENT", "CAPTURING", "CANCELLED"),
    "OrderRefunded": ("CANCELLED",),
    "StoreCancelRequested": ("CONFIRMED",),
    "StoreCancelRefused": ("CONFIRMED",),
    "StoreCancelled": ("CONFIRMED",),
    "StoreRefunded": ("CONFIRMED",),
}
"""Event -> where the order may stand when it happens (design §7)."""
STORE_BEFORE: Mapping[str, str] = {
    "StoreCancelRequested": "PENDING",
    "StoreCancelRefused": "CANCELLING",
    "StoreCancelled": "CANCELLING",
    "StoreRefunded": "CANCELLED",
}
STORE_AFTER: Mapping[str, str] = {
    "StoreCancelRequested": "CANCELLING",
    "StoreCancelRefused": "PENDING",
    "StoreCancelled": "CANCELLED",
    "StoreRefunded": "REFUNDED",
}


def happened(event: str, at: int, seq: int, ids: Mapping[str, str], amount: int, reason: str) -> bytes:
    """A line of the timeline, to be digested."""
    return msgspec.json.encode((event, at, seq, sorted(ids.items()), amount, reason))


def _order(dossier: Dossier, fact: Fact) -> Iterator[Violation]:
    event, order, name = fact.body, dossier.order, type(fact.body).__name__
    if isinstance(event, said.OrderPlaced):
        if order is not None:
            yield Violation("order_transition", fact.key, f"seq {fact.seq}: placed again")
            return
        stores = [StoreOrder(priced, "RESERVING") for priced in event.stores]
        order = dossier.order = Order(
            event.buyer, "RESERVING", event.total, event.tax_free, event.placed_at, event.deadline, stores, by_cart=event.by_cart
        )
    elif order is None:
        yield Violation("order_transition", fact.key, f"seq {fact.seq}: {name} of an order that was never placed")
        return
    else:
        yield from _impossible(order, event, name, fact)
        _changed(order, event, name)
    order.seq = fact.seq
    ids = {field: value for field in IDS if (value := getattr(event, field, ""))}
    amount = getattr(event, "captured", 0) or getattr(event, "refund", 0) or getattr(event, "amount", 0)
    line = happened(name, fact.at, fact.seq, ids, amount, getattr(event, "reason", ""))
    order.timeline = zlib.crc32(line, order.timeline)


def _impossible(order: Order, event: Any, name: str, fact: Fact) -> Iterator[Violation]:
    where = f"seq {fact.seq}: {name}"
    if order.status not in BEFORE[name]:
        yield Violation("order_transition", fact.key, f"{where} when {order.status}")
    match event:
        case said.CaptureRequested(requested_at=at) if at >= order.deadline:
            yield Violation("order_transition", fact.key, f"{where} {at - order.deadline} ms after the deadline")
        case said.OrderConfirmed() if order.status == "RESERVING" and order.total:
            yield Violation("order_transition", fact.key, f"{where} of {order.total} KRW without a capture asked for")
        case said.OrderCancelled(refund=refund) if order.status == "CANCELLED" and (order.captured or not refund):
            yield Violation("order_transition", fact.key, f"{where} again")
        case said.OrderRefunded() if order.refunded or not order.refund:
            yield Violation("order_transition", fact.key, f"{where}, {order.refund} to be refunded, {order.refunded} are")
    if name in STORE_BEFORE:
        store = order.store(event.store_order_id)
        if store is None:
            yield Violation("order_transition", fact.key, f"{where} of the unknown store order {event.store_order_id}")
        elif store.status != STORE_BEFORE[name]:
            yield Violation("order_transition", fact.key, f"{where} when {event.store_order_id} is {store.status}")


def _changed(order: Order, event: Any, name: str) -> None:
    if name in STORE_AFTER:
        store = order.store(event.store_order_id)
        if store is not None:
            store.status = STORE_AFTER[name]
            if isinstance(event, said.StoreCancelRequested | said.StoreCancelRefused):
                store.by = getattr(event, "by", "")
            if isinstance(event, said.StoreRefunded):
                store.refunded = event.amount
                order.refunded += event.amount
        return
    match event:
        case said.PaymentAwaited():
            _all(order, "AWAITING_PAYMENT")
        case said.CaptureRequested(requested_at=at):
            _all(order, "CAPTURING")
            order.requested_at = at
        case said.CancelNoted():
            order.cancel_noted = True
        case said.OrderConfirmed():
            _all(order, "PENDING")
            order.status = "CONFIRMED"
            order.captured, order.method, order.confirmed_at = event.captured, event.method, event.confirmed_at
        case said.OrderCancelled():
            _all(order, "CANCELLED")
            order.reason, order.cancelled_at, order.cancel_noted = event.reason, event.cancelled_at, False
            order.reason_ids = {field: value for field in IDS if (value := getattr(event, field, ""))}
            order.refund = event.refund
            order.captured = max(order.captured, event.refund)
        case said.OrderRefunded(amount=amount):
            order.refunded += amount


def _all(order: Order, status: str) -> None:
    order.status = status
    for store in order.stores:
        store.status = status


# -- payments, holds, deliveries ---------------------------------------------------------------------------------------------


def leg_digest(*leg: object) -> int:
    """A row of the ledger (event id, leg, seq, account, amount, cause, at) as ``models/read/ledger.py`` has MySQL count it."""
    return zlib.crc32("|".join(map(str, leg)).encode())


def _book(payment: Payment, fact: Fact, debit: str, credit: str, amount: int, cause: str, at: int) -> None:
    for number, (account, change) in enumerate(((debit, amount), (credit, -amount))):
        payment.legs += 1
        payment.booked ^= leg_digest(fact.id, number, fact.seq, account, change, cause, at)


def _payment(dossier: Dossier, fact: Fact) -> Iterator[Violation]:
    payment = dossier.payment = dossier.payment or Payment()
    match fact.body:
        case CaptureAsked():
            payment.capturing_since = fact.at
        case PaymentFailed():
            payment.capturing_since = 0
        case Captured(amount=amount, captured_at=at):
            payment.captured += amount
            payment.capturing_since = 0
            _book(payment, fact, "gateway_receivable", "orders_liability", amount, "captured", at)
        case RefundQueued(refund_id=id, amount=amount):
            if id in payment.queued or id in payment.refunds:
                yield Violation("refund_within_capture", fact.key, f"seq {fact.seq}: {id} is refunded a second time")
            payment.queued[id] = (amount, fact.at)
        case Refunded(refund_id=id, amount=amount):
            if id in payment.refunds:
                yield Violation("refund_within_capture", fact.key, f"seq {fact.seq}: {id} was refunded a second time")
            payment.refunds[id] = payment.refunds.get(id, 0) + amount
            payment.queued.pop(id, None)
            _book(payment, fact, "refunds", "gateway_receivable", amount, id, fact.at)
        case DifferenceFound():
            payment.differs = True
        case Reconciled():
            payment.differs = False
    if payment.left < 0:
        yield Violation("refund_within_capture", fact.key, f"seq {fact.seq}: {-payment.left} KRW more than was captured")


def _hold(dossier: Dossier, fact: Fact) -> None:
    hold = dossier.holds.get(fact.key)
    match fact.body:
        case HoldPlaced(flowers=flowers, coupon_id=coupon_id):
            dossier.holds[fact.key] = Hold(flowers, coupon_id)
        case HoldCommitted(flowers=flowers, coupon_id=coupon_id):
            # One without a hold of its own is there to be found.
            hold = dossier.holds.setdefault(fact.key, Hold(flowers, coupon_id))
            hold.status, hold.flowers = "COMMITTED", flowers
        case HoldReleased() if hold is not None:
            hold.status = "RELEASED"
        case StockReturned(flowers=flowers, coupon_id=coupon_id):
            hold = dossier.holds.setdefault(fact.key, Hold({}, coupon_id, "NEVER"))
            hold.returned += 1
            hold.came_back = flowers


def _delivery(dossier: Dossier, fact: Fact) -> None:
    delivery = dossier.deliveries.setdefault(fact.key, Delivery())
    match fact.body:
        case DeliveryCreated(store_id=store_id):
            delivery.store_id = store_id
            delivery.created += 1
        case DeliveryCancelled():
            delivery.cancelled = True
