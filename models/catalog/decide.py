"""A product (key = product id): so far what pricing and holding need. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from models.actor import Event, Refusal, State
from models.catalog.messages import ProductPrivate, ProductSaved, SaveProduct

STATUSES = ("SALE", "DISCONTINUED", "DELETED")
MAX_NAME, MAX_URL, MAX_DESCRIPTION, MAX_FLOWERS, MAX_PRICE = 80, 200, 5_000, 8, 100_000_000
"""Characters, kinds of flowers and KRW of a product; an order's row carries 50 of the first two and of the flowers."""


class Product(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A product. ``price`` in KRW, ``flowers``: flower id -> stems a piece."""

    store_id: str
    price: int
    flowers: dict[str, int]
    status: str
    tax_free: bool
    category: str
    text: ProductPrivate



def decide(state: State, message: SaveProduct, now: int) -> list[Event] | Refusal:
    """Create or replace. Refused: ``product_invalid`` (422, every field at fault), ``product_of_other_store`` (403)."""
    product: Product | None = state[""]
    if product is not None and product.store_id != message.store_id:
        return Refusal("product_of_other_store", 403)
    stems = message.flowers.values()
    sound = {
        "store_id": bool(message.store_id),
        "name": 0 < len(message.name) <= MAX_NAME,
        "price": 0 <= message.price <= MAX_PRICE,
        "flowers": len(message.flowers) <= MAX_FLOWERS and all(0 < count <= 999 for count in stems),
        "status": message.status in STATUSES,
        "thumbnail": len(message.thumbnail) <= MAX_URL,
        "description": len(message.description) <= MAX_DESCRIPTION,
    }
    wrong = [field for field, right in sound.items() if not right]
    if wrong:
        return Refusal("product_invalid", 422, {"fields": wrong})
    saved = ProductSaved(
        store_id=message.store_id,
        price=message.price,
        flowers=message.flowers,
        status=message.status,
        tax_free=message.tax_free,
        category=message.category,
    )
    return [saved.keeping(ProductPrivate(name=message.name, description=message.description, thumbnail=message.thumbnail))]


def evolve(state: State, event: ProductSaved) -> Mapping[str, Product]:
    """The product after ``event``."""
    saved = Product(event.store_id, event.price, event.flowers, event.status, event.tax_free, event.category, event.kept)
    return {"": saved}


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: the product it changed."""
    return {"product_id": key}


def private(key: str, state: State, event: ProductSaved) -> ProductPrivate | None:
    """The product's texts for ``bb.catalog.private``."""
    text: ProductPrivate = event.kept
    return text
