"""What is answered about carts and likes. Amounts in KRW, instants in ms since the epoch."""

from __future__ import annotations

import msgspec


class CartLineAnswer(msgspec.Struct, omit_defaults=True):
    """``state``: ON_SALE, PRICE_CHANGED (``old_price``: when the buyer last saw it), SOLD_OUT, STOPPED (no longer sold).

    ``price`` and ``amount`` are of now; ``available``: pieces that the store's stems would make, at most 999. ``thumbnail_urls``:
    width -> path, where the thumbnail is an uploaded image.
    """

    product_id: str
    name: str
    thumbnail: str
    quantity: int
    price: int
    amount: int
    state: str
    available: int
    added_at: int
    old_price: int | None = None
    thumbnail_urls: dict[str, str] = {}


class CartStoreAnswer(msgspec.Struct):
    """``goods``: of the lines that can be bought; ``fee``: for delivering them; ``missing``: KRW to free delivery."""

    store_id: str
    name: str
    delivery_fee: int
    free_from: int
    goods: int
    fee: int
    missing: int
    lines: list[CartLineAnswer]


class CartAnswer(msgspec.Struct):
    """``count``: products; ``total`` = ``goods`` + ``fee``, of what can be bought."""

    stores: list[CartStoreAnswer]
    count: int
    goods: int
    fee: int
    total: int


class CartChanged(msgspec.Struct, omit_defaults=True):
    """``count``: products in the cart now. ``left_out_ids``: products for which a merge found no room."""

    count: int
    left_out_ids: list[str] = []


class LikeAnswer(msgspec.Struct):
    """Whether it is liked now."""

    liked: bool


class LikeFlags(msgspec.Struct):
    """Id -> whether it is liked, for what was asked."""

    products: dict[str, bool]
    stores: dict[str, bool]


class LikeCounts(msgspec.Struct):
    """How many of each kind are liked."""

    product_count: int
    store_count: int


class LikedProduct(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Of a product that is deleted there are only ``product_id``, ``liked_at`` and ``status``."""

    product_id: str
    liked_at: int
    status: str
    store_id: str = ""
    name: str = ""
    summary: str = ""
    thumbnail: str = ""
    thumbnail_urls: dict[str, str] = {}
    price: int = 0
    kind: str = ""
    sold: int = 0
    reviews: int = 0
    average: float = 0.0
