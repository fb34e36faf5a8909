"""The order saga (design §7): every message that an order may get, and what follows from it. Pure.

    (none) -> RESERVING -> AWAITING_PAYMENT -> CAPTURING -> CONFIRMED
                   `-------------'-----------------'-----> CANCELLED

Only a capture whose outcome is open outlives the deadline. Amounts in KRW, instants in ms since the epoch (UTC).
"""

from __future__ import annotations

from typing import Any

from models.actor import MINUTE, Event, Phase, Refusal, Reminder, State
from models.orders.checkout import refusal_of
from models.orders.messages import (
    ORDERS_EVENTS,
    ORDERS_INBOX,
    AbandonPayment,
    ApprovePayment,
    CancelNoted,
    CancelOrder,
    CancelStoreOrder,
    CaptureRequested,
    DeliveryStopped,
    DeliveryTooLate,
    Held,
    HoldRefused,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderPrivate,
    OrderRefunded,
    PaymentAwaited,
    PaymentCaptured,
    PaymentPrepared,
    PaymentReady,
    PaymentRefunded,
    PaymentRefused,
    PlaceOrder,
    StoreCancelled,
    StoreCancelRefused,
    StoreCancelRequested,
    StoreHeld,
    StoreRefunded,
)
from models.orders.routes import route
from models.orders.state import (
    AWAITING_PAYMENT,
    CANCELLED,
    CANCELLING,
    CAPTURING,
    CONFIRMED,
    ORDERS_STATE,
    PENDING,
    RESERVING,
    Checkout,
    Order,
    Part,
    evolve,
)

__all__ = ["CAPTURING", "ORDERS_STATE", "Order", "answer", "decide", "evolve", "private", "route", "summary", "unfinished", "wake"]

CAPTURE_ALARM = 10 * MINUTE
"""A capture whose outcome is not known for so long needs a person (design §7, row 6)."""

WILLED = ("buyer", "payment_cancelled", "payment_failed")
"""Reasons of a cancel that whoever asked for it is told as done; any other is told as a refusal."""

Decision = list[Event] | Refusal


def decide(state: State, message: ORDERS_INBOX, now: int) -> Decision:
    """What ``message``, appended at ``now`` (ms), brings about. A message that comes late or twice brings about nothing."""
    order: Order | None = state[""]
    if isinstance(message, PlaceOrder):
        return _place(message, now) if order is None else Refusal("order_exists", 409)
    if order is None:
        return Refusal("order_unknown", 404)
    match message:
        case ApprovePayment():
            return _approve(order, message, now)
        case AbandonPayment():
            return _abandon(order, message, now)
        case CancelOrder():
            return _cancel(order, message, now)
        case CancelStoreOrder():
            return _cancel_store(order, message)
        case Reminder():
            return [_cancelled(order, "expired", now)] if _open(order) and now >= order.deadline else []
        case Held() | PaymentReady() if order.status == RESERVING:
            # The reminder of a passed deadline may still be on its way; nobody could pay any more.
            return [_cancelled(order, "expired", now)] if now >= order.deadline else _reserve(order, message, now)
        case HoldRefused() if order.status == RESERVING:
            return [_denied(order, message, now)]
        case PaymentRefused():
            return _payment_refused(order, message, now)
        case PaymentCaptured():
            return _captured(order, message, now)
        case PaymentRefunded():
            return _refunded(order, message)
        case DeliveryStopped(store_order_id=id) if (part := order.part(id)) is not None and part.status == CANCELLING:
            return _stopped(order, part)
        case DeliveryTooLate(store_order_id=id) if (part := order.part(id)) is not None and part.status == CANCELLING:
            return [StoreCancelRefused(buyer=order.buyer, store_order_id=id, status=message.status)]
    return []


def _open(order: Order) -> bool:
    """True while the deadline counts."""
    return order.status in (RESERVING, AWAITING_PAYMENT)


def _cancelled(order: Order, reason: str, now: int, refund: int = 0) -> OrderCancelled:
    return OrderCancelled(buyer=order.buyer, reason=reason, cancelled_at=now, refund=refund)


# -- up to the payment --------------------------------------------------------------------------------------------------


def _place(command: PlaceOrder, now: int) -> Decision:
    """Row 1 of design §7."""
    stores = refusal_of(command, now)
    if isinstance(stores, Refusal):
        return stores
    products = {line.product.product_id: line.product for wanted in command.stores for line in wanted.lines}
    names = {product.product_id: product.name for product in products.values()}
    names |= {wanted.store.store_id: wanted.store.name for wanted in command.stores}
    kept = Checkout(
        order_id=command.order_id,
        orderer=command.orderer,
        address=command.address,
        callback=command.callback,
        nonce=command.nonce,
        device=command.device,
        names=names,
        thumbnails={product.product_id: product.thumbnail for product in products.values() if product.thumbnail},
        flowers=tuple(tuple(products[line.product_id].flowers for line in store.lines) for store in stores),
        method=command.method,
        address_kept=command.address_kept,
    )
    placed = OrderPlaced(
        buyer=command.buyer,
        stores=stores,
        total=sum(store.total for store in stores),
        tax_free=sum(store.tax_free for store in stores),
        placed_at=now,
        deadline=now + command.window,
        by_cart=command.method == "cart",
    )
    return [placed.keeping(kept)]


