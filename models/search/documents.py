"""What the search index knows of products and stores: folded from the logs of catalog and stores, event by event. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from models.catalog.messages import (
    DELETED,
    ORDINARY,
    RESTOCK_EVENTS,
    ProductPrivate,
    ProductRated,
    ProductRemoved,
    ProductSaved,
    ProductSold,
)
from models.read.facts import Fact
from models.stores.messages import StorePrivate, StoreRestored, StoreSaved, StoreSuspended

SHOWN = ("SALE", "DISCONTINUED")
"""States in which a product is in everybody's lists."""
TEXTS = ("name", "summary", "description", "thumbnail", "removal")
"""Fields out of the private record, beside the images."""
ERASED = 1 << 30
"""The ``pseq`` of what was erased: nothing comes after it."""


class Product(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product as folded so far. ``seq``, ``pseq``: of the last event and private record, 0: none yet; ``saved``: of the last
    event that has a private record of its own.

    ``price`` in KRW, ``created`` in ms, ``rating_sum`` in half stars; ``flowers``: flower id -> stems; ``minutes`` to make a piece;
    ``version``: to change it against; ``removal``: why an admin took it off.
    """

    id: str
    seq: int = 0
    pseq: int = 0
    saved: int = 0
    store_id: str = ""
    kind: str = ORDINARY
    status: str = ""
    price: int = 0
    category: str = ""
    tags: tuple[str, ...] = ()
    flowers: dict[str, int] = {}
    representative: str = ""
    created: int = 0
    sold: int = 0
    reviews: int = 0
    rating_sum: int = 0
    name: str = ""
    summary: str = ""
    thumbnail: str = ""
    description: str = ""
    images: tuple[str, ...] = ()
    removal: str = ""
    tax_free: bool = False
    minutes: int = 0
    version: int = 0


class Store(msgspec.Struct, frozen=True, omit_defaults=True):
    """A store as folded so far. ``suspended``: none of its products is shown."""

    id: str
    seq: int = 0
    pseq: int = 0
    name: str = ""
    suspended: bool = False


class Card(msgspec.Struct, frozen=True):
    """A product in a list. ``average`` in stars, one decimal; ``flowers``: ids, the representative one first."""

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
    tags: tuple[str, ...]
    flowers: tuple[str, ...]
    created: int


def product_after(product: Product, fact: Fact) -> Product:
    """``product`` after an event or private record of catalog; itself if it says nothing new about it."""
    body: Any = fact.body
    if fact.private:
        return _texts_after(product, fact)
    if fact.seq <= product.seq:
        return product
    match body:
        case ProductSaved():
            return _saved(product, fact, body)
        case ProductRemoved():
            return msgspec.structs.replace(product, seq=fact.seq, saved=fact.seq, status=DELETED)
        case ProductSold():
            return msgspec.structs.replace(product, seq=fact.seq, sold=body.sold)
        case ProductRated():
            return msgspec.structs.replace(product, seq=fact.seq, reviews=body.reviews, rating_sum=body.rating_sum)
        case _ if isinstance(body, RESTOCK_EVENTS):
            # It changes nothing; but who has changed nothing either waits for the row's last event.
            return msgspec.structs.replace(product, seq=fact.seq)
    return product


def _saved(product: Product, fact: Fact, saved: ProductSaved) -> Product:
    flowers = saved.flowers
    # Of another kind of product that had this id before, nothing is counted for this one.
    anew = bool(product.seq) and product.kind != saved.kind
    return msgspec.structs.replace(
        product,
        seq=fact.seq,
        saved=fact.seq,
        store_id=saved.store_id,
        kind=saved.kind,
        status=saved.status,
        price=saved.price,
        category=saved.category,
        tags=saved.tags,
        flowers=flowers,
        representative=saved.representative or next(iter(flowers), ""),
        # Events from before it was said tell when they came, and the first of them counts.
        created=saved.created or product.created or fact.at,
        tax_free=saved.tax_free,
        minutes=saved.minutes,
        version=saved.version,
        **({"sold": 0, "reviews": 0, "rating_sum": 0} if anew else {}),
    )


def _texts_after(product: Product, fact: Fact) -> Product:
    texts = fact.body
    if texts is None:
        # Of what was never a product there is nothing to erase: reviews lie in the same topic.
        if not product.seq and not product.pseq:
            return product
        nothing = dict.fromkeys(TEXTS, "")
        return msgspec.structs.replace(product, pseq=ERASED, **nothing, images=())
    if not isinstance(texts, ProductPrivate) or fact.seq <= product.pseq:
        return product
    said = {name: getattr(texts, name) for name in TEXTS}
    return msgspec.structs.replace(product, pseq=fact.seq, **said, images=texts.images)


def store_after(store: Store, fact: Fact) -> Store:
    """``store`` after an event or private record of stores; itself if it says nothing new that lists show."""
    if fact.private:
        if fact.body is None:
            return msgspec.structs.replace(store, pseq=ERASED, name="")
        if not isinstance(fact.body, StorePrivate) or fact.seq <= store.pseq:
            return store
        return msgspec.structs.replace(store, pseq=fact.seq, name=fact.body.name)
    if fact.seq <= store.seq:
        return store
    match fact.body:
        case StoreSuspended():
            return msgspec.structs.replace(store, seq=fact.seq, suspended=True)
        case StoreRestored():
            return msgspec.structs.replace(store, seq=fact.seq, suspended=False)
        case StoreSaved():
            return msgspec.structs.replace(store, seq=fact.seq)
    return store


def listed(product: Product) -> bool:
    """Is it in the lists of its seller and of admins? A subscription is found on its store's page (spec product §5)."""
    return bool(product.seq) and product.kind == ORDINARY


def shown(product: Product, store: Store) -> bool:
    """Is it in everybody's lists? Only whole, with its terms and its texts."""
    whole = bool(product.seq and product.pseq and product.name)
    return listed(product) and whole and product.status in SHOWN and not store.suspended


def upto(product: Product) -> int:
    """The event up to which it is folded whole, with its texts."""
    return product.seq if product.pseq >= product.saved else min(product.seq, product.pseq)
