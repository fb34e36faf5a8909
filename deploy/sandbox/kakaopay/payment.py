"""A payment as KakaoPay sees it, and the pure rules of its life (spec/kakaopay.md). KRW, and ms since the epoch (UTC)."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from deploy.sandbox.kakaopay.wire import ApproveRequest, CancelRequest, ReadyRequest

TID_LIFE = 15 * 60_000
"""How long a readied payment may be approved, in ms (spec/kakaopay.md, [M])."""

# Statuses [M].
READY = "READY"
AUTH_PASSWORD = "AUTH_PASSWORD"
SUCCESS_PAYMENT = "SUCCESS_PAYMENT"
PART_CANCEL_PAYMENT = "PART_CANCEL_PAYMENT"
CANCEL_PAYMENT = "CANCEL_PAYMENT"
QUIT_PAYMENT = "QUIT_PAYMENT"
FAIL_PAYMENT = "FAIL_PAYMENT"

# Error codes [M]: the adapter reads -702, -712 and -723; compare them with the documentation before going live.
BAD_PARAMETER = -2
BAD_KEY = -401
NOT_AUTHENTICATED = -701
ALREADY_APPROVED = -702
OTHER_PARTNER_DATA = -704
WRONG_TOKEN = -706
BEYOND_WHAT_IS_LEFT = -710
AVAILABLE_MISMATCH = -712
UNKNOWN_TID = -721
BAD_AMOUNT = -722
EXPIRED = -723
CLOSED = -780
INTERNAL = -1


class Refused(Exception):
    """A definite no: nothing was changed. ``status`` is HTTP's, ``code`` and ``message`` are the provider's."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Amount(msgspec.Struct, frozen=True, array_like=True):
    """KRW; ``tax_free`` and ``vat`` are parts of ``total``."""

    total: int = 0
    tax_free: int = 0
    vat: int = 0

    def plus(self, other: Amount) -> Amount:
        """The sum, part by part."""
        return Amount(self.total + other.total, self.tax_free + other.tax_free, self.vat + other.vat)

    def minus(self, other: Amount) -> Amount:
        """The difference, part by part; parts may become negative."""
        return Amount(self.total - other.total, self.tax_free - other.tax_free, self.vat - other.vat)

    def is_sound(self) -> bool:
        """True if no part is negative and the parts fit into the total."""
        return min(self.total, self.tax_free, self.vat) >= 0 and self.tax_free + self.vat <= self.total


class Action(msgspec.Struct, frozen=True, array_like=True):
    """One movement of money: ``kind`` PAYMENT or CANCEL."""

    aid: str
    kind: str
    amount: Amount
    at: int
    payload: str | None = None


