"""A payment at the gateway (key = order id): every call is named before it is made, every unknown outcome is asked for. Pure.

    REQUESTED -> READY -> CAPTURING -> CAPTURED -> PARTIALLY_REFUNDED -> REFUNDED
         `---------'----------'-> FAILED, EXPIRED (dropped before a capture was asked for)

The gateway knows no idempotency keys (spec/kakaopay.md): ready is repeatable, capture askable, refund conditional on what is left.
Amounts in KRW, instants in ms since the epoch (UTC).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from models.actor import DAY, HOUR, MINUTE, SECOND, Effect, EffectUnknown, Event, Refusal, Reminder, Send, State
from models.orders.messages import PaymentCaptured, PaymentReady, PaymentRefunded, PaymentRefused
from models.payments.messages import (
    PAYMENTS_EVENTS,
    PAYMENTS_INBOX,
    CaptureAsked,
    Captured,
    CaptureDone,
    CapturePayment,
    DifferenceFound,
    DropPayment,
    EffectRefused,
    EffectStarted,
    OutcomeUnknown,
    PaymentExpired,
    PaymentFailed,
    PaymentReadied,
    PaymentRequested,
    QueryDone,
    ReadyDone,
    ReadyPayment,
    Reconciled,
    RefundDone,
    Refunded,
    RefundPayment,
    RefundQueued,
)
from models.payments.state import (
    CAPTURED,
    CAPTURING,
    EXPIRED,
    FAILED,
    PARTIALLY_REFUNDED,
    PAYMENTS_STATE,
    READY,
    REFUNDED,
    REQUESTED,
    Payment,
    Wanted,
    after,
    evolve,
)

__all__ = ["PAYMENTS_STATE", "TIMEOUT", "Payment", "decide", "evolve", "pending", "route", "wake"]

TIMEOUT, LEASE_ROOM = 10 * SECOND, 5 * SECOND
"""A call is given up after TIMEOUT; TIMEOUT + LEASE_ROOM after its start nobody can still be making it (design §5.7)."""
TID_LIFE, LOOK_AFTER = 15 * MINUTE, 20 * MINUTE
"""How long a readied payment can be captured (spec/kakaopay.md), and when the books can no longer change without us."""
SOON, OFTEN, OPEN_FOR = MINUTE, DAY, 30 * DAY
"""Books are compared SOON after an unknown was resolved, and each OFTEN while money may go back, for OPEN_FOR."""

TAKEN = (CAPTURED, PARTIALLY_REFUNDED, REFUNDED)
Decision = list[Event] | Refusal


def decide(state: State, message: PAYMENTS_INBOX, now: int) -> Decision:
    """What ``message``, appended at ``now`` (ms), brings about. The outcome of a call that is not awaited: nothing, unless it
    says for sure that money moved."""
    payment: Payment | None = state[""]
    if payment is None:
        if isinstance(message, ReadyPayment):
            return _requested(message, now)
        # Its order asks for it first and nothing overtakes: a payment that must exist and does not is for a person.
        return Refusal("payment_unknown", 404) if message.must_succeed else []
    match message:
        case CapturePayment(pg_token=token) if payment.status == READY:
            return [CaptureAsked().keeping(token), _start(payment, "capture", now)]
        case DropPayment() if payment.status in (REQUESTED, READY):
            return [PaymentExpired(next_at=_last_look(payment, now))]
        case RefundPayment():
            return _refund(payment, message, now)
        case ReadyDone() if payment.status == REQUESTED:
            return [PaymentReadied(tid=message.tid, readied_at=now).keeping(message.redirects)]
        case CaptureDone():
            taken = Captured(
                amount=message.amount,
                method=message.method,
                aid=message.aid,
                captured_at=message.approved_at,
                next_at=now + (SOON if payment.tries else OFTEN),
            )
            return _captured(payment, taken, 0, now)
        case RefundDone():
            return _refund_done(payment, message, now)
        case QueryDone() if _awaited(payment, "query", message.attempt):
            return _books(payment, message, now)
        case EffectRefused() if _awaited(payment, message.effect, message.attempt):
            return _refused(payment, message, now)
        case EffectUnknown() if _awaited(payment, message.effect, message.attempt):
            return _unknown(payment, message, now)
        case Reminder():
            return _reminded(payment, now)
    return []


def _awaited(payment: Payment, effect: str, attempt: int) -> bool:
    call = payment.call
    return call is not None and (call.name, call.attempt) == (effect, attempt)


def _start(payment: Payment, effect: str, now: int) -> EffectStarted:
    return EffectStarted(
        effect=effect,
        attempt=payment.attempt + 1,
        until=now + TIMEOUT + LEASE_ROOM,
        refund_id=payment.queue[0].refund_id if effect == "refund" else "",
    )


def _pause(payment: Payment, most: int = MINUTE) -> int:
    """Ms until the next call: 1 s, doubled with each one that taught nothing, at most ``most``."""
    return min(SECOND << min(payment.tries, 20), most)


def _last_look(payment: Payment, now: int) -> int:
    """When to see that the gateway took nothing for an order that came to nothing; 0 if it cannot have."""
    return max(payment.readied_at + LOOK_AFTER, now + SOON) if payment.tid else 0


def _next_look(payment: Payment, now: int) -> int:
    """The daily look, as long as money may still go back."""
    return now + OFTEN if payment.left and now + OFTEN <= payment.captured_at + OPEN_FOR else 0


def _then(payment: Payment, events: list[Event], now: int) -> list[Event]:
    """``events``, and the next refund's call if nothing else is under way after them: one in the air (spec/kakaopay.md)."""
    for event in events:
        payment = after(payment, event)
    idle = payment.call is None and not payment.unsure and payment.status in TAKEN
    return [*events, _start(payment, "refund", now)] if idle and payment.queue else events


