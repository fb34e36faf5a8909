"""Bodies of checkouts. A client names ids and quantities; every price, fee and discount is the server's (order W-1 to W-3).

``expected_total`` is only what the buyer saw.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from models.orders.checkout import MAX_STORES
from models.orders.messages import MAX_LINES, MAX_QUANTITY
from web.requests.addresses import AddressForm, no_number
from web.requests.fields import Amount, Email, Id, PersonName, Phone
from web.validation import Body, FieldError


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
    """Who orders; as the profile of ``GET /me`` says it, for one."""

    name: PersonName
    phone: Phone
    email: Email

    def conflicts(self) -> Iterator[FieldError]:
        yield from no_number(self.phone)


class AddressRequest(AddressForm, frozen=True):
    """Where to and to whom; ``request``: what is asked of the courier."""

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
    """A checkout over one or several florists, with one payment.

    ``address_kept``: once it is paid, the address stands on top of the buyer's book, whether it was chosen from there or is new.
    """

    orderer: OrdererRequest
    address: AddressRequest
    expected_total: Amount
    device: Literal["pc", "mobile", "app"] = "pc"
    method: Literal["cart", "direct"] = "direct"
    address_kept: bool = False
