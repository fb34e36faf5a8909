"""Bodies about uploaded images."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from models.catalog.images import MAX_SIZE
from web.validation import Body

Size = Annotated[int, Meta(ge=1, le=MAX_SIZE)]


class ImageRequest(Body, frozen=True):
    """An upload of ``size`` bytes. A name of the file is not asked for: the server gives the key (product W31)."""

    purpose: Literal["product", "store", "review", "profile"]
    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    size: Size


class DocumentRequest(Body, frozen=True):
    """A business licence, which only admins will see."""

    content_type: Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]
    size: Size
