"""Products as buyers see them; ``selling.py`` has them for those who sell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from models.actor import id_of
from models.catalog.messages import DELETED, Flower, Label
from web import pictures
from web.call import Call
from web.problems import Problem
from web.reads import Document
from web.routes.public import PUBLIC

GONE = ("product_id", "store_id", "kind", "name", "thumbnail", "thumbnail_urls", "status")
"""What is still told of a product that is deleted, so that the line of an old order leads somewhere."""
PICTURES = ("thumbnail", "images")
"""Fields that hold images."""
NAMELESS_FLOWER, NAMELESS = Flower(name_ko="", name_en=""), Label(name_ko="", name_en="")
"""Ids of old data that the reference does not have."""


async def product(call: Call) -> web.Response:
    """``GET /products/{product_id}``: one product with its store and the names of what it is made of; little of a deleted one."""
    found = await call.shared.reads.product(call.params["product_id"])
    if found is None:
        raise Problem(404, "not_found")
    return await _page(call, found)


async def subscription(call: Call) -> web.Response:
    """``GET /stores/{store_id}/subscription-product``: the store's one subscription product."""
    found = await call.shared.reads.product(id_of("subscription", call.params["store_id"]))
    if found is None or found["status"] == DELETED:
        raise Problem(404, "not_found")
    return await _page(call, found)


async def _page(call: Call, product: Document) -> web.Response:
    reads = call.shared.reads
    (found,) = await pictures.dressed(call, [product], *PICTURES)
    store = await reads.store(str(found["store_id"]))
    said: dict[str, Any] = {"store": {"store_id": found["store_id"], "name": str(store["name"]) if store else ""}}
    if found["status"] == DELETED:
        return call.answer({**{name: found[name] for name in GONE if name in found}, **said}, headers=PUBLIC)
    said |= await _names(call, found)
    caller = call.signed_in
    if caller is None or caller.role != "buyer":
        return call.answer({**found, **said}, headers=PUBLIC)
    alert = await reads.restock_alert(caller.account, str(found["product_id"]))
    # This answer is one buyer's own.
    return call.answer({**found, **said, "waiting": bool(alert and alert["at"])})


async def _names(call: Call, found: Document) -> dict[str, Any]:
    """Names of category, tags and flowers, with what each says: joined here, so that a new name reaches all (product W54)."""
    known = await call.shared.reads.reference()
    chosen = str(found.get("representative", ""))
    flowers: Mapping[str, int] = found.get("flowers", {})
    return {
        "category_names": label(known.categories.get(str(found.get("category", "")), NAMELESS)),
        "tag_names": [{"tag_id": one, **label(known.tags.get(one, NAMELESS))} for one in found.get("tags", ())],
        "flower_names": [
            {"flower_id": one, **flower(known.flowers.get(one, NAMELESS_FLOWER)), "stems": stems, "representative": one == chosen}
            for one, stems in flowers.items()
        ],
    }


def label(one: Label | Flower) -> dict[str, str]:
    """Both names."""
    return {"name_ko": one.name_ko, "name_en": one.name_en}


def flower(one: Flower) -> dict[str, str]:
    """Both names, and what it says in both languages."""
    return {"name_ko": one.name_ko, "name_en": one.name_en, "language_ko": one.language_ko, "language_en": one.language_en}


def admin(call: Call) -> str:
    """The caller's account if it is an admin's, for what admins do is written down; else ""."""
    return call.caller.account if call.caller.role == "admin" else ""
