"""Bodies about products and what they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta

from models.catalog.products import (
    MAX_DESCRIPTION,
    MAX_IMAGES,
    MAX_MINUTES,
    MAX_NAME,
    MAX_REASON,
    MAX_STEMS,
    MAX_SUMMARY,
    MAX_TAGS,
)
from models.catalog.products import MAX_PRICE as MOST
from models.catalog.reference import MAX_NAME as MAX_LABEL
from models.orders.checkout import MAX_FLOWERS
from web.requests.fields import END, Id, Picture
from web.validation import Body, FieldError

_TRIMMED = r"^\S(.*\S)?" + END
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=_TRIMMED, extra={"code": "blank"})]
Summary = Annotated[str, Meta(min_length=1, max_length=MAX_SUMMARY, pattern=r"\S", extra={"code": "blank"})]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION)]
ProductPrice = Annotated[int, Meta(ge=1, le=MOST)]
Stems = Annotated[dict[Id, Annotated[int, Meta(ge=1, le=MAX_STEMS)]], Meta(min_length=1, max_length=MAX_FLOWERS)]
"""Flower id -> stems a piece."""
Tags = Annotated[tuple[Id, ...], Meta(max_length=MAX_TAGS)]
Pictures = Annotated[tuple[Picture, ...], Meta(max_length=MAX_IMAGES)]
Minutes = Annotated[int, Meta(ge=0, le=MAX_MINUTES)]
"""To make one piece."""
Label = Annotated[str, Meta(min_length=1, max_length=MAX_LABEL, pattern=_TRIMMED, extra={"code": "blank"})]
Reason = Annotated[str, Meta(min_length=1, max_length=MAX_REASON, pattern=r"\S", extra={"code": "blank"})]
Version = Annotated[int, Meta(ge=0, le=2**31)]


def _named_twice(tags: tuple[str, ...]) -> Iterator[FieldError]:
    for index, tag in enumerate(tags):
        if tag in tags[:index]:
            yield FieldError(f"/tags/{index}", "duplicate")


class ProductForm(Body, frozen=True):
    """A new ordinary product, with one of its flowers as the representative (product W29)."""

    name: Name
    summary: Summary
    price: ProductPrice
    category: Id
    flowers: Stems
    representative: Id
    thumbnail: Picture
    description: Description = ""
    images: Pictures = ()
    tags: Tags = ()
    minutes: Minutes = 30
    tax_free: bool = False
    status: Literal["SALE", "DISCONTINUED"] = "SALE"

    def conflicts(self) -> Iterable[FieldError]:
        yield from _named_twice(self.tags)
        if self.representative not in self.flowers:
            yield FieldError("/representative", "not_in", "flowers")


class ProductPatch(Body, frozen=True):
    """What is to change of the product as it was seen: ``version``. What is left out stays."""

    version: Version
    name: Name | None = None
    summary: Summary | None = None
    price: ProductPrice | None = None
    category: Id | None = None
    flowers: Stems | None = None
    representative: Id | None = None
    thumbnail: Picture | None = None
    description: Description | None = None
    images: Pictures | None = None
    tags: Tags | None = None
    minutes: Minutes | None = None
    tax_free: bool | None = None
    status: Literal["SALE", "DISCONTINUED", "DELETED"] | None = None

    def conflicts(self) -> Iterable[FieldError]:
        yield from _named_twice(self.tags or ())
        if self.flowers is not None and self.representative is not None and self.representative not in self.flowers:
            yield FieldError("/representative", "not_in", "flowers")


class SubscriptionForm(Body, frozen=True):
    """The store's one subscription product; ``price`` a month."""

    name: Name
    summary: Summary
    price: ProductPrice
    thumbnail: Picture
    description: Description = ""
    images: Pictures = ()
    status: Literal["SALE", "DISCONTINUED"] = "SALE"


class Removal(Body, frozen=True):
    """Why an admin takes something off the marketplace."""

    reason: Reason


class FlowerForm(Body, frozen=True):
    """A flower's names and what it says, in both languages."""

    name_ko: Label
    name_en: Label
    language_ko: Label
    language_en: Label


class LabelForm(Body, frozen=True):
    """A tag's or a category's names."""

    name_ko: Label
    name_en: Label


def unknown(wish: ProductForm | ProductPatch, known: Mapping[str, Iterable[str]]) -> list[FieldError]:
    """What the reference does not have; ``known``: its ids by ``flowers``, ``tags``, ``categories``."""
    flowers, tags, categories = (set(known[name]) for name in ("flowers", "tags", "categories"))
    errors = [FieldError(f"/flowers/{one}", "unknown_flower") for one in wish.flowers or () if one not in flowers]
    errors += [FieldError(f"/tags/{at}", "unknown_tag") for at, one in enumerate(wish.tags or ()) if one not in tags]
    if wish.category is not None and wish.category not in categories:
        errors.append(FieldError("/category", "unknown_category"))
    return errors
