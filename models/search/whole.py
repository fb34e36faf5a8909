"""Products in the lists of those who sell them and of admins: in all their fields. Pure."""

from __future__ import annotations

import msgspec

from models.search.documents import Product
from models.search.ranking import average


class Whole(msgspec.Struct, frozen=True):
    """A product's fields (``Product``). ``average`` in stars, one decimal."""

    product_id: str
    store_id: str
    kind: str
    name: str
    status: str
    thumbnail: str
    summary: str
    description: str
    images: tuple[str, ...]
    price: int
    tax_free: bool
    category: str
    tags: tuple[str, ...]
    flowers: dict[str, int]
    representative: str
    minutes: int
    version: int
    created: int
    sold: int
    reviews: int
    rating_sum: int
    average: float
    seq: int
    removal: str


ALIKE = tuple(name for name in Whole.__struct_fields__ if name in Product.__struct_fields__)


def whole(product: Product) -> Whole:
    """``product`` in all its fields."""
    said = {name: getattr(product, name) for name in ALIKE}
    return Whole(**said, product_id=product.id, average=average(product.reviews, product.rating_sum))
