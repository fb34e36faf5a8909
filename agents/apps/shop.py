"""The worker of what is on show: stores and catalogue."""

from __future__ import annotations

from agents.catalog import catalog
from agents.images.objects import Objects
from agents.runtime.worker import worker
from agents.stores import STORES
from models import settings

SETTINGS = settings.read()
OBJECTS = Objects(SETTINGS)
app = worker("shop", [STORES, catalog(OBJECTS)], SETTINGS, around=[OBJECTS])
