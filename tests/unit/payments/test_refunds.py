"""Refunds, one in the air at a time and each once; and the comparing of books with the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from models.actor import DAY, HOUR, MINUTE, SECOND, Effect, Send
from models.orders.messages import PaymentRefunded
from models.payments import messages as m
from tests.unit.payments.given import (
    CAPTURE,
    LEASE,
    PART,
    PAYMENTS,
    REST,
    TAKEN,
    books,
    captured,
    payment,
    refused,
    remind,
    started,
    unknown,
)
from tests.unit.shop import NOW, ORDER

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


def test_a_look_without_an_answer_backs_off_although_it_is_overdue() -> None:
    actor, waits = captured(), []
    for _ in range(3):
        (query,) = remind(actor)
        actor.take(unknown("query", query.attempt))
        waits.append((actor.wake() - actor.now) // SECOND)
    assert waits == [1, 2, 4]


@pytest.mark.parametrize("message", [CAPTURE, m.DropPayment(), PART])
def test_a_payment_that_nobody_asked_for(message: Any) -> None:
    assert payment().refuses(message) == ("payment_unknown", 404)


def test_an_outcome_for_a_payment_that_nobody_asked_for() -> None:
    assert payment().take(TAKEN) == []
