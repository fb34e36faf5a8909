"""What is answered about products, reviews and reference data. KRW, half stars, instants in ms since the epoch."""

from __future__ import annotations

import msgspec


class ProductAnswer(msgspec.Struct):
    """``version``: to change it against."""

    product_id: str
    version: int


class ReviewAnswer(msgspec.Struct):
    review_id: str


class RestockAnswer(msgspec.Struct):
    product_id: str
    waiting: bool


class FlowerAnswer(msgspec.Struct):
    """Names, and what the flower says."""

    flower_id: str
    name_ko: str
    name_en: str
    language_ko: str
    language_en: str


class TagAnswer(msgspec.Struct):
    tag_id: str
    name_ko: str
    name_en: str


class CategoryAnswer(msgspec.Struct):
    category_id: str
    name_ko: str
    name_en: str


class ReferenceAnswer(msgspec.Struct):
    flowers: list[FlowerAnswer]
    tags: list[TagAnswer]
    categories: list[CategoryAnswer]


class StoreName(msgspec.Struct):
    store_id: str
    name: str


class Names(msgspec.Struct):
    name_ko: str
    name_en: str


class StemsAnswer(FlowerAnswer, kw_only=True):
    """A flower of a product: ``stems`` of it a piece."""

    stems: int
    representative: bool


class ProductListed(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A product in all its fields, as sellers and admins see it. ``version``: to change it against; ``rating_sum``: half stars.

    ``…_urls``: width -> path, where the picture is an uploaded image; ``removal``: why an admin took it off.
    """

    product_id: str
    store_id: str
    kind: str
    name: str
    status: str
    thumbnail: str
    thumbnail_urls: dict[str, str] = {}
    summary: str
    description: str
    images: list[str]
    images_urls: list[dict[str, str]] = []
    price: int
    tax_free: bool
    category: str
    tags: list[str]
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
    removal: str = ""


class ProductForAdmin(ProductListed, kw_only=True):
    """A product in the admins' list. ``store_name`` "": there is no such store."""

    store_name: str


class ProductShown(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A product's page. Of a deleted one only id, store, kind, name, picture and status are told.

    ``average`` in stars with one decimal; ``waiting``: the buyer who asks wants to hear when it is sold again.
    """

    product_id: str
    store_id: str
    kind: str
    name: str
    status: str
    thumbnail: str
    store: StoreName
    thumbnail_urls: dict[str, str] = {}
    summary: str = ""
    description: str = ""
    images: list[str] = []
    images_urls: list[dict[str, str]] = []
    price: int = 0
    tax_free: bool = False
    category: str = ""
    category_names: Names | None = None
    tags: list[str] = []
    tag_names: list[TagAnswer] = []
    flowers: dict[str, int] = {}
    flower_names: list[StemsAnswer] = []
    representative: str = ""
    minutes: int = 0
    version: int = 0
    created: int = 0
    sold: int = 0
    reviews: int = 0
    rating_sum: int = 0
    average: float = 0.0
    seq: int = 0
    waiting: bool = False


class Review(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What everybody and its author see. ``rating``: half stars."""

    review_id: str
    product_id: str
    product_name: str = ""
    rating: int
    stars: float
    text: str
    images: list[str]
    images_urls: list[dict[str, str]] = []
    written_at: int
    edited_at: int
    reply: str
    replied_at: int


class ReviewShown(Review, kw_only=True):
    """A review as everybody sees it. ``nickname`` and ``picture``: of its author, "" if they are gone."""

    nickname: str
    picture: str
    picture_urls: dict[str, str] = {}


class OwnReview(Review, kw_only=True):
    """A review, or the right to one, as its author sees it. ``status``: allowed, written, hidden (``reason``: why)."""

    store_id: str
    kind: str
    subject: str
    status: str
    reason: str


class RestockShown(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A product for which the buyer waits; its fields are "" once it is gone."""

    product_id: str
    since: int
    store_id: str
    name: str
    thumbnail: str
    thumbnail_urls: dict[str, str] = {}
    status: str
