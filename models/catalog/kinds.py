"""The kinds of aggregates that share the catalog's inbox and table, told apart by message, event and state. Pure.

Their ids never meet (all are made from different causes), but a client may name any: what is of another kind does not exist for a
message that is not its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.actor import Effect, Event, Refusal, Reminder, State
from models.catalog import decide as products
from models.catalog import images
from models.catalog.image_messages import IMAGE_EVENTS
from models.catalog.images import Image
from models.catalog.messages import CATALOG_EVENTS, CATALOG_INBOX, ProductPrivate, SaveProduct

CATALOG_STATE = products.Product | Image


def decide(state: State, message: CATALOG_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message`` brings about, by its kind of aggregate. Refused beside their own: ``other_kind`` (404)."""
    found = state[""]
    if isinstance(message, Reminder):
        return images.decide(state, message, now) if isinstance(found, Image) else []
    if isinstance(message, SaveProduct):
        return products.decide(state, message, now) if not isinstance(found, Image) else Refusal("other_kind", 404)
    return images.decide(state, message, now) if found is None or isinstance(found, Image) else Refusal("other_kind", 404)


def evolve(state: State, event: CATALOG_EVENTS) -> Mapping[str, Any]:
    """The aggregate after ``event``."""
    return images.evolve(state, event) if isinstance(event, IMAGE_EVENTS) else products.evolve(state, event)


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets."""
    found = state[""]
    return images.answer(key, found, event) if isinstance(found, Image) else products.answer(key, state, event)


def private(key: str, state: State, event: CATALOG_EVENTS) -> ProductPrivate | None:
    """Texts for ``bb.catalog.private``; an image has none."""
    return None if isinstance(event, IMAGE_EVENTS) else products.private(key, state, event)


def pending(state: Any) -> Effect | None:
    """The call to the outside whose outcome is awaited."""
    return images.pending(state) if isinstance(state, Image) else None


def wake(state: Any) -> int:
    """When to be reminded (ms); 0: never."""
    return images.wake(state) if isinstance(state, Image) else 0
