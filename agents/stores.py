"""The stores domain for the kernel: one actor per store."""

from __future__ import annotations

from agents.runtime.domain import Domain
from models.stores import decide as stores
from models.stores.messages import STORES_EVENTS, STORES_INBOX

STORES = Domain(
    name="stores",
    inbox=STORES_INBOX,
    events=STORES_EVENTS,
    state=stores.STORES_STATE,
    decide=stores.decide,
    evolve=stores.evolve,
    route=stores.route,
    parts=stores.parts,
    answer=stores.answer,
    private=stores.private,
)
