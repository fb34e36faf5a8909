"""KakaoPay one-time payment behind the port ``Gateway``; its words (tid, pg_token, cid) stay in this file (spec/kakaopay.md).

No call carries an idempotency key, so after a lost answer: ready again, ask with order after approve, and state to cancel what
is left. Neither the secret nor a token is ever logged or put into an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec
from yarl import URL

from agents.payments.gateway import (
    AlreadyCaptured,
    Amount,
    Captured,
    Checkout,
    ConditionFailed,
    Kinds,
    Ready,
    Redirects,
    Refunded,
    Refused,
    State,
    Status,
    Unavailable,
    Unknown,
)
from models.effects import PortKind
from topics.tracing import OUTGOING

_KST = timezone(timedelta(hours=9))
_ITEM_NAME = 100
"""Characters that the provider takes of an item name (spec/kakaopay.md)."""

_ALREADY_APPROVED, _AVAILABLE_MISMATCH = -702, -712
"""Error codes [M]: compare with the provider's documentation before going live."""

_STATES = {
    "READY": State.OPEN,
    "SEND_TMS": State.OPEN,
    "OPEN_PAYMENT": State.OPEN,
    "SELECT_METHOD": State.OPEN,
    "ARS_WAITING": State.OPEN,
    "AUTH_PASSWORD": State.OPEN,
    "ISSUED_SID": State.OPEN,
    # The buyer may type the password again, so this is not the end.
    "FAIL_AUTH_PASSWORD": State.OPEN,
    "QUIT_PAYMENT": State.FAILED,
    "FAIL_PAYMENT": State.FAILED,
    "SUCCESS_PAYMENT": State.CAPTURED,
    "PART_CANCEL_PAYMENT": State.PART_REFUNDED,
    "CANCEL_PAYMENT": State.REFUNDED,
}
_TAKEN = frozenset((State.CAPTURED, State.PART_REFUNDED, State.REFUNDED))


class _Error(msgspec.Struct, frozen=True):
    error_code: int
    error_message: str = ""


class _Ready(msgspec.Struct, frozen=True):
    tid: str
    next_redirect_pc_url: str
    next_redirect_mobile_url: str
    next_redirect_app_url: str
    android_app_scheme: str = ""
    ios_app_scheme: str = ""


class _Approved(msgspec.Struct, frozen=True):
    aid: str
    tid: str
    amount: Amount
    payment_method_type: str
    approved_at: datetime


class _Action(msgspec.Struct, frozen=True):
    aid: str
    payment_action_type: str


class _Order(msgspec.Struct, frozen=True):
    tid: str
    status: str
    partner_order_id: str
    amount: Amount
    canceled_amount: Amount | None = None
    cancel_available_amount: Amount | None = None
    approved_at: datetime | None = None
    payment_action_details: tuple[_Action, ...] = ()


class _Cancelled(msgspec.Struct, frozen=True):
    aid: str
    approved_cancel_amount: Amount
    canceled_amount: Amount
    cancel_available_amount: Amount
    canceled_at: datetime


_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode
_error = msgspec.json.Decoder(_Error)
_ready = msgspec.json.Decoder(_Ready)
_approved = msgspec.json.Decoder(_Approved)
_order = msgspec.json.Decoder(_Order)
_cancelled = msgspec.json.Decoder(_Cancelled)


def _ms(at: datetime | None) -> int:
    """Milliseconds since the epoch of a time in KST without a zone (spec/kakaopay.md); 0 for None."""
    return 0 if at is None else int((at if at.tzinfo else at.replace(tzinfo=_KST)).timestamp()) * 1000


def _clipped(name: str) -> str:
    return name if len(name) <= _ITEM_NAME else name[: _ITEM_NAME - 1] + "…"


def _refusal(status: int, body: bytes) -> Refused | Unavailable | Unknown:
    """What an answer other than 200 means. Only a 4xx in the provider's own words is a definite no."""
    if status in (401, 403, 429):
        return Unavailable(str(status), "turned away at the door")
    if not 400 <= status < 500:
        return Unknown(str(status))
    try:
        error = _error.decode(body)
    except msgspec.DecodeError:
        # A proxy on the way may have written this, after the provider got the call.
        return Unknown(str(status), "not an answer of the provider")
    kind = {_ALREADY_APPROVED: AlreadyCaptured, _AVAILABLE_MISMATCH: ConditionFailed}.get(error.error_code, Refused)
    return kind(str(error.error_code), error.error_message)


