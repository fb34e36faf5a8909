"""Questions about products, and stores' answers (spec store A2, A7, V5; rules: docs/stores.md)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from models.actor import Command
from models.stores.messages import AnswerQuestion, AskQuestion, DeleteQuestion, EditAnswer, EditQuestion, MarkQuestionRead
from web import authors, idempotency, named
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.reads import About
from web.requests.fields import NoBody
from web.requests.stores import AnswerRequest, QuestionChange, QuestionRequest
from web.routes import store_views
from web.routes.public import PUBLIC
from web.validation import Parser

_ask, _edit, _answer, _nothing = Parser(QuestionRequest), Parser(QuestionChange), Parser(AnswerRequest), Parser(NoBody)
ANSWERED = {"": None, "true": True, "false": False}
Shown = tuple[list[dict[str, Any]], str, int]
"""Questions as the caller may see them, the next page's cursor, and how many there are in all."""


async def _page(call: Call, product_id: str = "", store_id: str = "", buyer: str = "") -> Shown:
    answered = ANSWERED[call.one_of("answered", *ANSWERED)]
    about = About(product_id=product_id, store_id=store_id, buyer=buyer, answered=answered)
    items, cursor, total = await call.shared.reads.questions(about, *call.page())
    signed = await authors.signed(call, items, "buyer")
    return [store_views.question(one, call.signed_in) for one in signed], cursor, total


async def _named(call: Call, page: Shown) -> web.Response:
    """A page of questions about several products, with their names."""
    items, cursor, total = page
    return call.answer({"items": await named.products(call, items), "next": cursor, "total": total})


async def of_product(call: Call) -> web.Response:
    """``GET /products/{product_id}/questions?answered=true|false``: newest first; of secret ones only that they are there.

    Whoever asked, the store's seller and admins read them whole.
    """
    items, cursor, total = await _page(call, product_id=call.params["product_id"])
    return call.answer({"items": items, "next": cursor, "total": total}, headers=None if call.signed_in else PUBLIC)


async def mine(call: Call) -> web.Response:
    """``GET /questions?product_id=&answered=true|false``: what the caller has asked, about one product or any, newest first."""
    return await _named(call, await _page(call, product_id=call.ident("product_id"), buyer=call.caller.account))


async def of_store(call: Call) -> web.Response:
    """``GET /stores/{store_id}/questions?answered=true|false``: what the store was asked, newest first."""
    return await _named(call, await _page(call, store_id=call.params["store_id"]))


async def one(call: Call) -> web.Response:
    """``GET /stores/{store_id}/questions/{question_id}``: one of them. Reading it marks nothing."""
    found = await call.shared.reads.question(call.params["question_id"])
    if found is None or found["store_id"] != call.params["store_id"]:
        raise Problem(404, "not_found")
    (asked,) = await authors.signed(call, [found], "buyer")
    (shown,) = await named.products(call, [store_views.question(asked, call.signed_in)])
    return call.answer(shown)


async def ask(call: Call) -> web.Response:
    """``POST /products/{product_id}/questions``: to the store that sells it, which only the shop itself says."""
    command, product_id = call.command_id(), call.params["product_id"]
    wish = await call.parsed(_ask)
    product = (await call.shared.terms.products.get([product_id])).get(product_id)
    if product is None:
        raise Problem(404, "not_found")
    question_id = idempotency.created_id(command, "question")
    message = AskQuestion(
        buyer=call.caller.account,
        store_id=product.store_id,
        product_id=product_id,
        title=wish.title,
        content=wish.content,
        secret=wish.secret,
    )
    return await submit(call, "stores", question_id, message, command=command, body=await call.body(), status=201)


async def edit(call: Call) -> web.Response:
    """``PATCH /questions/{question_id}``: by whoever asked, until it is answered."""
    command = call.command_id()
    wish = await call.parsed(_edit)
    message = EditQuestion(buyer=call.caller.account, title=wish.title, content=wish.content, secret=wish.secret)
    return await _tell(call, message, command)


async def delete(call: Call) -> web.Response:
    """``DELETE /questions/{question_id}``: by whoever asked, at any time and with its answer."""
    command = call.command_id()
    await call.parsed(_nothing)
    return await _tell(call, DeleteQuestion(buyer=call.caller.account), command)


async def answer(call: Call) -> web.Response:
    """``POST /stores/{store_id}/questions/{question_id}/answer``: once."""
    command = call.command_id()
    wish = await call.parsed(_answer)
    return await _tell(call, AnswerQuestion(store_id=call.params["store_id"], content=wish.content), command, 201)


async def edit_answer(call: Call) -> web.Response:
    """``PATCH /stores/{store_id}/questions/{question_id}/answer``: other words, as often as the store likes."""
    command = call.command_id()
    wish = await call.parsed(_answer)
    return await _tell(call, EditAnswer(store_id=call.params["store_id"], content=wish.content), command)


async def mark_read(call: Call) -> web.Response:
    """``POST /stores/{store_id}/questions/{question_id}/read``: the seller has read it."""
    command = call.command_id()
    await call.parsed(_nothing)
    return await _tell(call, MarkQuestionRead(store_id=call.params["store_id"]), command)


async def _tell(call: Call, message: Command, command: str, status: int = 200) -> web.Response:
    question_id = call.params["question_id"]
    return await submit(call, "stores", question_id, message, command=command, body=await call.body(), status=status)