def _reserve(order: Order, message: Held | PaymentReady, now: int) -> Decision:
    """Row 2: the last of all holds and the readied payment lets the buyer pay; an order of 0 KRW is confirmed by its holds."""
    if isinstance(message, PaymentReady):
        if order.prepared:
            return []
        if not order.held():
            return [PaymentPrepared(buyer=order.buyer).keeping(message.redirects)]
        return [PaymentAwaited(buyer=order.buyer, deadline=order.deadline).keeping(message.redirects)]
    waiting = [part.priced.store_id for part in order.parts if not part.held]
    if message.store_id not in waiting:
        return []
    held = StoreHeld(buyer=order.buyer, store_id=message.store_id)
    if len(waiting) > 1 or not order.prepared:
        return [held]
    if not order.payable():
        return [held, OrderConfirmed(buyer=order.buyer, captured=0, method="", confirmed_at=now)]
    return [held, PaymentAwaited(buyer=order.buyer, deadline=order.deadline).keeping(None)]


def _denied(order: Order, message: HoldRefused, now: int) -> OrderCancelled:
    """Row 5: one florist cannot, so nobody makes anything."""
    return OrderCancelled(
        buyer=order.buyer,
        reason=message.code,
        cancelled_at=now,
        store_id=message.store_id,
        product_id=message.product_id,
        flower_id=message.flower_id,
        coupon_id=message.coupon_id,
    )


def _approve(order: Order, command: ApprovePayment, now: int) -> Decision:
    """Row 3: the first token counts, before the deadline."""
    if command.nonce != order.checkout.nonce:
        return Refusal("callback_unknown", 403)
    if order.status == CONFIRMED:
        return []
    if order.status == CAPTURING:
        return Refusal("payment_already_approved", 409)
    if order.status == CANCELLED:
        return Refusal("order_cancelled", 409, {"reason": order.reason})
    if order.status == RESERVING:
        return Refusal("payment_not_awaited", 409)
    if not command.pg_token:
        return Refusal("token_missing", 422)
    if now >= order.deadline:
        return [_cancelled(order, "expired", now)]
    return [CaptureRequested(buyer=order.buyer, requested_at=now).keeping(command.pg_token)]


def _abandon(order: Order, command: AbandonPayment, now: int) -> Decision:
    """The buyer came back without paying. Once the capture is asked for, the gateway's word counts, not a browser's GET."""
    if command.nonce != order.checkout.nonce:
        return Refusal("callback_unknown", 403)
    if not _open(order):
        return []
    return [_cancelled(order, "payment_cancelled" if command.outcome == "cancelled" else "payment_failed", now)]


def _cancel(order: Order, command: CancelOrder, now: int) -> Decision:
    """Row 5, and the first half of row 6: while the capture is open a cancel is kept."""
    if command.buyer != order.buyer:
        return Refusal("not_your_order", 403)
    if _open(order):
        return [_cancelled(order, "buyer", now)]
    if order.status == CAPTURING and not order.noted:
        return [CancelNoted(buyer=order.buyer)]
    return Refusal("too_late", 409, {"status": order.status}) if order.status == CONFIRMED else []


# -- what the gateway did -------------------------------------------------------------------------------------------------


def _payment_refused(order: Order, message: PaymentRefused, now: int) -> Decision:
    """Definitely no money moved: row 5."""
    if order.status == CAPTURING:
        return [_cancelled(order, "buyer" if order.noted else "payment_refused", now)]
    return [_cancelled(order, "payment_unavailable", now)] if _open(order) else []


def _captured(order: Order, message: PaymentCaptured, now: int) -> Decision:
    """Row 4: money that was taken makes an order, however late; with a cancel noted, or nothing left to make, it goes back."""
    if order.status == CAPTURING and not order.noted:
        confirmed = OrderConfirmed(buyer=order.buyer, captured=message.amount, method=message.method, confirmed_at=now)
        return [confirmed]
    if order.status == CAPTURING or (order.status == CANCELLED and not order.captured):
        return [_cancelled(order, order.reason or "buyer", now, refund=message.amount)]
    return []