class Payment(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The whole of one tid, as it lies in the books. ``marks``: the fault markers of its item name and custom_json."""

    tid: str
    cid: str
    order_id: str
    user_id: str
    item_name: str
    item_code: str | None
    quantity: int
    amount: Amount
    green_deposit: int
    approval_url: str
    cancel_url: str
    fail_url: str
    method: str
    install_month: int
    marks: str
    status: str
    token: str
    created_at: int
    approved_at: int = 0
    canceled_at: int = 0
    actions: tuple[Action, ...] = ()

    @property
    def captured(self) -> Amount:
        """What was taken from the buyer."""
        return self.amount if self.approved_at else Amount()

    @property
    def canceled(self) -> Amount:
        """What went back to the buyer."""
        total = Amount()
        for action in self.actions:
            if action.kind == "CANCEL":
                total = total.plus(action.amount)
        return total

    @property
    def left(self) -> Amount:
        """What may still be cancelled."""
        return self.captured.minus(self.canceled)


class Moved(NamedTuple):
    """A payment after money moved, with the movement."""

    payment: Payment
    action: Action


def vat_of(total: int, tax_free: int) -> int:
    """(total - tax free) / 11, rounded half up, in KRW (spec/kakaopay.md: what a vat amount left out means)."""
    return (2 * (total - tax_free) + 11) // 22


def opened(request: ReadyRequest, tid: str, marks: str, now: int) -> Payment:
    """The payment that a ready leaves. Raises Refused (BAD_AMOUNT) if tax free part and VAT do not fit into the total."""
    vat = vat_of(request.total_amount, request.tax_free_amount) if request.vat_amount is None else request.vat_amount
    amount = Amount(request.total_amount, request.tax_free_amount, vat)
    if not amount.is_sound():
        raise Refused(BAD_AMOUNT, "tax_free_amount and vat_amount exceed total_amount")
    return Payment(
        tid=tid, cid=request.cid, order_id=request.partner_order_id, user_id=request.partner_user_id, item_name=request.item_name,
        item_code=request.item_code, quantity=request.quantity, amount=amount, green_deposit=request.green_deposit,
        approval_url=request.approval_url, cancel_url=request.cancel_url, fail_url=request.fail_url,
        method=request.payment_method_type or "MONEY", install_month=request.install_month, marks=marks,
        status=READY, token="", created_at=now,
    )  # fmt: skip


def expired(payment: Payment, now: int) -> bool:
    """True once the tid has outlived its 15 minutes without an approval."""
    return not payment.approved_at and now - payment.created_at > TID_LIFE


def authenticated(payment: Payment, token: str, now: int) -> Payment:
    """The buyer pressed pay. A second press keeps the first token: a browser may repeat its GET.

    Raises Refused: EXPIRED, or CLOSED if the buyer had quit or failed.
    """
    if payment.status in (QUIT_PAYMENT, FAIL_PAYMENT):
        raise Refused(CLOSED, "the buyer left this payment", 409)
    if expired(payment, now):
        raise Refused(EXPIRED, "this payment has expired", 410)
    if payment.token:
        return payment
    return msgspec.structs.replace(payment, token=token, status=AUTH_PASSWORD)


def left_by_buyer(payment: Payment, status: str) -> Payment:
    """The buyer pressed cancel (QUIT_PAYMENT) or failed (FAIL_PAYMENT). Raises Refused (ALREADY_APPROVED) once money was taken."""
    if payment.approved_at:
        raise Refused(ALREADY_APPROVED, "this payment is already approved", 409)
    return msgspec.structs.replace(payment, status=status, token="")


def approved(payment: Payment, request: ApproveRequest, aid: str, now: int) -> Moved:
    """Takes the money, once.

    Raises Refused: OTHER_PARTNER_DATA, ALREADY_APPROVED, EXPIRED, CLOSED, NOT_AUTHENTICATED (no press of pay yet), WRONG_TOKEN.
    """
    if (request.partner_order_id, request.partner_user_id) != (payment.order_id, payment.user_id):
        raise Refused(OTHER_PARTNER_DATA, "partner_order_id or partner_user_id differs from ready")
    if payment.approved_at:
        raise Refused(ALREADY_APPROVED, "this tid is already approved")
    if expired(payment, now):
        raise Refused(EXPIRED, "this tid has expired")
    if payment.status in (QUIT_PAYMENT, FAIL_PAYMENT):
        raise Refused(CLOSED, "the buyer left this payment")
    if not payment.token:
        raise Refused(NOT_AUTHENTICATED, "the buyer has not authenticated this payment yet")
    if request.pg_token != payment.token:
        raise Refused(WRONG_TOKEN, "pg_token does not match")
    action = Action(aid, "PAYMENT", payment.amount, now, request.payload)
    return Moved(msgspec.structs.replace(payment, status=SUCCESS_PAYMENT, approved_at=now, actions=(action,)), action)


def cancelled(payment: Payment, request: CancelRequest, aid: str, now: int) -> Moved:
    """Gives money back, all or a part.

    Raises Refused: NOT_AUTHENTICATED (nothing was captured), AVAILABLE_MISMATCH (what the caller believes to be left is not),
    BEYOND_WHAT_IS_LEFT (of the total, the tax free part or the VAT).
    """
    if not payment.approved_at:
        raise Refused(NOT_AUTHENTICATED, "this tid is not approved")
    left = payment.left
    if request.cancel_available_amount not in (None, left.total):
        raise Refused(AVAILABLE_MISMATCH, "cancel_available_amount does not match")
    vat = request.cancel_vat_amount
    if vat is None:
        # The last refund takes the rest of the VAT, so that roundings of the parts never leave a stray won.
        all_of_it = request.cancel_amount == left.total
        vat = left.vat if all_of_it else vat_of(request.cancel_amount, request.cancel_tax_free_amount)
    amount = Amount(request.cancel_amount, request.cancel_tax_free_amount, vat)
    if not amount.is_sound() or not left.minus(amount).is_sound():
        raise Refused(BEYOND_WHAT_IS_LEFT, "the amount exceeds what may still be cancelled")
    action = Action(aid, "CANCEL", amount, now, request.payload)
    status = CANCEL_PAYMENT if amount.total == left.total else PART_CANCEL_PAYMENT
    return Moved(msgspec.structs.replace(payment, status=status, canceled_at=now, actions=(*payment.actions, action)), action)
