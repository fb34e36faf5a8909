"""Bodies about carts."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from models.carts.messages import MAX_LINES, MAX_QUANTITY
from web.requests.fields import Id
from web.validation import Body

Pieces = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]


class CartAdd(Body, frozen=True):
    """``quantity`` pieces more of a product."""

    product_id: Id
    quantity: Pieces = 1


class CartQuantity(Body, frozen=True):
    """Now ``quantity`` pieces."""

    quantity: Pieces


class CartRemoval(Body, frozen=True):
    """None of these any more; those that are not there do no harm."""

    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_LINES)]
