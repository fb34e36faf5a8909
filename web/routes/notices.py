"""Notices: what a store tells its visitors."""

from __future__ import annotations

from aiohttp import web

from models.stores.messages import DeleteNotice, EditNotice, PostNotice
from web import idempotency
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.requests.fields import NoBody
from web.requests.stores import NoticeChange, NoticeRequest
from web.routes.public import PUBLIC
from web.validation import Parser

_post, _edit, _nothing = Parser(NoticeRequest), Parser(NoticeChange), Parser(NoBody)


async def of_store(call: Call) -> web.Response:
    """``GET /stores/{store_id}/notices``: newest first."""
    items, cursor, total = await call.shared.reads.notices(call.params["store_id"], *call.page())
    return call.answer({"items": items, "next": cursor, "total": total}, headers=PUBLIC)


async def post(call: Call) -> web.Response:
    """``POST /stores/{store_id}/notices``: a new one, shown at once."""
    command, store_id = call.command_id(), call.params["store_id"]
    wish = await call.parsed(_post)
    if store_id not in await call.shared.terms.stores.get([store_id]):
        raise Problem(404, "not_found")
    notice_id = idempotency.created_id(command, "notice")
    message = PostNotice(store_id=store_id, title=wish.title, content=wish.content)
    return await submit(call, "stores", notice_id, message, command=command, body=await call.body(), status=201)


async def edit(call: Call) -> web.Response:
    """``PATCH /stores/{store_id}/notices/{notice_id}``: only what is given changes."""
    command, store_id, notice_id = call.command_id(), call.params["store_id"], call.params["notice_id"]
    wish = await call.parsed(_edit)
    message = EditNotice(store_id=store_id, title=wish.title, content=wish.content)
    return await submit(call, "stores", notice_id, message, command=command, body=await call.body())


async def delete(call: Call) -> web.Response:
    """``DELETE /stores/{store_id}/notices/{notice_id}``: it is gone, its words with it."""
    command, store_id, notice_id = call.command_id(), call.params["store_id"], call.params["notice_id"]
    await call.parsed(_nothing)
    return await submit(call, "stores", notice_id, DeleteNotice(store_id=store_id), command=command, body=await call.body())
