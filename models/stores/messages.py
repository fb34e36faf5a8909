"""Contract of the stores domain (key = store id): so far what pricing and holding need."""

from __future__ import annotations

import msgspec

from models.actor import Command
from models.kept import Keeping


class SaveStore(Command, frozen=True):
    """Create or replace a store. Fees in KRW; ``cut_off`` ``HH:MM`` KST; ``threshold``: low stock, in stems."""

    owner: str
    name: str
    delivery_fee: int
    free_from: int
    cut_off: str = "18:00"
    threshold: int = 50


class StoreSaved(Keeping, frozen=True):
    owner: str
    delivery_fee: int
    free_from: int
    cut_off: str
    threshold: int


class StorePrivate(msgspec.Struct, frozen=True, kw_only=True):
    """Free text of a store (``bb.stores.private``)."""

    name: str


STORES_INBOX = SaveStore
STORES_EVENTS = StoreSaved
