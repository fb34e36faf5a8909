"""What forms about stores choose from: provinces, districts, banks."""

from __future__ import annotations

from aiohttp import web

from models.stores.banks import BANKS
from models.stores.regions import SIDO
from web.call import Call
from web.problems import Problem

FIXED = {"Cache-Control": "public, max-age=86400"}
"""They change with a release at most."""


async def many(call: Call) -> web.Response:
    """``GET /regions``: the 17 sido, each with its code, its name and its short name."""
    items = [{"code": code, "name": sido.name, "short": sido.short} for code, sido in SIDO.items()]
    return call.answer({"items": items}, headers=FIXED)


async def one(call: Call) -> web.Response:
    """``GET /regions/{sido}``: the gugun of a sido."""
    found = SIDO.get(call.params["sido"])
    if found is None:
        raise Problem(404, "not_found")
    return call.answer({"items": [{"code": code, "name": name} for code, name in found.gugun.items()]}, headers=FIXED)


async def banks(call: Call) -> web.Response:
    """``GET /banks``: the banks that a store may be paid at."""
    return call.answer({"items": [{"code": code, "name": name} for code, name in BANKS.items()]}, headers=FIXED)
