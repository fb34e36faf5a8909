"""The worker of what is on show and who looks at it: stores, catalogue, carts."""

from __future__ import annotations

from agents.carts import CARTS
from agents.catalog import catalog
from agents.images.objects import Objects
from agents.runtime.worker import worker
from agents.stores import STORES
from models import settings

SETTINGS = settings.read()
OBJECTS = Objects(SETTINGS)
app = worker("shop", [STORES, catalog(OBJECTS), CARTS], SETTINGS, around=[OBJECTS])
