"""What admins take off the marketplace, and the names that products are made of."""

from __future__ import annotations

from aiohttp import web

from models.actor import Command
from models.catalog.messages import (
    REFERENCE,
    Flower,
    HideReview,
    Label,
    ReferencePrivate,
    RemoveProduct,
    SaveCategory,
    SaveFlower,
    SaveTag,
)
from models.catalog.products import STATUSES
from web import named, pictures
from web.call import Call
from web.commands import submit
from web.requests.catalog import FlowerForm, LabelForm, Removal
from web.routes.catalog import PICTURES, flower, label
from web.routes.public import PUBLIC
from web.validation import Parser

_removal, _flower, _label = Parser(Removal), Parser(FlowerForm), Parser(LabelForm)
NEW, OLD, TOP, BOTTOM = "NEW", "OLD", "TOP", "BOTTOM"


async def products(call: Call) -> web.Response:
    """``GET /admin/products?status=&date=&sales=&limit=&cursor=``: of every store, by sales (TOP, BOTTOM) or date (NEW, OLD)."""
    status, date, sales = call.one_of("status", "", *STATUSES), call.one_of("date", NEW, OLD), call.one_of("sales", "", TOP, BOTTOM)
    items, cursor, total = await call.shared.reads.all_products(status, date, sales, *call.page())
    shown = await named.stores(call, await pictures.dressed(call, items, *PICTURES))
    return call.answer({"items": shown, "next": cursor, "total": total})


async def remove_product(call: Call) -> web.Response:
    """``DELETE /admin/products/{product_id}``: off the marketplace for good, with a reason; reviews and orders stay as they are."""
    command, product_id = call.command_id(), call.params["product_id"]
    wish = await call.parsed(_removal)
    message = RemoveProduct(by=call.caller.account, reason=wish.reason)
    call.shared.terms.products.forget(product_id)
    return await submit(call, "catalog", product_id, message, command=command, body=await call.body())


async def hide_review(call: Call) -> web.Response:
    """``DELETE /admin/reviews/{review_id}``: hide a review, with a reason; it does not count any more."""
    command = call.command_id()
    wish = await call.parsed(_removal)
    message = HideReview(by=call.caller.account, reason=wish.reason)
    return await submit(call, "catalog", call.params["review_id"], message, command=command, body=await call.body())


async def reference(call: Call) -> web.Response:
    """``GET /reference``: all flowers with what they say, all tags and categories, in both languages."""
    return call.answer(_listed(await call.shared.reads.reference()), headers=PUBLIC)


def _listed(known: ReferencePrivate) -> dict[str, list[dict[str, str]]]:
    return {
        "flowers": [{"flower_id": one, **flower(names)} for one, names in known.flowers.items()],
        "tags": [{"tag_id": one, **label(names)} for one, names in known.tags.items()],
        "categories": [{"category_id": one, **label(names)} for one, names in known.categories.items()],
    }


async def save_flower(call: Call) -> web.Response:
    """``PUT /admin/flowers/{flower_id}``: add a flower, or give it other names."""
    wish = await call.parsed(_flower)
    names = Flower(name_ko=wish.name_ko, name_en=wish.name_en, language_ko=wish.language_ko, language_en=wish.language_en)
    return await _say(call, SaveFlower(flower_id=call.params["flower_id"], flower=names, by=call.caller.account))


async def save_tag(call: Call) -> web.Response:
    """``PUT /admin/tags/{tag_id}``: add a tag, or give it other names."""
    names = await _names(call)
    return await _say(call, SaveTag(tag_id=call.params["tag_id"], label=names, by=call.caller.account))


async def save_category(call: Call) -> web.Response:
    """``PUT /admin/categories/{category_id}``: add a category, or give it other names."""
    names = await _names(call)
    return await _say(call, SaveCategory(category_id=call.params["category_id"], label=names, by=call.caller.account))


async def _names(call: Call) -> Label:
    wish = await call.parsed(_label)
    return Label(name_ko=wish.name_ko, name_en=wish.name_en)


async def _say(call: Call, message: Command) -> web.Response:
    return await submit(call, "catalog", REFERENCE, message, command=call.command_id(), body=await call.body())
