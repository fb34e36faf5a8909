"""What products, stores and coupons cost and allow, as the web copies it into commands: at most ``age`` seconds old."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, TypeVar

from models.orders.messages import CouponTerms, ProductTerms, StoreTerms, WantedLine, WantedStore
from web.problems import Problem
from web.reads import Reads
from web.requests import StoreRequest
from web.validation import FieldError

MOST = 20_000
T = TypeVar("T")


class Shelf(Generic[T]):
    """Remembers what ``load`` found for ``age`` seconds; what it did not find is asked again each time.

    Several requests for the same missing ids make one call of ``load``.
    """

    def __init__(self, load: Callable[[Iterable[str]], Awaitable[Mapping[str, T]]], age: float) -> None:
        self._load, self._age = load, age
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._loading: dict[str, asyncio.Task[Mapping[str, T]]] = {}

    async def get(self, ids: Iterable[str]) -> dict[str, T]:
        """Those of ``ids`` that exist. Raises what ``load`` raises."""
        wanted = list(dict.fromkeys(ids))
        found = self.fresh(wanted)
        if len(found) == len(wanted):
            return found
        missing = [one for one in wanted if one not in found]
        new = [one for one in missing if one not in self._loading]
        if new:
            task = asyncio.create_task(self._fill(new))
            for one in new:
                self._loading[one] = task
        for task in {self._loading[one] for one in missing if one in self._loading}:
            # Shielded: who goes away must not take what others wait for. What was fresh when it was asked for is not looked up
            # again: growing too old meanwhile, it would seem not to exist.
            loaded = await asyncio.shield(task)
            found |= {one: loaded[one] for one in missing if one in loaded}
        return found

    def forget(self, key: str) -> None:
        """Ask again for ``key``: this process has just changed it."""
        self._kept.pop(key, None)

    def fresh(self, wanted: Iterable[str]) -> dict[str, T]:
        """Those of ``wanted`` that are remembered and young enough."""
        oldest = time.monotonic() - self._age
        found = {}
        for one in wanted:
            kept = self._kept.get(one)
            if kept is not None and kept[0] >= oldest:
                found[one] = kept[1]
        return found

    async def _fill(self, ids: list[str]) -> Mapping[str, T]:
        begun = time.monotonic()
        try:
            loaded = await self._load(ids)
        finally:
            for one in ids:
                self._loading.pop(one, None)
        for key, value in loaded.items():
            self._kept[key] = (begun, value)
            self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return loaded


class Terms:
    """The three shelves, and checkouts filled from them."""

    def __init__(self, reads: Reads, age: float) -> None:
        self.products: Shelf[ProductTerms] = Shelf(reads.product_terms, age)
        self.stores: Shelf[StoreTerms] = Shelf(reads.store_terms, age)
        self.coupons: Shelf[CouponTerms] = Shelf(reads.coupon_terms, age)

    async def wanted(self, stores: list[StoreRequest]) -> tuple[WantedStore, ...]:
        """The checkout with the terms of all that it names. Raises ``Problem`` 422 with every id that nobody knows."""
        product_ids = [line.product_id for store in stores for line in store.lines]
        coupon_ids = [store.coupon_id for store in stores if store.coupon_id]
        products, shops, coupons = await self._found(product_ids, [store.store_id for store in stores], coupon_ids)
        errors: list[FieldError] = []
        for index, store in enumerate(stores):
            at = f"/stores/{index}"
            if store.store_id not in shops:
                errors.append(FieldError(f"{at}/store_id", "unknown_store"))
            if store.coupon_id and store.coupon_id not in coupons:
                errors.append(FieldError(f"{at}/coupon_id", "unknown_coupon"))
            errors += [
                FieldError(f"{at}/lines/{number}/product_id", "unknown_product")
                for number, line in enumerate(store.lines)
                if line.product_id not in products
            ]
        if errors:
            raise Problem(422, "validation_failed", errors=errors)
        return tuple(
            WantedStore(
                store=shops[store.store_id],
                lines=tuple(WantedLine(product=products[line.product_id], quantity=line.quantity) for line in store.lines),
                coupon=coupons[store.coupon_id] if store.coupon_id else None,
                kind=store.kind,
                making_day=store.making_day.isoformat() if store.making_day else "",
            )
            for store in stores
        )

    async def _found(
        self, product_ids: list[str], store_ids: list[str], coupon_ids: list[str]
    ) -> tuple[Mapping[str, ProductTerms], Mapping[str, StoreTerms], Mapping[str, CouponTerms]]:
        products, shops, coupons = self.products.fresh(product_ids), self.stores.fresh(store_ids), self.coupons.fresh(coupon_ids)
        if len(products) == len(set(product_ids)) and len(shops) == len(set(store_ids)) and len(coupons) == len(set(coupon_ids)):
            return products, shops, coupons
        return await asyncio.gather(self.products.get(product_ids), self.stores.get(store_ids), self.coupons.get(coupon_ids))
