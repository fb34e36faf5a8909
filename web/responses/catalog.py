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
