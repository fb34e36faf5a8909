"""A payment gateway as a model: KakaoPay's rules (spec/kakaopay.md) behind the port, with faults that the test chooses.

``fault`` decides the next call: ``ok``; ``refused`` (a definite no for no reason); ``unavailable``; ``before`` and ``after``
(the answer is lost, and the call had no effect or had one); ``late`` (lost now, carried out when the test calls ``arrive``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

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
from models.actor import MINUTE
from models.effects import PortKind

FAULTS = ("ok", "ok", "ok", "refused", "unavailable", "before", "after", "late")
T = TypeVar("T")


class Record(msgspec.Struct):
    """A payment in the gateway's own books."""

    checkout: Checkout
    created_at: int
    captured: int = 0
    captured_at: int = 0
    captures: int = 0
    left: Amount = Amount(0, 0, 0)

    @property
    def refunded(self) -> int:
        """KRW that went back."""
        return self.captured - self.left.total


class GatewayModel:
    """See ``Gateway``. ``clock`` gives the virtual now (ms)."""

    kinds = Kinds(
        ready=(PortKind.REPEATABLE,), capture=(PortKind.ASKABLE,), query=(PortKind.REPEATABLE,), refund=(PortKind.CONDITIONAL,)
    )

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self.books: dict[str, Record] = {}
        self.fault = "ok"
        self.late: list[Callable[[], object]] = []

    def of(self, order_id: str) -> list[Record]:
        """The payments that were readied for an order: more than one after a lost answer."""
        return [record for record in self.books.values() if record.checkout.order_id == order_id]

    def arrive(self, index: int) -> None:
        """A call that was lost on the way gets through after all; nobody hears what it is told."""
        with contextlib.suppress(Refused):
            self.late.pop(index)()

    def token_in(self, query: Mapping[str, str]) -> str:
        """See ``Gateway``."""
        return query.get("pg_token", "")

    async def ready(self, checkout: Checkout) -> Ready:
        """See ``Gateway``."""
        return self._faulty(lambda: self._ready(checkout))

    async def capture(self, reference: str, order_id: str, buyer_id: str, token: str) -> Captured:
        """See ``Gateway``."""
        return self._faulty(lambda: self._capture(reference, order_id, buyer_id, token))

    async def query(self, reference: str) -> Status:
        """See ``Gateway``."""
        return self._faulty(lambda: self._query(reference))

    async def refund(self, reference: str, amount: Amount, left: int) -> Refunded:
        """See ``Gateway``."""
        return self._faulty(lambda: self._refund(reference, amount, left))

    def _faulty(self, act: Callable[[], T]) -> T:
        match self.fault:
            case "refused":
                raise Refused("-1", "no")
            case "unavailable":
                raise Unavailable("no_connection")
            case "before":
                raise Unknown("no_answer")
            case "late":
                self.late.append(act)
                raise Unknown("no_answer")
            case "after":
                act()
                raise Unknown("no_answer")
        return act()

    def _ready(self, checkout: Checkout) -> Ready:
        assert checkout.amount.total > 0
        tid = f"T{len(self.books)}"
        self.books[tid] = Record(checkout, self.clock())
        urls = (f"https://pay/{tid}/pc", f"https://pay/{tid}/mobile", f"https://pay/{tid}/app")
        return Ready(tid, Redirects(*urls))

    def _capture(self, tid: str, order_id: str, buyer_id: str, token: str) -> Captured:
        record = self.books[tid]
        assert (order_id, buyer_id) == (record.checkout.order_id, record.checkout.buyer_id)
        assert token
        if record.captured:
            raise AlreadyCaptured("-702")
        if self.clock() > record.created_at + 15 * MINUTE:
            raise Refused("-723", "expired")
        record.captured, record.left = record.checkout.amount.total, record.checkout.amount
        record.captures += 1
        record.captured_at = self.clock()
        return Captured(tid, f"A{tid}", record.checkout.amount, "CARD", record.captured_at)

    def _query(self, tid: str) -> Status:
        record = self.books[tid]
        state = State.OPEN
        if record.captured:
            state = State.REFUNDED if not record.left.total else State.PART_REFUNDED if record.refunded else State.CAPTURED
        return Status(tid, state, record.checkout.order_id, record.captured, record.refunded, record.left, record.captured_at)

    def _refund(self, tid: str, amount: Amount, left: int) -> Refunded:
        record = self.books[tid]
        if left != record.left.total:
            raise ConditionFailed("-712")
        rest = Amount(record.left.total - amount.total, record.left.tax_free - amount.tax_free, record.left.vat - amount.vat)
        if min(rest.total, rest.tax_free, rest.vat) < 0:
            raise Refused("-710", "beyond what is left")
        record.left = rest
        return Refunded(f"R{tid}{record.refunded}", amount, record.refunded, rest, self.clock())
