"""A worker that runs the bare saga on the product's kernel: ``python -m faust -A tests.bench.saga_worker worker``."""

from __future__ import annotations

from agents.runtime.domain import Domain
from agents.runtime.worker import worker
from models import settings
from tests.bench import saga

ORDERS = Domain(
    name="orders",
    inbox=saga.Begin | saga.Held | saga.Committed,
    events=saga.Begun | saga.CommitAsked | saga.Ended,
    state=saga.Order,
    decide=saga.decide_order,
    evolve=saga.evolve_order,
    route=saga.route_order,
)
INVENTORY = Domain(
    name="inventory",
    inbox=saga.Hold | saga.Commit | saga.Add,
    events=saga.StemsHeld | saga.StemsCommitted | saga.StemsAdded,
    state=saga.Store | saga.Kept,
    decide=saga.decide_store,
    evolve=saga.evolve_store,
    route=saga.route_store,
    parts=saga.parts_store,
)
app = worker("saga", [ORDERS, INVENTORY], settings.read())
