"""Waiting for a product that is not sold any more to be sold again (재입고 알림)."""

from __future__ import annotations

from aiohttp import web

from models.catalog.messages import CancelRestock, RegisterRestock
from web.call import Call
from web.commands import submit
from web.pictures import dressed
from web.problems import Problem
from web.requests.fields import NoBody
from web.validation import Parser

_nothing = Parser(NoBody)


async def register(call: Call) -> web.Response:
    """``PUT /products/{product_id}/restock-alert``: tell the caller, by the phone of the own profile, when it is on sale again."""
    command, product_id, buyer = call.command_id(), call.params["product_id"], call.caller.account
    # No number comes from the client: anybody's could (product W26).
    await call.parsed(_nothing)
    return await submit(
        call, "catalog", product_id, RegisterRestock(buyer=buyer), command=command, body=await call.body(),
        extra={"product_id": product_id, "waiting": True}, unless=_told(call, buyer),
    )  # fmt: skip


async def _told(call: Call, buyer: str) -> None:
    """Raises ``Problem`` 409: there is no phone by which ``buyer`` could be told."""
    known = await call.shared.reads.account(buyer)
    if known is None or not known["phone"]:
        raise Problem(409, "phone_required")


async def cancel(call: Call) -> web.Response:
    """``DELETE /products/{product_id}/restock-alert``: the caller does not wait for it any more."""
    command, product_id = call.command_id(), call.params["product_id"]
    await call.parsed(_nothing)
    message = CancelRestock(buyer=call.caller.account)
    return await submit(
        call, "catalog", product_id, message, command=command, body=await call.body(),
        extra={"product_id": product_id, "waiting": False},
    )  # fmt: skip


async def mine(call: Call) -> web.Response:
    """``GET /restock-alerts?limit=&cursor=``: the products for which the caller waits, newest wish first."""
    reads = call.shared.reads
    found, cursor, total = await reads.restock_alerts(call.caller.account, *call.page())
    products = await reads.products_by_ids([str(one["product_id"]) for one in found])
    items = []
    for one in found:
        product = products.get(str(one["product_id"]), {})
        told = {name: product.get(name, "") for name in ("store_id", "name", "thumbnail", "status")}
        items.append({"product_id": one["product_id"], "since": one["at"], **told})
    return call.answer({"items": await dressed(call, items, "thumbnail"), "next": cursor, "total": total})
