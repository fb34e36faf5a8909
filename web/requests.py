"""The bodies that the web takes. Amounts are KRW, days KST dates ``YYYY-MM-DD`` (front end §9; order W-1 to W-3).

A client names ids and quantities; every price, fee and discount is the server's. ``expected_total`` is only what the buyer saw.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from msgspec import Meta

from models.orders.checkout import MAX_FLOWERS, MAX_STORES, MAX_URL
from models.orders.messages import MAX_LINES, MAX_QUANTITY
from web.validation import Body, FieldError

KRW_MOST = 1_000_000_000
"""No amount of ours comes near it; it keeps every sum inside 64 bits."""
END = r"$(?!\n)"
"""The end of the text: a bare ``$`` also matches before a last line break, in Python and in msgspec."""
ID_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,63}" + END

Id = Annotated[str, Meta(pattern=ID_PATTERN, max_length=64, extra={"code": "id"})]
Amount = Annotated[int, Meta(ge=0, le=KRW_MOST)]
Price = Annotated[int, Meta(ge=1, le=KRW_MOST)]
# The intended rule of every form of the original: at most six characters, not only blanks, none around them.
PersonName = Annotated[str, Meta(min_length=1, max_length=6, pattern=r"^\S(.*\S)?" + END, extra={"code": "blank"})]
Phone = Annotated[str, Meta(pattern=r"^[0-9]{11}" + END, max_length=32, extra={"code": "phone"})]
# Parts joined by single -, _ or . as the forms want it, and +, which many use to sort their mail.
Email = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Za-z]+([-_.+][0-9A-Za-z]+)*@[0-9A-Za-z]+(-+[0-9A-Za-z]+)*(\.[0-9A-Za-z]+(-+[0-9A-Za-z]+)*)+" + END,
        max_length=254,
        extra={"code": "email"},
    ),
]
Zipcode = Annotated[str, Meta(pattern=r"^[0-9]{5}" + END, max_length=16, extra={"code": "zipcode"})]
Text100 = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?" + END, extra={"code": "blank"})]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]" + END, max_length=5, extra={"code": "time"})]


class LineRequest(Body, frozen=True):
    """``quantity`` pieces of a product. The same product twice is one line."""

    product_id: Id
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]


class StoreRequest(Body, frozen=True):
    """What one florist makes. Without ``making_day`` the earliest that the store's cut-off allows."""

    store_id: Id
    lines: Annotated[list[LineRequest], Meta(min_length=1, max_length=4 * MAX_LINES)]
    kind: Literal["delivery"] = "delivery"
    making_day: dt.date | None = None
    coupon_id: Id | None = None

    def conflicts(self) -> Iterator[FieldError]:
        pieces: dict[str, int] = {}
        for index, line in enumerate(self.lines):
            before = pieces.get(line.product_id, 0)
            pieces[line.product_id] = before + line.quantity
            if before and before + line.quantity > MAX_QUANTITY >= before:
                yield FieldError(f"/lines/{index}/quantity", "too_large", str(MAX_QUANTITY))


class OrdererRequest(Body, frozen=True):
    """Who orders."""

    name: PersonName
    phone: Phone
    email: Email


class AddressRequest(Body, frozen=True):
    """Where to and to whom; ``phone`` is the recipient's."""

    recipient: PersonName
    phone: Phone
    zipcode: Zipcode
    road: Text100
    detail: Annotated[str, Meta(max_length=100)] = ""
    request: Annotated[str, Meta(max_length=500)] = ""


class QuoteRequest(Body, frozen=True):
    """What would it cost now? Changes nothing."""

    stores: Annotated[list[StoreRequest], Meta(min_length=1, max_length=MAX_STORES)]

    def conflicts(self) -> Iterator[FieldError]:
        """Each store once, and at most ``MAX_LINES`` products in all."""
        seen: set[str] = set()
        for index, store in enumerate(self.stores):
            if store.store_id in seen:
                yield FieldError(f"/stores/{index}/store_id", "duplicate")
            seen.add(store.store_id)
        if sum(len({line.product_id for line in store.lines}) for store in self.stores) > MAX_LINES:
            yield FieldError("/stores", "too_many_lines", str(MAX_LINES))


class OrderRequest(QuoteRequest, frozen=True):
    """A checkout over one or several florists, with one payment."""

    orderer: OrdererRequest
    address: AddressRequest
    expected_total: Amount
    device: Literal["pc", "mobile", "app"] = "pc"
    method: Literal["cart", "direct"] = "direct"


class NoBody(Body, frozen=True):
    """A route that needs no words; an empty body or ``{}``."""


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


class StoreSave(Body, frozen=True):
    """A store's policy. ``cut_off``: an order after it is made the next day; ``threshold``: low stock, in stems.

    ``owner``: the account that runs it; only an admin names another than the caller.
    """

    name: Text100
    delivery_fee: Amount
    free_from: Amount
    cut_off: Clock = "18:00"
    threshold: Annotated[int, Meta(ge=0, le=1_000_000)] = 50
    owner: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class ProductSave(Body, frozen=True):
    """A product. ``flowers``: flower id -> stems a piece."""

    store_id: Id
    name: Text100
    price: Price
    flowers: Annotated[dict[Id, Annotated[int, Meta(ge=1, le=1000)]], Meta(min_length=1, max_length=MAX_FLOWERS)]
    status: Literal["SALE", "DISCONTINUED", "DELETED"] = "SALE"
    tax_free: bool = False
    category: Annotated[str, Meta(max_length=50)] = ""
    thumbnail: Annotated[str, Meta(max_length=MAX_URL)] = ""
    description: Annotated[str, Meta(max_length=5000)] = ""
