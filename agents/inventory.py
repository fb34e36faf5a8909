"""The inventory domain for the kernel: one actor per store, its holds and coupons in rows of their own (design §3)."""

from __future__ import annotations

from agents.runtime.domain import Domain
from models.inventory import decide as inventory
from models.inventory.messages import INVENTORY_EVENTS, INVENTORY_INBOX

INVENTORY = Domain(
    name="inventory",
    inbox=INVENTORY_INBOX,
    events=INVENTORY_EVENTS,
    state=inventory.INVENTORY_STATE,
    decide=inventory.decide,
    evolve=inventory.evolve,
    route=inventory.route,
    parts=inventory.parts,
    answer=inventory.answer,
    private=inventory.private,
    record=inventory.record,
)
