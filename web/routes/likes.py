"""What buyers like: products and stores (spec auth §6.4, front end §5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from models.carts.messages import PRODUCT, STORE, Like, Unlike
from web.call import MAX_PAGE, Call
from web.commands import submit
from web.pictures import dressed
from web.problems import Problem
from web.requests.fields import NoBody
from web.routes import store_views
from web.validation import Parser

_nothing = Parser(NoBody)
PRODUCT_CARD = ("store_id", "name", "summary", "thumbnail", "price", "status", "kind", "sold", "reviews", "average")
"""What a product's card shows; a store's is that of ``store_views``, without its bank account."""


async def like_product(call: Call) -> web.Response:
    """``PUT /likes/products/{product_id}``: liked from now on, or as before."""
    product_id = call.params["product_id"]
    if product_id not in await call.shared.terms.products.get([product_id]):
        raise Problem(404, "not_found")
    return await _submit(call, Like(kind=PRODUCT, id=product_id))


async def unlike_product(call: Call) -> web.Response:
    """``DELETE /likes/products/{product_id}``: not liked any more; also if it was not."""
    return await _submit(call, Unlike(kind=PRODUCT, id=call.params["product_id"]))


async def like_store(call: Call) -> web.Response:
    """``PUT /likes/stores/{store_id}``: liked from now on, or as before."""
    store_id = call.params["store_id"]
    if store_id not in await call.shared.terms.stores.get([store_id]):
        raise Problem(404, "not_found")
    return await _submit(call, Like(kind=STORE, id=store_id))


async def unlike_store(call: Call) -> web.Response:
    """``DELETE /likes/stores/{store_id}``: not liked any more; also if it was not."""
    return await _submit(call, Unlike(kind=STORE, id=call.params["store_id"]))


async def _submit(call: Call, message: Like | Unlike) -> web.Response:
    command = call.command_id()
    await call.parsed(_nothing)
    extra = {"liked": isinstance(message, Like)}
    owner = call.caller.account
    return await submit(call, "carts", owner, message, command=command, body=await call.body(), extra=extra)


async def products(call: Call) -> web.Response:
    """``GET /likes/products?limit=&cursor=``: cards of the products that the caller likes, newest first, and how many there are.

    One that is not sold any more is still there, with its status; of one that is deleted only the id is.
    """
    found, cursor, total = await _page(call, PRODUCT)
    cards = await call.shared.reads.products_by_ids([one["id"] for one in found])
    items = [_card("product_id", one, _shown(cards.get(one["id"]))) for one in found]
    return call.answer({"items": await dressed(call, items, "thumbnail"), "next": cursor, "total": total})


async def stores(call: Call) -> web.Response:
    """``GET /likes/stores?limit=&cursor=``: cards of the stores that the caller likes, newest first, and how many there are."""
    found, cursor, total = await _page(call, STORE)
    cards = await call.shared.reads.stores_by_ids([one["id"] for one in found])
    items = [_card("store_id", one, store_views.card(cards[one["id"]]) if one["id"] in cards else None) for one in found]
    return call.answer({"items": await dressed(call, items, "thumbnail"), "next": cursor, "total": total})


async def _page(call: Call, kind: str) -> tuple[list[Mapping[str, Any]], str, int]:
    reads, buyer = call.shared.reads, call.caller.account
    found, cursor = await reads.likes(buyer, kind, *call.page())
    counts = await reads.like_counts(buyer)
    return list(found), cursor, counts.get(kind, 0)


def _shown(product: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return product and {field: product[field] for field in PRODUCT_CARD if field in product}


def _card(name: str, like: Mapping[str, Any], found: Mapping[str, Any] | None) -> dict[str, Any]:
    said: dict[str, Any] = {name: like["id"], "liked_at": like["at"]}
    if found is None or found.get("status") == "DELETED":
        return {**said, "status": "DELETED"}
    return {**found, **said}


async def flags(call: Call) -> web.Response:
    """``GET /likes?products=&stores=``: which of these the caller likes; up to 100 ids of each, parted by commas."""
    said = {}
    for name, kind in (("products", PRODUCT), ("stores", STORE)):
        ids = [one for one in call.query(name, 65 * MAX_PAGE).split(",") if one]
        if len(ids) > MAX_PAGE:
            raise Problem(400, "bad_parameter", {"name": name, "most": MAX_PAGE})
        liked = await call.shared.reads.liked(call.caller.account, kind, ids) if ids else set()
        said[name] = {one: one in liked for one in ids}
    return call.answer(said)


async def counts(call: Call) -> web.Response:
    """``GET /likes/count``: how many products and stores the caller likes."""
    found = await call.shared.reads.like_counts(call.caller.account)
    return call.answer({"product_count": found.get(PRODUCT, 0), "store_count": found.get(STORE, 0)})
