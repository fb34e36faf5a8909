"""The deliveries domain for the kernel: one actor per store order of a confirmed order."""

from __future__ import annotations

from agents.runtime.domain import Domain
from models.deliveries import decide as deliveries
from models.deliveries.messages import DELIVERIES_EVENTS, DELIVERIES_INBOX

DELIVERIES = Domain(
    name="deliveries",
    inbox=DELIVERIES_INBOX,
    events=DELIVERIES_EVENTS,
    state=deliveries.DELIVERIES_STATE,
    decide=deliveries.decide,
    evolve=deliveries.evolve,
    route=deliveries.route,
    private=deliveries.private,
)
