"""Bodies about addresses: of an order, and of a buyer's book (front end §9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from web.requests.fields import PersonName, Phone, Text100, Zipcode
from web.requests.phones import e164
from web.validation import Body, FieldError

Detail = Annotated[str, Meta(max_length=100)]


def no_number(phone: str) -> Iterator[FieldError]:
    """That ``phone`` is none that anybody could have."""
    if not e164(phone):
        yield FieldError("/phone", "phone")


class AddressForm(Body, frozen=True):
    """To whom and where; ``phone`` is the recipient's."""

    recipient: PersonName
    phone: Phone
    zipcode: Zipcode
    road: Text100
    detail: Detail = ""

    def conflicts(self) -> Iterator[FieldError]:
        yield from no_number(self.phone)


class AddressEdit(Body, frozen=True):
    """What is not there stays as it is."""

    recipient: PersonName | None = None
    phone: Phone | None = None
    zipcode: Zipcode | None = None
    road: Text100 | None = None
    detail: Detail | None = None

    def conflicts(self) -> Iterator[FieldError]:
        if self == AddressEdit():
            yield FieldError("", "nothing_to_change")
        if self.phone is not None:
            yield from no_number(self.phone)
