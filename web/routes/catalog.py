"""Products."""

from __future__ import annotations

from aiohttp import web

from models.catalog.messages import SaveProduct
from web.access import runs
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.requests.catalog import ProductSave
from web.routes.public import PUBLIC
from web.validation import Parser

_save = Parser(ProductSave)


async def product(call: Call) -> web.Response:
    """``GET /products/{product_id}``: one product, also one that is no longer sold."""
    found = await call.shared.reads.product(call.params["product_id"])
    if found is None or found.get("status") == "DELETED":
        raise Problem(404, "not_found")
    return call.answer(found, headers=PUBLIC)


async def save_product(call: Call) -> web.Response:
    """``PUT /products/{product_id}``: create or replace, by the seller of its store or an admin. It stays with its store."""
    command, product_id = call.command_id(), call.params["product_id"]
    wish = await call.parsed(_save)
    if not runs(call.caller, wish.store_id):
        raise Problem(403, "forbidden")
    before = await call.shared.reads.product(product_id)
    if before is not None and not runs(call.caller, str(before["store_id"])):
        raise Problem(403, "forbidden")
    message = SaveProduct(
        store_id=wish.store_id,
        name=wish.name,
        price=wish.price,
        flowers=wish.flowers,
        status=wish.status,
        tax_free=wish.tax_free,
        category=wish.category,
        thumbnail=wish.thumbnail,
        description=wish.description,
    )
    call.shared.terms.products.forget(product_id)
    return await submit(
        call, "catalog", product_id, message, command=command, body=await call.body(), extra={"product_id": product_id}
    )
