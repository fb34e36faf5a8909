"""Contract of the payments domain: one aggregate per payment (key = order id). Amounts are KRW as ``int``."""

from __future__ import annotations

from typing import ClassVar

from models.actor import EffectUnknown, Event, Message, Reminder
from models.kept import Keeping


class ReadyPayment(Message, frozen=True):
    """Prepare the gateway. ``deadline``: instant (ms) after which the order is given up."""

    order_id: str
    buyer: str
    amount: int
    tax_free: int
    item_name: str
    quantity: int
    device: str
    approval_url: str
    cancel_url: str
    fail_url: str
    deadline: int


class CapturePayment(Message, frozen=True):
    must_succeed: ClassVar[bool] = True
    pg_token: str


class DropPayment(Message, frozen=True):
    """The order came to nothing before a capture was asked for: never capture."""

    must_succeed: ClassVar[bool] = True


class RefundPayment(Message, frozen=True):
    """``refund_id``: the store order id, or the order id for a whole order; one refund per id."""

    must_succeed: ClassVar[bool] = True
    refund_id: str
    amount: int
    tax_free: int


# -- outcomes of effects, to the own inbox --------------------------------------------------------------------------------


class ReadyDone(Message, frozen=True):
    attempt: int
    tid: str
    redirects: dict[str, str]


class CaptureDone(Message, frozen=True):
    attempt: int
    aid: str
    method: str
    amount: int
    approved_at: int


class RefundDone(Message, frozen=True):
    attempt: int
    aid: str
    refunded_total: int
    left: int


class QueryDone(Message, frozen=True):
    """What the gateway's books say: ``status`` in our words (ready, captured, refunded, failed), sums in KRW."""

    attempt: int
    status: str
    captured: int
    refunded: int
    left: int
    method: str = ""
    approved_at: int = 0


class EffectRefused(Message, frozen=True):
    """A definite no: nothing happened at the gateway."""

    effect: str
    attempt: int
    code: str
    message: str = ""


# -- events ---------------------------------------------------------------------------------------------------------------


class PaymentRequested(Keeping, frozen=True):
    order_id: str
    buyer: str
    amount: int
    tax_free: int
    deadline: int


class PaymentReadied(Keeping, frozen=True):
    """READY: the gateway knows the payment. ``readied_at``: when we heard of it (ms); it may be captured for 15 minutes."""

    tid: str
    readied_at: int = 0


class EffectStarted(Event, frozen=True):
    """Attempt ``attempt`` of ``effect`` may be running until ``until`` (ms)."""

    effect: str
    attempt: int
    until: int
    refund_id: str = ""


class OutcomeUnknown(Event, frozen=True):
    """The gateway will be asked at ``ask_at`` (ms)."""

    effect: str
    attempt: int
    ask_at: int
    error: str


class CaptureAsked(Keeping, frozen=True):
    """The buyer's token arrived."""


class Captured(Event, frozen=True):
    """CAPTURED. What the gateway said is kept. ``next_at``, here and below: when its books are looked at next (ms; 0: never)."""

    amount: int
    method: str
    aid: str
    captured_at: int
    next_at: int = 0


class PaymentFailed(Event, frozen=True):
    """FAILED (``stage`` ready or capture): definitely no money moved."""

    stage: str
    code: str
    next_at: int = 0


class PaymentExpired(Event, frozen=True):
    """EXPIRED: dropped before a capture was asked for."""

    next_at: int = 0


class RefundQueued(Event, frozen=True):
    refund_id: str
    amount: int
    tax_free: int


class Refunded(Event, frozen=True):
    """PARTIALLY_REFUNDED, or REFUNDED when ``left`` is 0."""

    refund_id: str
    amount: int
    left: int
    aid: str = ""
    next_at: int = 0


class Reconciled(Event, frozen=True):
    """The gateway's books equal ours at ``at``; the next look is at ``next_at`` (0: never)."""

    at: int
    next_at: int


class DifferenceFound(Event, frozen=True):
    """The gateway's books differ from ours: an alarm, and a person."""

    ours_captured: int
    theirs_captured: int
    ours_refunded: int
    theirs_refunded: int
    next_at: int = 0


PAYMENTS_INBOX = (
    ReadyPayment | CapturePayment | DropPayment | RefundPayment | ReadyDone | CaptureDone | RefundDone | QueryDone | EffectRefused
    | EffectUnknown | Reminder
)  # fmt: skip
PAYMENTS_EVENTS = (
    PaymentRequested | PaymentReadied | EffectStarted | OutcomeUnknown | CaptureAsked | Captured | PaymentFailed | PaymentExpired
    | RefundQueued | Refunded | Reconciled | DifferenceFound
)  # fmt: skip
