"""The orders domain for the kernel: one actor per order (design §7)."""

from __future__ import annotations

from agents.runtime.domain import Domain
from models.orders import decide as orders
from models.orders.messages import ORDERS_EVENTS, ORDERS_INBOX

ORDERS = Domain(
    name="orders",
    inbox=ORDERS_INBOX,
    events=ORDERS_EVENTS,
    state=orders.ORDERS_STATE,
    decide=orders.decide,
    evolve=orders.evolve,
    route=orders.route,
    wake=orders.wake,
    answer=orders.answer,
    private=orders.private,
    summary=orders.summary,
    unfinished=orders.unfinished,
    limits={orders.CAPTURING: orders.CAPTURE_ALARM},
)
