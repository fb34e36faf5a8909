"""Orders of two florists at each step of the saga, and the messages that bring them there."""

from __future__ import annotations

from typing import Any

from agents.orders import ORDERS
from models.actor import MINUTE, Send, id_of
from models.inventory.messages import Release
from models.orders import messages as m
from models.payments.messages import DropPayment
from tests.unit.history import Actor
from tests.unit.shop import BUYER, COUPON, NONCE, NOW, ORDER, at_rose, at_tulip, place

DEADLINE = NOW + 15 * MINUTE
ROSE_PART, TULIP_PART = id_of(ORDER, "store-rose"), id_of(ORDER, "store-tulip")
REDIRECTS = {"pc": "https://pay/pc", "mobile": "https://pay/m", "app": "https://pay/a"}
BOTH = place(at_rose(coupon=COUPON), at_tulip(), total=62_500)
HELD_ROSE, HELD_TULIP = m.Held(store_id="store-rose"), m.Held(store_id="store-tulip")
READY = m.PaymentReady(redirects=REDIRECTS)
APPROVE = m.ApprovePayment(nonce=NONCE, pg_token="token")
CAPTURED = m.PaymentCaptured(amount=62_500, method="CARD", captured_at=NOW)
CANCEL = m.CancelOrder(buyer=BUYER)
RELEASES = [
    Send("inventory", "store-rose", Release(order_id=ORDER, buyer=BUYER, coupon_id="c5000")),
    Send("inventory", "store-tulip", Release(order_id=ORDER, buyer=BUYER)),
]
GIFT = m.CouponTerms(coupon_id="gift", store_id="store-rose", discount=60_000, min_amount=0, starts="2026-11-01", ends="2026-11-30")
"""Worth more than what it buys."""
DROP = Send("payments", ORDER, DropPayment())


def order(*messages: Any) -> Actor:
    """An order of two florists after ``messages``, all at ``NOW``."""
    actor = Actor(ORDERS, ORDER, NOW)
    for message in (BOTH, *messages):
        actor.take(message)
    return actor


def awaiting() -> Actor:
    return order(HELD_ROSE, HELD_TULIP, READY)


def capturing() -> Actor:
    return order(HELD_ROSE, HELD_TULIP, READY, APPROVE)


def confirmed() -> Actor:
    return order(HELD_ROSE, HELD_TULIP, READY, APPROVE, CAPTURED)


def cancelled(reason: str, now: int = NOW, refund: int = 0, **ids: str) -> m.OrderCancelled:
    return m.OrderCancelled(buyer=BUYER, reason=reason, cancelled_at=now, refund=refund, **ids)
