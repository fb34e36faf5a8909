"""What is answered about checkouts and orders."""

from __future__ import annotations

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
