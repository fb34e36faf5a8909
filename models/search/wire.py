"""What the web and the process ``search`` say to each other over HTTP on this machine."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.search.chips import Chip
from models.search.filters import Filters

ROWS: tuple[tuple[str, str], ...] = (("best", "SALE"), ("new", "NEW"), ("rated", "RATING"))
"""Rows of the main page and their orders (spec product §5)."""
ROW = 4
"""Products in a row of the main page."""
MOST = 100
"""Products on a page."""


Scope = Literal["public", "seller", "admin"]
"""Whose list it is. ``public``: what everybody sees, on sale or discontinued, in stores that are not suspended. ``seller``: all of
one store, but what is deleted only where that status is asked for. ``admin``: all of every store. Handlers say it, by their route;
no parameter of a request does."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """``POST /products``: a page of a list. ``cursor``: as ``Found.next`` said, "": the first page.

    Raises ``ValueError``: a seller's list without a store.
    """

    filters: Filters = Filters()
    limit: int = 20
    cursor: str = ""
    facets: bool = False
    scope: Scope = "public"

    def __post_init__(self) -> None:
        if self.scope == "seller" and not self.filters.store:
            raise ValueError("a seller's list is one store's")


class Awaited(msgspec.Struct, frozen=True):
    """``POST /shown``: do lists show event ``seq`` of a product? The answer, a ``bool``, may wait ``seconds`` until they do."""

    product_id: str
    seq: int
    seconds: float


class Found(msgspec.Struct, frozen=True):
    """``items``: encoded cards (``models.search.documents.Card``), or whole products (``models.search.whole``) in a list that is
    not public; ``facets``: kind -> value -> products, if asked for."""

    items: list[msgspec.Raw]
    next: str
    total: int
    facets: dict[str, dict[str, int]] | None = None


class Row(msgspec.Struct, frozen=True):
    """A row of the main page: ``name`` of ``ROWS``."""

    name: str
    items: list[msgspec.Raw]


class Main(msgspec.Struct, frozen=True):
    """``GET /main``."""

    rows: list[Row]


class Sentence(msgspec.Struct, frozen=True, omit_defaults=True):
    """``POST /sentences``: ``visitor`` is whose money is spent on a model, a pseudonym that says nothing about the person."""

    sentence: str
    visitor: str
    limit: int = 20


class Understood(msgspec.Struct, frozen=True):
    """``filters``: the query parameters of ``GET /products`` that the chips stand for; ``by``: ``model`` or ``rules``."""

    by: str
    filters: dict[str, list[str]]
    chips: list[Chip]
    items: list[msgspec.Raw]
    next: str
    total: int
