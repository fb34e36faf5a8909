"""The carts domain for the kernel: one actor per buyer or guest, the buyer's likes in rows of their own."""

from __future__ import annotations

from agents.runtime.domain import Domain
from models.carts import decide as carts
from models.carts.messages import CARTS_EVENTS, CARTS_INBOX

CARTS = Domain(
    name="carts",
    inbox=CARTS_INBOX,
    events=CARTS_EVENTS,
    state=carts.CARTS_STATE,
    decide=carts.decide,
    evolve=carts.evolve,
    route=carts.route,
    parts=carts.parts,
    wake=carts.wake,
    answer=carts.answer,
)
