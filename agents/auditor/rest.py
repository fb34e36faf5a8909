"""What must hold of an order once nothing of it is on its way (``invariants.AT_REST``). Pure; KRW; ms since the epoch."""

from __future__ import annotations

from collections.abc import Iterator

from agents.auditor.invariants import Violation
from agents.auditor.orders import LONG, OPEN, STANDING, Dossier, StoreOrder

Found = Iterator[Violation]


def violations(order_id: str, dossier: Dossier, now: int) -> Found:
    """What does not hold of the order at ``now``. While something is on its way that may be only for the moment."""
    yield from _money(order_id, dossier)
    yield from _stems(order_id, dossier)
    yield from _deliveries(order_id, dossier)
    order = dossier.order
    if order is not None and order.status in OPEN and now >= order.deadline:
        late = f"{order.status} {(now - order.deadline) // 1000} s after its deadline"
        yield Violation("order_deadline", order_id, late, order.status)


def alarms(order_id: str, dossier: Dossier, now: int) -> Found:
    """What a person should look at: see ``invariants.ALARMS``."""
    order, payment = dossier.order, dossier.payment
    if order is not None and order.status == "CAPTURING" and now - order.requested_at > LONG:
        yield Violation("capture_open", order_id, f"asked for {(now - order.requested_at) // 1000} s ago")
    if payment is None:
        return
    for refund_id, (amount, since) in payment.queued.items():
        if now - since > LONG:
            yield Violation("refund_open", order_id, f"{amount} KRW for {refund_id}, {(now - since) // 1000} s ago")
    if payment.differs:
        yield Violation("gateway_differs", order_id, f"ours: captured {payment.captured}, refunded {payment.refunded}")


def at_rest(dossier: Dossier) -> bool:
    """Is the saga over, and nothing on its way that we can see?"""
    order, payment = dossier.order, dossier.payment
    if not dossier.ended or order is None:
        return False
    moving = any(store.status in ("CANCELLING", "CANCELLED") for store in order.stores) and order.status == "CONFIRMED"
    owed = payment is not None and (payment.queued or payment.differs or payment.capturing_since)
    return not moving and not owed and order.refunded >= order.refund


def _money(order_id: str, dossier: Dossier) -> Found:
    order, payment = dossier.order, dossier.payment
    captured = payment.captured if payment is not None else 0
    if order is None or not dossier.confirmed:
        if payment is not None and captured and payment.left > 0:
            status = order.status if order is not None else "unknown"
            yield Violation("capture_has_order", order_id, f"{payment.left} of {captured} KRW are kept, the order is {status}")
    elif order.total and not captured:
        yield Violation("confirmed_has_capture", order_id, f"{order.total} KRW, nothing captured")
    else:
        standing = sum(store.priced.total for store in order.stores if store.status in STANDING)
        left = payment.left if payment is not None else 0
        if left != standing:
            yield Violation("captured_equals_standing", order_id, f"{left} KRW are kept, {standing} KRW stand", f"{left}")
    if payment is not None:
        yield from _refunds(order_id, dossier)


def _refunds(order_id: str, dossier: Dossier) -> Found:
    order, payment = dossier.order, dossier.payment
    assert payment is not None
    for refund_id, amount in payment.refunds.items():
        if order is None:
            # The money itself is looked after by ``capture_has_order``.
            continue
        store = order.store(refund_id)
        if store is None and refund_id != order_id:
            yield Violation("refund_reaches_order", order_id, f"{amount} KRW for {refund_id}, which is no part of it")
        elif store is not None and (store.status, store.refunded) != ("REFUNDED", amount):
            told = f"{amount} KRW went back for {refund_id}, which is {store.status} with {store.refunded}"
            yield Violation("refund_reaches_order", order_id, told)
        elif store is None and order.refund and order.refunded != amount:
            # A capture that no order wanted (order.refund 0) goes back without its word.
            yield Violation("refund_reaches_order", order_id, f"{amount} KRW went back, the order knows of {order.refunded}")


def _stems(order_id: str, dossier: Dossier) -> Found:
    order = dossier.order
    parts: dict[str, StoreOrder] = {} if order is None else {one.priced.store_id: one for one in order.stores}
    for store_id, hold in dossier.holds.items():
        name = f"{order_id}/{store_id}"
        mine = store_id in parts
        if hold.status == "OPEN" and (not mine or (dossier.ended and not dossier.confirmed)):
            yield Violation("hold_has_order", name, f"the order is {order.status if order is not None else 'unknown'}")
        if hold.status == "COMMITTED" and not (mine and dossier.confirmed):
            yield Violation("commit_has_order", name, f"the order is {order.status if order is not None else 'unknown'}")
    for store_id, part in parts.items():
        name, found = f"{order_id}/{store_id}", dossier.holds.get(store_id)
        if dossier.confirmed:
            if found is None or found.status != "COMMITTED":
                yield Violation("confirmed_is_committed", name, f"the hold is {found.status if found is not None else 'unknown'}")
            elif found.coupon_id != part.priced.coupon_id:
                yield Violation("confirmed_is_committed", name, f"with coupon {found.coupon_id!r}, not {part.priced.coupon_id!r}")
    for store_id in {*dossier.holds, *parts}:
        yield from _returned(f"{order_id}/{store_id}", dossier, store_id, parts.get(store_id))


def _returned(name: str, dossier: Dossier, store_id: str, part: StoreOrder | None) -> Found:
    hold = dossier.holds.get(store_id)
    cancelled = dossier.confirmed and part is not None and part.status in ("CANCELLED", "REFUNDED")
    times = hold.returned if hold is not None else 0
    if times != int(cancelled):
        yield Violation("return_has_cancel", name, f"came back {times} times, cancelled {int(cancelled)} times")
    elif hold is not None and times and hold.came_back != hold.flowers:
        yield Violation("return_has_cancel", name, f"{hold.flowers} went, {hold.came_back} came back")


def _deliveries(order_id: str, dossier: Dossier) -> Found:
    order = dossier.order
    parts = {one.priced.store_order_id: one for one in order.stores} if order is not None and dossier.confirmed else {}
    for store_order_id in {*parts, *dossier.deliveries}:
        part, delivery = parts.get(store_order_id), dossier.deliveries.get(store_order_id)
        if part is None:
            status = order.status if order is not None else "unknown"
            yield Violation("delivery_per_store_order", store_order_id, f"its order {order_id} is {status}")
        elif delivery is None or delivery.created != 1 or delivery.store_id != part.priced.store_id:
            times = delivery.created if delivery is not None else 0
            yield Violation("delivery_per_store_order", store_order_id, f"created {times} times for a store order of {order_id}")
        elif delivery.cancelled != (part.status in ("CANCELLED", "REFUNDED")):
            told = f"{'cancelled' if delivery.cancelled else 'not cancelled'} while the store order is {part.status}"
            yield Violation("delivery_per_store_order", store_order_id, told)
