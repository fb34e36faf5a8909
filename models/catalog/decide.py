"""The catalog domain: a message goes to what it is about (``messages.py`` names keys and parts). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from models import traces
from models.actor import Effect, EffectUnknown, Event, Refusal, Reminder, Send, State
from models.catalog import images, products, reference, reviews
from models.catalog.image_messages import IMAGE_EVENTS, IMAGE_INBOX
from models.catalog.messages import (
    CATALOG_EVENTS,
    CATALOG_INBOX,
    PRODUCT_EVENTS,
    REFERENCE_EVENTS,
    REFERENCE_INBOX,
    RESTOCK_EVENTS,
    RESTOCK_INBOX,
    REVIEW_EVENTS,
    REVIEW_INBOX,
    CancelRestock,
    RateProduct,
    SaveProduct,
)
from models.traces import TRACE_EVENTS, TRACE_INBOX, TRACE_STATE

CATALOG_STATE = (
    products.Product | products.Rated | products.Waiting | reviews.Review | reference.Reference | images.Image | TRACE_STATE
)

OTHER_KIND = Refusal("other_kind", 404)
IMAGE_WORDS = IMAGE_INBOX | EffectUnknown


def parts(message: CATALOG_INBOX) -> Iterable[str]:
    """The part rows that ``message`` needs."""
    if isinstance(message, REVIEW_INBOX | SaveProduct):
        # Texts of both lie under the bare key in ``bb.catalog.private``: a product there would take a review's words away.
        yield "review"
    elif isinstance(message, REFERENCE_INBOX):
        yield "reference"
    elif isinstance(message, RESTOCK_INBOX):
        yield f"waiting/{message.buyer}"
    elif isinstance(message, TRACE_INBOX):
        yield from traces.parts(message)
    elif isinstance(message, RateProduct):
        yield f"rated/{message.review_id}"


def decide(state: State, message: CATALOG_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message``, appended at ``now`` (ms), brings about; refusals stand where the thing is decided.

    An image and a product both stand under ``""`` of their key. A client may name any key, so to a message of the one kind an
    aggregate of the other does not exist: ``other_kind`` (404). Nor is a product made where a review is.
    """
    found = state[""]
    if isinstance(message, TRACE_INBOX):
        return traces.decide(state, message)
    if isinstance(message, Reminder):
        return images.decide(state, message, now) if isinstance(found, images.Image) else []
    if isinstance(message, IMAGE_WORDS):
        return images.decide(state, message, now) if found is None or isinstance(found, images.Image) else OTHER_KIND
    if isinstance(found, images.Image):
        return [] if message.must_succeed else OTHER_KIND
    if isinstance(message, SaveProduct) and state["review"] is not None:
        return OTHER_KIND
    if isinstance(message, REVIEW_INBOX):
        return reviews.decide(state, message, now)
    if isinstance(message, REFERENCE_INBOX):
        return reference.decide(state, message, now)
    if isinstance(message, RESTOCK_INBOX):
        return products.decide_restock(state, message, now)
    return products.decide(state, message, now)


def evolve(state: State, event: CATALOG_EVENTS) -> Mapping[str, Any]:
    """The parts that ``event`` changes."""
    if isinstance(event, TRACE_EVENTS):
        return traces.evolve(state, event)
    if isinstance(event, IMAGE_EVENTS):
        return images.evolve(state, event)
    if isinstance(event, REVIEW_EVENTS):
        return reviews.evolve(state, event)
    if isinstance(event, REFERENCE_EVENTS):
        return reference.evolve(state, event)
    return products.evolve(state, event)


def route(key: str, state: State, event: CATALOG_EVENTS) -> Iterable[Send]:
    """A review tells its product what it gives it; images are told who shows them; a buyer's rows know what they wait for."""
    if isinstance(event, REVIEW_EVENTS):
        return reviews.route(key, state, event)
    if isinstance(event, PRODUCT_EVENTS | RESTOCK_EVENTS):
        return products.route(key, event)
    return traces.route("catalog", key, state, event, CancelRestock(buyer=key)) if isinstance(event, TRACE_EVENTS) else ()


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: the product (with the version to change it against) or the review that it changed."""
    if state.get("review") is not None:
        return {"review_id": key}
    if "reference" in state:
        return {}
    if isinstance(state[""], images.Image):
        return images.answer(key, state[""], event)
    product: products.Product | None = state[""]
    return {"product_id": key, **({"version": product.version} if product is not None else {})}


def private(key: str, state: State, event: CATALOG_EVENTS) -> msgspec.Struct | None:
    """What ``bb.catalog.private`` holds under the key after ``event``; ``None``: as before."""
    if isinstance(event, IMAGE_EVENTS | TRACE_EVENTS):
        return None
    if isinstance(event, REVIEW_EVENTS):
        return reviews.private(state, event)
    if isinstance(event, REFERENCE_EVENTS):
        said: reference.Reference = state["reference"]
        return said.said
    return products.private(state, event)


def pending(state: Any) -> Effect | None:
    """The call to the outside whose outcome is awaited; only images make any."""
    return images.pending(state) if isinstance(state, images.Image) else None


def wake(state: Any) -> int:
    """When to be reminded (ms); 0: never."""
    return images.wake(state) if isinstance(state, images.Image) else 0
