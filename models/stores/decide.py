"""A store (key = store id): so far what pricing and holding need. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from models import kst
from models.actor import Event, Refusal, Send, State
from models.inventory.messages import SetLowStockThreshold
from models.stores.messages import STORES_EVENTS, STORES_INBOX, StorePrivate, StoreSaved

MAX_NAME = 80
"""Characters of a store's name; every order's row carries it."""


class Store(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A store. Fees in KRW; ``cut_off`` ``HH:MM`` KST; ``threshold``: low stock, in stems."""

    owner: str
    name: str
    delivery_fee: int
    free_from: int
    cut_off: str
    threshold: int


STORES_STATE = Store


def decide(state: State, message: STORES_INBOX, now: int) -> list[Event] | Refusal:
    """Create or replace. Refused: ``store_invalid`` (422, every field at fault), ``not_your_store`` (403: another owner's)."""
    store: Store | None = state[""]
    if store is not None and store.owner != message.owner:
        return Refusal("not_your_store", 403)
    sound = {
        "owner": bool(message.owner),
        "name": 0 < len(message.name) <= MAX_NAME,
        "delivery_fee": message.delivery_fee >= 0,
        "free_from": message.free_from >= 0,
        "cut_off": kst.is_time(message.cut_off),
        "threshold": message.threshold >= 0,
    }
    wrong = [field for field, right in sound.items() if not right]
    if wrong:
        return Refusal("store_invalid", 422, {"fields": wrong})
    saved = StoreSaved(
        owner=message.owner,
        delivery_fee=message.delivery_fee,
        free_from=message.free_from,
        cut_off=message.cut_off,
        threshold=message.threshold,
    )
    return [saved.keeping(message.name)]


def evolve(state: State, event: STORES_EVENTS) -> Mapping[str, Store]:
    """The store after ``event``."""
    return {"": Store(event.owner, event.kept, event.delivery_fee, event.free_from, event.cut_off, event.threshold)}


def route(key: str, state: State, event: STORES_EVENTS) -> Iterable[Send]:
    """The store's inventory takes the threshold over."""
    yield Send("inventory", key, SetLowStockThreshold(threshold=event.threshold))


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: the store it changed."""
    return {"store_id": key}


def private(key: str, state: State, event: STORES_EVENTS) -> StorePrivate | None:
    """The store's name for ``bb.stores.private``."""
    return StorePrivate(name=event.kept)
