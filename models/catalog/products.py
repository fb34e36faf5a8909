"""A product, what is counted of it, and who waits for it to be sold again (spec product §1, §5, §6). Pure.

Part ``""`` is the product; ``rated/<review>`` what a review gives it, so that a review that is told again counts once (product
W38); ``waiting/<buyer>`` a buyer who waits (product W12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from models.actor import Event, Refusal, Send, State
from models.catalog.image_messages import keep, owned
from models.catalog.messages import (
    DELETED,
    DISCONTINUED,
    ORDINARY,
    PRODUCT_EVENTS,
    PRODUCT_INBOX,
    RESTOCK_EVENTS,
    RESTOCK_INBOX,
    SALE,
    SUBSCRIPTION,
    CancelRestock,
    CountSale,
    EditProduct,
    ProductPrivate,
    ProductRated,
    ProductRemoved,
    ProductSaved,
    ProductSold,
    RateProduct,
    RegisterRestock,
    RemoveProduct,
    RestockAwaited,
    RestockDropped,
    SaveProduct,
    UncountSale,
)
from models.traces import DropTrace, KeepTrace

STATUSES = (SALE, DISCONTINUED, DELETED)
MAX_NAME, MAX_URL, MAX_SUMMARY, MAX_DESCRIPTION, MAX_REASON = 80, 200, 200, 5_000, 500
"""Characters of a product's texts."""
MAX_FLOWERS, MAX_FLOWER_IDS, MAX_STEMS, MAX_TAGS, MAX_IMAGES = 22, 440, 999, 7, 10
"""Kinds of flowers, characters of their ids together, stems of one, tags, images; an order's row carries 50 times the flowers."""
MAX_PRICE, MAX_MINUTES = 100_000_000, 7 * 24 * 60
"""KRW; minutes to make a piece."""
OPTIONAL = (
    "name", "price", "flowers", "status", "tax_free", "category", "thumbnail", "description", "tags", "representative", "minutes",
    "summary", "images",
)  # fmt: skip
"""What ``EditProduct`` may change."""


