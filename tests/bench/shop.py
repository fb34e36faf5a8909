"""What the bench sells and who buys it: florists, products, stems, and a claimed coupon for every order that is to come.

All of it goes in as a person's would: commands to inboxes. Nothing here runs while the clock does.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from models import kst
from models.actor import DAY, id_of
from models.catalog.messages import SaveProduct
from models.inventory.messages import ChangeStock, ClaimCoupon, CreateCoupon
from models.orders.messages import CouponTerms, ProductTerms, StoreTerms, WantedLine, WantedStore
from models.orders.prices import priced_store
from models.stores.messages import SaveStore
from tests.bench.load import Order
from topics.answers import Answer
from topics.client import Client
from web.tokens import ensure_keys, make

STORES, PRODUCTS, BUYERS = 64, 4, 400
FLOWERS = ("rose", "tulip", "lily", "fern", "peony", "iris")
STEMS = 500_000_000
AT_ONCE = 200
WAIT = 10.0
ORDERER = {"name": "김영희", "phone": "01011112222", "email": "younghee@example.com"}
ADDRESS = {
    "recipient": "이철수", "phone": "01033334444", "zipcode": "04524", "road": "서울특별시 중구 세종대로 110", "detail": "1층",
    "request": "문 앞에 놓아 주세요",
}  # fmt: skip


class Florist(msgspec.Struct, frozen=True):
    """A store and what it sells."""

    terms: StoreTerms
    products: tuple[ProductTerms, ...]


class Sale(msgspec.Struct, frozen=True):
    """An order that may be placed: whose, and which coupon of which florists he has claimed for it."""

    buyer: int
    wanted: tuple[tuple[int, CouponTerms], ...]


def florists(number: int) -> list[Florist]:
    """The stores, always the same."""
    found = []
    for store in range(number):
        store_id = id_of("bench", "store", str(store))
        terms = StoreTerms(store_id=store_id, name=f"꽃집 {store + 1}호", delivery_fee=3_000, free_from=100_000, cut_off="18:00")
        products = tuple(
            ProductTerms(
                product_id=id_of("bench", "product", str(store), str(at)), store_id=store_id, name=f"꽃다발 {at + 1}",
                price=15_000 + 5_000 * at, flowers={FLOWERS[at]: 5, FLOWERS[at + 1]: 3}, tax_free=at == PRODUCTS - 1,
            )
            for at in range(PRODUCTS)
        )  # fmt: skip
        found.append(Florist(terms, products))
    return found


class Shop:
    """``token_key``: the file of the key with which the stack's web signs."""

    def __init__(self, client: Client, token_key: Path, secret: Path, stores: int = STORES, buyers: int = BUYERS) -> None:
        ensure_keys(token_key, secret)
        self.token_key = token_key
        self.client, self.florists, self.buyers = client, florists(stores), buyers
        self.accounts = [id_of("bench", "buyer", str(number)) for number in range(buyers)]
        self.tokens = [make(token_key, account, "buyer") for account in self.accounts]
        self.draw = random.Random(2026)
        self.season = f"{time.time_ns()}"
        self.coupons = 0
        self._coming: dict[int, list[Sale]] = {}

    async def open(self) -> None:
        """Stores, products and stems."""
        saved = [
            self.tell("stores", one.terms.store_id, SaveStore(
                owner=id_of("bench", "seller", one.terms.store_id), name=one.terms.name, delivery_fee=one.terms.delivery_fee,
                free_from=one.terms.free_from, cut_off=one.terms.cut_off,
            ))
            for one in self.florists
        ]  # fmt: skip
        saved += [
            self.tell("catalog", one.product_id, SaveProduct(
                store_id=one.store_id, name=one.name, price=one.price, flowers=one.flowers, tax_free=one.tax_free, category="다발",
                description="계절의 꽃을 그날 아침에 묶습니다. " * 8,
            ))
            for florist in self.florists
            for one in florist.products
        ]  # fmt: skip
        await self.all(saved)
        stems = [
            self.tell("inventory", one.terms.store_id, ChangeStock(flower_id=flower, by="bench", delta=STEMS), fixed=True)
            for one in self.florists
            for flower in FLOWERS
        ]
        await self.all(stems)

    async def orders(self, number: int, stores: int = 1) -> list[Order]:
        """``number`` orders over ``stores`` florists each, with their coupons claimed."""
        coming = self._coming.setdefault(stores, [])
        while len(coming) < number:
            coming += await self._campaign(stores)
        sales, self._coming[stores] = coming[:number], coming[number:]
        claims = [
            self.tell("inventory", self.florists[store].terms.store_id, ClaimCoupon(
                coupon_id=coupon.coupon_id, buyer=self.accounts[sale.buyer]
            ))
            for sale in sales
            for store, coupon in sale.wanted
        ]  # fmt: skip
        await self.all(claims)
        return [self._order(sale) for sale in sales]

    async def _campaign(self, stores: int) -> list[Sale]:
        """A new coupon in every store, and everybody's orders with them, shuffled."""
        self.coupons += 1
        today = kst.day(int(time.time() * 1000))
        coupons = [
            CouponTerms(
                coupon_id=id_of(self.season, str(self.coupons), one.terms.store_id), store_id=one.terms.store_id, discount=2_000,
                min_amount=10_000, starts=today, ends=kst.day(int(time.time() * 1000) + 30 * DAY),
            )
            for one in self.florists
        ]  # fmt: skip
        await self.all([
            self.tell("inventory", one.store_id, CreateCoupon(
                coupon_id=one.coupon_id, limit=self.buyers, discount=one.discount, min_amount=one.min_amount, starts=one.starts,
                ends=one.ends, name="가을 할인",
            ))
            for one in coupons
        ])  # fmt: skip
        groups = [range(at, at + stores) for at in range(0, len(self.florists) - stores + 1, stores)]
        sales = [Sale(buyer, tuple((store, coupons[store]) for store in group)) for buyer in range(self.buyers) for group in groups]
        self.draw.shuffle(sales)
        return sales

    def _order(self, sale: Sale) -> Order:
        stores, total = [], 0
        for store, coupon in sale.wanted:
            florist = self.florists[store]
            lines = tuple(
                WantedLine(product=one, quantity=self.draw.randint(1, 2)) for one in self.draw.sample(florist.products, 2)
            )
            # Before the cut-off or after it, the price is the same, so any instant will do.
            total += priced_store("", WantedStore(store=florist.terms, lines=lines, coupon=coupon), 0).total
            stores.append({
                "store_id": florist.terms.store_id,
                "coupon_id": coupon.coupon_id,
                "lines": [{"product_id": line.product.product_id, "quantity": line.quantity} for line in lines],
            })  # fmt: skip
        body = {"stores": stores, "orderer": ORDERER, "address": ADDRESS, "expected_total": total}
        return Order(self.tokens[sale.buyer], msgspec.json.encode(body).decode())

    def tell(self, domain: str, key: str, message: msgspec.Struct, *, fixed: bool = False) -> Callable[[], Awaitable[Answer]]:
        """Something to be sent and answered. ``fixed``: only once, however often the bench runs on the same data."""
        text = msgspec.json.encode(message).decode()
        ident = id_of("bench", domain, key, text) if fixed else id_of(self.season, domain, key, text)

        async def say() -> Answer:
            answer = await self.client.ask(domain, key, message, id=ident, wait=WAIT)  # type: ignore[arg-type]
            if answer is None or answer.status != 200:
                raise RuntimeError(f"{domain} {key}: {type(message).__name__} was answered {answer}")
            return answer

        return say

    async def all(self, wishes: Iterable[Callable[[], Awaitable[Answer]]]) -> None:
        """Send all, some side by side. Raises RuntimeError for one that is refused or not answered."""
        waiting = iter(wishes)

        async def sender() -> None:
            for wish in waiting:
                await wish()

        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
