"""Products and stores for tests of the search, and facts about them."""

from __future__ import annotations

from typing import Any

import msgspec

from models.catalog.messages import ProductPrivate, ProductSaved
from models.read.facts import Fact
from models.search.documents import Product, Store
from models.search.ranking import EPOCH
from models.stores.messages import StorePrivate

NOW = EPOCH + 1_000_000
ROSES = Product(
    id="roses", seq=1, pseq=1, saved=1, store_id="s1", status="SALE", price=30_000, category="1", tags=("1",),
    flowers={"1": 10, "18": 2},
    representative="1", created=NOW, sold=5, reviews=2, rating_sum=17,
    name="빨간장미 꽃다발", summary="안개꽃을 곁들인", thumbnail="image-1", description="긴 글", images=("image-2",), minutes=30,
    version=1,
)  # fmt: skip
STORE = Store(id="s1", seq=1, pseq=1, name="봄꽃집")


def product(key: str, **change: Any) -> Product:
    """One like ``ROSES``."""
    return msgspec.structs.replace(ROSES, id=key, **change)


def said(key: str, body: Any, seq: int, *, domain: str = "catalog", private: bool = False, at: int = NOW) -> Fact:
    """A fact as it comes from the log."""
    return Fact(domain, key, seq, seq, at, f"{key}-{seq}", body, private)


def saved(**change: Any) -> ProductSaved:
    """The event of a product like ``ROSES``."""
    fields: dict[str, Any] = {
        "store_id": "s1", "price": 30_000, "flowers": {"1": 10, "18": 2}, "status": "SALE", "tax_free": False, "category": "1",
        "tags": ("1",), "representative": "1", "created": NOW, "version": 1,
    }  # fmt: skip
    return ProductSaved(**{**fields, **change})


TEXTS = ProductPrivate(
    name="빨간장미 꽃다발", summary="안개꽃을 곁들인", thumbnail="image-1", description="긴 글", images=("image-2",)
)
STORE_TEXTS = StorePrivate(name="봄꽃집")
