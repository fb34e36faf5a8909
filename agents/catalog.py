"""The catalog domain for the kernel: one actor per product, per review, per image, and one for what they name."""

from __future__ import annotations

import msgspec

from agents.images.effects import KINDS, Effects, Store
from agents.runtime.domain import Domain
from models.catalog import decide as decider
from models.catalog.messages import CATALOG_EVENTS, CATALOG_INBOX

CATALOG = Domain(
    name="catalog",
    inbox=CATALOG_INBOX,
    events=CATALOG_EVENTS,
    state=decider.CATALOG_STATE,
    decide=decider.decide,
    evolve=decider.evolve,
    route=decider.route,
    parts=decider.parts,
    answer=decider.answer,
    private=decider.private,
    pending=decider.pending,
    wake=decider.wake,
    kinds=KINDS,
)
"""All that is pure; calls to the outside are added by ``catalog``."""


def catalog(store: Store) -> Domain:
    """The domain, with its images in ``store``."""
    return msgspec.structs.replace(CATALOG, perform=Effects(store).perform)
