"""Bring what ``shop.py`` says into a running stack.

It looks first, and every write has a fixed key, so a second run, or one beside it, changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from deploy.demo.client import Person, Shop, listed, person, seen, tell
from deploy.demo.shop import FLORISTS, REGULARS, WELCOME, Florist, Product
from models import kst
from models.catalog.messages import SaveProduct
from topics.client import Client
from web import idempotency

AT_ONCE = 32
"""Requests in flight."""
SAID = ("store_id", "name", "price", "flowers", "tax_free", "category", "description")
"""What the seed says of a product."""
FOR_EVER = "2099-12-31"


def seller(florist: Florist) -> Person:
    """Who runs the store."""
    return Person(florist.owner, "seller", (florist.store_id,))


class Wish(NamedTuple):
    """A write of the seed. ``about``: what it makes, as ``shown`` tells it; a PUT is also repeated if that says something else."""

    about: tuple[str, ...]
    who: Person
    method: str
    path: str
    body: Mapping[str, Any] | None
    key: str


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


def save_of(florist: Florist, product: Product) -> SaveProduct:
    """The command that saves the product. Nobody chooses a product's id over HTTP; the demo's are known everywhere."""
    return SaveProduct(
        store_id=florist.store_id,
        name=product.name,
        price=product.price,
        flowers=product.flowers,
        tax_free=product.fresh,
        category=product.category,
        description=product.description,
    )


def coupons_of(florist: Florist, today: str) -> list[Wish]:
    """The store's coupons, from ``today`` (KST) on."""
    made = []
    for coupon in florist.coupons:
        terms = {"limit": coupon.limit, "discount": coupon.discount, "min_amount": coupon.min_amount}
        body = {"name": coupon.name, **terms, "starts": today, "ends": FOR_EVER}
        about = ("coupon", coupon_id(florist, coupon.word))
        made.append(Wish(about, seller(florist), "POST", coupon_path(florist), body, _coupon_key(coupon.word)))
    return made


def wishes(today: str) -> tuple[list[Wish], list[Wish]]:
    """All but the products, and then the claims, which need the coupons. Coupons made now begin ``today`` (KST)."""
    made: list[Wish] = []
    for florist in FLORISTS:
        who, at = seller(florist), f"/stores/{florist.store_id}"
        policy = policy_of(florist)
        made.append(Wish(("store", florist.store_id), who, "PUT", at, policy, content_key(policy)))
        for flower, stems in florist.stock.items():
            # Against version 0: only where nobody has put any stems yet, however long ago the first run was.
            body = {"on_hand": stems, "version": 0}
            stems_of = ("stock", florist.store_id, flower)
            made.append(Wish(stems_of, who, "PATCH", f"{at}/stock/{flower}", body, f"demo-stock-{flower}"))
        made += coupons_of(florist, today)
    by_word = {florist.word: florist for florist in FLORISTS}
    claims = []
    for name, words in REGULARS.items():
        for word in words:
            coupon_of = coupon_id(by_word[word], WELCOME.word)
            path = f"{coupon_path(by_word[word])}/{coupon_of}/claim"
            claims.append(Wish(("claim", name, coupon_of), person(name), "POST", path, None, f"demo-{name}-{word}"))
    return made, claims


async def seed(shop: Shop, client: Client) -> int:
    """Make what is missing; the number of writes. Raises Unexpected, and ``topics.client.Unavailable``."""
    there = await shown(shop)
    sold = await stocked(shop, client, there)
    missing = [[wish for wish in some if not _is_there(wish, there)] for some in wishes(kst.day(int(time.time() * 1000)))]
    for some in missing:
        await write(shop, some)
    return sold + sum(map(len, missing))


async def stocked(shop: Shop, client: Client, there: Mapping[tuple[str, ...], Mapping[str, Any]]) -> int:
    """Save the products that are not ``there`` as they should be, and wait until all are seen; how many. Raises as ``seed``."""
    missing = []
    for florist in FLORISTS:
        for product in florist.products:
            message = save_of(florist, product)
            found = there.get(("product", product.product_id), {})
            if any(found.get(name) != getattr(message, name) for name in SAID):
                missing.append((product.product_id, message, content_key(msgspec.to_builtins(message))))
    gate = asyncio.Semaphore(AT_ONCE)

    async def save(product_id: str, message: SaveProduct, word: str) -> None:
        async with gate:
            await tell(client, "catalog", product_id, message, word)
            await seen(shop, f"/products/{product_id}")

    await asyncio.gather(*(save(*one) for one in missing))
    if missing:
        for florist in FLORISTS:
            await listed(shop, florist.store_id, {one.product_id for one in florist.products})
    return len(missing)


async def write(shop: Shop, some: Iterable[Wish]) -> None:
    """Do them, side by side. Raises Unexpected.

    409: somebody else was faster, or has changed it since. A key that was used for other words: a coupon that another day began.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(wish: Wish) -> None:
        async with gate:
            answer = await shop.call(wish.who, wish.method, wish.path, wish.body, key=wish.key)
            if answer.status != 422 or answer.body["code"] != "idempotency_key_reused":
                answer.expect(200, 201, 409)

    await asyncio.gather(*map(one, some))


async def shown(shop: Shop) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """What there is of it, as people see it. Raises Unexpected."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}

    async def shelf(florist: Florist) -> None:
        at = f"/stores/{florist.store_id}"
        stock = (await shop.call(seller(florist), "GET", f"{at}/stock")).expect(200).body["items"]
        products = await shop.every(seller(florist), f"{at}/products")
        # What a store has promised itself, such as its threshold, is nobody else's business.
        own = (await shop.call(seller(florist), "GET", f"{at}/settings")).expect(200, 404)
        if own.status == 200:
            found["store", florist.store_id] = own.body
        # Those that have ended are for their seller only.
        coupons = await shop.every(seller(florist), f"{coupon_path(florist)}/all")
        found.update({("product", one["product_id"]): one for one in products})
        # Every flower has a line; one of version 0 has never been counted.
        found.update({("stock", florist.store_id, one["flower_id"]): one for one in stock if one["version"]})
        found.update({("coupon", one["coupon_id"]): one for one in coupons})

    async def purse(name: str) -> None:
        items = await shop.every(person(name), "/coupons")
        found.update({("claim", name, one["coupon_id"]): one for one in items})

    await asyncio.gather(*map(shelf, FLORISTS), *map(purse, REGULARS))
    return found


def _is_there(wish: Wish, there: Mapping[tuple[str, ...], Mapping[str, Any]]) -> bool:
    found = there.get(wish.about)
    if found is None or wish.body is None or wish.method != "PUT":
        return found is not None
    return all(found.get(name) == value for name, value in wish.body.items())


def content_key(body: Mapping[str, Any]) -> str:
    """A key that follows from what is written: other words are another wish."""
    return f"demo-{idempotency.fingerprint(msgspec.json.encode(body))}"


def _coupon_key(word: str) -> str:
    return f"demo-coupon-{word}"
