"""The address book of a buyer: to whom and where they had flowers sent, the last used first (spec auth §6.2, order §9). Pure.

A book knows an address by what it says, so it is never written down twice, and choosing one needs no id that could be somebody
else's: the order says the address itself (auth 41).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import msgspec

from models.accounts.address_messages import (
    ADDRESS_EVENTS,
    MAX_ADDRESSES,
    AddAddress,
    AddressChanged,
    AddressKept,
    AddressRemoved,
    AddressUsed,
    ChangeAddress,
    KeepAddress,
    Place,
    RemoveAddress,
    SavedAddress,
)
from models.actor import Event, Refusal

Book = Mapping[str, SavedAddress]
"""Address id -> the address."""
MOST: Mapping[str, int] = {"recipient": 20, "road": 100, "detail": 100}
"""Characters."""
_PHONE, _ZIPCODE = re.compile(r"\+[0-9]{8,15}"), re.compile(r"[0-9]{5}")


def decide(book: Book, message: AddAddress | ChangeAddress | RemoveAddress | KeepAddress, now: int) -> list[Event] | Refusal:
    """What ``message`` does to the ``book`` of an account that exists."""
    match message:
        case AddAddress():
            return _add(book, message, now)
        case ChangeAddress():
            return _change(book, message)
        case RemoveAddress(account=account, address_id=address_id):
            return [AddressRemoved(account=account, address_id=address_id)] if address_id in book else _unknown(address_id)
        case KeepAddress():
            return _keep(book, message, now)


def _add(book: Book, message: AddAddress, now: int) -> list[Event] | Refusal:
    if wrong := _wrong(message.place):
        return Refusal("address_invalid", 422, {"fields": wrong})
    there = _same(book, message.place)
    if not there and message.address_id in book:
        # The same wish again, after it was forgotten: its buyer has changed the address since, which counts.
        there = message.address_id
    if there:
        return [AddressUsed(account=message.account, address_id=there, at=now)]
    if len(book) >= MAX_ADDRESSES:
        return Refusal("address_book_full", 409, {"most": MAX_ADDRESSES})
    return [AddressKept(account=message.account, address_id=message.address_id, at=now).keeping(message.place)]


def _change(book: Book, message: ChangeAddress) -> list[Event] | Refusal:
    old = book.get(message.address_id)
    if old is None:
        return _unknown(message.address_id)
    said = {name: value for name in Place.__struct_fields__ if (value := getattr(message, name)) is not None}
    place = msgspec.structs.replace(old.place, **said)
    if place == old.place:
        return []
    if wrong := _wrong(place):
        return Refusal("address_invalid", 422, {"fields": wrong})
    if there := _same({one: saved for one, saved in book.items() if one != message.address_id}, place):
        return Refusal("address_exists", 409, {"address_id": there})
    return [AddressChanged(account=message.account, address_id=message.address_id).keeping(place)]


def _keep(book: Book, message: KeepAddress, now: int) -> list[Event]:
    """Whatever the order was allowed to say is kept: what is wrong with it would be wrong with its delivery."""
    if there := _same(book, message.place):
        return [AddressUsed(account=message.account, address_id=there, at=now)]
    if message.order_id in book:
        # An operator's replay: its buyer has changed the address since, which counts.
        return []
    oldest = min(book.values(), key=lambda one: (one.used_at, one.address_id)).address_id if len(book) >= MAX_ADDRESSES else ""
    kept = AddressKept(account=message.account, address_id=message.order_id, at=now, gave_way=oldest)
    return [kept.keeping(message.place)]


def _unknown(address_id: str) -> Refusal:
    return Refusal("address_unknown", 404, {"address_id": address_id})


def _same(book: Book, place: Place) -> str:
    wanted = _alike(place)
    return next((address_id for address_id, one in book.items() if _alike(one.place) == wanted), "")


def _alike(place: Place) -> tuple[str, ...]:
    """What a place says, however its blanks and its Hangul (one sign, or its parts) are written."""
    return tuple(unicodedata.normalize("NFC", " ".join(text.split())) for text in msgspec.structs.astuple(place))


def _wrong(place: Place) -> list[str]:
    sound = {
        "recipient": 0 < len(place.recipient) <= MOST["recipient"],
        "phone": _PHONE.fullmatch(place.phone) is not None,
        "zipcode": _ZIPCODE.fullmatch(place.zipcode) is not None,
        "road": 0 < len(place.road) <= MOST["road"],
        "detail": len(place.detail) <= MOST["detail"],
    }
    return [name for name, right in sound.items() if not right]


def evolve(book: Book, event: ADDRESS_EVENTS) -> dict[str, SavedAddress]:
    """The book after ``event``."""
    address_id = event.address_id
    match event:
        case AddressKept(at=at, gave_way=gave_way):
            rest = {one: saved for one, saved in book.items() if one != gave_way}
            return {**rest, address_id: SavedAddress(address_id=address_id, place=event.kept, used_at=at)}
        case AddressUsed(at=at):
            return {**book, address_id: msgspec.structs.replace(book[address_id], used_at=at)}
        case AddressChanged():
            return {**book, address_id: msgspec.structs.replace(book[address_id], place=event.kept)}
        case AddressRemoved():
            return {one: saved for one, saved in book.items() if one != address_id}


def listed(book: Book) -> tuple[SavedAddress, ...]:
    """The last used first."""
    return tuple(sorted(book.values(), key=lambda one: (-one.used_at, one.address_id)))
