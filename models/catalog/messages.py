"""Contract of the catalog domain (key = product id): so far what pricing and holding need."""

from __future__ import annotations

import msgspec

from models.actor import Command, EffectUnknown, Reminder
from models.catalog.image_messages import IMAGE_EVENTS, IMAGE_INBOX
from models.kept import Keeping


class SaveProduct(Command, frozen=True):
    """Create or replace a product. ``flowers``: flower id -> stems a piece; ``status``: SALE, DISCONTINUED, DELETED."""

    store_id: str
    name: str
    price: int
    flowers: dict[str, int]
    status: str = "SALE"
    tax_free: bool = False
    category: str = ""
    thumbnail: str = ""
    description: str = ""


class ProductSaved(Keeping, frozen=True):
    store_id: str
    price: int
    flowers: dict[str, int]
    status: str
    tax_free: bool
    category: str


class ProductPrivate(msgspec.Struct, frozen=True, kw_only=True):
    """Free text of a product (``bb.catalog.private``)."""

    name: str
    description: str = ""
    thumbnail: str = ""


CATALOG_INBOX = SaveProduct | IMAGE_INBOX | EffectUnknown | Reminder
CATALOG_EVENTS = ProductSaved | IMAGE_EVENTS
