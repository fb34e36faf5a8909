"""The row of a payment and how events change it. Amounts in KRW, instants in ms since the epoch (UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from models.actor import Effect, State
from models.payments.messages import (
    PAYMENTS_EVENTS,
    CaptureAsked,
    Captured,
    DifferenceFound,
    EffectStarted,
    OutcomeUnknown,
    PaymentExpired,
    PaymentFailed,
    PaymentReadied,
    PaymentRequested,
    Reconciled,
    Refunded,
    RefundQueued,
)

REQUESTED, READY, CAPTURING, CAPTURED = "REQUESTED", "READY", "CAPTURING", "CAPTURED"
PARTIALLY_REFUNDED, REFUNDED, FAILED, EXPIRED = "PARTIALLY_REFUNDED", "REFUNDED", "FAILED", "EXPIRED"
"""REQUESTED: the gateway does not know it yet; CAPTURING: the buyer's token is there, the outcome is not (spec order §5.4)."""


class Wanted(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What the gateway is asked to collect, as ReadyPayment said it; ``PaymentRequested`` carries it beside its fields."""

    item_name: str
    quantity: int
    device: str
    approval_url: str
    cancel_url: str
    fail_url: str


class Refund(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A refund, queued or done."""

    refund_id: str
    amount: int
    tax_free: int


class Payment(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A payment.

    ``attempt``: number of the last call; ``call``: the one whose outcome is awaited. ``unsure``: the effect (capture, refund)
    that may have happened, until the gateway's books tell. ``tries``: how often in a row nothing was learned; ``ask_at``: when
    to call next; ``look_at``: when to compare books next (0: never). ``since``: first attempt of the refund at the head of
    ``queue``. ``stray``: captured although no order wanted it, so no order hears of it.
    """

    order_id: str
    buyer: str
    amount: int
    tax_free: int
    deadline: int
    wanted: Wanted
    status: str = REQUESTED
    attempt: int = 0
    call: Effect | None = None
    unsure: str = ""
    tries: int = 0
    ask_at: int = 0
    look_at: int = 0
    tid: str = ""
    readied_at: int = 0
    redirects: dict[str, str] = {}
    token: str = ""
    captured: int = 0
    captured_at: int = 0
    method: str = ""
    aid: str = ""
    refunded: int = 0
    queue: tuple[Refund, ...] = ()
    done: tuple[Refund, ...] = ()
    since: int = 0
    stray: bool = False

    @property
    def left(self) -> int:
        """KRW that may still be refunded."""
        return self.captured - self.refunded


PAYMENTS_STATE = Payment
_replace = msgspec.structs.replace
_RESOLVED: dict[str, Any] = {"call": None, "unsure": "", "tries": 0, "ask_at": 0}


def evolve(state: State, event: PAYMENTS_EVENTS) -> Mapping[str, Payment]:
    """The payment after ``event``."""
    return {"": after(state[""], event)}


def after(payment: Payment | None, event: Any) -> Payment:
    """The payment after ``event``; None only before ``PaymentRequested``."""
    if isinstance(event, PaymentRequested):
        return Payment(event.order_id, event.buyer, event.amount, event.tax_free, event.deadline, event.kept)
    assert payment is not None
    match event:
        case PaymentReadied(tid=tid, readied_at=at):
            return _replace(payment, status=READY, tid=tid, readied_at=at, redirects=event.kept, **_RESOLVED)
        case EffectStarted(effect=effect, attempt=attempt):
            return _started(payment, effect, attempt, event.until)
        case OutcomeUnknown(effect=effect, ask_at=ask_at):
            unsure = effect if effect in ("capture", "refund") else payment.unsure
            return _replace(payment, call=None, unsure=unsure, tries=payment.tries + 1, ask_at=ask_at)
        case CaptureAsked():
            # Where to pay is of no use any more.
            return _replace(payment, status=CAPTURING, token=event.kept, redirects={})
        case Captured():
            return _replace(
                payment,
                status=CAPTURED,
                captured=event.amount,
                captured_at=event.captured_at,
                method=event.method,
                aid=event.aid,
                stray=payment.status in (FAILED, EXPIRED),
                token="",
                look_at=event.next_at,
                **_RESOLVED,
            )
        case PaymentFailed(next_at=next_at):
            return _replace(payment, status=FAILED, token="", redirects={}, look_at=next_at, **_RESOLVED)
        case PaymentExpired(next_at=next_at):
            return _replace(payment, status=EXPIRED, redirects={}, look_at=next_at, **_RESOLVED)
        case RefundQueued():
            return _replace(payment, queue=(*payment.queue, Refund(event.refund_id, event.amount, event.tax_free)))
        case Refunded():
            return _refunded(payment, event)
        case Reconciled(next_at=next_at) | DifferenceFound(next_at=next_at):
            return _replace(payment, look_at=next_at, **_RESOLVED)
    raise TypeError(f"a payment knows no {type(event).__name__}")


def _started(payment: Payment, effect: str, attempt: int, until: int) -> Payment:
    changes: dict[str, Any] = {"call": Effect(effect, attempt, until), "attempt": attempt, "ask_at": 0}
    if effect == "refund" and payment.since == 0:
        changes["since"] = attempt
    if effect in ("capture", "refund"):
        changes["unsure"] = ""
    return _replace(payment, **changes)


def _refunded(payment: Payment, event: Refunded) -> Payment:
    done = next((refund for refund in payment.queue if refund.refund_id == event.refund_id), None)
    refunded = payment.refunded + event.amount
    return _replace(
        payment,
        status=REFUNDED if refunded >= payment.captured else PARTIALLY_REFUNDED,
        refunded=refunded,
        queue=tuple(refund for refund in payment.queue if refund is not done),
        done=payment.done if done is None else (*payment.done, done),
        since=0,
        look_at=event.next_at,
        **_RESOLVED,
    )
