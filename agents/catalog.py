"""The catalog domain for the kernel: one actor per product and per image."""

from __future__ import annotations

import msgspec

from agents.images.effects import KINDS, Effects, Store
from agents.runtime.domain import Domain
from models.catalog import kinds
from models.catalog.messages import CATALOG_EVENTS, CATALOG_INBOX

CATALOG = Domain(
    name="catalog",
    inbox=CATALOG_INBOX,
    events=CATALOG_EVENTS,
    state=kinds.CATALOG_STATE,
    decide=kinds.decide,
    evolve=kinds.evolve,
    answer=kinds.answer,
    private=kinds.private,
    pending=kinds.pending,
    wake=kinds.wake,
    kinds=KINDS,
)
"""All that is pure; calls to the outside are added by ``catalog``."""


def catalog(store: Store) -> Domain:
    """The domain, with its images in ``store``."""
    return msgspec.structs.replace(CATALOG, perform=Effects(store).perform)
