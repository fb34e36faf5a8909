"""The worker of what is on show: stores and catalogue."""

from __future__ import annotations

from agents.catalog import CATALOG
from agents.runtime.worker import worker
from agents.stores import STORES
from models import settings

app = worker("shop", [STORES, CATALOG], settings.read())
