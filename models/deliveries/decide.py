"""One delivery per store order of a confirmed order (key = store order id): created, and stopped while nobody has begun. Pure.

The florist's own steps (PROCESSING, COMPLETED) follow with their issue; what is not PENDING cannot be stopped (spec order §9.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from models.actor import Event, Refusal, Send, State
from models.deliveries.messages import (
    DELIVERIES_EVENTS,
    DELIVERIES_INBOX,
    CreateDelivery,
    DeliveryCancelled,
    DeliveryCreated,
    DeliveryPrivate,
    StopDelivery,
    StopRefused,
)
from models.orders.messages import DeliveryStopped, DeliveryTooLate

PENDING, CANCELLED = "PENDING", "CANCELLED"


class Delivery(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A delivery; ``fee`` in KRW, ``making_day`` a KST date. Who gets it where stands in ``person`` (erased with the row)."""

    order_id: str
    store_id: str
    buyer: str
    kind: str
    making_day: str
    fee: int
    person: DeliveryPrivate
    status: str = PENDING


DELIVERIES_STATE = Delivery


def decide(state: State, message: DELIVERIES_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message`` brings about. A stop that comes again after it was granted: nothing."""
    delivery: Delivery | None = state[""]
    match message:
        case CreateDelivery():
            if delivery is not None:
                return []
            created = DeliveryCreated(
                order_id=message.order_id,
                store_id=message.store_id,
                buyer=message.buyer,
                kind=message.kind,
                making_day=message.making_day,
                fee=message.fee,
            )
            return [created.keeping(DeliveryPrivate(orderer=message.orderer, address=message.address))]
        case StopDelivery():
            if delivery is None:
                # Its order creates it first and nothing overtakes: the kernel parks what breaks this for a person.
                return Refusal("delivery_unknown", 404, {"order_id": message.order_id})
            if delivery.status == PENDING:
                return [DeliveryCancelled(order_id=delivery.order_id)]
            if delivery.status == CANCELLED:
                return []
            return [StopRefused(order_id=delivery.order_id, status=delivery.status)]


def evolve(state: State, event: DELIVERIES_EVENTS) -> Mapping[str, Delivery]:
    """The delivery after ``event``."""
    match event:
        case DeliveryCreated():
            created = Delivery(event.order_id, event.store_id, event.buyer, event.kind, event.making_day, event.fee, event.kept)
            return {"": created}
        case DeliveryCancelled():
            return {"": msgspec.structs.replace(state[""], status=CANCELLED)}
        case StopRefused():
            return {}


def route(key: str, state: State, event: DELIVERIES_EVENTS) -> Iterable[Send]:
    """The order hears whether its florist could be stopped; ``key`` is the store order id."""
    match event:
        case DeliveryCancelled(order_id=order_id):
            yield Send("orders", order_id, DeliveryStopped(store_order_id=key))
        case StopRefused(order_id=order_id, status=status):
            yield Send("orders", order_id, DeliveryTooLate(store_order_id=key, status=status))


def private(key: str, state: State, event: DELIVERIES_EVENTS) -> DeliveryPrivate | None:
    """Who gets it where, for ``bb.deliveries.private``."""
    return event.kept if isinstance(event, DeliveryCreated) else None
