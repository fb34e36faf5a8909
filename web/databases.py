"""The web's questions (``web/reads.py``) answered out of the read models' databases."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from models.catalog.messages import ReferencePrivate
from models.orders.messages import CouponTerms, ProductTerms, StoreTerms
from models.read import (
    accounts,
    audit,
    carts,
    coupons,
    databases,
    images,
    notices,
    orders,
    products,
    products_list,
    questions,
    reference,
    restock,
    reviews,
    sessions,
    stock,
    stores,
)
from models.read.registry import Registry
from models.read.search import Search
from models.search.wire import Found, Main, Question, Sentence, Understood
from models.settings import Settings
from web.reads import About, Counted, Document, Page, ReadsAway, Wanted

DRIVERS = ("aiohttp", "aiobotocore", "aiomysql", "botocore", "pymongo", "pymysql", "redis")
"""Packages whose exceptions mean that a database did not answer; anything else is an error of ours."""
P = ParamSpec("P")
T = TypeVar("T")


def asked(question: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """``question``, which raises ``ReadsAway`` where its driver says that the database is not there."""

    @functools.wraps(question)
    async def ask(*given: P.args, **named: P.kwargs) -> T:
        try:
            return await question(*given, **named)
        except Exception as error:
            if isinstance(error, (OSError, TimeoutError)) or type(error).__module__.partition(".")[0] in DRIVERS:
                raise ReadsAway(f"{question.__name__}: {type(error).__name__}") from error
            raise

    return ask


class Databases:
    """See ``web.reads.Reads``."""

    def __init__(self, settings: Settings) -> None:
        self._databases = databases.Databases(settings)
        registry = Registry(self._databases)
        self._orders = orders.Queries(self._databases, registry)
        self._products = products.Queries(self._databases, registry)
        self._reference = reference.Queries(self._databases, registry)
        self._reviews = reviews.Queries(self._databases, registry)
        self._restock = restock.Queries(self._databases, registry)
        self._stores = stores.Queries(self._databases, registry)
        self._questions = questions.Queries(self._databases, registry)
        self._notices = notices.Queries(self._databases, registry)
        self._stock = stock.Queries(self._databases, registry)
        self._images = images.Queries(self._databases, registry)
        self._coupons = coupons.Queries(self._databases, registry)
        self._search = Search(settings.search_url)
        self._lists = products_list.Queries(self._search)
        self._carts = carts.Queries(self._databases, registry)
        self._accounts = accounts.Queries(self._databases, registry)
        self._sessions = sessions.Queries(self._databases, registry)
        self._audit = audit.Queries(self._databases, registry)

    async def start(self) -> None:
        """Make the clients, which takes most of a second of CPU; whoever is away is asked again at the first question."""
        await self._databases.mysql()
        await self._databases.dynamo()

    async def stop(self) -> None:
        """Let go of all connections."""
        await self._search.close()
        await self._databases.close()

    @asked
    async def product_terms(self, ids: Iterable[str]) -> Mapping[str, ProductTerms]:
        return await self._products.terms(ids)

    @asked
    async def store_terms(self, ids: Iterable[str]) -> Mapping[str, StoreTerms]:
        return await self._stores.terms(ids)

    @asked
    async def coupon_terms(self, ids: Iterable[str]) -> Mapping[str, tuple[CouponTerms, ...]]:
        return await self._coupons.terms(ids)

    @asked
    async def coupon_editions(self, buyer: str, ids: Iterable[str]) -> Mapping[str, int]:
        return await self._coupons.editions(buyer, ids)

    @asked
    async def order(self, order_id: str) -> Document | None:
        return await self._orders.one(order_id)

    @asked
    async def timeline(self, order_id: str) -> Sequence[Document]:
        return await self._orders.timeline(order_id)

    @asked
    async def buyer_orders(self, buyer: str, status: str, limit: int, cursor: str) -> Page:
        return await self._orders.of_buyer(buyer, status, limit, cursor)

    @asked
    async def store_orders(self, store_id: str, status: str, limit: int, cursor: str) -> Page:
        return await self._orders.of_store(store_id, status, limit, cursor)

    @asked
    async def found(self, question: Question) -> Found:
        return await self._search.found(question)

    @asked
    async def listed(self, product_id: str, seq: int, wait: float) -> bool:
        return await self._search.shown(product_id, seq, wait)

    @asked
    async def main_page(self) -> Main:
        return await self._search.main()

    @asked
    async def understood(self, sentence: Sentence) -> Understood:
        return await self._search.understood(sentence)

    @asked
    async def product(self, product_id: str) -> Document | None:
        return await self._products.one(product_id)

    @asked
    async def stores(self, wanted: Wanted, limit: int, cursor: str) -> Counted:
        return await self._stores.page(wanted, limit, cursor)

    @asked
    async def stores_near(self, lat: float, lon: float, metres: int) -> Sequence[Document]:
        return await self._stores.near(lat, lon, metres)

    @asked
    async def store_products(self, store_id: str, category: str, flower: str, status: str, limit: int, cursor: str) -> Counted:
        return await self._lists.of_store(store_id, category, flower, status, limit, cursor)

    @asked
    async def all_products(self, status: str, date: str, sales: str, limit: int, cursor: str) -> Counted:
        return await self._lists.of_all(status, date, sales, limit, cursor)

    @asked
    async def best_sellers(self, store_id: str) -> Sequence[Document]:
        return await self._lists.best_sellers(store_id)

    @asked
    async def reference(self) -> ReferencePrivate:
        return await self._reference.names()

    @asked
    async def reference_seq(self) -> int:
        return (await self._reference.now())[1]

    @asked
    async def review(self, review_id: str) -> Document | None:
        return await self._reviews.one(review_id)

    @asked
    async def reviews(self, whose: str, ident: str, status: str, sort: str, limit: int, cursor: str) -> Counted:
        return await self._reviews.page(whose, ident, status, sort, limit, cursor)

    @asked
    async def restock_alert(self, buyer: str, product_id: str) -> Document | None:
        found = await self._restock.one(buyer, product_id)
        return None if found is None else found._asdict()

    @asked
    async def restock_alerts(self, buyer: str, limit: int, cursor: str) -> Counted:
        return await self._restock.of_buyer(buyer, limit, cursor)

    @asked
    async def store(self, store_id: str) -> Document | None:
        return await self._stores.one(store_id)

    @asked
    async def questions(self, about: About, limit: int, cursor: str) -> Counted:
        return await self._questions.page(about, limit, cursor)

    @asked
    async def question(self, question_id: str) -> Document | None:
        return await self._questions.one(question_id)

    @asked
    async def notices(self, store_id: str, limit: int, cursor: str) -> Counted:
        return await self._notices.page(store_id, limit, cursor)

    @asked
    async def shelved(self, key: str) -> int:
        store = await self._stores.one(key)
        return int(store["seq"]) if store else await self._questions.seen(key) or await self._notices.seen(key)

    @asked
    async def images(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return await self._images.by_ids(ids)

    @asked
    async def stock(self, store_id: str) -> Sequence[Document]:
        return await self._stock.of_store(store_id)

    @asked
    async def products_by_ids(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return await self._products.by_ids(ids)

    @asked
    async def stores_by_ids(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return await self._stores.by_ids(ids)

    @asked
    async def stems(self, store_ids: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        return await self._stock.available(store_ids)

    @asked
    async def cart(self, owner: str) -> Document:
        return await self._carts.one(owner)

    @asked
    async def liked(self, buyer: str, kind: str, ids: Iterable[str]) -> Collection[str]:
        return await self._carts.liked(buyer, kind, ids)

    @asked
    async def likes(self, buyer: str, kind: str, limit: int, cursor: str) -> Page:
        return await self._carts.likes(buyer, kind, limit, cursor)

    @asked
    async def account(self, account: str) -> Document | None:
        return await self._accounts.one(account)

    @asked
    async def authors(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return await self._accounts.many(ids)

    @asked
    async def addresses(self, account: str) -> Sequence[Document]:
        return await self._accounts.addresses(account)

    @asked
    async def account_of_row(self, row: str) -> Document | None:
        return await self._accounts.of_row(row)

    @asked
    async def accounts(self, kind: str, status: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        return await self._accounts.page(kind, status, limit, cursor)

    @asked
    async def sessions(self, account: str) -> Sequence[Document]:
        return await self._sessions.of_account(account)

    @asked
    async def audit(self, by: str, subject: str, limit: int, cursor: str) -> Page:
        return await self._audit.page(by, subject, limit, cursor)

    @asked
    async def like_counts(self, buyer: str) -> Mapping[str, int]:
        return await self._carts.like_counts(buyer)

    @asked
    async def stock_history(self, store_id: str, flower_id: str, limit: int, cursor: str) -> Page:
        return await self._stock.history(store_id, flower_id, limit, cursor)

    @asked
    async def coupon(self, coupon_id: str) -> Document | None:
        return await self._coupons.one(coupon_id)

    @asked
    async def store_coupons(self, store_id: str, today: str) -> Sequence[Document]:
        return await self._coupons.of_store(store_id, today)

    @asked
    async def all_coupons(self, store_id: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        return await self._coupons.all_of_store(store_id, limit, cursor)

    @asked
    async def coupon_holders(
        self, store_id: str, coupon_id: str, limit: int, cursor: str
    ) -> tuple[Sequence[Document], str, int] | None:
        return await self._coupons.holders(store_id, coupon_id, limit, cursor)

    @asked
    async def my_coupons(self, buyer: str) -> Sequence[Document]:
        return await self._coupons.of_buyer(buyer)

    @asked
    async def my_coupons_page(self, buyer: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        return await self._coupons.mine(buyer, limit, cursor)

    @asked
    async def my_coupons_in(self, buyer: str, store_id: str) -> Sequence[Document]:
        return await self._coupons.in_store(buyer, store_id)

    @asked
    async def usable_coupons(self, buyer: str, today: str) -> int:
        return await self._coupons.usable_count(buyer, today)
