"""Messages about a buyer's address book (spec auth §1.5, §6.2; docs/adr/0019). Events hold ids and instants; whose address it is
lies in the row and in ``bb.accounts.private``. Instants are ms since the epoch (UTC)."""

from __future__ import annotations

import msgspec

from models.accounts.common_messages import Once
from models.accounts.secrets import row_of
from models.actor import Event, Message
from models.kept import Keeping

MAX_ADDRESSES = 10
"""Addresses of a book (spec auth §6.2)."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """To whom and where. ``phone``: the recipient's, in E.164; two places are one if all of it is equal."""

    recipient: str
    phone: str
    zipcode: str
    road: str
    detail: str = ""


class SavedAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the book of its account; ``used_at``: when it was written down or last ordered to (ms)."""

    address_id: str
    place: Place
    used_at: int


class AddAddress(Once, frozen=True):
    """A place that is in the book already is only moved to its top.

    Refused: ``account_gone`` (404), ``address_invalid`` (422), ``address_book_full`` (409).
    """

    account: str
    address_id: str
    place: Place

    def awaits(self) -> str:
        return "address"


class ChangeAddress(Once, frozen=True):
    """``None``: stays as it is. Refused: ``account_gone``, ``address_unknown`` (404), ``address_invalid`` (422), ``address_exists``
    (409): another one of the book says just that."""

    account: str
    address_id: str
    recipient: str | None = None
    phone: str | None = None
    zipcode: str | None = None
    road: str | None = None
    detail: str | None = None


class RemoveAddress(Once, frozen=True):
    """Refused: ``account_gone``, ``address_unknown`` (404)."""

    account: str
    address_id: str


class KeepAddress(Message, frozen=True):
    """A confirmed order went to ``place`` and its buyer wants it written down. In a full book the longest unused one gives way."""

    account: str
    order_id: str
    place: Place

    @property
    def row(self) -> str:
        """The row key of the account; "" for one that has no row."""
        return row_of(self.account)


class AddressKept(Keeping, frozen=True):
    """A new one. ``gave_way``: the id of the one in whose stead, "": there was room."""

    account: str
    address_id: str
    at: int
    gave_way: str = ""

    def answers(self) -> tuple[str, ...]:
        return ("address",)


class AddressUsed(Event, frozen=True):
    account: str
    address_id: str
    at: int

    def answers(self) -> tuple[str, ...]:
        return ("address",)


class AddressChanged(Keeping, frozen=True):
    account: str
    address_id: str


class AddressRemoved(Event, frozen=True):
    account: str
    address_id: str


ADDRESS_EVENTS = AddressKept | AddressUsed | AddressChanged | AddressRemoved
