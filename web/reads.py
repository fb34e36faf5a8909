"""What the web asks of the read models; ``web/databases.py`` answers it out of ``models/read``, tests out of a dict.

Documents are JSON-ready mappings. A page is (documents, cursor of the next page or ""); a cursor is opaque to clients.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from models.catalog.messages import ReferencePrivate
from models.orders.messages import CouponTerms, ProductTerms, StoreTerms
from models.read.cursors import BadCursor
from models.read.questions import About
from models.read.stores import Wanted
from models.search.wire import Found, Main, Question, Sentence, Understood

__all__ = ["About", "BadCursor", "Counted", "Document", "Page", "Reads", "ReadsAway", "Wanted"]

Document = Mapping[str, Any]
Page = tuple[Sequence[Document], str]
Counted = tuple[Sequence[Document], str, int]
"""A page, and how many there are in all."""


class ReadsAway(Exception):
    """A database of the read models did not answer."""


class Reads(Protocol):
    """All questions; each may raise ``ReadsAway``, which the client hears of as 503."""

    async def start(self) -> None:
        """Connect; returns when all can be asked."""

    async def stop(self) -> None:
        """Let go."""

    async def product_terms(self, ids: Iterable[str]) -> Mapping[str, ProductTerms]:
        """Price, flowers, status of each product that exists."""

    async def store_terms(self, ids: Iterable[str]) -> Mapping[str, StoreTerms]:
        """Policy of each store that exists."""

    async def coupon_terms(self, ids: Iterable[str]) -> Mapping[str, tuple[CouponTerms, ...]]:
        """Terms of each coupon that exists: every edition in order, the last one is of now."""

    async def coupon_editions(self, buyer: str, ids: Iterable[str]) -> Mapping[str, int]:
        """The edition under which the buyer has each of ``ids``; those that were not claimed are left out."""

    async def order(self, order_id: str) -> Document | None:
        """The order as its buyer sees it, with ``buyer``, ``seq`` and ``stores`` (each with store_order_id and store_id)."""

    async def timeline(self, order_id: str) -> Sequence[Document]:
        """What happened to the order, oldest first."""

    async def buyer_orders(self, buyer: str, status: str, limit: int, cursor: str) -> Page:
        """Orders of a buyer, newest first. ``status`` "": all. Raises ``BadCursor``."""

    async def store_orders(self, store_id: str, status: str, limit: int, cursor: str) -> Page:
        """Store orders of a florist, newest first. ``status`` "": all. Raises ``BadCursor``."""

    async def found(self, question: Question) -> Found:
        """A page of the products that filters let through. Raises ``BadCursor``."""

    async def listed(self, product_id: str, seq: int, wait: float) -> bool:
        """Do lists have event ``seq`` of a product, or are there none now? ``wait``: seconds that they may take."""

    async def main_page(self) -> Main:
        """The rows of the main page."""

    async def understood(self, sentence: Sentence) -> Understood:
        """A sentence as filters, and the first page of them."""

    async def product(self, product_id: str) -> Document | None:
        """One product, whatever its status, with ``store_id``."""

    async def stores(self, wanted: Wanted, limit: int, cursor: str) -> Counted:
        """Stores in all their fields, in the order wanted. Raises ``BadCursor``."""

    async def stores_near(self, lat: float, lon: float, metres: int) -> Sequence[Document]:
        """Open stores within ``metres``, nearest first, with ``distance`` (whole metres)."""

    async def store_products(self, store_id: str, category: str, flower: str, status: str, limit: int, cursor: str) -> Counted:
        """Ordinary products of a store, newest first, for its seller; ``status`` "": all but DELETED. Raises ``BadCursor``."""

    async def all_products(self, status: str, date: str, sales: str, limit: int, cursor: str) -> Counted:
        """Ordinary products of all stores. ``sales`` TOP, BOTTOM or "" goes before ``date`` NEW, OLD. Raises ``BadCursor``."""

    async def best_sellers(self, store_id: str) -> Sequence[Document]:
        """The ordinary products on sale of which a store has sold most, at most ten."""

    async def reference(self) -> ReferencePrivate:
        """All flowers, tags and categories, some seconds old at most."""

    async def reference_seq(self) -> int:
        """The event up to which the reference data are shown; 0: the defaults."""

    async def review(self, review_id: str) -> Document | None:
        """One review in whatever state, with ``author``, ``store_id``, ``status``."""

    async def reviews(self, whose: str, ident: str, status: str, sort: str, limit: int, cursor: str) -> Counted:
        """Reviews by ``whose`` product_id, store_id or author; ``sort`` DATE, HIGH, LOW. Raises ``BadCursor``."""

    async def restock_alert(self, buyer: str, product_id: str) -> Document | None:
        """What the buyer last said of the product: ``at`` (ms, 0: does not wait), ``seq``."""

    async def restock_alerts(self, buyer: str, limit: int, cursor: str) -> Counted:
        """Products for which the buyer waits: ``product_id``, ``at``; newest first. Raises ``BadCursor``."""

    async def store(self, store_id: str) -> Document | None:
        """One store in all its fields, with ``owner``, ``status`` and ``seq``."""

    async def questions(self, about: About, limit: int, cursor: str) -> Counted:
        """Questions in all their fields, newest first, secret ones unmasked. Raises ``BadCursor``."""

    async def question(self, question_id: str) -> Document | None:
        """One question in all its fields, unmasked."""

    async def notices(self, store_id: str, limit: int, cursor: str) -> Counted:
        """Notices of a store, newest first. Raises ``BadCursor``."""

    async def shelved(self, key: str) -> int:
        """The event up to which a store, question or notice is shown whole; 0: nothing of it is."""

    async def images(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Uploaded images that exist: owner, purpose, content_type, size, at, status, digest, width, height, code, seq."""

    async def stock(self, store_id: str) -> Sequence[Document]:
        """Flowers of a store: flower_id, on_hand, held, version, seq of the last change."""

    async def products_by_ids(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Those of ``ids`` that exist, whatever their status."""

    async def stores_by_ids(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Those of ``ids`` that exist, with ``owner``."""

    async def stems(self, store_ids: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """Store id -> flower id -> stems that are not promised to anybody."""

    async def cart(self, owner: str) -> Document:
        """``seq`` (0: there is none) and ``lines``: product_id, store_id, quantity, price, added_at; the newest first."""

    async def liked(self, buyer: str, kind: str, ids: Iterable[str]) -> Collection[str]:
        """Those of ``ids`` that the buyer likes. ``kind``: product or store."""

    async def likes(self, buyer: str, kind: str, limit: int, cursor: str) -> Page:
        """What the buyer likes, newest first: ``id``, ``at``. Raises ``BadCursor``."""

    async def account(self, account: str) -> Document | None:
        """An account with all that is known of it (``models/read/accounts.py``), also one that has withdrawn."""

    async def authors(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Accounts by their ids, for the names beside what somebody wrote; of who has withdrawn they are empty."""

    async def addresses(self, account: str) -> Sequence[Document]:
        """The address book of an account, the last used first."""

    async def account_of_row(self, row: str) -> Document | None:
        """The newest account of a row."""

    async def accounts(self, kind: str, status: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        """Accounts, newest first, the next cursor, and how many there are. Raises ``BadCursor``."""

    async def sessions(self, account: str) -> Sequence[Document]:
        """Open sessions: session, device, opened_at, used_at, until."""

    async def audit(self, by: str, subject: str, limit: int, cursor: str) -> Page:
        """What admins did, newest first: at, id, by, action, subject, details. Raises ``BadCursor``."""

    async def like_counts(self, buyer: str) -> Mapping[str, int]:
        """Kind -> how many the buyer likes."""

    async def stock_history(self, store_id: str, flower_id: str, limit: int, cursor: str) -> Page:
        """Changes of a store's stems, newest first; ``flower_id`` "": of all its flowers. Raises ``BadCursor``."""

    async def coupon(self, coupon_id: str) -> Document | None:
        """A coupon, with ``last``: the event that changed it last."""

    async def store_coupons(self, store_id: str, today: str) -> Sequence[Document]:
        """What a store gives on ``today`` (KST) or will."""

    async def all_coupons(self, store_id: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        """A page of all coupons that a store ever had, newest first, with their number. Raises ``BadCursor``."""

    async def coupon_holders(
        self, store_id: str, coupon_id: str, limit: int, cursor: str
    ) -> tuple[Sequence[Document], str, int] | None:
        """A page of who has a coupon, newest first, with their number; ``None``: the store has none. Raises ``BadCursor``."""

    async def my_coupons(self, buyer: str) -> Sequence[Document]:
        """What a buyer has claimed, with its state, under the buyer's terms; at most 1,000."""

    async def my_coupons_page(self, buyer: str, limit: int, cursor: str) -> tuple[Sequence[Document], str, int]:
        """A page of that, newest first, with their number. Raises ``BadCursor``."""

    async def my_coupons_in(self, buyer: str, store_id: str) -> Sequence[Document]:
        """What a buyer has of one store's."""

    async def usable_coupons(self, buyer: str, today: str) -> int:
        """How many coupons the buyer could use on ``today`` (KST)."""
