"""What became of a command that was answered 202."""

from __future__ import annotations

import asyncio

from aiohttp import web

from topics.catalogue import DOMAINS
from web import idempotency, prefer
from web.call import Call
from web.commands import conclude
from web.problems import Problem


async def status(call: Call) -> web.Response:
    """``GET /commands/{domain}/{row}/{command}?sig=&part=``: asks the row itself; answers as the write would have.

    The address is signed for the account that sent the command: to anybody else it does not exist.
    """
    domain, row, command = call.params["domain"], call.params["row"], call.params["command"]
    part, sig = call.query("part"), call.query("sig")
    if domain not in DOMAINS or not idempotency.signed(
        call.shared.secret, sig, "command", call.caller.account, domain, row, command, part
    ):
        raise Problem(404, "command_unknown")
    wait = prefer.seconds(call.request.headers.get("Prefer", ""))
    deadline = asyncio.get_running_loop().time() + wait
    answer = await call.shared.client.inquire(domain, row, command, wait, part)
    return await conclude(call, answer, domain, row, command, part, deadline)
