"""What is answered about lists of products."""

from __future__ import annotations

import msgspec


class CardAnswer(msgspec.Struct, omit_defaults=True):
    """A product in a list. ``average`` in stars with one decimal; ``flowers``: ids, the representative one first.

    ``thumbnail_urls``: width -> path, where the thumbnail is an uploaded image.
    """

    product_id: str
    name: str
    summary: str
    price: int
    store_id: str
    store_name: str
    thumbnail: str
    sold: int
    reviews: int
    average: float
    status: str
    category: str
    tags: list[str]
    flowers: list[str]
    created: int
    thumbnail_urls: dict[str, str] = {}


class ProductsAnswer(msgspec.Struct, omit_defaults=True):
    """A page. ``next``: the ``cursor`` of the next one, "" at the end; ``facets``: kind -> value -> how many, if asked for."""

    items: list[CardAnswer]
    next: str
    total: int
    facets: dict[str, dict[str, int]] = {}


class RowAnswer(msgspec.Struct):
    """``name``: best, new or rated."""

    name: str
    items: list[CardAnswer]


class MainAnswer(msgspec.Struct):
    """The rows of the main page."""

    rows: list[RowAnswer]


class ChipAnswer(msgspec.Struct):
    """What was understood: ``kind`` and ``value`` are a parameter of ``GET /products``, ``label`` is what a buyer reads."""

    kind: str
    label: str
    value: str


class SearchAnswer(msgspec.Struct):
    """``filters``: the parameters of ``GET /products`` that the chips stand for; further pages and changes go there.

    ``by``: ``model`` or ``rules``, who understood the sentence.
    """

    by: str
    filters: dict[str, list[str]]
    chips: list[ChipAnswer]
    items: list[CardAnswer]
    next: str
    total: int
