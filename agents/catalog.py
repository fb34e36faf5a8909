"""The catalog domain for the kernel: one actor per product, per review, and one for what they name."""

from __future__ import annotations

from agents.runtime.domain import Domain
from models.catalog import decide as catalog
from models.catalog.messages import CATALOG_EVENTS, CATALOG_INBOX

CATALOG = Domain(
    name="catalog",
    inbox=CATALOG_INBOX,
    events=CATALOG_EVENTS,
    state=catalog.CATALOG_STATE,
    decide=catalog.decide,
    evolve=catalog.evolve,
    route=catalog.route,
    parts=catalog.parts,
    answer=catalog.answer,
    private=catalog.private,
)
