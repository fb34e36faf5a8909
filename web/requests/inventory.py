"""Bodies about what a store can promise: coupons and stock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from msgspec import Meta

from web.requests.fields import Price, Text100
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