class Product(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A product. ``price`` in KRW, ``flowers``: flower id -> stems a piece; the rest as in ``ProductSaved`` and the counts' events.

    ``removed``: the admin who took it off the marketplace, for good.
    """

    store_id: str
    price: int
    flowers: dict[str, int]
    status: str
    tax_free: bool
    category: str
    text: ProductPrivate
    kind: str = ORDINARY
    tags: tuple[str, ...] = ()
    representative: str = ""
    minutes: int = 30
    version: int = 0
    created: int = 0
    sold: int = 0
    reviews: int = 0
    rating_sum: int = 0
    removed: str = ""


class Rated(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Half stars that a review gives."""

    rating: int


class Waiting(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A buyer waits since ``at`` (ms)."""

    at: int


# -- deciding -------------------------------------------------------------------------------------------------------------


def decide(state: State, message: PRODUCT_INBOX, now: int) -> list[Event] | Refusal:
    """Refused: ``product_invalid`` (422, every field at fault), ``product_of_other_store`` (403), ``product_unknown`` (404),
    ``product_changed`` (409, with the version that it has), ``product_removed``, ``product_deleted``, ``product_kind`` (409).
    """
    product: Product | None = state[""]
    match message:
        case SaveProduct():
            return _save(product, message, now)
        case EditProduct():
            return _edit(product, message, now)
        case RemoveProduct():
            return _remove(product, message)
        case CountSale() | UncountSale() | RateProduct() if product is None:
            return []
        case CountSale(quantity=quantity):
            return _sold(product, quantity)
        case UncountSale(quantity=quantity):
            return _sold(product, -quantity)
        case RateProduct():
            return _rate(product, state[f"rated/{message.review_id}"], message)


def _save(product: Product | None, message: SaveProduct, now: int) -> list[Event] | Refusal:
    # The id of a subscription product follows from its store, so nobody else can have a right to it.
    foreign = product is not None and message.kind == SUBSCRIPTION and product.kind != SUBSCRIPTION
    if product is not None and not foreign:
        if product.store_id != message.store_id:
            return Refusal("product_of_other_store", 403)
        if product.kind != message.kind:
            return Refusal("product_kind", 409)
        # There is no other id under which a store could have its subscription product again.
        if (ended := _ended(product)) and (product.removed or product.kind != SUBSCRIPTION):
            return ended
    return _saved(None if foreign else product, message, now)


def _edit(product: Product | None, message: EditProduct, now: int) -> list[Event] | Refusal:
    if product is None:
        return Refusal("product_unknown", 404)
    if product.store_id != message.store_id:
        return Refusal("product_of_other_store", 403)
    if ended := _ended(product):
        return ended
    if product.version != message.version:
        return Refusal("product_changed", 409, {"version": product.version})
    changes = {name: value for name in OPTIONAL if (value := getattr(message, name)) is not None}
    if "flowers" in changes and "representative" not in changes and product.representative not in changes["flowers"]:
        # The one that stood for it is gone: the first of the new ones does, as for a product that names none.
        changes["representative"] = ""
    return _saved(product, msgspec.structs.replace(_as_it_is(product), by=message.by, **changes), now)


def _as_it_is(product: Product) -> SaveProduct:
    """What would save the product as it is."""
    text = product.text
    return SaveProduct(
        store_id=product.store_id,
        name=text.name,
        price=product.price,
        flowers=product.flowers,
        status=product.status,
        tax_free=product.tax_free,
        category=product.category,
        thumbnail=text.thumbnail,
        description=text.description,
        kind=product.kind,
        tags=product.tags,
        representative=product.representative,
        minutes=product.minutes,
        summary=text.summary,
        images=text.images,
    )


def _ended(product: Product) -> Refusal | None:
    if product.removed:
        return Refusal("product_removed", 409)
    return Refusal("product_deleted", 409) if product.status == DELETED else None


def _saved(product: Product | None, wish: SaveProduct, now: int) -> list[Event] | Refusal:
    """The product as ``wish`` wants it; ``product``: as it was before."""
    if wrong := _wrong(wish):
        return Refusal("product_invalid", 422, {"fields": wrong})
    saved = ProductSaved(
        store_id=wish.store_id,
        price=wish.price,
        flowers=wish.flowers,
        status=wish.status,
        tax_free=wish.tax_free,
        category=wish.category,
        kind=wish.kind,
        tags=wish.tags,
        representative=wish.representative or next(iter(wish.flowers), ""),
        minutes=wish.minutes,
        version=(product.version if product else 0) + 1,
        created=(product.created if product else 0) or now,
        by=wish.by,
        new_images=_new_images(product, wish),
    )
    text = ProductPrivate(
        name=wish.name,
        description=wish.description,
        thumbnail=wish.thumbnail,
        summary=wish.summary,
        images=wish.images,
    )
    return [saved.keeping(text)]


def _new_images(product: Product | None, wish: SaveProduct) -> tuple[str, ...]:
    before = (product.text.thumbnail, *product.text.images) if product else ()
    return owned(one for one in dict.fromkeys((wish.thumbnail, *wish.images)) if one not in before)


def _wrong(wish: SaveProduct) -> list[str]:
    """The fields that cannot be."""
    flowers = wish.flowers
    ordinary = wish.kind == ORDINARY
    counts = all(0 < count <= MAX_STEMS for count in flowers.values())
    sound = {
        "store_id": bool(wish.store_id),
        "name": 0 < len(wish.name) <= MAX_NAME,
        "price": 0 <= wish.price <= MAX_PRICE,
        "flowers": len(flowers) <= (MAX_FLOWERS if ordinary else 0) and counts and sum(map(len, flowers)) <= MAX_FLOWER_IDS,
        "status": wish.status in STATUSES,
        "thumbnail": len(wish.thumbnail) <= MAX_URL,
        "description": len(wish.description) <= MAX_DESCRIPTION,
        "kind": wish.kind in (ORDINARY, SUBSCRIPTION),
        "category": ordinary or not wish.category,
        "tags": len(set(wish.tags)) == len(wish.tags) <= (MAX_TAGS if ordinary else 0),
        "representative": not wish.representative or wish.representative in flowers,
        "minutes": 0 <= wish.minutes <= MAX_MINUTES,
        "summary": len(wish.summary) <= MAX_SUMMARY,
        "images": len(wish.images) <= MAX_IMAGES and all(0 < len(image) <= MAX_URL for image in wish.images),
    }
    return [field for field, right in sound.items() if not right]


def _remove(product: Product | None, message: RemoveProduct) -> list[Event] | Refusal:
    if product is None:
        return Refusal("product_unknown", 404)
    if product.removed:
        return []
    if not message.by or not 0 < len(message.reason) <= MAX_REASON:
        return Refusal("product_invalid", 422, {"fields": ["reason"]})
    return [ProductRemoved(store_id=product.store_id, by=message.by).keeping(message.reason)]


def _sold(product: Product, pieces: int) -> list[Event]:
    # An order from before sales were counted may be cancelled now: it takes away nothing.
    sold = max(0, product.sold + pieces)
    return [] if sold == product.sold else [ProductSold(store_id=product.store_id, sold=sold)]


def _rate(product: Product, before: Rated | None, message: RateProduct) -> list[Event]:
    old = before.rating if before else 0
    if message.rating == old:
        return []
    reviews = product.reviews + bool(message.rating) - bool(old)
    total = product.rating_sum + message.rating - old
    return [
        ProductRated(
            store_id=product.store_id, reviews=reviews, rating_sum=total, review_id=message.review_id, rating=message.rating
        )
    ]


def decide_restock(state: State, message: RESTOCK_INBOX, now: int) -> list[Event] | Refusal:
    """Both may be said again. Refused: ``product_unknown`` (404; also a DELETED one), ``product_not_discontinued`` (409)."""
    product: Product | None = state[""]
    waiting: Waiting | None = state[f"waiting/{message.buyer}"]
    match message:
        case CancelRestock(buyer=buyer):
            return [] if waiting is None else [RestockDropped(buyer=buyer)]
        case RegisterRestock(buyer=buyer):
            if product is None or product.status == DELETED:
                return Refusal("product_unknown", 404)
            if product.status != DISCONTINUED:
                return Refusal("product_not_discontinued", 409)
            return [] if waiting is not None else [RestockAwaited(buyer=buyer, at=now)]


def route(key: str, event: PRODUCT_EVENTS | RESTOCK_EVENTS) -> Iterator[Send]:
    """Images that the product shows are kept; the buyer's rows know for what they wait."""
    match event:
        case ProductSaved(new_images=images):
            yield from keep(images, key)
        case RestockAwaited(buyer=buyer):
            yield Send("catalog", buyer, KeepTrace(item=key))
        case RestockDropped(buyer=buyer):
            yield Send("catalog", buyer, DropTrace(item=key))


# -- folding --------------------------------------------------------------------------------------------------------------


def evolve(state: State, event: PRODUCT_EVENTS | RESTOCK_EVENTS) -> Mapping[str, Any]:
    """The parts that ``event`` changes."""
    product: Product = state[""]
    match event:
        case ProductSaved():
            return {"": _folded(product, event)}
        case ProductRemoved(by=by):
            text = msgspec.structs.replace(product.text, removal=event.kept)
            return {"": msgspec.structs.replace(product, status=DELETED, removed=by, text=text)}
        case ProductSold(sold=sold):
            return {"": msgspec.structs.replace(product, sold=sold)}
        case ProductRated():
            rated = Rated(event.rating) if event.rating else None
            counted = msgspec.structs.replace(product, reviews=event.reviews, rating_sum=event.rating_sum)
            return {"": counted, f"rated/{event.review_id}": rated}
        case RestockAwaited(buyer=buyer):
            return {f"waiting/{buyer}": Waiting(event.at)}
        case RestockDropped(buyer=buyer):
            return {f"waiting/{buyer}": None}


def _folded(before: Product | None, event: ProductSaved) -> Product:
    # What was counted of another kind of product under this id is not this one's.
    counts = before if before is not None and before.kind == event.kind else None
    return Product(
        event.store_id,
        event.price,
        event.flowers,
        event.status,
        event.tax_free,
        event.category,
        event.kept,
        event.kind,
        event.tags,
        event.representative,
        event.minutes,
        event.version,
        event.created,
        counts.sold if counts else 0,
        counts.reviews if counts else 0,
        counts.rating_sum if counts else 0,
    )


def private(state: State, event: PRODUCT_EVENTS | RESTOCK_EVENTS) -> ProductPrivate | None:
    """The product's texts, when they have changed."""
    if not isinstance(event, ProductSaved | ProductRemoved):
        return None
    text: ProductPrivate = state[""].text
    return text