# -- what the order wants -------------------------------------------------------------------------------------------------


def _requested(message: ReadyPayment, now: int) -> list[Event]:
    wanted = Wanted(message.item_name, message.quantity, message.device, message.approval_url, message.cancel_url, message.fail_url)
    requested = PaymentRequested(
        order_id=message.order_id,
        buyer=message.buyer,
        amount=message.amount,
        tax_free=message.tax_free,
        deadline=message.deadline,
    ).keeping(wanted)
    return [requested, _start(after(None, requested), "ready", now)]


def _refund(payment: Payment, message: RefundPayment, now: int) -> Decision:
    """Once per refund id, and never more than was captured (order W-8): beyond that the kernel parks it for a person."""
    if any(refund.refund_id == message.refund_id for refund in (*payment.queue, *payment.done)):
        return []
    promised = sum(refund.amount for refund in payment.queue)
    if message.amount < 1 or message.amount > payment.left - promised:
        figures = {"amount": message.amount, "captured": payment.captured, "refunded": payment.refunded, "promised": promised}
        return Refusal("refund_beyond_captured", 409, figures)
    queued = RefundQueued(refund_id=message.refund_id, amount=message.amount, tax_free=message.tax_free)
    return _then(payment, [queued], now)


# -- what the gateway did -------------------------------------------------------------------------------------------------


def _captured(payment: Payment, taken: Captured, refunded: int, now: int) -> list[Event]:
    """Money was taken: tell the order, or give it back if the order has come to nothing (order W-5, §9.3).

    ``refunded``: KRW that the gateway says went back already. Whatever differs from what we asked for is an alarm.
    """
    if payment.status in TAKEN:
        return []
    stray = payment.status in (FAILED, EXPIRED)
    events: list[Event] = []
    if stray or refunded or taken.amount != payment.amount:
        # The books without an order's capture are ours until the next event.
        ours = 0 if stray else payment.amount
        difference = DifferenceFound(
            ours_captured=ours, theirs_captured=taken.amount, ours_refunded=0, theirs_refunded=refunded, next_at=payment.look_at
        )
        events.append(difference)
    events.append(taken)
    if stray and taken.amount > refunded:
        back = min(taken.amount, payment.amount)
        events.append(RefundQueued(refund_id=payment.order_id, amount=back, tax_free=min(payment.tax_free, back)))
    return _then(payment, events, now)


def _refund_done(payment: Payment, message: RefundDone, now: int) -> list[Event]:
    """A refund's word counts for the one in the air, also if it comes when we already ask for it."""
    if not 0 < payment.since <= message.attempt:
        return []
    return _head_refunded(payment, message.aid, message.refunded_total, now)


def _head_refunded(payment: Payment, aid: str, theirs: int, now: int) -> list[Event]:
    head = payment.queue[0]
    left = payment.left - head.amount
    look = now + SOON if payment.tries else (payment.look_at if left else 0)
    done = Refunded(refund_id=head.refund_id, amount=head.amount, left=left, aid=aid, next_at=look)
    events: list[Event] = [done]
    if theirs != payment.refunded + head.amount:
        events.append(_difference(payment, payment.captured, theirs, look, ours_refunded=payment.refunded + head.amount))
    return _then(payment, events, now)


def _difference(payment: Payment, captured: int, refunded: int, look: int, ours_refunded: int | None = None) -> DifferenceFound:
    return DifferenceFound(
        ours_captured=payment.captured,
        theirs_captured=captured,
        ours_refunded=payment.refunded if ours_refunded is None else ours_refunded,
        theirs_refunded=refunded,
        next_at=look,
    )


def _refused(payment: Payment, message: EffectRefused, now: int) -> list[Event]:
    """A definite no. To a refund or a question it is one that a person must look at; we keep asking, hourly in the end."""
    match message.effect:
        case "ready":
            return [PaymentFailed(stage="ready", code=message.code)]
        case "capture":
            return [PaymentFailed(stage="capture", code=message.code, next_at=_last_look(payment, now))]
        case "query" if payment.status in (FAILED, EXPIRED):
            # The gateway may have forgotten a payment that was never made, or have a bad day: money must not hang on one no.
            if now > payment.readied_at + OPEN_FOR:
                return [Reconciled(at=now, next_at=0)]
            return _ask_later(payment, message.effect, message.attempt, f"refused: {message.code}", now, DAY)
    return _ask_later(payment, message.effect, message.attempt, f"refused: {message.code}", now, HOUR)


