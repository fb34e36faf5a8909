"""What products, stores and coupons cost and allow, as the web copies it into commands: at most ``age`` seconds old.

Products and stores are kept for longer as long as each change of theirs is heard of: read models report what they have stored, and
what is reported is forgotten here. An order then costs no question to MongoDB and MySQL.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from models.orders.messages import CouponTerms, ProductTerms, StoreTerms, WantedLine, WantedStore
from web.problems import Problem
from web.reads import Reads
from web.requests.orders import StoreRequest
from web.validation import FieldError

MOST = 20_000
LONGEST = 60.0
"""Seconds for which something is kept although no change of it was reported: reports are best effort."""
T = TypeVar("T")


def deaf() -> float:
    """No reports come: age alone counts."""
    return math.inf


class Shelf(Generic[T]):
    """Remembers what ``load`` found for ``age`` seconds; what it did not find is asked again each time.

    Several requests for the same missing ids make one call of ``load``. ``hearing`` answers since when (monotonic) every change is
    told to ``forget``: what was loaded after that is kept up to ``LONGEST`` seconds.
    """

    def __init__(
        self,
        load: Callable[[Iterable[str]], Awaitable[Mapping[str, T]]],
        age: float,
        hearing: Callable[[], float] = deaf,
    ) -> None:
        self._load, self._age, self._hearing = load, age, hearing
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._loading: dict[str, asyncio.Task[dict[str, T]]] = {}

    async def get(self, ids: Iterable[str]) -> dict[str, T]:
        """Those of ``ids`` that exist. Raises what ``load`` raises."""
        wanted = list(dict.fromkeys(ids))
        # What was fresh before the wait still is for this caller.
        found = self.fresh(wanted)
        missing = [one for one in wanted if one not in found]
        if not missing:
            return found
        joined = [one for one in missing if one in self._loading]
        found |= await self._loaded(missing)
        # A load that was under way already may have looked before the thing was there: only a later one can say that it is not.
        if unsure := [one for one in joined if one not in found]:
            found |= await self._loaded(unsure)
        return {one: found[one] for one in wanted if one in found}

    def forget(self, key: str) -> None:
        """Ask again for ``key``: it has changed. A load under way is for those who wait for it already, and is not kept."""
        self._kept.pop(key, None)
        self._loading.pop(key, None)

    def fresh(self, wanted: Iterable[str]) -> dict[str, T]:
        """Those of ``wanted`` that are remembered and young enough."""
        now = time.monotonic()
        oldest = min(now - self._age, max(self._hearing(), now - LONGEST))
        found = {}
        for one in wanted:
            kept = self._kept.get(one)
            if kept is not None and kept[0] >= oldest:
                found[one] = kept[1]
        return found

    async def _loaded(self, ids: list[str]) -> dict[str, T]:
        """What the loads under way find, and a new one of those ``ids`` that nobody is loading."""
        new = [one for one in ids if one not in self._loading]
        if new:
            self._loading |= dict.fromkeys(new, asyncio.create_task(self._fill(new)))
        found: dict[str, T] = {}
        for task in {self._loading[one] for one in ids}:
            # Shielded: who goes away must not take what others wait for.
            found |= await asyncio.shield(task)
        return found

    async def _fill(self, ids: list[str]) -> dict[str, T]:
        begun, me = time.monotonic(), asyncio.current_task()
        try:
            loaded = dict(await self._load(ids))
            for key, value in loaded.items():
                if self._loading.get(key) is me:
                    self._kept[key] = (begun, value)
                    self._kept.move_to_end(key)
        finally:
            for one in ids:
                if self._loading.get(one) is me:
                    del self._loading[one]
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return loaded


class Terms:
    """The three shelves, and checkouts filled from them."""

    def __init__(self, reads: Reads, age: float, hearing: Callable[[], float] = deaf) -> None:
        self.products: Shelf[ProductTerms] = Shelf(reads.product_terms, age, hearing)
        self.stores: Shelf[StoreTerms] = Shelf(reads.store_terms, age, hearing)
        self.coupons: Shelf[tuple[CouponTerms, ...]] = Shelf(reads.coupon_terms, age)
        """Every edition, the last one is of now."""
        self._reads = reads

    def changed(self, model: str, keys: Iterable[str]) -> None:
        """A read model has stored something new about each of ``keys``."""
        shelves: dict[str, Shelf[Any]] = {"products": self.products, "stores": self.stores}
        if model in shelves:
            for key in keys:
                shelves[model].forget(key)

    async def wanted(self, stores: list[StoreRequest], buyer: str = "") -> tuple[WantedStore, ...]:
        """The checkout with the terms of all that it names; of coupons those under which ``buyer`` has them.

        Raises ``Problem`` 422 with every id that nobody knows.
        """
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
        held = await self._held(coupons, buyer)
        return tuple(
            WantedStore(
                store=shops[store.store_id],
                lines=tuple(WantedLine(product=products[line.product_id], quantity=line.quantity) for line in store.lines),
                coupon=held[store.coupon_id] if store.coupon_id else None,
                kind=store.kind,
                making_day=store.making_day.isoformat() if store.making_day else "",
            )
            for store in stores
        )

    async def _held(self, coupons: Mapping[str, tuple[CouponTerms, ...]], buyer: str) -> dict[str, CouponTerms]:
        """Of each coupon the edition that the buyer has; of one that was not claimed that of now.

        Only one that was ever changed costs a question. What is out of date here is refused by the store's own rows.
        """
        changed = [one for one, editions in coupons.items() if len(editions) > 1]
        editions = await self._reads.coupon_editions(buyer, changed) if changed and buyer else {}
        if unheard := [one for one, edition in editions.items() if edition >= len(coupons[one])]:
            for one in unheard:
                self.coupons.forget(one)
            coupons = {**coupons, **await self.coupons.get(unheard)}
        return {one: known[min(editions.get(one, len(known)), len(known) - 1)] for one, known in coupons.items()}

    async def _found(
        self, product_ids: list[str], store_ids: list[str], coupon_ids: list[str]
    ) -> tuple[Mapping[str, ProductTerms], Mapping[str, StoreTerms], Mapping[str, tuple[CouponTerms, ...]]]:
        products, shops, coupons = self.products.fresh(product_ids), self.stores.fresh(store_ids), self.coupons.fresh(coupon_ids)
        if len(products) == len(set(product_ids)) and len(shops) == len(set(store_ids)) and len(coupons) == len(set(coupon_ids)):
            return products, shops, coupons
        return await asyncio.gather(self.products.get(product_ids), self.stores.get(store_ids), self.coupons.get(coupon_ids))
