"""Products for those who sell them: the whole form, edits against the version that was seen, lists and best sellers."""

from __future__ import annotations

from aiohttp import web

from models.actor import id_of
from models.catalog.messages import DELETED, DISCONTINUED, SUBSCRIPTION, EditProduct, SaveProduct
from models.catalog.products import OPTIONAL, STATUSES
from web import idempotency, pictures
from web.access import runs
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.reads import Document
from web.requests.catalog import ProductForm, ProductPatch, SubscriptionForm, unknown
from web.requests.fields import NoBody
from web.routes.catalog import PICTURES, admin
from web.validation import Parser

_form, _patch, _subscription, _nothing = Parser(ProductForm), Parser(ProductPatch), Parser(SubscriptionForm), Parser(NoBody)


async def _known(call: Call, wish: ProductForm | ProductPatch) -> None:
    """Raises ``Problem`` 422 with every flower, tag and category that does not exist (product W29)."""
    found = await call.shared.reads.reference()
    errors = unknown(wish, {"flowers": found.flowers, "tags": found.tags, "categories": found.categories})
    if errors:
        raise Problem(422, "validation_failed", errors=errors)


async def _own(call: Call) -> Document:
    """The product of the route, which never leaves its store. Raises ``Problem`` 404, 403: it is another's (product W24)."""
    found = await call.shared.reads.product(call.params["product_id"])
    if found is None:
        raise Problem(404, "not_found")
    if not runs(call.caller, str(found["store_id"])):
        raise Problem(403, "forbidden")
    return found


def _stands(found: Document | None) -> tuple[str, ...]:
    """The images that a product has."""
    return () if found is None else (found["thumbnail"], *found["images"])


async def _copied(found: Document) -> None:
    """Raises ``Problem`` 409: there can be no copy of ``found``."""
    if found["kind"] == SUBSCRIPTION:
        raise Problem(409, "product_kind")
    if found["status"] == DELETED:
        raise Problem(409, "product_deleted")


async def create(call: Call) -> web.Response:
    """``POST /stores/{store_id}/products``: a new ordinary product, 201 with ``product_id``."""
    command, store_id = call.command_id(), call.params["store_id"]
    wish = pictures.by_ids(await call.parsed(_form), *PICTURES)
    await _known(call, wish)
    product_id = idempotency.created_id(command, "product")
    message = SaveProduct(
        store_id=store_id,
        name=wish.name,
        price=wish.price,
        flowers=wish.flowers,
        status=wish.status,
        tax_free=wish.tax_free,
        category=wish.category,
        thumbnail=wish.thumbnail,
        description=wish.description,
        tags=wish.tags,
        representative=wish.representative,
        minutes=wish.minutes,
        summary=wish.summary,
        images=wish.images,
    )
    unless = pictures.check(call, (wish.thumbnail, *wish.images), "product")
    return await submit(call, "catalog", product_id, message, command=command, body=await call.body(), status=201, unless=unless)


async def edit(call: Call) -> web.Response:
    """``PATCH /products/{product_id}``: change it, unless somebody else has meanwhile (409 ``product_changed``)."""
    command, product_id = call.command_id(), call.params["product_id"]
    wish = pictures.by_ids(await call.parsed(_patch), *PICTURES)
    found = await _own(call)
    await _known(call, wish)
    changes = {name: getattr(wish, name) for name in OPTIONAL}
    message = EditProduct(store_id=str(found["store_id"]), version=wish.version, by=admin(call), **changes)
    call.shared.terms.products.forget(product_id)
    unless = pictures.check(call, (wish.thumbnail or "", *(wish.images or ())), "product", _stands(found))
    return await submit(call, "catalog", product_id, message, command=command, body=await call.body(), unless=unless)


async def duplicate(call: Call) -> web.Response:
    """``POST /products/{product_id}/duplicate``: a copy of it as it is shown, not on sale until its seller says so. A deleted one
    has none: what an admin has removed would be back."""
    command = call.command_id()
    await call.parsed(_nothing)
    found = await _own(call)
    message = SaveProduct(
        store_id=str(found["store_id"]),
        name=found["name"],
        price=found["price"],
        flowers=found["flowers"],
        status=DISCONTINUED,
        tax_free=found["tax_free"],
        category=found["category"],
        thumbnail=found["thumbnail"],
        description=found["description"],
        tags=tuple(found["tags"]),
        representative=found["representative"],
        minutes=found["minutes"],
        summary=found["summary"],
        images=tuple(found["images"]),
        by=admin(call),
    )
    product_id = idempotency.created_id(command, "product")
    return await submit(
        call, "catalog", product_id, message, command=command, body=await call.body(), status=201, unless=_copied(found)
    )


async def save_subscription(call: Call) -> web.Response:
    """``PUT /stores/{store_id}/subscription-product``: the store's one subscription product, new or in place of what it was."""
    command, store_id = call.command_id(), call.params["store_id"]
    wish = pictures.by_ids(await call.parsed(_subscription), *PICTURES)
    # Its id follows from the store's, so there is never a second one (product W48).
    product_id = id_of("subscription", store_id)
    found = await call.shared.reads.product(product_id)
    message = SaveProduct(
        store_id=store_id,
        name=wish.name,
        price=wish.price,
        flowers={},
        status=wish.status,
        thumbnail=wish.thumbnail,
        description=wish.description,
        kind=SUBSCRIPTION,
        summary=wish.summary,
        images=wish.images,
    )
    call.shared.terms.products.forget(product_id)
    unless = pictures.check(call, (wish.thumbnail, *wish.images), "product", _stands(found))
    return await submit(call, "catalog", product_id, message, command=command, body=await call.body(), unless=unless)


async def mine(call: Call) -> web.Response:
    """``GET /stores/{store_id}/products?category=&flower=&status=&limit=&cursor=``: what the store sells or sold, newest first."""
    status = call.one_of("status", "", *STATUSES)
    category, flower = call.ident("category"), call.ident("flower")
    items, cursor, total = await call.shared.reads.store_products(call.params["store_id"], category, flower, status, *call.page())
    shown = await pictures.dressed(call, items, *PICTURES)
    return call.answer({"items": shown, "next": cursor, "total": total})


async def best_sellers(call: Call) -> web.Response:
    """``GET /stores/{store_id}/best-sellers``: the ten products on sale of which the store has sold most."""
    found = await call.shared.reads.best_sellers(call.params["store_id"])
    return call.answer({"items": await pictures.dressed(call, found, *PICTURES)})
