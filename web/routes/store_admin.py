"""Stores as admins see and close them."""

from __future__ import annotations

from aiohttp import web

from models.stores.messages import RestoreStore, SuspendStore
from web.call import Call
from web.commands import submit
from web.pictures import dressed
from web.reads import Wanted
from web.requests.fields import NoBody
from web.requests.stores import Reason
from web.routes import store_views
from web.routes.stores import region
from web.validation import Parser

_reason, _nothing = Parser(Reason), Parser(NoBody)


async def many(call: Call) -> web.Response:
    """``GET /admin/stores?sido=&gugun=&status=&sort=DATE|RATE&limit=&cursor=``: all stores, newest first, and how many there are.

    ``status``: OPEN or SUSPENDED, both without it. By turnover (``sort=AMOUNT``) they are sorted once there are settlements.
    """
    sido, gugun = region(call)
    status, sort = call.one_of("status", "", "OPEN", "SUSPENDED"), call.one_of("sort", "DATE", "RATE")
    wanted = Wanted(sido=sido, gugun=gugun, status=status, sort=sort)
    items, cursor, total = await call.shared.reads.stores(wanted, *call.page())
    shown = await dressed(call, [store_views.listed(one) for one in items], "thumbnail")
    return call.answer({"items": shown, "next": cursor, "total": total})


async def suspend(call: Call) -> web.Response:
    """``POST /admin/stores/{store_id}/suspend``: no more orders, out of lists and search; what is ordered is still made."""
    command, store_id = call.command_id(), call.params["store_id"]
    wish = await call.parsed(_reason)
    message = SuspendStore(by=call.caller.account, reason=wish.reason)
    call.shared.terms.stores.forget(store_id)
    return await submit(call, "stores", store_id, message, command=command, body=await call.body())


async def restore(call: Call) -> web.Response:
    """``POST /admin/stores/{store_id}/restore``: it takes orders and is shown again."""
    command, store_id = call.command_id(), call.params["store_id"]
    await call.parsed(_nothing)
    call.shared.terms.stores.forget(store_id)
    return await submit(call, "stores", store_id, RestoreStore(by=call.caller.account), command=command, body=await call.body())