def _unknown(payment: Payment, message: EffectUnknown, now: int) -> list[Event]:
    """A ready is made again up to the deadline; anything else is asked for, 1 s to 60 s apart (design §7, row 6)."""
    if message.effect == "ready" and now + _pause(payment) >= payment.deadline:
        return [PaymentFailed(stage="ready", code="gateway_unavailable")]
    return _ask_later(payment, message.effect, message.attempt, message.error, now, MINUTE)


def _ask_later(payment: Payment, effect: str, attempt: int, error: str, now: int, most: int) -> list[Event]:
    unknown = OutcomeUnknown(effect=effect, attempt=attempt, ask_at=now + _pause(payment, most), error=error)
    return _then(payment, [unknown], now)


def _reminded(payment: Payment, now: int) -> list[Event]:
    due = wake(payment)
    if due == 0 or now < due:
        return []
    if payment.status == REQUESTED:
        if now >= payment.deadline:
            return [PaymentFailed(stage="ready", code="gateway_unavailable")]
        return [_start(payment, "ready", now)]
    return [_start(payment, "query", now)]


# -- what the gateway's books say -------------------------------------------------------------------------------------------


def _books(payment: Payment, books: QueryDone, now: int) -> list[Event]:
    """The answer to a question: it settles what is unsure, and otherwise reconciles."""
    if books.captured and payment.status not in TAKEN:
        taken = Captured(
            amount=books.captured, method=books.method, aid="", captured_at=books.approved_at or now, next_at=now + SOON
        )
        return _captured(payment, taken, books.refunded, now)
    if payment.status == CAPTURING:
        return _not_captured(payment, books, now)
    if payment.unsure == "refund":
        return _refund_settled(payment, books, now)
    if (books.captured, books.refunded) == (payment.captured, payment.refunded):
        return _then(payment, [Reconciled(at=now, next_at=_next_look(payment, now))], now)
    # What the gateway did without us is nothing that we could put right without a person.
    return _then(payment, [_difference(payment, books.captured, books.refunded, _next_look(payment, now))], now)


def _not_captured(payment: Payment, books: QueryDone, now: int) -> list[Event]:
    """The unknown capture did not happen: again while the gateway would take it, else no money moved."""
    if books.status == "ready" and now < payment.readied_at + TID_LIFE:
        return [_start(payment, "capture", now)]
    code = "gateway_expired" if books.status == "ready" else "gateway_failed"
    return [PaymentFailed(stage="capture", code=code, next_at=_last_look(payment, now))]


def _refund_settled(payment: Payment, books: QueryDone, now: int) -> list[Event]:
    """Did the unknown refund happen? The sum that went back tells; any other sum is an alarm, and asked again hourly."""
    if books.refunded == payment.refunded + payment.queue[0].amount:
        return _head_refunded(payment, "", books.refunded, now)
    if books.refunded == payment.refunded and books.captured == payment.captured:
        return [_start(payment, "refund", now)]
    difference = _difference(payment, books.captured, books.refunded, payment.look_at)
    return [difference, OutcomeUnknown(effect="refund", attempt=books.attempt, ask_at=now + HOUR, error="books differ")]


# -- who must act, which call is open, time -----------------------------------------------------------------------------------


def route(key: str, state: State, event: PAYMENTS_EVENTS) -> Iterable[Send]:
    """The order hears of its payment; of money that no order wanted (``stray``) it does not. ``key`` is the order id."""
    payment: Payment = state[""]
    match event:
        case PaymentReadied():
            yield Send("orders", key, PaymentReady(redirects=payment.redirects))
        case PaymentFailed(stage=stage, code=code):
            yield Send("orders", key, PaymentRefused(stage=stage, code=code))
        case Captured() if not payment.stray:
            captured = PaymentCaptured(amount=event.amount, method=event.method, captured_at=event.captured_at)
            yield Send("orders", key, captured)
        case Refunded() if not payment.stray:
            yield Send("orders", key, PaymentRefunded(refund_id=event.refund_id, amount=event.amount))


def pending(state: Payment) -> Effect | None:
    """The call whose outcome is awaited."""
    return state.call


def wake(state: Payment) -> int:
    """When to ask or to compare books (ms); 0: a call is under way, whose outcome comes by itself, or there is nothing to ask."""
    if state.call is not None:
        return 0
    # A question without an answer is asked again in its own time, although the look that it was for is overdue.
    return state.ask_at or state.look_at


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """Nobody commands a payment; the answer is there for an operator's question."""
    payment: Payment = state[""]
    return {"order_id": key, "status": payment.status, "captured": payment.captured, "refunded": payment.refunded}
