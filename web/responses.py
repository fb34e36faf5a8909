"""What the web answers, for the OpenAPI document: the shapes that clients may rely on; more fields may come."""

from __future__ import annotations

from typing import Any

import msgspec


class StoreOrderAnswer(msgspec.Struct):
    """One florist's part of an order. Amounts in KRW."""

    store_id: str
    store_order_id: str
    kind: str
    making_day: str
    goods: int
    discount: int
    delivery_fee: int
    total: int
    status: str


class OrderAnswer(msgspec.Struct):
    """An order. ``deadline``: ms since the epoch; ``redirects``: device (pc, mobile, app) -> where the buyer pays."""

    order_id: str
    status: str
    total: int
    deadline: int
    redirects: dict[str, str]
    stores: list[StoreOrderAnswer]


class QuotedLine(msgspec.Struct):
    product_id: str
    quantity: int
    price: int
    amount: int


class QuotedStore(msgspec.Struct):
    store_id: str
    kind: str
    making_day: str
    goods: int
    discount: int
    delivery_fee: int
    total: int
    lines: list[QuotedLine]


class QuoteAnswer(msgspec.Struct):
    """What a checkout costs now, in KRW."""

    total: int
    stores: list[QuotedStore]


class Pending(msgspec.Struct):
    """The command is taken, its outcome not known yet: see ``Location``."""

    status: str


class FieldProblem(msgspec.Struct):
    """``pointer``: JSON pointer into the body."""

    pointer: str
    code: str
    detail: str


class ProblemAnswer(msgspec.Struct, omit_defaults=True):
    """RFC 9457. ``code`` is stable; ``title`` and ``detail`` follow ``Accept-Language`` (ko, en)."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    details: dict[str, Any] = {}
    errors: list[FieldProblem] = []


class Items(msgspec.Struct):
    """A list without pages."""

    items: list[dict[str, Any]]


class PageAnswer(msgspec.Struct):
    """A page. ``next``: the ``cursor`` of the next one, "" at the end."""

    items: list[dict[str, Any]]
    next: str


class CouponAnswer(msgspec.Struct):
    coupon_id: str
    store_id: str
