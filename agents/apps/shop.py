"""The worker of what is on show and who looks at it: stores, catalogue, carts."""

from __future__ import annotations

from agents.carts import CARTS
from agents.catalog import CATALOG
from agents.runtime.worker import worker
from agents.stores import STORES
from models import settings

app = worker("shop", [STORES, CATALOG, CARTS], settings.read())
