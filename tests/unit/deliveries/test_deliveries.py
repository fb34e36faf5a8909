"""A delivery: created once, stopped only while nobody has begun."""

from __future__ import annotations

import msgspec
import pytest

from agents.deliveries import DELIVERIES
from models.actor import Send
from models.deliveries import messages as m
from models.orders.messages import DeliveryStopped, DeliveryTooLate
from tests.unit.history import Actor
from tests.unit.shop import ADDRESS, BUYER, NOW, ORDER, ORDERER, PERSONAL, TODAY

PART = "store-order-1"
CREATE = m.CreateDelivery(
    store_order_id=PART, order_id=ORDER, store_id="store-rose", buyer=BUYER, kind="delivery", making_day=TODAY, fee=3_000,
    orderer=ORDERER, address=ADDRESS,
)  # fmt: skip
STOP = m.StopDelivery(order_id=ORDER)


def delivery(status: str = "PENDING") -> Actor:
    actor = Actor(DELIVERIES, PART, NOW)
    actor.take(CREATE)
    actor.states[""] = msgspec.structs.replace(actor.state, status=status)
    return actor


@pytest.mark.spec("order W-17", "order W-26", "order W-33", "order W-44", "order W-50")
def test_created_once_and_persons_stay_private() -> None:
    actor = Actor(DELIVERIES, PART, NOW)
    (created,) = actor.take(CREATE)
    assert created == m.DeliveryCreated(
        order_id=ORDER, store_id="store-rose", buyer=BUYER, kind="delivery", making_day=TODAY, fee=3_000
    )
    assert not [text for text in PERSONAL if text in msgspec.json.encode(created).decode()]
    record = DELIVERIES.private(PART, actor.states, created)
    assert record == m.DeliveryPrivate(orderer=ORDERER, address=ADDRESS)
    assert record.address.phone == "010-3333-4444"
    assert (actor.sends, actor.state.status) == ([], "PENDING")
    assert actor.take(CREATE) == []


@pytest.mark.spec("order W-27")
def test_stopped_while_pending() -> None:
    actor = delivery()
    assert actor.take(STOP) == [m.DeliveryCancelled(order_id=ORDER)]
    assert actor.sends == [Send("orders", ORDER, DeliveryStopped(store_order_id=PART))]
    assert actor.state.status == "CANCELLED"
    assert [actor.take(again) for again in (STOP, CREATE)] == [[], []]
    assert actor.state.status == "CANCELLED"


@pytest.mark.spec("order W-8", "order W-27")
@pytest.mark.parametrize("status", ["PROCESSING", "COMPLETED"])
def test_too_late_once_begun(status: str) -> None:
    actor = delivery(status)
    assert actor.take(STOP) == [m.StopRefused(order_id=ORDER, status=status)]
    assert actor.sends == [Send("orders", ORDER, DeliveryTooLate(store_order_id=PART, status=status))]
    assert actor.state.status == status


def test_stopping_what_was_never_created_is_for_a_person() -> None:
    assert Actor(DELIVERIES, PART, NOW).refuses(STOP) == ("delivery_unknown", 404)
