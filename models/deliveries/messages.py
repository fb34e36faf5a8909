"""Contract of the deliveries domain: one aggregate per store order of a confirmed order (key = store order id)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.actor import Event, Message
from models.kept import Keeping
from models.orders.messages import Address, Orderer


class CreateDelivery(Message, frozen=True):
    must_succeed: ClassVar[bool] = True
    store_order_id: str
    order_id: str
    store_id: str
    buyer: str
    kind: str
    making_day: str
    fee: int
    orderer: Orderer
    address: Address


class StopDelivery(Message, frozen=True):
    """Answered to the order with DeliveryStopped or DeliveryTooLate."""

    must_succeed: ClassVar[bool] = True
    order_id: str


class DeliveryCreated(Keeping, frozen=True):
    order_id: str
    store_id: str
    buyer: str
    kind: str
    making_day: str
    fee: int


class DeliveryCancelled(Event, frozen=True):
    order_id: str


class StopRefused(Event, frozen=True):
    """Too late: ``status`` is no longer PENDING."""

    order_id: str
    status: str


class DeliveryPrivate(msgspec.Struct, frozen=True, kw_only=True):
    orderer: Orderer
    address: Address


DELIVERIES_INBOX = CreateDelivery | StopDelivery
DELIVERIES_EVENTS = DeliveryCreated | DeliveryCancelled | StopRefused
