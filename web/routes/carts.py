"""Carts of buyers and of guests (spec auth §6.3, front end §4.1)."""

from __future__ import annotations

import asyncio

from aiohttp import web

from models.carts.messages import AddToCart, MergeCart, RemoveFromCart, SetQuantity
from models.orders.messages import ProductTerms
from web import baskets, guests, idempotency, prefer
from web.call import Call
from web.commands import conclude, submit, told_before
from web.guests import Shopper
from web.pictures import dressed
from web.problems import Problem
from web.requests.carts import CartAdd, CartQuantity, CartRemoval
from web.requests.fields import NoBody
from web.validation import FieldError, Parser

_add, _quantity, _removal, _nothing = Parser(CartAdd), Parser(CartQuantity), Parser(CartRemoval), Parser(NoBody)


async def shown(call: Call) -> web.Response:
    """``GET /cart``: what is in it, by store, at today's prices, with what can be bought and what delivery costs."""
    reads, terms = call.shared.reads, call.shared.terms
    who = call.signed_in
    lines = (await reads.cart(who.account))["lines"] if who is not None else []
    store_ids = sorted({line["store_id"] for line in lines})
    products, stores, stems = await asyncio.gather(
        terms.products.get(line["product_id"] for line in lines), terms.stores.get(store_ids), reads.stems(store_ids)
    )
    cards = [{"product_id": one, "thumbnail": product.thumbnail} for one, product in products.items()]
    pictures = {one["product_id"]: one for one in await dressed(call, cards, "thumbnail")}
    return call.answer(baskets.shown(lines, products, stores, stems, pictures))


async def add(call: Call) -> web.Response:
    """``POST /cart/items``: more of a product; the price of now is remembered. A guest gets a cookie with it."""
    shopper = Shopper(call)
    command = call.command_id()
    wish = await call.parsed(_add)
    product = await _product(call, wish.product_id)
    if product is None:
        raise Problem(422, "validation_failed", errors=[FieldError("/product_id", "unknown_product")])
    message = AddToCart(
        product_id=wish.product_id,
        store_id=product.store_id,
        quantity=wish.quantity,
        price=product.price,
        by_guest=shopper.is_guest,
    )
    return shopper.keep(await submit(call, "carts", shopper.owner, message, command=command, body=await call.body()))


async def set_quantity(call: Call) -> web.Response:
    """``PATCH /cart/items/{product_id}``: how many pieces; whoever changes that has seen today's price."""
    shopper, product_id = Shopper(call), call.params["product_id"]
    command = call.command_id()
    wish = await call.parsed(_quantity)
    product = await _product(call, product_id)
    message = SetQuantity(product_id=product_id, quantity=wish.quantity, price=product.price if product is not None else None)
    return shopper.keep(await submit(call, "carts", shopper.owner, message, command=command, body=await call.body()))


async def remove(call: Call) -> web.Response:
    """``DELETE /cart/items/{product_id}``: none of it any more; also if there was none."""
    shopper = Shopper(call)
    command = call.command_id()
    await call.parsed(_nothing)
    message = RemoveFromCart(product_ids=(call.params["product_id"],))
    return shopper.keep(await submit(call, "carts", shopper.owner, message, command=command, body=await call.body()))


async def remove_many(call: Call) -> web.Response:
    """``POST /cart/remove``: none of these any more; also if some were not there."""
    shopper = Shopper(call)
    command = call.command_id()
    wish = await call.parsed(_removal)
    message = RemoveFromCart(product_ids=tuple(wish.product_ids))
    return shopper.keep(await submit(call, "carts", shopper.owner, message, command=command, body=await call.body()))


async def merge(call: Call) -> web.Response:
    """``POST /cart/merge``: what the guest's cart held comes into the buyer's; without such a cart nothing does.

    Signing in has done so already, unless the cart was away just then. Quantities add up to at most 999; products for which there
    is no room are named.
    """
    command, owner = call.command_id(), call.caller.account
    await call.parsed(_nothing)
    guest = guests.caller_of(call.shared.secret, call.request)
    if guest is None:
        return await _merged(call, owner, command)
    message = MergeCart(guest=guest.account)
    response = await submit(call, "carts", owner, message, command=command, body=await call.body())
    guests.set_cookie(response, "", 0, secure=call.shared.settings.production)
    return response


async def _merged(call: Call, owner: str, command: str) -> web.Response:
    """What the buyer's cart has said to this very merge, whose answer took the cookie away; without one it is as it is."""
    before = await told_before(call, "carts", owner, command, idempotency.fingerprint(await call.body()))
    if before is None:
        return call.answer({"count": len((await call.shared.reads.cart(owner))["lines"])})
    deadline = asyncio.get_running_loop().time() + prefer.seconds(call.request.headers.get("Prefer", ""))
    return await conclude(call, before, "carts", owner, command, "", deadline)


async def _product(call: Call, product_id: str) -> ProductTerms | None:
    return (await call.shared.terms.products.get([product_id])).get(product_id)
