"""Florists of a test's own, made over public HTTP as their sellers would make them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from deploy.demo.client import inboxes, tell
from models.actor import id_of
from models.catalog.messages import SaveProduct
from models.kst import KST
from tests.chaos.public import ADMIN, PAUSE, Answer, Person, Public, seller


class Product(msgspec.Struct, frozen=True):
    """What is sold. ``flowers``: flower id -> stems a piece; ``price`` in KRW."""

    product_id: str
    name: str
    price: int
    flowers: dict[str, int]
    tax_free: bool = False


class Florist(msgspec.Struct, frozen=True):
    """A store with its policy (KRW), what it sells, its stems at the beginning and its coupons' terms by id."""

    store_id: str
    name: str
    delivery_fee: int
    free_from: int
    products: tuple[Product, ...]
    stock: dict[str, int]
    coupons: dict[str, dict[str, Any]]

    @property
    def owner(self) -> Person:
        """Who runs it."""
        return seller(self.store_id)


def today() -> str:
    """The date in Korea, as coupons want it."""
    return datetime.now(KST).date().isoformat()


def next_week() -> str:
    """A week later."""
    return (datetime.now(KST).date() + timedelta(days=7)).isoformat()


async def open_store(
    public: Public,
    *words: str,
    name: str = "꽃집",
    delivery_fee: int = 3_000,
    free_from: int = 1_000_000,
    products: Sequence[Product] = (),
    stock: Mapping[str, int] | None = None,
    coupons: Sequence[Mapping[str, Any]] = (),
    cut_off: str = "23:59",
) -> Florist:
    """Make a store whose ids follow from ``words``, and wait until all of it is shown. ``coupons``: limit, discount, min_amount."""
    store_id = id_of("store", *words)
    owner = seller(store_id)
    # The product ids of a test are its own words; the shop's are unique.
    sold = tuple(msgspec.structs.replace(one, product_id=id_of(store_id, one.product_id)) for one in products)
    policy = {"name": name, "delivery_fee": delivery_fee, "free_from": free_from, "cut_off": cut_off, "owner": owner.account}
    _done(await public.patiently(ADMIN, "PUT", f"/stores/{store_id}", policy, key=f"store-{store_id}", wait=10))
    await _sell(public, store_id, sold)
    writes: list[tuple[str, str, Mapping[str, Any], str]] = [
        ("PATCH", f"/stores/{store_id}/stock/{flower}", {"delta": stems, "cause": "delivery"}, f"stock-{flower}")
        for flower, stems in (stock or {}).items()
        if stems
    ]
    doing = [public.patiently(owner, method, path, body, key=key, wait=10) for method, path, body, key in writes]
    for answer in await asyncio.gather(*doing):
        _done(answer)
    made: dict[str, dict[str, Any]] = {}
    for number, terms in enumerate(coupons):
        body = {"name": f"쿠폰 {number}", "starts": today(), "ends": next_week(), **terms}
        key = f"coupon-{number}-{store_id}"
        answer = await public.patiently(owner, "POST", f"/stores/{store_id}/coupons", body, key=key, wait=10)
        made[_done(answer).body["coupon_id"]] = body
    return Florist(store_id, name, delivery_fee, free_from, sold, dict(stock or {}), made)


async def _sell(public: Public, store_id: str, products: Sequence[Product]) -> None:
    """Products of ids and flowers that the tests choose, which no route allows; so their commands go to the inbox."""
    if not products:
        return
    async with inboxes(public.settings) as client:

        async def sell(one: Product) -> None:
            said = SaveProduct(store_id=store_id, name=one.name, price=one.price, flowers=one.flowers, tax_free=one.tax_free)
            await tell(client, "catalog", one.product_id, said, "open-store")
            answer = await public.patiently(None, "GET", f"/products/{one.product_id}")
            while answer.status == 404:
                await asyncio.sleep(PAUSE)
                answer = await public.patiently(None, "GET", f"/products/{one.product_id}")

        await asyncio.gather(*map(sell, products))


def _done(answer: Answer) -> Answer:
    if answer.status not in (200, 201):
        raise AssertionError(f"{answer.status} {answer.body}")
    return answer


async def on_shelf(public: Public, florist: Florist) -> dict[str, tuple[int, int]]:
    """Flower id -> (stems on hand, stems promised), as the seller sees them."""
    answer = await public.patiently(florist.owner, "GET", f"/stores/{florist.store_id}/stock")
    # Version 0: a flower that the store never had.
    return {one["flower_id"]: (one["on_hand"], one["held"]) for one in answer.body["items"] if one["version"] or one["held"]}
