"""Stems on hand, for the store's seller."""

from __future__ import annotations

from aiohttp import web

from models.inventory.messages import ChangeStock
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.requests.inventory import StockRequest
from web.routes.catalog import NAMELESS_FLOWER, label
from web.validation import Parser

_change = Parser(StockRequest)
FIELDS = ("flower_id", "on_hand", "held", "version")
NOTHING = {"on_hand": 0, "held": 0, "version": 0}


async def of_store(call: Call) -> web.Response:
    """``GET /stores/{store_id}/stock``: stems on hand and promised of every flower, with the version to change them against."""
    reads = call.shared.reads
    shelf = {str(one["flower_id"]): one for one in await reads.stock(call.params["store_id"])}
    names = (await reads.reference()).flowers
    items = []
    # Every flower there is, also one that the store never had: a new one appears by itself.
    for flower_id in dict.fromkeys((*names, *shelf)):
        row = {**NOTHING, "flower_id": flower_id, **shelf.get(flower_id, {})}
        items.append({**{name: row[name] for name in FIELDS}, **label(names.get(flower_id, NAMELESS_FLOWER))})
    return call.answer({"items": items})


async def history(call: Call) -> web.Response:
    """``GET /stores/{store_id}/stock/history?flower=&limit=&cursor=``: every change of what is on hand, newest first.

    ``on_hand``: after it; ``cause``: owner, delivery, waste, correction, order or order_cancelled; ``by``: the account, or
    ``order_id``.
    """
    flower_id = call.query("flower", 64)
    items, cursor = await call.shared.reads.stock_history(call.params["store_id"], flower_id, *call.page())
    return call.answer({"items": items, "next": cursor})


async def change(call: Call) -> web.Response:
    """``PATCH /stores/{store_id}/stock/{flower_id}``: by a delta, or to a figure against the version that was seen.

    A flower that the reference does not have is refused (404 ``unknown_flower``); none is ever taken out of it.
    """
    command, store_id, flower_id = call.command_id(), call.params["store_id"], call.params["flower_id"]
    wish = await call.parsed(_change)
    if flower_id not in (await call.shared.reads.reference()).flowers:
        raise Problem(404, "unknown_flower", {"flower_id": flower_id})
    message = ChangeStock(
        flower_id=flower_id,
        by=call.caller.account,
        delta=wish.delta,
        on_hand=wish.on_hand,
        version=wish.version,
        cause=wish.cause,
    )
    return await submit(call, "inventory", store_id, message, command=command, body=await call.body())
