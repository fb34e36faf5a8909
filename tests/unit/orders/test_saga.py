"""The order's table (design §7), rows 1 to 5: exact events, exact messages, and what did not happen."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.orders import ORDERS
from models.accounts.address_messages import KeepAddress, Place
from models.actor import MINUTE, Event, Refusal, Reminder, Send
from models.catalog.messages import CountSale
from models.deliveries.messages import CreateDelivery
from models.inventory.messages import Commit, Hold, HoldLine, Release
from models.orders import messages as m
from models.payments.messages import CapturePayment, ReadyPayment
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
    REDIRECTS,
    RELEASES,
    ROSE_PART,
    TULIP_PART,
    awaiting,
    cancelled,
    capturing,
    order,
)
from tests.unit.shop import (
    ADDRESS,
    BUYER,
    CALLBACK,
    NONCE,
    NOW,
    ORDER,
    ORDERER,
    PERSONAL,
    PLANT,
    TODAY,
    at_rose,
    line,
    place,
)

# -- row 1: place -----------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-1", "order W-12", "order W-16", "order W-53")
def test_placing_holds_at_every_florist_and_readies_the_payment() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    (placed,) = actor.take(BOTH)
    assert isinstance(placed, m.OrderPlaced)
    assert (placed.buyer, placed.total, placed.tax_free, placed.placed_at, placed.deadline) == (BUYER, 62_500, 9_000, NOW, DEADLINE)
    assert [(s.store_id, s.store_order_id, s.total, s.making_day) for s in placed.stores] == [
        ("store-rose", ROSE_PART, 45_000, TODAY),
        ("store-tulip", TULIP_PART, 17_500, TODAY),
    ]
    back = f"{CALLBACK}/{ORDER}/{NONCE}"
    assert actor.sends == [
        Send("inventory", "store-rose", Hold(
            order_id=ORDER, buyer=BUYER, goods=50_000, making_day=TODAY, coupon_id="c5000", discount=5_000,
            lines=(
                HoldLine(product_id="bouquet", flowers={"rose": 10, "fern": 2}, quantity=2),
                HoldLine(product_id="plant", flowers={"rose": 1}, quantity=1),
            ),
        )),
        Send("inventory", "store-tulip", Hold(
            order_id=ORDER, buyer=BUYER, goods=15_000, making_day=TODAY,
            lines=(HoldLine(product_id="basket", flowers={"tulip": 5}, quantity=1),),
        )),
        Send("payments", ORDER, ReadyPayment(
            order_id=ORDER, buyer=BUYER, amount=62_500, tax_free=9_000, item_name="장미 다발 외 2건", quantity=4, device="pc",
            approval_url=f"{back}/approve", cancel_url=f"{back}/cancel", fail_url=f"{back}/fail", deadline=DEADLINE,
        )),
    ]  # fmt: skip
    assert actor.state.status == "RESERVING"
    assert actor.wake() == DEADLINE


@pytest.mark.spec("order W-44")
def test_no_person_stands_in_an_event_but_all_in_the_private_record() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    events: list[Event] = []
    for message in (BOTH, HELD_ROSE, HELD_TULIP, READY, APPROVE, CAPTURED):
        events += actor.take(message)
    public = msgspec.json.encode(events).decode()
    assert not [text for text in (*PERSONAL, NONCE, "token", "장미", "https://") if text in public]
    record = ORDERS.private(ORDER, actor.states, events[0])
    assert isinstance(record, m.OrderPrivate)
    assert (record.orderer, record.address) == (ORDERER, ADDRESS)


def test_the_private_record_is_said_twice_with_names_then_redirects() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    said = []
    for message in (BOTH, HELD_ROSE, HELD_TULIP, READY, APPROVE, CAPTURED):
        said += [ORDERS.private(ORDER, actor.states, event) for event in actor.take(message)]
    names = {
        "bouquet": "장미 다발",
        "plant": "장미 화분",
        "basket": "튤립 바구니",
        "store-rose": "장미 꽃집",
        "store-tulip": "튤립 꽃집",
    }
    first = m.OrderPrivate(orderer=ORDERER, address=ADDRESS, names=names, thumbnails={"bouquet": "/b.jpg"})
    assert [record for record in said if record is not None] == [first, msgspec.structs.replace(first, redirects=REDIRECTS)]


# -- row 2: reserve ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "messages",
    [(HELD_ROSE, HELD_TULIP, READY), (HELD_TULIP, READY, HELD_ROSE), (READY, HELD_ROSE, HELD_TULIP)],
    ids=["gateway last", "gateway between", "gateway first"],
)
@pytest.mark.spec("order W-37")
def test_the_buyer_may_pay_once_all_is_held_and_ready(messages: tuple[Any, ...]) -> None:
    actor = order(*messages[:2])
    assert actor.state.status == "RESERVING"
    events = actor.take(messages[2])
    assert events[-1] == m.PaymentAwaited(buyer=BUYER, deadline=DEADLINE)
    assert actor.sends == []
    said = ORDERS.answer(ORDER, actor.states, events[-1])
    assert isinstance(said, dict)
    assert (said["order_id"], said["status"], said["total"], said["deadline"]) == (ORDER, "AWAITING_PAYMENT", 62_500, DEADLINE)
    assert said["redirects"] == REDIRECTS
    assert [store["store_order_id"] for store in said["stores"]] == [ROSE_PART, TULIP_PART]


@pytest.mark.spec("order W-17")
@pytest.mark.parametrize("again", [HELD_ROSE, READY, m.Held(store_id="store-unknown")])
def test_a_word_that_comes_twice_changes_nothing(again: Any) -> None:
    actor = order(HELD_ROSE, READY)
    assert actor.take(again) == []


def test_nothing_to_pay_skips_the_gateway() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    actor.take(place(at_rose(coupon=GIFT), total=0))
    assert [send.domain for send in actor.sends] == ["inventory"]
    events = actor.take(HELD_ROSE)
    assert events == [
        m.StoreHeld(buyer=BUYER, store_id="store-rose"),
        m.OrderConfirmed(buyer=BUYER, captured=0, method="", confirmed_at=NOW),
    ]
    assert [type(send.message) for send in actor.sends] == [Commit, CreateDelivery, CountSale, CountSale]
    assert "placed" in events[1].answers()


def test_nothing_to_pay_and_nothing_to_hold_drops_no_payment() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    actor.take(place(at_rose(coupon=GIFT), total=0))
    actor.take(m.HoldRefused(store_id="store-rose", code="coupon_unknown", coupon_id="gift"))
    assert [type(send.message) for send in actor.sends] == [Release]


# -- row 3: pay -------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-36")
def test_the_first_token_counts() -> None:
    actor = awaiting()
    actor.now = DEADLINE - 1
    assert actor.take(APPROVE) == [m.CaptureRequested(buyer=BUYER, requested_at=DEADLINE - 1)]
    assert actor.sends == [Send("payments", ORDER, CapturePayment(pg_token="token"))]
    assert actor.wake() == 0
    assert actor.refuses(m.ApprovePayment(nonce=NONCE, pg_token="other")) == ("payment_already_approved", 409)
    actor.take(CAPTURED)
    assert actor.take(m.ApprovePayment(nonce=NONCE, pg_token="other")) == []
    assert actor.sends == []


@pytest.mark.spec("order W-36")
@pytest.mark.parametrize("message", [m.ApprovePayment(nonce="x", pg_token="t"), m.AbandonPayment(nonce="x", outcome="failed")])
def test_a_guessed_callback_does_nothing(message: Any) -> None:
    assert awaiting().refuses(message) == ("callback_unknown", 403)


def test_a_token_at_the_deadline_is_too_late() -> None:
    actor = awaiting()
    actor.now = DEADLINE
    (event,) = actor.take(APPROVE)
    assert event == cancelled("expired", DEADLINE)
    assert actor.sends == [*RELEASES, DROP]
    assert ORDERS.answer(ORDER, actor.states, event) == Refusal("expired", 409, {"order_id": ORDER})
    assert actor.refuses(APPROVE) == ("order_cancelled", 409)


def test_a_token_before_all_is_held_is_refused() -> None:
    assert order(READY).refuses(APPROVE) == ("payment_not_awaited", 409)


def test_an_empty_token_is_refused() -> None:
    assert awaiting().refuses(m.ApprovePayment(nonce=NONCE, pg_token="")) == ("token_missing", 422)


# -- row 4: captured ----------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-6", "order W-33", "order W-50")
def test_captured_is_confirmed_however_late() -> None:
    actor = capturing()
    actor.now = late = DEADLINE + 99 * MINUTE
    assert actor.take(CAPTURED) == [m.OrderConfirmed(buyer=BUYER, captured=62_500, method="CARD", confirmed_at=late)]
    delivery: dict[str, Any] = {
        "order_id": ORDER,
        "buyer": BUYER,
        "kind": "delivery",
        "making_day": TODAY,
        "orderer": ORDERER,
        "address": ADDRESS,
    }
    assert actor.sends == [
        Send("inventory", "store-rose", Commit(order_id=ORDER, buyer=BUYER, coupon_id="c5000")),
        Send("deliveries", ROSE_PART, CreateDelivery(store_order_id=ROSE_PART, store_id="store-rose", fee=0, **delivery)),
        Send("inventory", "store-tulip", Commit(order_id=ORDER, buyer=BUYER)),
        Send("deliveries", TULIP_PART, CreateDelivery(store_order_id=TULIP_PART, store_id="store-tulip", fee=2_500, **delivery)),
        Send("catalog", "bouquet", CountSale(order_id=ORDER, quantity=2)),
        Send("catalog", "plant", CountSale(order_id=ORDER, quantity=1)),
        Send("catalog", "basket", CountSale(order_id=ORDER, quantity=1)),
    ]
    assert actor.take(CAPTURED) == []
    assert actor.take(Reminder(due=DEADLINE)) == []


@pytest.mark.spec("order W-6", "order W-50")
@pytest.mark.parametrize("confirmed", [True, False])
def test_an_address_is_written_down_once_the_order_stands_with_the_recipients_phone(confirmed: bool) -> None:
    """By a message of its own, so whatever becomes of it, the order stands."""
    actor, buyer = Actor(ORDERS, ORDER, NOW), f"{'0' * 32}-1"
    for message in (place(total=50_000, buyer=buyer, address_kept=True), HELD_ROSE, READY, APPROVE):
        actor.take(message)
    actor.take(
        m.PaymentCaptured(amount=50_000, method="CARD", captured_at=NOW)
        if confirmed
        else m.PaymentRefused(stage="capture", code="-780")
    )
    where = Place(
        recipient=ADDRESS.recipient, phone=ADDRESS.phone, zipcode=ADDRESS.zipcode, road=ADDRESS.road, detail=ADDRESS.detail
    )
    assert where.phone != ORDERER.phone
    kept = Send("accounts", "0" * 32, KeepAddress(account=buyer, order_id=ORDER, place=where))
    assert [one for one in actor.sends if one.domain == "accounts"] == ([kept] if confirmed else [])


def test_who_has_no_account_has_no_address_written_down() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    for message in (place(total=50_000, buyer="ann", address_kept=True), HELD_ROSE, READY, APPROVE):
        actor.take(message)
    actor.take(m.PaymentCaptured(amount=50_000, method="CARD", captured_at=NOW))
    assert {one.domain for one in actor.sends} >= {"inventory", "deliveries"}
    assert [one for one in actor.sends if one.domain == "accounts"] == []


# -- row 5: nothing comes of it -------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-19", "order W-21", "order W-23", "store M7", "product W40")
def test_one_florist_cannot_so_all_are_released() -> None:
    actor = order(HELD_TULIP)
    (event,) = actor.take(m.HoldRefused(store_id="store-rose", code="out_of_stock", product_id="bouquet", flower_id="rose"))
    assert event == cancelled("out_of_stock", store_id="store-rose", product_id="bouquet", flower_id="rose")
    assert actor.sends == [*RELEASES, DROP]
    assert ORDERS.answer(ORDER, actor.states, event) == Refusal(
        "out_of_stock", 409, {"order_id": ORDER, "store_id": "store-rose", "product_id": "bouquet", "flower_id": "rose"}
    )
    for late in (HELD_ROSE, READY, m.HoldRefused(store_id="store-tulip", code="out_of_stock"), Reminder(due=DEADLINE)):
        assert actor.take(late) == []


@pytest.mark.spec("order W-12", "order W-20", "store M1")
@pytest.mark.parametrize("start", [order, awaiting])
def test_the_deadline_ends_it(start: Any) -> None:
    actor = start()
    actor.now = DEADLINE - 1
    assert actor.take(Reminder(due=DEADLINE)) == []
    actor.now = DEADLINE
    assert actor.take(Reminder(due=DEADLINE)) == [cancelled("expired", DEADLINE)]
    assert actor.sends == [*RELEASES, DROP]
    assert actor.wake() == 0


def test_a_hold_after_the_deadline_asks_nobody_for_money() -> None:
    actor = order(HELD_ROSE, READY)
    actor.now = DEADLINE
    assert actor.take(HELD_TULIP) == [cancelled("expired", DEADLINE)]


@pytest.mark.parametrize(("outcome", "reason"), [("cancelled", "payment_cancelled"), ("failed", "payment_failed")])
def test_the_buyer_leaves_the_gateway(outcome: str, reason: str) -> None:
    actor = awaiting()
    (event,) = actor.take(m.AbandonPayment(nonce=NONCE, outcome=outcome))
    assert event == cancelled(reason)
    assert actor.sends == [*RELEASES, DROP]
    said = ORDERS.answer(ORDER, actor.states, event)
    assert isinstance(said, dict)
    assert (said["status"], said["reason"]) == ("CANCELLED", reason)


def test_a_browser_that_leaves_after_its_token_changes_nothing() -> None:
    assert capturing().take(m.AbandonPayment(nonce=NONCE, outcome="failed")) == []


@pytest.mark.parametrize(
    ("start", "stage", "reason"),
    [(order, "ready", "payment_unavailable"), (capturing, "capture", "payment_refused")],
)
@pytest.mark.spec("order W-5")
def test_no_money_moved(start: Any, stage: str, reason: str) -> None:
    actor = start()
    (event,) = actor.take(m.PaymentRefused(stage=stage, code="-780"))
    assert event == cancelled(reason)
    assert actor.sends == [*RELEASES, DROP]
    assert actor.take(m.PaymentRefused(stage=stage, code="-780")) == []


@pytest.mark.parametrize("message", [APPROVE, CANCEL, m.CancelStoreOrder(store_order_id=ROSE_PART), HELD_ROSE])
def test_an_order_that_nobody_placed(message: Any) -> None:
    assert Actor(ORDERS, ORDER, NOW).refuses(message) == ("order_unknown", 404)


def test_the_one_log_line_of_a_saga() -> None:
    actor = capturing()
    actor.now = NOW + 250
    (event,) = actor.take(CAPTURED)
    line_ = ORDERS.summary(ORDER, actor.states, event)
    assert line_ == {"order": ORDER, "outcome": "CONFIRMED", "total": 62_500, "stores": 2, "reason": "", "took_ms": 250}


def test_one_product_gives_the_payment_its_plain_name() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    actor.take(place(at_rose(line(PLANT, 5)), total=50_000))
    ready = actor.sends[-1].message
    assert isinstance(ready, ReadyPayment)
    assert (ready.item_name, ready.quantity, ready.tax_free) == ("장미 화분", 5, 50_000)
