"""Read models out of dicts, a token maker and a bare web without a broker, for tests of the web."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from models.catalog.messages import ReferencePrivate
from models.catalog.reference import merged
from models.orders.messages import CouponTerms, ProductTerms, StoreTerms
from models.read.products import told
from models.search.chips import Chip
from models.search.wire import Found, Main, Question, Row, Sentence, Understood
from tests.unit.web.documents import (
    BUYER,
    IMAGE,
    ORDER,
    OTHER_IMAGE,
    OTHER_STORE,
    OTHER_STORE_ORDER,
    PRODUCT_IMAGE,
    QUESTION,
    REVIEW,
    SECRET,
    SELLER,
    STORE,
    STORE_IMAGE,
    STORE_ORDER,
    SUBSCRIPTION,
    account_of,
    question_document,
    store_document,
)
from web.reads import About, BadCursor, Counted, Document, Page, ReadsAway, Wanted

CARD = msgspec.Raw(b'{"product_id":"product-1","thumbnail":"/old/rose.webp"}')


class Known:
    """Everything that the read models know."""

    def __init__(self) -> None:
        self.products_: dict[str, ProductTerms] = {
            f"product-{n}": ProductTerms(
                product_id=f"product-{n}", store_id=STORE, name=f"꽃다발 {n}", price=1000 * n, flowers={"1": n}
            )
            for n in range(1, 4)
        }
        self.stores_: dict[str, StoreTerms] = {
            one: StoreTerms(store_id=one, name="가게", delivery_fee=3000, free_from=50_000, cut_off="18:00")
            for one in (STORE, OTHER_STORE)
        }
        self.coupons_: dict[str, tuple[CouponTerms, ...]] = {
            "coupon-1": (
                CouponTerms(
                    coupon_id="coupon-1", store_id=STORE, discount=500, min_amount=2000, starts="2020-01-01", ends="2099-12-31"
                ),
            )
        }
        self.editions_: dict[tuple[str, str], int] = {}
        """(buyer, coupon) -> edition."""
        self.issued_: list[dict[str, Any]] = []
        """What ``my_coupons`` answers, whoever asks."""
        self.orders_: dict[str, dict[str, Any]] = {
            ORDER: {
                "order_id": ORDER,
                "buyer": BUYER,
                "seq": 5,
                "status": "CONFIRMED",
                "stores": [
                    {"store_order_id": STORE_ORDER, "store_id": STORE},
                    {"store_order_id": OTHER_STORE_ORDER, "store_id": OTHER_STORE},
                ],
            }
        }
        self.questions_: dict[str, dict[str, Any]] = {
            one: question_document(one, secret) for one, secret in ((QUESTION, False), (SECRET, True))
        }
        self.asked: list[Any] = []
        """What lists were asked for."""
        self.named: list[tuple[str, list[str]]] = []
        """What was asked for by several ids at once: kind, ids."""
        self.images_: dict[str, dict[str, Any]] = {
            one: {
                "image_id": one, "owner": owner, "purpose": purpose, "content_type": "image/png", "size": 5, "at": 1,
                "status": "ready", "digest": "d" * 32, "width": 800, "height": 600, "code": "", "seq": 3,
            }
            for one, owner, purpose in (
                (IMAGE, BUYER, "review"), (STORE_IMAGE, SELLER, "store"), (PRODUCT_IMAGE, SELLER, "product"),
                (OTHER_IMAGE, SELLER, "product"),
            )
        }  # fmt: skip
        self.carts_: dict[str, list[dict[str, Any]]] = {}
        self.likes_: dict[tuple[str, str], list[str]] = {}
        monthly = ProductTerms(product_id=SUBSCRIPTION, store_id=STORE, name="달마다 꽃", price=30_000, flowers={}, on_sale=False)
        self.products_[SUBSCRIPTION] = monthly
        self.details_: dict[str, dict[str, Any]] = {SUBSCRIPTION: {"kind": "subscription", "status": "SALE"}}
        """Product id -> what its document says beside its terms."""
        self.reference_ = ReferencePrivate()
        self.reviews_: dict[str, dict[str, Any]] = {
            REVIEW: {
                "review_id": REVIEW, "product_id": "product-1", "store_id": STORE, "author": BUYER, "kind": "delivery",
                "subject": "line-1", "status": "written", "rating": 9, "stars": 4.5, "written_at": 5, "edited_at": 0,
                "replied_at": 0, "text": "예뻐요", "images": [], "reply": "", "reason": "", "seq": 2,
            }
        }  # fmt: skip
        self.restock_: dict[tuple[str, str], int] = {}
        self.loads = 0
        self.searched: list[Question] = []
        self.awaited: list[tuple[str, int]] = []
        self.lists_show, self.lists_away = True, False
        self.sentences: list[Sentence] = []
        self.accounts_: dict[str, dict[str, Any]] = {BUYER: account_of(BUYER)}
        self.addresses_: dict[str, list[dict[str, Any]]] = {}

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to let go of."""

    async def product_terms(self, ids: Iterable[str]) -> Mapping[str, ProductTerms]:
        self.loads += 1
        return {one: self.products_[one] for one in ids if one in self.products_}

    async def store_terms(self, ids: Iterable[str]) -> Mapping[str, StoreTerms]:
        self.named.append(("stores", sorted(ids)))
        return {one: self.stores_[one] for one in ids if one in self.stores_}

    async def coupon_terms(self, ids: Iterable[str]) -> Mapping[str, tuple[CouponTerms, ...]]:
        return {one: self.coupons_[one] for one in ids if one in self.coupons_}

    async def coupon_editions(self, buyer: str, ids: Iterable[str]) -> Mapping[str, int]:
        return {one: self.editions_[buyer, one] for one in ids if (buyer, one) in self.editions_}

    async def order(self, order_id: str) -> Document | None:
        return self.orders_.get(order_id)

    async def timeline(self, order_id: str) -> Sequence[Document]:
        return [{"event": "OrderPlaced"}]

    async def buyer_orders(self, buyer: str, status: str, limit: int, cursor: str) -> Page:
        if cursor:
            raise BadCursor
        return [order for order in self.orders_.values() if order["buyer"] == buyer], ""

    async def store_orders(self, store_id: str, status: str, limit: int, cursor: str) -> Page:
        return [], ""

    async def found(self, question: Question) -> Found:
        self.searched.append(question)
        if question.cursor == "bad":
            raise BadCursor
        return Found([CARD], "next", 1, {"tag": {"1": 1}} if question.facets else None)

    async def listed(self, product_id: str, seq: int, wait: float) -> bool:
        self.awaited.append((product_id, seq))
        if self.lists_away:
            raise ReadsAway
        return self.lists_show

    async def main_page(self) -> Main:
        return Main([Row("best", [CARD])])

    async def understood(self, sentence: Sentence) -> Understood:
        self.sentences.append(sentence)
        return Understood("rules", {"flower": ["rose"]}, [Chip("flower", "장미", "rose")], [], "", 0)

    async def product(self, product_id: str) -> Document | None:
        found = self.products_.get(product_id)
        return None if found is None else self._document(found)

    def _document(self, found: ProductTerms) -> Document:
        fields = {"name": found.name, "store_id": found.store_id, "price": found.price, "flowers": found.flowers}
        status = {"status": "SALE" if found.on_sale else "DISCONTINUED"}
        return told({"_id": found.product_id, **fields, **status, "seq": 1, "pseq": 1, **self.details_.get(found.product_id, {})})

    async def store_products(self, store_id: str, category: str, flower: str, status: str, limit: int, cursor: str) -> Counted:
        if cursor:
            raise BadCursor
        self.asked.append((store_id, category, flower, status, limit))
        found = [self._document(one) for one in self.products_.values() if one.store_id == store_id]
        return found, "", len(found)

    async def all_products(self, status: str, date: str, sales: str, limit: int, cursor: str) -> Counted:
        if cursor:
            raise BadCursor
        self.asked.append((status, date, sales, limit))
        found = [{**self._document(one), "removal": ""} for one in self.products_.values()]
        return found, "", len(found)

    async def best_sellers(self, store_id: str) -> Sequence[Document]:
        return [self._document(one) for one in self.products_.values() if one.store_id == store_id]

    async def reference(self) -> ReferencePrivate:
        return merged(self.reference_)

    async def reference_seq(self) -> int:
        return 0

    async def review(self, review_id: str) -> Document | None:
        return self.reviews_.get(review_id)

    async def reviews(self, whose: str, ident: str, status: str, sort: str, limit: int, cursor: str) -> Counted:
        if cursor:
            raise BadCursor
        self.asked.append((whose, ident, status, sort, limit))
        found = [one for one in self.reviews_.values() if one[whose] == ident and one["status"] == status]
        return found, "", len(found)

    async def restock_alert(self, buyer: str, product_id: str) -> Document | None:
        at = self.restock_.get((buyer, product_id))
        return None if at is None else {"at": at, "seq": 1}

    async def restock_alerts(self, buyer: str, limit: int, cursor: str) -> Counted:
        if cursor:
            raise BadCursor
        found = [{"product_id": product_id, "at": at} for (who, product_id), at in self.restock_.items() if who == buyer]
        return found, "", len(found)

    async def stores(self, wanted: Wanted, limit: int, cursor: str) -> Counted:
        self.asked.append((wanted, limit, cursor))
        return [store_document(one, store.name) for one, store in self.stores_.items()], "", len(self.stores_)

    async def stores_near(self, lat: float, lon: float, metres: int) -> Sequence[Document]:
        self.asked.append((lat, lon, metres))
        return [{**store_document(STORE), "distance": 12}]

    async def store(self, store_id: str) -> Document | None:
        found = self.stores_.get(store_id)
        return None if found is None else store_document(store_id, found.name)

    async def questions(self, about: About, limit: int, cursor: str) -> Counted:
        self.asked.append((about, limit, cursor))
        return list(self.questions_.values()), "", len(self.questions_)

    async def question(self, question_id: str) -> Document | None:
        return self.questions_.get(question_id)

    async def notices(self, store_id: str, limit: int, cursor: str) -> Counted:
        self.asked.append((store_id, limit, cursor))
        return [{"notice_id": "notice-1", "store_id": store_id, "title": "휴무 안내", "content": "추석에 쉽니다"}], "", 1

    async def shelved(self, key: str) -> int:
        return 0

    async def images(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return {one: self.images_[one] for one in ids if one in self.images_}

    async def stock(self, store_id: str) -> Sequence[Document]:
        return [{"flower_id": "1", "on_hand": 10, "held": 0, "version": 1}]

    async def products_by_ids(self, ids: Iterable[str]) -> Mapping[str, Document]:
        self.named.append(("products", sorted(ids)))
        return {one: found for one in ids if (found := await self.product(one)) is not None}

    async def stores_by_ids(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return {one: found for one in ids if (found := await self.store(one)) is not None}

    async def stems(self, store_ids: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        return {one: {"1": 10} for one in store_ids}

    async def cart(self, owner: str) -> Document:
        return {"seq": 1 if owner in self.carts_ else 0, "lines": self.carts_.get(owner, [])}

    async def liked(self, buyer: str, kind: str, ids: Iterable[str]) -> Collection[str]:
        return set(ids) & set(self.likes_.get((buyer, kind), ()))

    async def likes(self, buyer: str, kind: str, limit: int, cursor: str) -> Page:
        if cursor:
            raise BadCursor
        return [{"id": one, "at": 7} for one in self.likes_.get((buyer, kind), ())], ""

    async def account(self, account: str) -> Document | None:
        return self.accounts_.get(account)

    async def authors(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return {one: self.accounts_[one] for one in ids if one in self.accounts_}

    async def addresses(self, account: str) -> Sequence[Document]:
        return self.addresses_.get(account, [])

    async def account_of_row(self, row: str) -> Document | None:
        return next((one for one in self.accounts_.values() if one["row_key"] == row), None)

    async def accounts(self, kind: str, status: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        if cursor:
            raise BadCursor
        found = [one for one in self.accounts_.values() if one["kind"] == kind and status in ("", one["status"])]
        return found, "", len(found)

    async def sessions(self, account: str) -> Sequence[Document]:
        return [{"session": "s1", "device": "chrome/mac", "opened_at": 1, "used_at": 2, "until": 3}]

    async def audit(self, by: str, subject: str, limit: int, cursor: str) -> Page:
        if cursor:
            raise BadCursor
        return [], ""

    async def like_counts(self, buyer: str) -> Mapping[str, int]:
        return {kind: len(ids) for (who, kind), ids in self.likes_.items() if who == buyer}

    async def stock_history(self, store_id: str, flower_id: str, limit: int, cursor: str) -> Page:
        if cursor:
            raise BadCursor
        return [{"flower_id": flower_id or "1", "delta": -2, "on_hand": 8}], ""

    def _coupon(self, coupon_id: str) -> dict[str, Any]:
        return {**msgspec.to_builtins(self.coupons_[coupon_id][-1]), "name": "할인", "limit": 10, "issued": 4, "closed": False}

    async def coupon(self, coupon_id: str) -> Document | None:
        return {**self._coupon(coupon_id), "last": 1} if coupon_id in self.coupons_ else None

    async def store_coupons(self, store_id: str, today: str) -> Sequence[Document]:
        return [self._coupon(one) for one in self.coupons_]

    async def all_coupons(self, store_id: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        return [self._coupon(one) for one in self.coupons_], "", len(self.coupons_)

    async def coupon_holders(
        self, store_id: str, coupon_id: str, limit: int, cursor: str
    ) -> tuple[Sequence[Document], str, int] | None:
        return ([{"buyer": BUYER, "status": "claimed"}], "", 1) if coupon_id in self.coupons_ else None

    async def my_coupons(self, buyer: str) -> Sequence[Document]:
        return self.issued_

    async def my_coupons_page(self, buyer: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        return self.issued_, "", len(self.issued_)

    async def my_coupons_in(self, buyer: str, store_id: str) -> Sequence[Document]:
        return [one for one in self.issued_ if one["store_id"] == store_id]

    async def usable_coupons(self, buyer: str, today: str) -> int:
        return len(self.issued_)
