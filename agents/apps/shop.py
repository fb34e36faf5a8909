"""The worker of what is on show, of who looks at it and who is who: stores, catalogue, carts, accounts."""

from __future__ import annotations

from agents.accounts.domain import accounts_domain
from agents.accounts.http import Http
from agents.accounts.outside import outside
from agents.carts import CARTS
from agents.catalog import catalog
from agents.images.objects import Objects
from agents.runtime.worker import worker
from agents.stores import STORES
from models import settings

SETTINGS = settings.read()
HTTP, OBJECTS = Http(), Objects(SETTINGS)
ACCOUNTS = accounts_domain(outside(HTTP, OBJECTS, SETTINGS), SETTINGS.code_secret)
app = worker("shop", [STORES, catalog(OBJECTS), CARTS, ACCOUNTS], SETTINGS, around=[HTTP, OBJECTS])
