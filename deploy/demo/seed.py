"""Bring what ``shop.py`` says into a running stack.

It looks first, and every write has a fixed key, so a second run, or one beside it, changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec

from deploy.demo.client import Person, Shop, person
from deploy.demo.shop import FLORISTS, REGULARS, WELCOME, Coupon, Florist, Product
from models import kst
from web import idempotency

AT_ONCE = 32
"""Requests in flight."""
FOR_EVER = "2099-12-31"


def seller(florist: Florist) -> Person:
    """Who runs the store."""
    return Person(florist.owner, "seller", (florist.store_id,))


def coupon_path(florist: Florist) -> str:
    """Where the store's coupons are made."""
    return f"/stores/{florist.store_id}/coupons"


def coupon_id(florist: Florist, word: str) -> str:
    """The id that the marketplace gives to a coupon made with the seed's key."""
    command = idempotency.command_id(florist.owner, "POST", f"/api/v1{coupon_path(florist)}", _coupon_key(word))
    return idempotency.created_id(command, "coupon")


def policy_of(florist: Florist) -> dict[str, Any]:
    """The body that saves the store."""
    fees = {"delivery_fee": florist.fee, "free_from": florist.free_from}
    return {"name": florist.name, **fees, "cut_off": florist.cut_off, "threshold": 50}


def body_of(florist: Florist, product: Product) -> dict[str, Any]:
    """The body that saves the product."""
    return {
        "store_id": florist.store_id,
        "name": product.name,
        "price": product.price,
        "flowers": product.flowers,
        "tax_free": product.fresh,
        "category": product.category,
        "description": product.description,
    }


async def seed(shop: Shop) -> int:
    """Make what is missing; the number of writes. Raises Unexpected."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def write(who: Person, method: str, path: str, body: Mapping[str, Any] | None, key: str, *fine: int) -> int:
        async with gate:
            (await shop.call(who, method, path, body, key=key)).expect(200, 201, *fine)
        return 1

    stores, products = await asyncio.gather(shop.every(None, "/stores"), shop.every(None, "/products"))
    known = {one["store_id"]: one for one in stores} | {one["product_id"]: one for one in products}
    shelves = await asyncio.gather(*(_shelf(shop, florist) for florist in FLORISTS))
    writes: list[Awaitable[int]] = []
    for florist, (stock, coupons) in zip(FLORISTS, shelves, strict=True):
        who, at = seller(florist), f"/stores/{florist.store_id}"
        bodies = {at: (florist.store_id, policy_of(florist))}
        bodies |= {f"/products/{one.product_id}": (one.product_id, body_of(florist, one)) for one in florist.products}
        writes += [
            write(who, "PUT", path, body, f"demo-{idempotency.fingerprint(msgspec.json.encode(body))}")
            for path, (ident, body) in bodies.items()
            if not _says(known.get(ident, {}), body)
        ]
        # Against version 0: only where nobody has put any stems yet, however long ago the first run was.
        writes += [
            write(who, "PATCH", f"{at}/stock/{flower}", {"on_hand": stems, "version": 0}, f"demo-{flower}", 409)
            for flower, stems in florist.stock.items()
            if flower not in stock
        ]
        writes += [
            write(who, "POST", coupon_path(florist), _terms(one), _coupon_key(one.word), 409)
            for one in florist.coupons
            if coupon_id(florist, one.word) not in coupons
        ]
    made = sum(await asyncio.gather(*writes))
    return made + await _claims(shop)


def _terms(coupon: Coupon) -> dict[str, Any]:
    """What a new coupon says; it begins today, since none may begin earlier."""
    terms = {"limit": coupon.limit, "discount": coupon.discount, "min_amount": coupon.min_amount}
    return {"name": coupon.name, **terms, "starts": kst.day(int(time.time() * 1000)), "ends": FOR_EVER}


async def _claims(shop: Shop) -> int:
    """The regulars claim their welcome coupons, unless they have them."""
    by_word = {florist.word: florist for florist in FLORISTS}
    made = 0
    for name, words in REGULARS.items():
        have = {one["coupon_id"] for one in (await shop.call(person(name), "GET", "/coupons")).expect(200).body["items"]}
        for word in words:
            coupon = coupon_id(by_word[word], WELCOME.word)
            if coupon not in have:
                path = f"{coupon_path(by_word[word])}/{coupon}/claim"
                (await shop.call(person(name), "POST", path, key=f"demo-{name}-{word}")).expect(201, 409)
                made += 1
    return made


async def _shelf(shop: Shop, florist: Florist) -> tuple[set[str], set[str]]:
    """The flowers that the florist has had, and the coupons."""
    stock, coupons = await asyncio.gather(
        shop.call(seller(florist), "GET", f"/stores/{florist.store_id}/stock"), shop.call(None, "GET", coupon_path(florist))
    )
    flowers = {one["flower_id"] for one in stock.expect(200).body["items"]}
    return flowers, {one["coupon_id"] for one in coupons.expect(200).body["items"]}


def _says(shown: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Does what is shown say the same?"""
    return all(shown.get(name) == value for name, value in body.items())


def _coupon_key(word: str) -> str:
    return f"demo-coupon-{word}"
