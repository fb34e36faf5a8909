"""The port to a payment gateway: what a domain may ask of any of them, and how it can go wrong (design §5.7, §7).

Implementations: ``kakaopay.KakaoPay``. One contract suite holds all of them to this file: ``tests/contract/test_gateway.py``.
Amounts are whole KRW, instants are milliseconds since the epoch (UTC).

``GatewayError``
    ``Refused``            a definite no to this call: it changed nothing
        ``AlreadyCaptured``    an earlier capture, perhaps one whose answer was lost, took the money: ask with ``query``
        ``ConditionFailed``    what the refund believed to be left is not: ask with ``query``
    ``Unavailable``        certainly not carried out: call again later
    ``Unknown``            it may have happened: go by the call's kind
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

import msgspec

from models.effects import PortKind


class GatewayError(Exception):
    """Anything but an outcome. ``code`` is the gateway's own, or a word of ours; neither holds a key or a token."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code, self.message = code, message


class Refused(GatewayError):
    """A definite no to this call: it changed nothing, and the same call would be refused again."""


class AlreadyCaptured(Refused):
    """The payment was captured before. After a lost answer this is good news: ``query`` tells what was taken."""


class ConditionFailed(Refused):
    """The refund stated something else than is left, so another refund came first: ``query`` tells what is left now."""


class Unavailable(GatewayError):
    """Certainly not carried out: no connection, or turned away at the door (key, rate). Call again; a wrong key needs an alarm."""


class Unknown(GatewayError):
    """It may have happened: time-out, connection lost after sending, 5xx, an answer that cannot be read."""


class Device(Enum):
    """Where the buyer's browser runs; it decides which redirect URL they are sent to."""

    PC = "pc"
    MOBILE = "mobile"
    APP = "app"


class State(Enum):
    """Where a payment stands."""

    OPEN = "open"
    """Nothing was captured, but a capture may still be possible, or be on its way."""
    FAILED = "failed"
    """Nothing was captured and nothing can be any more."""
    CAPTURED = "captured"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class Amount(msgspec.Struct, frozen=True):
    """KRW; ``tax_free`` and ``vat`` are parts of ``total``."""

    total: int
    tax_free: int
    vat: int


class Returns(msgspec.Struct, frozen=True):
    """Where the buyer comes back to: after paying (with a token in the query), after leaving, after failing."""

    approved: str
    cancelled: str
    failed: str


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid: ``order_id`` and ``buyer_id`` (no personal data), ``item_name`` as the buyer sees it."""

    order_id: str
    buyer_id: str
    item_name: str
    quantity: int
    amount: Amount
    returns: Returns


class Redirects(msgspec.Struct, frozen=True):
    """Where the buyer goes to pay: one URL a device, and the schemes that open the gateway's app (``""``: none)."""

    pc: str
    mobile: str
    app: str
    android_scheme: str = ""
    ios_scheme: str = ""

    def url_for(self, device: Device) -> str:
        """The URL to redirect ``device`` to."""
        return {Device.PC: self.pc, Device.MOBILE: self.mobile, Device.APP: self.app}[device]


class Ready(msgspec.Struct, frozen=True):
    """A payment prepared: ``reference`` is the gateway's name for it, wanted by every later call."""

    reference: str
    redirects: Redirects


class Captured(msgspec.Struct, frozen=True):
    """The money was taken. ``method`` CARD or MONEY."""

    reference: str
    capture_id: str
    amount: Amount
    method: str
    captured_at: int


class Status(msgspec.Struct, frozen=True):
    """What the gateway's books say: ``captured`` and ``refunded`` so far, ``left`` to refund. ``captured_at`` 0: not captured."""

    reference: str
    state: State
    order_id: str
    captured: int
    refunded: int
    left: Amount
    captured_at: int
    refund_ids: tuple[str, ...] = ()
    """Each refund that happened, oldest first."""


class Refunded(msgspec.Struct, frozen=True):
    """Money went back: ``amount`` by this call, ``refunded`` so far, ``left`` to refund."""

    refund_id: str
    amount: Amount
    refunded: int
    left: Amount
    refunded_at: int


class Kinds(msgspec.Struct, frozen=True):
    """What each call promises, the strongest first (design §5.7)."""

    ready: tuple[PortKind, ...]
    capture: tuple[PortKind, ...]
    query: tuple[PortKind, ...]
    refund: tuple[PortKind, ...]


class Gateway(Protocol):
    """One provider. Every call raises Refused, Unavailable or Unknown, and nothing else but CancelledError."""

    @property
    def kinds(self) -> Kinds:
        """What each call promises."""

    def token_in(self, query: Mapping[str, str]) -> str:
        """The one-time token in the query of the buyer's return to ``Returns.approved``; ``""`` if there is none."""

    async def ready(self, checkout: Checkout) -> Ready:
        """Prepares a payment; no money moves."""

    async def capture(self, reference: str, order_id: str, buyer_id: str, token: str) -> Captured:
        """Takes the money, once a payment."""

    async def query(self, reference: str) -> Status:
        """Asks where a payment stands."""

    async def refund(self, reference: str, amount: Amount, left: int) -> Refunded:
        """Gives ``amount`` back, on condition that ``left`` KRW (this refund's included) are still to be refunded."""


def vat_of(total: int, tax_free: int = 0) -> int:
    """The VAT in ``total`` KRW of which ``tax_free`` bear none: (total - tax_free) / 11, rounded half up (spec/kakaopay.md)."""
    return (2 * (total - tax_free) + 11) // 22


def amount_of(total: int, tax_free: int = 0) -> Amount:
    """``total`` KRW with its VAT by the usual rule."""
    return Amount(total, tax_free, vat_of(total, tax_free))


def part_of(left: Amount, total: int, tax_free: int = 0) -> Amount:
    """A refund of ``total`` KRW out of ``left``: the last one takes all the VAT that remains, none takes more than that.

    So the roundings of the parts always add up to the VAT that was captured.
    """
    if total == left.total:
        return left
    # What stays must hold the VAT that stays, which the lower bound ensures.
    stays = (left.total - total) - (left.tax_free - tax_free)
    return Amount(total, tax_free, min(max(vat_of(total, tax_free), left.vat - stays), left.vat))
