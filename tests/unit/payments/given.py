"""Payments at each step, and the messages and outcomes that bring them there."""

from __future__ import annotations

from typing import Any

from agents.payments.domain import payments
from models.actor import MINUTE, SECOND, EffectUnknown, Reminder
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
