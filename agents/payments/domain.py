"""The payments domain for the kernel: one actor per payment, and the calls that it makes of the gateway (design §5.7)."""

from __future__ import annotations

from agents.payments.gateway import (
    AlreadyCaptured,
    Amount,
    Checkout,
    ConditionFailed,
    Gateway,
    GatewayError,
    Refused,
    Returns,
    State,
    amount_of,
    part_of,
)
from agents.runtime.domain import Domain
from models.actor import Effect, EffectUnknown, Message
from models.payments import decide as decider
from models.payments.messages import (
    PAYMENTS_EVENTS,
    PAYMENTS_INBOX,
    CaptureDone,
    EffectRefused,
    QueryDone,
    ReadyDone,
    RefundDone,
)
from models.payments.state import Payment

WORDS = {
    State.OPEN: "ready",
    State.FAILED: "failed",
    State.CAPTURED: "captured",
    State.PART_REFUNDED: "captured",
    State.REFUNDED: "refunded",
}
"""The port's states in the words of ``QueryDone``."""


def payments(gateway: Gateway) -> Domain:
    """The domain, calling ``gateway``."""
    kinds = gateway.kinds

    async def perform(key: str, payment: Payment, effect: Effect) -> Message:
        try:
            return await _call(gateway, payment, effect)
        except (AlreadyCaptured, ConditionFailed) as error:
            # Not a no, but news: an attempt before this one came through. The gateway's books tell which.
            return EffectUnknown(effect=effect.name, attempt=effect.attempt, error=type(error).__name__)
        except Refused as error:
            return EffectRefused(effect=effect.name, attempt=effect.attempt, code=error.code, message=error.message)
        except GatewayError as error:
            # ``Unavailable`` did nothing, but asking first costs one call and is right for both.
            return EffectUnknown(effect=effect.name, attempt=effect.attempt, error=f"{type(error).__name__}: {error.code}")

    return Domain(
        name="payments",
        inbox=PAYMENTS_INBOX,
        events=PAYMENTS_EVENTS,
        state=decider.PAYMENTS_STATE,
        decide=decider.decide,
        evolve=decider.evolve,
        route=decider.route,
        pending=decider.pending,
        wake=decider.wake,
        answer=decider.answer,
        perform=perform,
        kinds={"ready": kinds.ready[0], "capture": kinds.capture[0], "query": kinds.query[0], "refund": kinds.refund[0]},
    )


async def _call(gateway: Gateway, payment: Payment, effect: Effect) -> Message:
    """Make the call and say what came of it. Raises what the port raises."""
    number = effect.attempt
    match effect.name:
        case "ready":
            ready = await gateway.ready(_checkout(payment))
            urls = {"pc": ready.redirects.pc, "mobile": ready.redirects.mobile, "app": ready.redirects.app}
            return ReadyDone(attempt=number, tid=ready.reference, redirects=urls)
        case "capture":
            taken = await gateway.capture(payment.tid, payment.order_id, payment.buyer, payment.token)
            return CaptureDone(
                attempt=number,
                aid=taken.capture_id,
                method=taken.method,
                amount=taken.amount.total,
                approved_at=taken.captured_at,
            )
        case "refund":
            refund, left = payment.queue[0], _left(payment)
            back = await gateway.refund(payment.tid, part_of(left, refund.amount, refund.tax_free), left.total)
            return RefundDone(attempt=number, aid=back.refund_id, refunded_total=back.refunded, left=back.left.total)
        case "query":
            books = await gateway.query(payment.tid)
            return QueryDone(
                attempt=number,
                status=WORDS[books.state],
                captured=books.captured,
                refunded=books.refunded,
                left=books.left.total,
                approved_at=books.captured_at,
            )
    raise ValueError(f"a payment has no effect {effect.name!r}")


def _checkout(payment: Payment) -> Checkout:
    wanted = payment.wanted
    return Checkout(
        order_id=payment.order_id,
        buyer_id=payment.buyer,
        item_name=wanted.item_name,
        quantity=wanted.quantity,
        amount=amount_of(payment.amount, payment.tax_free),
        returns=Returns(approved=wanted.approval_url, cancelled=wanted.cancel_url, failed=wanted.fail_url),
    )


def _left(payment: Payment) -> Amount:
    """What may still be refunded with its VAT, from what was captured and each refund since, as the gateway counts it."""
    left = amount_of(payment.captured, min(payment.tax_free, payment.captured))
    for refund in payment.done:
        part = part_of(left, refund.amount, refund.tax_free)
        left = Amount(left.total - part.total, left.tax_free - part.tax_free, left.vat - part.vat)
    return left
