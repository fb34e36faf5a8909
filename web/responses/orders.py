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


class OrderAnswer(msgspec.Struct, omit_defaults=True):
    """An order. ``deadline``: ms since the epoch; ``redirects``: device (pc, mobile, app) -> where the buyer pays.

    ``reason``: why it is cancelled.
    """

    order_id: str
    status: str
    total: int
    deadline: int
    redirects: dict[str, str]
    stores: list[StoreOrderAnswer]
    reason: str = ""


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


class OrderedLine(msgspec.Struct, omit_defaults=True, kw_only=True):
    """``discount``: its share of the coupon; ``thumbnail_urls``: width -> path, where the thumbnail is an uploaded image."""

    line_id: str
    product_id: str
    name: str
    thumbnail: str
    thumbnail_urls: dict[str, str] = {}
    quantity: int
    price: int
    amount: int
    discount: int
    tax_free: bool


class OrderedStore(msgspec.Struct, omit_defaults=True):
    """One florist's part of an order that is shown. ``cancelled_by``: buyer or seller."""

    store_id: str
    name: str
    store_order_id: str
    kind: str
    making_day: str
    status: str
    goods: int
    discount: int
    delivery_fee: int
    total: int
    refunded: int
    coupon_id: str
    lines: list[OrderedLine]
    cancelled_by: str = ""


class OrdererShown(msgspec.Struct):
    """``phone``: E.164; digits as they were typed in old orders."""

    name: str
    phone: str
    email: str


class AddressShown(msgspec.Struct):
    """Where it is brought; ``phone``: the recipient's, as the orderer's."""

    recipient: str
    phone: str
    zipcode: str
    road: str
    detail: str
    request: str


class OrderShown(msgspec.Struct, omit_defaults=True):
    """An order as its buyer sees it. ``tax_free``: KRW of the total; ``redirects`` while it waits for the payment.

    ``orderer`` and ``address`` are missing once they are erased, instants where nothing has happened. ``reason``: why it is
    cancelled, with ``reason_ids`` of what was at fault.
    """

    order_id: str
    buyer: str
    status: str
    total: int
    tax_free: int
    placed_at: int
    deadline: int
    captured: int
    refunded: int
    method: str
    seq: int
    stores: list[OrderedStore]
    confirmed_at: int = 0
    cancelled_at: int = 0
    reason: str = ""
    reason_ids: dict[str, str] = {}
    cancel_noted: bool = False
    orderer: OrdererShown | None = None
    address: AddressShown | None = None
    redirects: dict[str, str] = {}


class StoreOrderShown(OrderedStore, kw_only=True, omit_defaults=True):
    """A florist's part of an order as the florist sees it."""

    order_id: str
    placed_at: int
    confirmed_at: int
    orderer: OrdererShown | None = None
    address: AddressShown | None = None


class StepShown(msgspec.Struct, omit_defaults=True):
    """A step of an order. ``amount``: KRW."""

    event: str
    at: int
    seq: int
    ids: dict[str, str] = {}
    amount: int = 0
    reason: str = ""
