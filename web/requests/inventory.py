"""Bodies about what a store can promise: coupons and stock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from msgspec import Meta

from models.orders.messages import MAX_LINES
from web.requests.fields import Amount, Price, Text100
from web.requests.orders import LineRequest
from web.validation import Body, FieldError


class CouponRequest(Body, frozen=True):
    """``limit`` claims; ``discount`` from ``min_amount`` of goods on, from ``starts`` to ``ends`` (inclusive)."""

    name: Text100
    limit: Annotated[int, Meta(ge=1, le=1_000_000)]
    discount: Price
    min_amount: Price
    starts: dt.date
    ends: dt.date

    def conflicts(self) -> Iterator[FieldError]:
        if self.discount >= self.min_amount:
            yield FieldError("/discount", "not_below", "min_amount")
        if self.ends < self.starts:
            yield FieldError("/ends", "not_before", "starts")


class CouponEdit(Body, frozen=True):
    """What is to change; what is left out stays as it is. Who has the coupon keeps the old terms."""

    name: Text100 | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    discount: Price | None = None
    min_amount: Price | None = None
    starts: dt.date | None = None
    ends: dt.date | None = None

    def conflicts(self) -> Iterator[FieldError]:
        if self.discount is not None and self.min_amount is not None and self.discount >= self.min_amount:
            yield FieldError("/discount", "not_below", "min_amount")
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            yield FieldError("/ends", "not_before", "starts")
        if all(getattr(self, name) is None for name in self.__struct_fields__):
            yield FieldError("", "nothing_to_change")


class BasketRequest(Body, frozen=True):
    """Goods of one store: their ``lines``, or their ``amount`` in KRW."""

    lines: Annotated[list[LineRequest], Meta(max_length=4 * MAX_LINES)] = []
    amount: Amount | None = None

    def conflicts(self) -> Iterator[FieldError]:
        if not self.lines and self.amount is None:
            yield FieldError("/lines", "required")
        if self.lines and self.amount is not None:
            yield FieldError("/amount", "not_with", "lines")


class StockRequest(Body, frozen=True):
    """Either ``delta`` stems more (or, negative, fewer), or ``on_hand`` stems against the ``version`` that was seen."""

    delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | None = None
    on_hand: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    version: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    cause: Literal["owner", "delivery", "waste", "correction"] = "owner"

    def conflicts(self) -> Iterable[FieldError]:
        if self.delta is not None:
            for name in ("on_hand", "version"):
                if getattr(self, name) is not None:
                    yield FieldError(f"/{name}", "not_with", "delta")
            if self.delta == 0:
                yield FieldError("/delta", "zero")
        elif self.on_hand is None and self.version is None:
            yield FieldError("/delta", "required")
        else:
            for name in ("on_hand", "version"):
                if getattr(self, name) is None:
                    yield FieldError(f"/{name}", "required")
