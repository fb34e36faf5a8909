"""Reviews: of a product, of a store, one's own; written by who has got what he ordered, answered by the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from models.actor import id_of
from models.catalog.messages import DeleteReview, EditReview, ReplyToReview, WriteReview
from models.catalog.reviews import ALLOWED, HIDDEN, WRITTEN
from models.read.reviews import AUTHOR, DATE, HIGH, LOW, PRODUCT, STORE
from web import authors, named, pictures
from web.access import runs
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.reads import Counted, Document
from web.requests.fields import NoBody
from web.requests.reviews import ReplyForm, ReviewForm, ReviewText
from web.routes.public import PUBLIC
from web.validation import Parser

_form, _text, _reply, _nothing = Parser(ReviewForm), Parser(ReviewText), Parser(ReplyForm), Parser(NoBody)
SORTS = (DATE, HIGH, LOW)
SHOWN = (
    "review_id", "product_id", "rating", "stars", "text", "images", "images_urls", "written_at", "edited_at", "reply", "replied_at",
    "nickname", "picture", "picture_urls",
)  # fmt: skip
"""What everybody sees of a review."""


async def of_product(call: Call) -> web.Response:
    """``GET /products/{product_id}/reviews?sort=&limit=&cursor=``: reviews of a product; sort DATE, HIGH or LOW."""
    found, cursor, total = await _page(call, PRODUCT, call.params["product_id"], WRITTEN)
    return call.answer({"items": await _public(call, found), "next": cursor, "total": total}, headers=PUBLIC)


async def of_store(call: Call) -> web.Response:
    """``GET /stores/{store_id}/reviews?sort=&limit=&cursor=``: reviews of all that a store sells, with the products' names."""
    found, cursor, total = await _page(call, STORE, call.params["store_id"], WRITTEN)
    shown = await named.products(call, await _public(call, found))
    return call.answer({"items": shown, "next": cursor, "total": total}, headers=PUBLIC)


async def mine(call: Call) -> web.Response:
    """``GET /reviews?status=&sort=&limit=&cursor=``: the caller's own; status written, allowed (still to be written) or hidden."""
    status = call.one_of("status", "", WRITTEN, ALLOWED, HIDDEN) or WRITTEN
    found, cursor, total = await _page(call, AUTHOR, call.caller.account, status)
    dressed = await pictures.dressed(call, found, "images")
    own = [{name: value for name, value in one.items() if name not in ("author", "seq")} for one in dressed]
    return call.answer({"items": await named.products(call, own), "next": cursor, "total": total})


async def _page(call: Call, whose: str, ident: str, status: str) -> Counted:
    sort = call.one_of("sort", "", *SORTS) or DATE
    return await call.shared.reads.reviews(whose, ident, status, sort, *call.page())


async def _public(call: Call, found: Sequence[Document]) -> list[dict[str, Any]]:
    """With the author's nickname and picture instead of the account."""
    dressed = await authors.signed(call, await pictures.dressed(call, found, "images"), "author")
    return [{name: one[name] for name in SHOWN if name in one} for one in dressed]


async def write(call: Call) -> web.Response:
    """``POST /reviews``: review what an order line or a subscription has brought, once; 201 with ``review_id``."""
    command = call.command_id()
    wish = pictures.by_ids(await call.parsed(_form), "images")
    review_id = id_of("review", wish.subject)
    message = WriteReview(buyer=call.caller.account, rating=wish.rating, text=wish.text, images=wish.images)
    unless = pictures.check(call, wish.images, "review")
    return await submit(call, "catalog", review_id, message, command=command, body=await call.body(), status=201, unless=unless)


async def edit(call: Call) -> web.Response:
    """``PUT /reviews/{review_id}``: say something else, within 30 days. Images that are left out of the body stay as they are."""
    command, review_id, buyer = call.command_id(), call.params["review_id"], call.caller.account
    wish = pictures.by_ids(await call.parsed(_text), "images")
    found = await call.shared.reads.review(review_id) if wish.images else None
    before = found["images"] if found and found["author"] == buyer else ()
    message = EditReview(buyer=buyer, rating=wish.rating, text=wish.text, images=wish.images)
    unless = pictures.check(call, wish.images or (), "review", before)
    return await submit(call, "catalog", review_id, message, command=command, body=await call.body(), unless=unless)


async def delete(call: Call) -> web.Response:
    """``DELETE /reviews/{review_id}``: take one's own review back, for good."""
    command = call.command_id()
    await call.parsed(_nothing)
    message = DeleteReview(buyer=call.caller.account)
    return await submit(call, "catalog", call.params["review_id"], message, command=command, body=await call.body())


async def reply(call: Call) -> web.Response:
    """``PUT /reviews/{review_id}/reply``: the store's answer, or another one in its place."""
    command, review_id = call.command_id(), call.params["review_id"]
    wish = await call.parsed(_reply)
    found = await call.shared.reads.review(review_id)
    if found is None or not runs(call.caller, str(found["store_id"])):
        raise Problem(404, "not_found")
    message = ReplyToReview(store_id=str(found["store_id"]), text=wish.text)
    return await submit(call, "catalog", review_id, message, command=command, body=await call.body())
