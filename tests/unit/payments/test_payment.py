"""A payment at the gateway: every call named before it is made, every unknown asked for, money never without an order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.actor import DAY, MINUTE, SECOND, Effect, Send
from models.orders.messages import PaymentCaptured, PaymentReady, PaymentRefused
from models.payments import messages as m
from tests.unit.payments.given import (
    ASK,
    CAPTURE,
    DEADLINE,
    LEASE,
    PAYMENTS,
    READY,
    TAKEN,
    URLS,
    books,
    captured,
    payment,
    refused,
    remind,
    started,
    unknown,
)
from tests.unit.shop import BUYER, NOW, ORDER

# -- the way to the money -----------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-10")
def test_the_call_is_in_the_row_before_it_is_made() -> None:
    actor = payment()
    assert actor.take(ASK) == [
        m.PaymentRequested(order_id=ORDER, buyer=BUYER, amount=10_000, tax_free=1_000, deadline=DEADLINE),
        started("ready", 1),
    ]
    assert PAYMENTS.pending(actor.state) == Effect("ready", 1, NOW + LEASE)
    assert (actor.sends, actor.wake()) == ([], 0)
    assert actor.take(ASK) == []


@pytest.mark.spec("order W-9", "order W-15")
def test_ready_then_captured() -> None:
    actor = payment(ASK)
    assert actor.take(READY) == [m.PaymentReadied(tid="T1", readied_at=NOW)]
    assert actor.sends == [Send("orders", ORDER, PaymentReady(redirects=URLS))]
    assert actor.take(CAPTURE) == [m.CaptureAsked(), started("capture", 2)]
    assert (actor.sends, actor.state.token) == ([], "token")
    assert actor.take(TAKEN) == [m.Captured(amount=10_000, method="CARD", aid="A1", captured_at=NOW, next_at=NOW + DAY)]
    assert actor.sends == [Send("orders", ORDER, PaymentCaptured(amount=10_000, method="CARD", captured_at=NOW))]
    assert (actor.state.status, actor.state.captured, PAYMENTS.pending(actor.state)) == ("CAPTURED", 10_000, None)


@pytest.mark.spec("order W-17")
@pytest.mark.parametrize(
    "again", [ASK, READY, CAPTURE, TAKEN, m.DropPayment(), unknown("capture", 2), refused("capture", 2), books(2)]
)
def test_what_comes_again_changes_nothing(again: Any) -> None:
    assert captured().take(again) == []


def test_no_secret_and_no_text_stands_in_an_event() -> None:
    actor = payment()
    said = [event for message in (ASK, READY, CAPTURE, refused("capture", 2)) for event in actor.take(message)]
    public = msgspec.json.encode(said).decode()
    assert not [text for text in ("pg_token", ':"token"', "https://", "장미", "고객") if text in public]


# -- ready --------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-19")
def test_an_unknown_ready_is_made_again_with_back_off_until_the_deadline() -> None:
    actor, waits, attempt = payment(ASK), [], 1
    while True:
        events = actor.take(unknown("ready", attempt))
        if isinstance(events[0], m.PaymentFailed):
            break
        (later,) = events
        waits.append((later.ask_at - actor.now) // SECOND)
        attempt += 1
        assert remind(actor) == [started("ready", attempt, actor.now)]
    assert waits == [1, 2, 4, 8, 16, 32] + [60] * 13
    assert events == [m.PaymentFailed(stage="ready", code="gateway_unavailable")]
    assert actor.sends == [Send("orders", ORDER, PaymentRefused(stage="ready", code="gateway_unavailable"))]
    assert actor.wake() == 0


def test_a_ready_refused() -> None:
    actor = payment(ASK)
    assert actor.take(refused("ready", 1)) == [m.PaymentFailed(stage="ready", code="-780")]


def test_the_first_known_ready_wins() -> None:
    actor = payment(ASK, unknown("ready", 1))
    remind(actor)
    assert actor.take(READY) == [m.PaymentReadied(tid="T1", readied_at=actor.now)]
    assert actor.take(m.ReadyDone(attempt=2, tid="T2", redirects=URLS)) == []
    assert (actor.state.tid, PAYMENTS.pending(actor.state)) == ("T1", None)


# -- capture ------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-5", "order W-10")
def test_an_unknown_capture_is_asked_for_and_found() -> None:
    actor = payment(ASK, READY, CAPTURE)
    assert actor.take(unknown("capture", 2)) == [
        m.OutcomeUnknown(effect="capture", attempt=2, ask_at=NOW + SECOND, error="no_answer")
    ]
    assert actor.sends == []
    assert remind(actor) == [started("query", 3, NOW + SECOND)]
    found = m.Captured(amount=10_000, method="", aid="", captured_at=NOW, next_at=actor.now + MINUTE)
    assert actor.take(books(3, 10_000, status="captured")) == [found]
    assert [type(send.message) for send in actor.sends] == [PaymentCaptured]


def test_an_unknown_capture_that_did_not_happen_is_made_again_while_it_can_be() -> None:
    actor = payment(ASK, READY, CAPTURE, unknown("capture", 2))
    remind(actor)
    assert actor.take(books(3)) == [started("capture", 4, actor.now)]
    actor.take(unknown("capture", 4))
    remind(actor)
    actor.now = NOW + 15 * MINUTE
    assert actor.take(books(5)) == [m.PaymentFailed(stage="capture", code="gateway_expired", next_at=NOW + 20 * MINUTE)]
    assert actor.sends == [Send("orders", ORDER, PaymentRefused(stage="capture", code="gateway_expired"))]


def test_a_capture_that_the_books_call_failed() -> None:
    actor = payment(ASK, READY, CAPTURE, unknown("capture", 2))
    remind(actor)
    assert actor.take(books(3, status="failed")) == [
        m.PaymentFailed(stage="capture", code="gateway_failed", next_at=NOW + 20 * MINUTE)
    ]


def test_questions_come_1_s_to_60_s_apart_without_end() -> None:
    actor, waits = payment(ASK, READY, CAPTURE, unknown("capture", 2)), []
    for attempt in range(3, 12):
        waits.append((actor.wake() - actor.now) // SECOND)
        assert remind(actor) == [started("query", attempt, actor.now)]
        actor.take(unknown("query", attempt))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert actor.state.status == "CAPTURING"


def test_a_late_capture_counts_while_asking() -> None:
    actor = payment(ASK, READY, CAPTURE, unknown("capture", 2))
    remind(actor)
    (event,) = actor.take(TAKEN)
    assert isinstance(event, m.Captured)
    assert actor.take(books(3, 10_000, status="captured")) == []


@pytest.mark.parametrize(
    "message", [refused("capture", 1), unknown("capture", 1), refused("ready", 2), unknown("query", 2), books(2)]
)
def test_an_outcome_of_another_attempt_is_not_believed(message: Any) -> None:
    actor = payment(ASK, READY, CAPTURE)
    assert actor.take(message) == []
    assert PAYMENTS.pending(actor.state) == Effect("capture", 2, NOW + LEASE)


def test_a_capture_refused_moves_no_money_and_is_looked_at_once_more() -> None:
    actor = payment(ASK, READY, CAPTURE)
    assert actor.take(refused("capture", 2)) == [m.PaymentFailed(stage="capture", code="-780", next_at=NOW + 20 * MINUTE)]
    assert actor.sends == [Send("orders", ORDER, PaymentRefused(stage="capture", code="-780"))]
    assert remind(actor) == [started("query", 3, NOW + 20 * MINUTE)]
    assert actor.take(books(3)) == [m.Reconciled(at=actor.now, next_at=0)]
    assert actor.wake() == 0


def test_another_amount_than_asked_for_is_an_alarm_and_the_truth() -> None:
    actor = payment(ASK, READY, CAPTURE)
    taken = msgspec.structs.replace(TAKEN, amount=9_000)
    assert actor.take(taken) == [
        m.DifferenceFound(ours_captured=10_000, theirs_captured=9_000, ours_refunded=0, theirs_refunded=0),
        m.Captured(amount=9_000, method="CARD", aid="A1", captured_at=NOW, next_at=NOW + DAY),
    ]
    assert actor.state.left == 9_000


# -- dropped ------------------------------------------------------------------------------------------------------------------


def test_dropped_before_a_capture_is_never_captured() -> None:
    actor = payment(ASK, READY)
    assert actor.take(m.DropPayment()) == [m.PaymentExpired(next_at=NOW + 20 * MINUTE)]
    assert actor.sends == []
    assert actor.take(CAPTURE) == []
    assert remind(actor) == [started("query", 2, NOW + 20 * MINUTE)]
    assert actor.take(books(2)) == [m.Reconciled(at=actor.now, next_at=0)]
    assert (actor.wake(), actor.state.status) == (0, "EXPIRED")


def test_a_refused_question_about_a_dropped_payment_is_asked_again_for_thirty_days() -> None:
    actor = payment(ASK, READY)
    actor.take(m.DropPayment())
    attempt = 2
    while actor.now <= NOW + 30 * DAY:
        (asked,) = remind(actor)
        assert asked == started("query", attempt, actor.now)
        last, answer = actor.now, actor.take(refused("query", attempt))
        attempt += 1
        if last <= NOW + 30 * DAY:
            pause = min(SECOND << (attempt - 3), DAY)
            assert answer == [m.OutcomeUnknown(effect="query", attempt=attempt - 1, ask_at=last + pause, error="refused: -780")]
    assert answer == [m.Reconciled(at=actor.now, next_at=0)]
    assert (actor.wake(), attempt) == (0, 49)


def test_dropped_before_it_is_ready_needs_no_look() -> None:
    actor = payment(ASK)
    assert actor.take(m.DropPayment()) == [m.PaymentExpired()]
    assert actor.take(READY) == []
    assert (actor.sends, actor.wake(), PAYMENTS.pending(actor.state)) == ([], 0, None)


@pytest.mark.spec("order W-5")
@pytest.mark.parametrize("late", [False, True], ids=["found in the books", "a late answer"])
def test_money_that_no_order_wanted_goes_back_by_itself(late: bool) -> None:
    actor = payment(ASK, READY, CAPTURE, unknown("capture", 2))
    remind(actor)
    actor.take(books(3))
    actor.take(refused("capture", 4))
    if late:
        events = actor.take(TAKEN)
    else:
        remind(actor)
        events = actor.take(books(5, 10_000, status="captured"))
    assert [type(event) for event in events] == [m.DifferenceFound, m.Captured, m.RefundQueued, m.EffectStarted]
    assert (events[0].ours_captured, events[0].theirs_captured) == (0, 10_000)
    assert events[2] == m.RefundQueued(refund_id=ORDER, amount=10_000, tax_free=1_000)
    assert actor.sends == []
    attempt = events[3].attempt
    (done,) = actor.take(m.RefundDone(attempt=attempt, aid="R1", refunded_total=10_000, left=0))
    assert (done.refund_id, done.amount, done.left) == (ORDER, 10_000, 0)
    assert actor.sends == []
    assert actor.state.status == "REFUNDED"