class KakaoPay:
    """A ``Gateway``. Use as ``async with``: it holds a pool of connections, to be opened and closed in one event loop."""

    kinds = Kinds(
        ready=(PortKind.REPEATABLE,),
        capture=(PortKind.ASKABLE,),
        query=(PortKind.REPEATABLE,),
        refund=(PortKind.CONDITIONAL, PortKind.ASKABLE),
    )

    def __init__(
        self, url: str, cid: str, secret: str, *, total_s: float = 10.0, connect_s: float = 2.0, connections: int = 100
    ) -> None:
        """``url``: scheme and host of the provider; ``cid``: the merchant's code; time-outs in seconds."""
        self._cid = cid
        self._headers = {"Authorization": f"SECRET_KEY {secret}", "Content-Type": "application/json"}
        self._timeout = aiohttp.ClientTimeout(total=total_s, connect=connect_s)
        self._connections = connections
        base = URL(url) / "online/v1/payment"
        self._urls = {call: base / call for call in ("ready", "approve", "order", "cancel")}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # Idle connections are dropped well before a server would, so that a call seldom meets one that is just closing.
        connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=self._timeout, headers=self._headers, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def token_in(self, query: Mapping[str, str]) -> str:
        """See ``Gateway.token_in``: the ``pg_token``."""
        return query.get("pg_token", "")

    async def ready(self, checkout: Checkout) -> Ready:
        """See ``Gateway.ready``; the payment may be captured for 15 minutes. An item name above 100 characters is clipped."""
        answer = await self._post(
            "ready",
            {
                "cid": self._cid,
                "partner_order_id": checkout.order_id,
                "partner_user_id": checkout.buyer_id,
                "item_name": _clipped(checkout.item_name),
                "quantity": checkout.quantity,
                "total_amount": checkout.amount.total,
                "tax_free_amount": checkout.amount.tax_free,
                "vat_amount": checkout.amount.vat,
                "approval_url": checkout.returns.approved,
                "cancel_url": checkout.returns.cancelled,
                "fail_url": checkout.returns.failed,
            },
            _ready,
        )
        redirects = Redirects(
            pc=answer.next_redirect_pc_url,
            mobile=answer.next_redirect_mobile_url,
            app=answer.next_redirect_app_url,
            android_scheme=answer.android_app_scheme,
            ios_scheme=answer.ios_app_scheme,
        )
        return Ready(answer.tid, redirects)

    async def capture(self, reference: str, order_id: str, buyer_id: str, token: str) -> Captured:
        """See ``Gateway.capture``."""
        body = {"cid": self._cid, "tid": reference, "partner_order_id": order_id, "partner_user_id": buyer_id, "pg_token": token}
        answer = await self._post("approve", body, _approved)
        return Captured(answer.tid, answer.aid, answer.amount, answer.payment_method_type, _ms(answer.approved_at))

    async def query(self, reference: str) -> Status:
        """See ``Gateway.query``. OPEN more than 15 minutes after ready means that nothing can be captured any more."""
        answer = await self._post("order", {"cid": self._cid, "tid": reference}, _order)
        state = _STATES.get(answer.status)
        if state is None:
            raise Unknown("status", answer.status)
        taken = state in _TAKEN
        return Status(
            reference=answer.tid,
            state=state,
            order_id=answer.partner_order_id,
            captured=answer.amount.total if taken else 0,
            refunded=answer.canceled_amount.total if taken and answer.canceled_amount else 0,
            left=answer.cancel_available_amount if taken and answer.cancel_available_amount else Amount(0, 0, 0),
            captured_at=_ms(answer.approved_at) if taken else 0,
            refund_ids=tuple(a.aid for a in answer.payment_action_details if a.payment_action_type == "CANCEL"),
        )

    async def refund(self, reference: str, amount: Amount, left: int) -> Refunded:
        """See ``Gateway.refund``; one refund in the air per payment (spec/kakaopay.md)."""
        answer = await self._post(
            "cancel",
            {
                "cid": self._cid,
                "tid": reference,
                "cancel_amount": amount.total,
                "cancel_tax_free_amount": amount.tax_free,
                "cancel_vat_amount": amount.vat,
                "cancel_available_amount": left,
            },
            _cancelled,
        )
        return Refunded(
            refund_id=answer.aid,
            amount=answer.approved_cancel_amount,
            refunded=answer.canceled_amount.total,
            left=answer.cancel_available_amount,
            refunded_at=_ms(answer.canceled_at),
        )

    async def _post(self, call: str, body: dict[str, Any], decoder: msgspec.json.Decoder[_T]) -> _T:
        """One call, with the trace that it is made for (``OUTGOING``).

        Raises Refused, Unavailable or Unknown; a chained cause never holds the body or the headers.
        """
        if self._session is None:
            raise RuntimeError("use KakaoPay as an async context manager")
        trace = OUTGOING.get()
        headers = {"traceparent": trace} if trace else None
        try:
            async with self._session.post(self._urls[call], data=_encode(body), headers=headers, allow_redirects=False) as answer:
                status, text = answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # Both mean that no connection was had within connect_s: not a byte was sent.
            raise Unavailable("no_connection", type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unknown("no_answer", type(error).__name__) from None
        if status != 200:
            raise _refusal(status, text)
        try:
            return decoder.decode(text)
        except msgspec.DecodeError as error:
            raise Unknown("unreadable", str(error)) from None
