"""Stores, and what their sellers see of their orders."""

from __future__ import annotations

from aiohttp import web

from models.orders.state import CANCELLED, CANCELLING, PENDING, REFUNDED
from models.stores.messages import SaveStore
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.reads import BadCursor
from web.requests.stores import StoreSave
from web.routes.public import PUBLIC
from web.validation import FieldError, Parser

_save = Parser(StoreSave)
STATUSES = (PENDING, CANCELLING, CANCELLED, REFUNDED, "")
HIDDEN = ("owner", "seq", "position")
"""Fields of a store that its visitors do not see."""


async def many(call: Call) -> web.Response:
    """``GET /stores?limit=&cursor=``: all stores."""
    try:
        items, cursor = await call.shared.reads.stores(call.limit(), call.query("cursor", 1000))
    except BadCursor:
        raise Problem(400, "bad_cursor") from None
    shown = [{name: value for name, value in item.items() if name not in HIDDEN} for item in items]
    return call.answer({"items": shown, "next": cursor}, headers=PUBLIC)


async def one(call: Call) -> web.Response:
    """``GET /stores/{store_id}``: one store and its policy."""
    found = await call.shared.reads.store(call.params["store_id"])
    if found is None:
        raise Problem(404, "not_found")
    return call.answer({name: value for name, value in found.items() if name not in HIDDEN}, headers=PUBLIC)


async def save(call: Call) -> web.Response:
    """``PUT /stores/{store_id}``: create or replace the store's policy; a seller stays its owner, an admin names one."""
    command, store_id = call.command_id(), call.params["store_id"]
    wish = await call.parsed(_save)
    owner = wish.owner or ""
    if call.caller.role == "seller":
        if owner not in ("", call.caller.account):
            raise Problem(403, "forbidden")
        owner = call.caller.account
    elif not owner:
        raise Problem(422, "validation_failed", errors=[FieldError("/owner", "required")])
    message = SaveStore(
        owner=owner,
        name=wish.name,
        delivery_fee=wish.delivery_fee,
        free_from=wish.free_from,
        cut_off=wish.cut_off,
        threshold=wish.threshold,
    )
    call.shared.terms.stores.forget(store_id)
    return await submit(call, "stores", store_id, message, command=command, body=await call.body(), extra={"store_id": store_id})


async def orders(call: Call) -> web.Response:
    """``GET /stores/{store_id}/orders?status=&limit=&cursor=``: the store's own parts of orders only (order W-38, W-43)."""
    status = call.query("status", 32)
    if status not in STATUSES:
        raise Problem(400, "bad_parameter", {"name": "status"})
    try:
        items, cursor = await call.shared.reads.store_orders(
            call.params["store_id"], status, call.limit(), call.query("cursor", 1000)
        )
    except BadCursor:
        raise Problem(400, "bad_cursor") from None
    return call.answer({"items": items, "next": cursor})
