"""Cancelling: the whole order before CONFIRMED, one florist's part after it (design §7, rows 5 to 7)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from agents.orders import ORDERS
from models.actor import Event, Refusal, Reminder, Send
from models.catalog.messages import UncountSale
from models.deliveries.messages import DELIVERIES_INBOX, CreateDelivery, DeliveryCancelled, StopDelivery
from models.inventory.coupons import Issued
from models.inventory.messages import ClaimCoupon, Return
from models.orders import messages as m
from models.payments.messages import RefundPayment
from tests.unit.history import Actor
from tests.unit.orders.given import (
    APPROVE,
    BOTH,
    CANCEL,
    CAPTURED,
    DEADLINE,
    DROP,
    GIFT,
    HELD_ROSE,
    HELD_TULIP,
    READY,
    RELEASES,
    ROSE_PART,
    TULIP_PART,
    awaiting,
    cancelled,
    capturing,
    confirmed,
    order,
)
from tests.unit.saga_world import FLOWERS, World
from tests.unit.shop import (
    BUYER,
    NONCE,
    NOW,
    ORDER,
    at_rose,
    at_tulip,
    place,
)
from topics.catalogue import CONTRACTS, DOMAINS

# -- cancel -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [order, awaiting])
def test_the_buyer_cancels_before_paying(start: Any) -> None:
    actor = start()
    (event,) = actor.take(CANCEL)
    assert event == cancelled("buyer")
    assert actor.sends == [*RELEASES, DROP]
    said = ORDERS.answer(ORDER, actor.states, event)
    assert isinstance(said, dict)
    assert said["status"] == "CANCELLED"
    assert actor.take(CANCEL) == []


@pytest.mark.spec("order W-38")
@pytest.mark.parametrize("start", [order, awaiting, capturing, confirmed])
def test_only_its_buyer_cancels(start: Any) -> None:
    assert start().refuses(m.CancelOrder(buyer="stranger")) == ("not_your_order", 403)


@pytest.mark.spec("order W-5")
def test_a_cancel_while_capturing_is_kept_and_becomes_a_refund() -> None:
    actor = capturing()
    assert actor.take(CANCEL) == [m.CancelNoted(buyer=BUYER)]
    assert actor.sends == []
    assert actor.take(CANCEL) == []
    (event,) = actor.take(CAPTURED)
    assert event == cancelled("buyer", refund=62_500)
    assert event.answers() == ("placed", "paid")
    assert actor.sends == [*RELEASES, Send("payments", ORDER, RefundPayment(refund_id=ORDER, amount=62_500, tax_free=9_000))]
    assert actor.take(CAPTURED) == []
    refunded = m.PaymentRefunded(refund_id=ORDER, amount=62_500)
    assert actor.take(refunded) == [m.OrderRefunded(buyer=BUYER, amount=62_500)]
    assert actor.take(refunded) == []


def test_a_cancel_noted_and_a_capture_refused_is_a_plain_cancel() -> None:
    actor = order(HELD_ROSE, HELD_TULIP, READY, APPROVE, CANCEL)
    assert actor.take(m.PaymentRefused(stage="capture", code="-780")) == [cancelled("buyer")]


@pytest.mark.spec("order W-5")
def test_money_for_an_order_that_came_to_nothing_goes_back() -> None:
    actor = order(HELD_ROSE, CANCEL)
    assert actor.take(CAPTURED) == [cancelled("buyer", refund=62_500)]
    assert Send("payments", ORDER, RefundPayment(refund_id=ORDER, amount=62_500, tax_free=9_000)) in actor.sends


def test_after_confirmed_the_whole_is_too_late() -> None:
    assert confirmed().refuses(CANCEL) == ("too_late", 409)


# -- row 7: one florist's part --------------------------------------------------------------------------------------------------


def stop(actor: Actor, part: str, by: str = "buyer") -> list[Event]:
    return actor.take(m.CancelStoreOrder(store_order_id=part, by=by))


@pytest.mark.spec("order W-8", "order W-11", "order W-27", "store C8")
def test_a_part_is_cancelled_refunded_and_given_back_once() -> None:
    actor = confirmed()
    assert stop(actor, ROSE_PART, "seller") == [
        m.StoreCancelRequested(buyer=BUYER, store_order_id=ROSE_PART, store_id="store-rose", by="seller")
    ]
    assert actor.sends == [Send("deliveries", ROSE_PART, StopDelivery(order_id=ORDER))]
    assert stop(actor, ROSE_PART) == []
    assert actor.take(m.DeliveryStopped(store_order_id=ROSE_PART)) == [
        m.StoreCancelled(buyer=BUYER, store_order_id=ROSE_PART, store_id="store-rose", refund=45_000)
    ]
    assert actor.sends == [
        Send("payments", ORDER, RefundPayment(refund_id=ROSE_PART, amount=45_000, tax_free=9_000)),
        Send("inventory", "store-rose", Return(order_id=ORDER, buyer=BUYER, flowers={"rose": 21, "fern": 4}, coupon_id="c5000")),
        Send("catalog", "bouquet", UncountSale(order_id=ORDER, quantity=2)),
        Send("catalog", "plant", UncountSale(order_id=ORDER, quantity=1)),
    ]
    assert actor.take(m.DeliveryStopped(store_order_id=ROSE_PART)) == []
    refunded = m.PaymentRefunded(refund_id=ROSE_PART, amount=45_000)
    (event,) = actor.take(refunded)
    assert event == m.StoreRefunded(buyer=BUYER, store_order_id=ROSE_PART, store_id="store-rose", amount=45_000)
    assert event.answers() == (f"cancel:{ROSE_PART}",)
    assert actor.take(refunded) == []
    assert actor.refuses(m.CancelStoreOrder(store_order_id=ROSE_PART)) == ("already_cancelled", 409)
    assert [part.status for part in actor.state.parts] == ["REFUNDED", "PENDING"]


@pytest.mark.spec("order W-8")
def test_both_parts_give_back_exactly_what_was_captured() -> None:
    actor = confirmed()
    amounts = []
    for part in (ROSE_PART, TULIP_PART):
        stop(actor, part)
        actor.take(m.DeliveryStopped(store_order_id=part))
        amounts += [send.message.amount for send in actor.sends if isinstance(send.message, RefundPayment)]
    assert amounts == [45_000, 17_500]
    assert sum(amounts) == 62_500


@pytest.mark.spec("order W-27")
def test_too_late_once_the_florist_began_and_it_may_be_asked_again() -> None:
    actor = confirmed()
    stop(actor, TULIP_PART)
    (event,) = actor.take(m.DeliveryTooLate(store_order_id=TULIP_PART, status="PROCESSING"))
    assert event == m.StoreCancelRefused(buyer=BUYER, store_order_id=TULIP_PART, status="PROCESSING")
    assert actor.sends == []
    assert ORDERS.answer(ORDER, actor.states, event) == Refusal(
        "too_late", 409, {"store_order_id": TULIP_PART, "status": "PROCESSING"}
    )
    assert [type(again) for again in stop(actor, TULIP_PART)] == [m.StoreCancelRequested]


def test_a_part_of_0_won_ends_without_the_gateway() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    for message in (place(at_rose(coupon=GIFT), at_tulip(), total=17_500), HELD_ROSE, HELD_TULIP, READY, APPROVE):
        actor.take(message)
    actor.take(m.PaymentCaptured(amount=17_500, method="MONEY", captured_at=NOW))
    stop(actor, ROSE_PART)
    assert actor.take(m.DeliveryStopped(store_order_id=ROSE_PART)) == [
        m.StoreCancelled(buyer=BUYER, store_order_id=ROSE_PART, store_id="store-rose", refund=0),
        m.StoreRefunded(buyer=BUYER, store_order_id=ROSE_PART, store_id="store-rose", amount=0),
    ]
    assert [type(send.message) for send in actor.sends] == [Return, UncountSale, UncountSale]


@pytest.mark.parametrize("start", [order, awaiting, capturing])
def test_a_part_is_not_cancelled_before_confirmed(start: Any) -> None:
    assert start().refuses(m.CancelStoreOrder(store_order_id=ROSE_PART)) == ("not_confirmed", 409)


def test_a_part_of_another_order_is_unknown() -> None:
    assert confirmed().refuses(m.CancelStoreOrder(store_order_id="other")) == ("store_order_unknown", 404)


@pytest.mark.spec("order W-28")
def test_what_a_seller_cancels_is_paid_back_and_back_on_the_shelf() -> None:
    world = World()
    world.send("inventory", "store-rose", ClaimCoupon(coupon_id="c5000", buyer="ann"))
    world.settle()
    bought = world.place("ann", ("bouquet", "basket"), 2, coupon=True, off=0)
    world.settle()
    world.send("orders", bought, m.ApprovePayment(nonce=f"nonce-{bought}", pg_token="t"))
    world.settle()
    rose, tulip = (part for _, part in world.store_orders)
    (record,) = world.gateway.of(bought)
    assert (record.captured, record.refunded, shelf(world)) == (38_000 + 30_000, 0, {"rose": 130, "fern": 146, "tulip": 140})
    world.send("orders", bought, m.CancelStoreOrder(store_order_id=rose, by="seller"))
    world.settle()
    assert (record.captured, record.refunded, shelf(world)) == (68_000, 38_000, {"rose": 150, "fern": 150, "tulip": 140})
    assert [world.memory.state("deliveries", part).status for part in (rose, tulip)] == ["CANCELLED", "PENDING"]
    assert world.memory.state("inventory", "store-rose", "issued/c5000/ann") == Issued()
    world.rest()
    world.check_at_rest()


@pytest.mark.spec("order W-28")
def test_only_its_order_cancels_a_delivery_and_it_hears_of_it() -> None:
    """Whatever other message a delivery may get leaves it as it is, so nothing is cancelled that nobody pays back."""
    telling = {
        event for contract in CONTRACTS for event, sends in contract.routes.items() for domain, _ in sends if domain == "deliveries"
    }
    assert telling == {m.OrderConfirmed, m.StoreCancelRequested}
    assert set(get_args(DELIVERIES_INBOX)) == {CreateDelivery, StopDelivery}
    assert DOMAINS["deliveries"].routes[DeliveryCancelled] == (("orders", m.DeliveryStopped),)


def shelf(world: World) -> dict[str, int]:
    """Flower -> stems on hand, of both florists."""
    stores = [world.memory.state("inventory", store) for store in FLOWERS]
    return {flower: stems.on_hand for store in stores for flower, stems in store.flowers.items()}


# -- what is over stays over ----------------------------------------------------------------------------------------------------

EVERYTHING = (
    BOTH, APPROVE, m.AbandonPayment(nonce=NONCE, outcome="failed"), CANCEL, m.CancelStoreOrder(store_order_id=ROSE_PART),
    HELD_ROSE, HELD_TULIP, m.HoldRefused(store_id="store-rose", code="out_of_stock"), READY,
    m.PaymentRefused(stage="ready", code="-1"), m.PaymentRefused(stage="capture", code="-1"),
    m.DeliveryStopped(store_order_id=ROSE_PART), m.DeliveryTooLate(store_order_id=ROSE_PART, status="PROCESSING"),
    Reminder(due=DEADLINE),
)  # fmt: skip
"""Every message that an order may get, but for those that say that money moved."""


def test_nothing_is_left_out() -> None:
    moved = {m.PaymentCaptured, m.PaymentRefunded}
    assert {type(message) for message in EVERYTHING} == set(get_args(m.ORDERS_INBOX)) - moved


@pytest.mark.spec("order W-6")
@pytest.mark.parametrize("message", EVERYTHING, ids=lambda message: type(message).__name__)
def test_nothing_but_a_cancel_of_a_part_touches_a_confirmed_order(message: Any) -> None:
    actor = confirmed()
    before, actor.now = actor.state, DEADLINE
    if isinstance(message, m.CancelStoreOrder):
        assert [type(event) for event in actor.take(message)] == [m.StoreCancelRequested]
        return
    assert isinstance(actor.decide(message), Refusal) or actor.take(message) == []
    assert (actor.state, before.status) == (before, "CONFIRMED")


@pytest.mark.spec("order W-27")
@pytest.mark.parametrize("message", EVERYTHING, ids=lambda message: type(message).__name__)
def test_a_cancelled_order_stays_cancelled(message: Any) -> None:
    actor = order(HELD_ROSE, CANCEL)
    before, actor.now = actor.state, DEADLINE
    assert isinstance(actor.decide(message), Refusal) or actor.take(message) == []
    assert (actor.state, before.status) == (before, "CANCELLED")


@pytest.mark.spec("order W-27")
@pytest.mark.parametrize("message", EVERYTHING, ids=lambda message: type(message).__name__)
def test_a_cancelled_part_stays_cancelled(message: Any) -> None:
    actor = confirmed()
    stop(actor, ROSE_PART)
    actor.take(m.DeliveryStopped(store_order_id=ROSE_PART))
    before, actor.now = actor.state, DEADLINE
    assert isinstance(actor.decide(message), Refusal) or actor.take(message) == []
    assert actor.state == before
    assert [part.status for part in before.parts] == ["CANCELLED", "PENDING"]
