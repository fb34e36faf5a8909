"""Where the payment gateway sends the buyer's browser back to (order W-36, W-37)."""

from __future__ import annotations

import asyncio

from aiohttp import web

from models.actor import id_of
from models.orders.messages import AbandonPayment, ApprovePayment
from web import idempotency, prefer
from web.call import Call
from web.commands import shown
from web.problems import Problem

OUTCOMES = {"approve": "", "cancel": "cancelled", "fail": "failed"}


async def callback(call: Call) -> web.Response:
    """``GET /payments/callback/{order_id}/{nonce}/{outcome}?pg_token=``: waits for what comes of it, then redirects.

    Nobody is signed in here: the nonce, which only the gateway's addresses hold, says that it may. The first token counts, since
    the command's id follows from order, nonce and outcome; every further GET gets the same redirect.
    """
    order_id, nonce, outcome = call.params["order_id"], call.params["nonce"], call.params["outcome"]
    shared = call.shared
    if outcome not in OUTCOMES or not idempotency.signed(shared.secret, nonce, "callback", order_id):
        raise Problem(404, "not_found")
    message: ApprovePayment | AbandonPayment
    if outcome == "approve":
        token = call.query("pg_token")
        if not token:
            raise Problem(400, "bad_parameter", {"name": "pg_token"})
        message = ApprovePayment(nonce=nonce, pg_token=token)
    else:
        message = AbandonPayment(nonce=nonce, outcome=OUTCOMES[outcome])
    wait = prefer.seconds(call.request.headers.get("Prefer", ""))
    deadline = asyncio.get_running_loop().time() + wait
    answer = await shared.client.ask(
        "orders", order_id, message, id=id_of(order_id, nonce, outcome), wait=wait, traceparent=call.traceparent
    )
    if answer is not None and answer.seq:
        await shown(call, "orders", order_id, answer.seq, "", deadline)
    target = shared.settings.shop_url or "/api/v1/orders/{order_id}"
    return web.Response(status=303, headers={**call.headers(), "Location": target.replace("{order_id}", order_id)})
