"""A product, a review and what they begin with, for tests of the catalogue."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.catalog import CATALOG
from models.actor import id_of
from models.catalog.messages import AllowReview, Flower, ProductSaved, SaveProduct, WriteReview
from tests.unit.history import Actor
from tests.unit.shop import NOW

STORE, PRODUCT, BUYER, ADMIN = "store-rose", "bouquet", "buyer-1", "admin-1"
REVIEW = id_of("review", "line-1")
with_ = msgspec.structs.replace

SAVE = SaveProduct(
    store_id=STORE,
    name="장미 다발",
    price=20_000,
    flowers={"1": 10, "18": 3},
    category="1",
    thumbnail="image-1",
    description="향기로운 장미",
    tags=("1", "2"),
    representative="1",
    minutes=40,
    summary="고백에",
    images=("image-2",),
)
SAVED = ProductSaved(
    store_id=STORE, price=20_000, flowers={"1": 10, "18": 3}, status="SALE", tax_free=False, category="1", tags=("1", "2"),
    representative="1", minutes=40, version=1, created=NOW,
    new_images=("image-1", "image-2"),
)  # fmt: skip
ALLOW = AllowReview(subject="line-1", kind="delivery", buyer=BUYER, store_id=STORE, product_id=PRODUCT)
WRITE = WriteReview(buyer=BUYER, rating=9, text="정말 예뻐요", images=("image-3",))
FLOWER = Flower(name_ko="백합", name_en="lily", language_ko="순결", language_en="purity")


def product(**changes: Any) -> Actor:
    """A product that was saved so."""
    actor = Actor(CATALOG, PRODUCT, NOW)
    actor.take(with_(SAVE, **changes))
    return actor


def allowed() -> Actor:
    """A review that may be written."""
    actor = Actor(CATALOG, REVIEW, NOW)
    actor.take(ALLOW)
    return actor


def written() -> Actor:
    """One that is."""
    actor = allowed()
    actor.take(WRITE)
    return actor
