"""Bodies about products."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from models.orders.checkout import MAX_FLOWERS, MAX_URL
from web.requests.fields import Id, Price, Text100
from web.validation import Body


class ProductSave(Body, frozen=True):
    """A product. ``flowers``: flower id -> stems a piece."""

    store_id: Id
    name: Text100
    price: Price
    flowers: Annotated[dict[Id, Annotated[int, Meta(ge=1, le=1000)]], Meta(min_length=1, max_length=MAX_FLOWERS)]
    status: Literal["SALE", "DISCONTINUED", "DELETED"] = "SALE"
    tax_free: bool = False
    category: Annotated[str, Meta(max_length=50)] = ""
    thumbnail: Annotated[str, Meta(max_length=MAX_URL)] = ""
    description: Annotated[str, Meta(max_length=5000)] = ""
