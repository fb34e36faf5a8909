"""A payment at the gateway: every call named before it is made, every unknown asked for, money never without an order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.payments.domain import payments
from models.actor import DAY, HOUR, MINUTE, SECOND, Effect, EffectUnknown, Reminder, Send
from models.orders.messages import PaymentCaptured, PaymentReady, PaymentRefunded, PaymentRefused
from models.payments import messages as m
from tests.unit.gateway_model import GatewayModel
from tests.unit.history import Actor
from tests.unit.shop import BUYER, NOW, ORDER

PAYMENTS = payments(GatewayModel(lambda: NOW))
DEADLINE, LEASE = NOW + 15 * MINUTE, 15 * SECOND
URLS = {"pc": "https://pay/pc", "mobile": "https://pay/m", "app": "https://pay/a"}
ASK = m.ReadyPayment(
    order_id=ORDER, buyer=BUYER, amount=10_000, tax_free=1_000, item_name="장미 다발", quantity=1, device="pc",
    approval_url="https://shop/a", cancel_url="https://shop/c", fail_url="https://shop/f", deadline=DEADLINE,
)  # fmt: skip
READY = m.ReadyDone(attempt=1, tid="T1", redirects=URLS)
CAPTURE = m.CapturePayment(pg_token="token")
TAKEN = m.CaptureDone(attempt=2, aid="A1", method="CARD", amount=10_000, approved_at=NOW)
PART, REST = (
    m.RefundPayment(refund_id="part", amount=4_000, tax_free=400),
    m.RefundPayment(refund_id="rest", amount=6_000, tax_free=600),
)


def started(effect: str, attempt: int, now: int = NOW, refund_id: str = "") -> m.EffectStarted:
    return m.EffectStarted(effect=effect, attempt=attempt, until=now + LEASE, refund_id=refund_id)


def unknown(effect: str, attempt: int) -> EffectUnknown:
    return EffectUnknown(effect=effect, attempt=attempt, error="no_answer")


def refused(effect: str, attempt: int) -> m.EffectRefused:
    return m.EffectRefused(effect=effect, attempt=attempt, code="-780", message="고객 정보")


def books(attempt: int, captured: int = 0, back: int = 0, status: str = "ready") -> m.QueryDone:
    return m.QueryDone(attempt=attempt, status=status, captured=captured, refunded=back, left=captured - back, approved_at=NOW)


def payment(*messages: Any) -> Actor:
    actor = Actor(PAYMENTS, ORDER, NOW)
    for message in messages:
        actor.take(message)
    return actor


def remind(actor: Actor) -> list[Any]:
    """Time passes until it wants to be woken; then it is."""
    due = actor.wake()
    assert due
    actor.now = due - 1
    assert actor.take(Reminder(due=due)) == []
    actor.now = due
    return actor.take(Reminder(due=due))


def captured() -> Actor:
    return payment(ASK, READY, CAPTURE, TAKEN)


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
    assert actor.take(refused("query", 2)) == [m.Reconciled(at=actor.now, next_at=0)]
    assert (actor.wake(), actor.state.status) == (0, "EXPIRED")


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


# -- refunds ------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-8", "order W-9")
def test_refunds_go_one_at_a_time_and_each_once() -> None:
    actor = captured()
    assert actor.take(PART) == [
        m.RefundQueued(refund_id="part", amount=4_000, tax_free=400),
        started("refund", 3, refund_id="part"),
    ]
    assert actor.take(PART) == []
    assert actor.take(REST) == [m.RefundQueued(refund_id="rest", amount=6_000, tax_free=600)]
    assert actor.take(m.RefundDone(attempt=3, aid="R1", refunded_total=4_000, left=6_000)) == [
        m.Refunded(refund_id="part", amount=4_000, left=6_000, aid="R1", next_at=NOW + DAY),
        started("refund", 4, refund_id="rest"),
    ]
    assert actor.sends == [Send("orders", ORDER, PaymentRefunded(refund_id="part", amount=4_000))]
    assert actor.state.status == "PARTIALLY_REFUNDED"
    assert actor.take(m.RefundDone(attempt=3, aid="R1", refunded_total=4_000, left=6_000)) == []
    assert actor.take(m.RefundDone(attempt=4, aid="R2", refunded_total=10_000, left=0)) == [
        m.Refunded(refund_id="rest", amount=6_000, left=0, aid="R2")
    ]
    assert (actor.state.status, actor.wake()) == ("REFUNDED", 0)
    assert actor.take(PART) == []


@pytest.mark.spec("order W-8")
@pytest.mark.parametrize("amount", [10_001, 0, -1])
def test_never_more_than_was_captured(amount: int) -> None:
    refund = m.RefundPayment(refund_id="x", amount=amount, tax_free=0)
    assert captured().refuses(refund) == ("refund_beyond_captured", 409)


@pytest.mark.spec("order W-8")
def test_queued_refunds_count_too() -> None:
    actor = captured()
    actor.take(REST)
    assert actor.refuses(m.RefundPayment(refund_id="x", amount=4_001, tax_free=0)) == ("refund_beyond_captured", 409)


@pytest.mark.parametrize(
    ("back", "outcome"),
    [
        (4_000, [m.Refunded(refund_id="part", amount=4_000, left=6_000, next_at=NOW + SECOND + MINUTE)]),
        (0, [started("refund", 5, NOW + SECOND, "part")]),
        (1_234, [
            m.DifferenceFound(
                ours_captured=10_000, theirs_captured=10_000, ours_refunded=0, theirs_refunded=1_234, next_at=NOW + DAY
            ),
            m.OutcomeUnknown(effect="refund", attempt=4, ask_at=NOW + SECOND + HOUR, error="books differ"),
        ]),
    ],
    ids=["happened", "did not", "something else did"],
)  # fmt: skip
@pytest.mark.spec("order W-5")
def test_an_unknown_refund_is_settled_by_the_books(back: int, outcome: list[Any]) -> None:
    actor = captured()
    actor.take(PART)
    assert actor.take(unknown("refund", 3)) == [
        m.OutcomeUnknown(effect="refund", attempt=3, ask_at=NOW + SECOND, error="no_answer")
    ]
    assert remind(actor) == [started("query", 4, NOW + SECOND)]
    assert actor.take(books(4, 10_000, back, "captured")) == outcome


def test_a_late_refund_counts_while_asking_and_frees_the_next() -> None:
    actor = captured()
    for message in (PART, REST, unknown("refund", 3)):
        actor.take(message)
    remind(actor)
    events = actor.take(m.RefundDone(attempt=3, aid="R1", refunded_total=4_000, left=6_000))
    assert [type(event) for event in events] == [m.Refunded, m.EffectStarted]
    assert actor.take(books(4, 10_000, 4_000, "captured")) == []


def test_a_refund_that_the_gateway_refuses_is_asked_for_again_hourly_in_the_end() -> None:
    actor, waits, attempt = captured(), [], 3
    actor.take(PART)
    for _ in range(14):
        actor.take(refused("refund", attempt))
        waits.append((actor.wake() - actor.now) // SECOND)
        remind(actor)
        actor.take(books(attempt + 1, 10_000, 0, "captured"))
        attempt += 2
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]


# -- the books ----------------------------------------------------------------------------------------------------------------


def test_books_are_compared_daily_for_30_days() -> None:
    actor, looks = captured(), 0
    while actor.wake():
        (event,) = remind(actor)
        assert actor.now == NOW + (looks + 1) * DAY
        (same,) = actor.take(books(event.attempt, 10_000, 0, "captured"))
        assert isinstance(same, m.Reconciled)
        assert actor.sends == []
        looks += 1
    assert looks == 30


def test_a_difference_is_an_alarm_and_no_silent_fix() -> None:
    actor = captured()
    remind(actor)
    assert actor.take(books(3, 10_000, 10_000, "refunded")) == [
        m.DifferenceFound(
            ours_captured=10_000, theirs_captured=10_000, ours_refunded=0, theirs_refunded=10_000, next_at=NOW + 2 * DAY
        )
    ]
    assert (actor.sends, actor.state.refunded, actor.state.status) == ([], 0, "CAPTURED")


def test_a_look_without_an_answer_is_repeated_and_holds_no_refund_up() -> None:
    actor = captured()
    remind(actor)
    assert actor.take(PART) == [m.RefundQueued(refund_id="part", amount=4_000, tax_free=400)]
    assert [type(event) for event in actor.take(unknown("query", 3))] == [m.OutcomeUnknown, m.EffectStarted]
    assert PAYMENTS.pending(actor.state) == Effect("refund", 4, actor.now + LEASE)
    actor.take(m.RefundDone(attempt=4, aid="R1", refunded_total=4_000, left=6_000))
    (again,) = remind(actor)
    assert again.effect == "query"


@pytest.mark.parametrize("message", [CAPTURE, m.DropPayment(), PART])
def test_a_payment_that_nobody_asked_for(message: Any) -> None:
    assert payment().refuses(message) == ("payment_unknown", 404)


def test_an_outcome_for_a_payment_that_nobody_asked_for() -> None:
    assert payment().take(TAKEN) == []