def _refunded(order: Order, message: PaymentRefunded) -> Decision:
    if message.refund_id == order.order_id:
        return [OrderRefunded(buyer=order.buyer, amount=message.amount)] if order.refunding else []
    part = order.part(message.refund_id)
    if part is None or part.status != CANCELLED:
        return []
    return [_store_refunded(order, part, message.amount)]


# -- after CONFIRMED ------------------------------------------------------------------------------------------------------


def _cancel_store(order: Order, command: CancelStoreOrder) -> Decision:
    """Row 7, only while the order stands: each store order is cancelled at most once (order W-8)."""
    part = order.part(command.store_order_id)
    if part is None:
        return Refusal("store_order_unknown", 404, {"store_order_id": command.store_order_id})
    if order.status != CONFIRMED:
        return Refusal("not_confirmed", 409, {"status": order.status})
    if part.status == CANCELLING:
        return []
    if part.status != PENDING:
        return Refusal("already_cancelled", 409, {"store_order_id": command.store_order_id, "status": part.status})
    return [
        StoreCancelRequested(buyer=order.buyer, store_order_id=command.store_order_id, store_id=part.priced.store_id, by=command.by)
    ]


def _stopped(order: Order, part: Part) -> Decision:
    """The florist had not begun. Never more goes back than was captured; a part of 0 KRW needs no gateway to end."""
    promised = sum(p.priced.total for p in order.parts if p.status == CANCELLED)
    refund = max(0, min(part.priced.total, order.captured - order.refunded - promised))
    cancelled = StoreCancelled(
        buyer=order.buyer, store_order_id=part.priced.store_order_id, store_id=part.priced.store_id, refund=refund
    )
    return [cancelled] if refund else [cancelled, _store_refunded(order, part, 0)]


def _store_refunded(order: Order, part: Part, amount: int) -> StoreRefunded:
    priced = part.priced
    return StoreRefunded(buyer=order.buyer, store_order_id=priced.store_order_id, store_id=priced.store_id, amount=amount)


# -- time, answers, private record, log -------------------------------------------------------------------------------------


def wake(state: Order) -> int:
    """The deadline (ms) while nothing is captured; 0: no reminder."""
    return state.deadline if _open(state) else 0


def unfinished(state: Order) -> Phase | None:
    """RESERVING, AWAITING_PAYMENT or CAPTURING, and since when the order is on its way there; ``None``: confirmed or cancelled."""
    if _open(state):
        return Phase(state.status, state.placed_at)
    return Phase(CAPTURING, state.capturing_at or state.placed_at) if state.status == CAPTURING else None


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: the order as it stands, or why it came to nothing. ``event`` None: ``decide`` answered at once."""
    order: Order = state[""]
    match event:
        case OrderCancelled(reason=reason) if reason not in WILLED:
            ids = {name: getattr(event, name) for name in ("store_id", "product_id", "flower_id", "coupon_id")}
            return Refusal(reason, 409, {"order_id": key, **{name: said for name, said in ids.items() if said}})
        case StoreCancelRefused():
            return Refusal("too_late", 409, {"store_order_id": event.store_order_id, "status": event.status})
    said: dict[str, Any] = {
        "order_id": key,
        "status": order.status,
        "total": order.total,
        "deadline": order.deadline,
        "redirects": order.redirects,
        "stores": [_told(part) for part in order.parts],
    }
    if order.reason:
        said["reason"] = order.reason
    if order.noted:
        said["cancel_noted"] = True
    return said


def _told(part: Part) -> dict[str, Any]:
    priced = part.priced
    return {
        "store_id": priced.store_id,
        "store_order_id": priced.store_order_id,
        "kind": priced.kind,
        "making_day": priced.making_day,
        "goods": priced.goods,
        "discount": priced.discount,
        "delivery_fee": priced.delivery_fee,
        "total": priced.total,
        "status": part.status,
    }


def private(key: str, state: State, event: ORDERS_EVENTS) -> OrderPrivate | None:
    """The record for ``bb.orders.private``: at once, and again when it is known where the buyer pays."""
    if not isinstance(event, OrderPlaced | PaymentPrepared | PaymentAwaited) or event.kept is None:
        return None
    order: Order = state[""]
    checkout = order.checkout
    return OrderPrivate(
        orderer=checkout.orderer,
        address=checkout.address,
        names=checkout.names,
        thumbnails=checkout.thumbnails,
        redirects=order.redirects,
    )


def summary(key: str, state: State, event: ORDERS_EVENTS) -> dict[str, Any] | None:
    """The one log line of a saga, without personal data, when its last event comes."""
    order: Order = state[""]
    match event:
        case OrderConfirmed(confirmed_at=at) | OrderCancelled(cancelled_at=at):
            line = {"order": key, "outcome": order.status, "total": order.total, "stores": len(order.parts)}
            return {**line, "reason": order.reason, "took_ms": at - order.placed_at}
    return None
