"""The row of an order and how events change it (design §7). Amounts in KRW, instants in ms since the epoch (UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from models.actor import State
from models.orders.messages import (
    ORDERS_EVENTS,
    Address,
    CancelNoted,
    CaptureRequested,
    OrderCancelled,
    OrderConfirmed,
    Orderer,
    OrderPlaced,
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

RESERVING, AWAITING_PAYMENT, CAPTURING = "RESERVING", "AWAITING_PAYMENT", "CAPTURING"
CONFIRMED, CANCELLED = "CONFIRMED", "CANCELLED"
"""Where an order stands (design §7)."""

PENDING, CANCELLING, REFUNDED = "PENDING", "CANCELLING", "REFUNDED"
"""Where a store order stands once the order is CONFIRMED, beside CANCELLED (stopped, its refund on the way)."""


class Part(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """One florist's part. ``flowers``: per line of ``priced``, flower id -> stems a piece. ``status`` "": not confirmed yet."""

    priced: PricedStore
    flowers: tuple[dict[str, int], ...]
    held: bool = False
    status: str = ""
    by: str = ""

    def stems(self) -> dict[str, int]:
        """Flower id -> stems of the whole part."""
        total: dict[str, int] = {}
        for line, flowers in zip(self.priced.lines, self.flowers, strict=True):
            for flower, stems in flowers.items():
                total[flower] = total.get(flower, 0) + stems * line.quantity
        return total


class Checkout(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What only the row keeps of a PlaceOrder; ``OrderPlaced`` carries it beside its fields."""

    order_id: str
    orderer: Orderer
    address: Address
    callback: str
    nonce: str
    device: str
    names: dict[str, str]
    thumbnails: dict[str, str]
    flowers: tuple[tuple[dict[str, int], ...], ...]
    method: str = "direct"
    address_kept: bool = False


class Order(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """An order. ``refunding``: KRW of a whole order on the way back; ``noted``: a cancel came while the capture was open.

    ``capturing_at``: when the gateway was asked for the money (ms).
    """

    order_id: str
    buyer: str
    status: str
    parts: tuple[Part, ...]
    total: int
    tax_free: int
    placed_at: int
    deadline: int
    checkout: Checkout
    redirects: dict[str, str] = {}
    prepared: bool = False
    token: str = ""
    noted: bool = False
    captured: int = 0
    refunding: int = 0
    refunded: int = 0
    reason: str = ""
    capturing_at: int = 0

    def part(self, store_order_id: str) -> Part | None:
        """The store order of that id, if it is one of this order's."""
        return next((part for part in self.parts if part.priced.store_order_id == store_order_id), None)

    def held(self) -> bool:
        """True once every florist has promised its part."""
        return all(part.held for part in self.parts)

    def payable(self) -> bool:
        """False for 0 KRW, of which no gateway hears."""
        return self.total > 0


ORDERS_STATE = Order
_replace = msgspec.structs.replace


def evolve(state: State, event: ORDERS_EVENTS) -> Mapping[str, Order]:
    """The order after ``event``."""
    if isinstance(event, OrderPlaced):
        return {"": _placed(event)}
    return {"": _changed(state[""], event)}


def _placed(event: OrderPlaced) -> Order:
    kept: Checkout = event.kept
    return Order(
        order_id=kept.order_id,
        buyer=event.buyer,
        status=RESERVING,
        parts=tuple(Part(priced, flowers) for priced, flowers in zip(event.stores, kept.flowers, strict=True)),
        total=event.total,
        tax_free=event.tax_free,
        placed_at=event.placed_at,
        deadline=event.deadline,
        # Each part has its flowers; once is enough in a bounded row.
        checkout=_replace(kept, flowers=()),
        # Nobody prepares a payment of nothing.
        prepared=event.total == 0,
    )


def _changed(order: Order, event: Any) -> Order:
    match event:
        case StoreHeld(store_id=store_id):
            parts = tuple(_replace(p, held=True) if p.priced.store_id == store_id else p for p in order.parts)
            return _replace(order, parts=parts)
        case PaymentPrepared():
            return _replace(order, prepared=True, redirects=event.kept)
        case PaymentAwaited():
            return _replace(order, status=AWAITING_PAYMENT, prepared=True, redirects=event.kept or order.redirects)
        case CaptureRequested():
            # Names and pictures stand in the private record by now; the row needs them no more.
            light = _replace(order.checkout, names={}, thumbnails={})
            return _replace(order, status=CAPTURING, token=event.kept, checkout=light, capturing_at=event.requested_at)
        case CancelNoted():
            return _replace(order, noted=True)
        case OrderConfirmed(captured=captured):
            parts = tuple(_replace(part, status=PENDING) for part in order.parts)
            return _replace(order, status=CONFIRMED, captured=captured, parts=parts, redirects={}, token="")
        case OrderCancelled(reason=reason, refund=refund):
            captured = max(order.captured, refund)
            return _replace(
                order, status=CANCELLED, reason=reason, captured=captured, refunding=refund, redirects={}, token="", noted=False
            )
        case OrderRefunded(amount=amount):
            return _replace(order, refunding=0, refunded=order.refunded + amount)
        case StoreCancelRequested(by=by):
            return _part_changed(order, event.store_order_id, status=CANCELLING, by=by)
        case StoreCancelRefused():
            return _part_changed(order, event.store_order_id, status=PENDING, by="")
        case StoreCancelled():
            return _part_changed(order, event.store_order_id, status=CANCELLED)
        case StoreRefunded(amount=amount):
            return _part_changed(_replace(order, refunded=order.refunded + amount), event.store_order_id, status=REFUNDED)
    raise TypeError(f"an order knows no {type(event).__name__}")


def _part_changed(order: Order, store_order_id: str, **changes: Any) -> Order:
    parts = tuple(_replace(p, **changes) if p.priced.store_order_id == store_order_id else p for p in order.parts)
    return _replace(order, parts=parts)
