"""What orders and reviews say of products, held against what the products say themselves. Folds in place, without I/O.

Each event is weighed as it comes, whatever order the logs are read in: what does not fit then may be on its way still, and is no
finding before the grace time (``invariants.AT_REST``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from agents.auditor.goods import Good
from agents.auditor.invariants import Violation
from agents.auditor.orders import Order, StoreOrder
from models.catalog.messages import (
    ProductRated,
    ProductSaved,
    ProductSold,
    ReviewAllowed,
    ReviewDeleted,
    ReviewEdited,
    ReviewHidden,
    ReviewReplied,
    ReviewWritten,
)
from models.catalog.reviews import ALLOWED, GONE, HIDDEN, WRITTEN
from models.orders.messages import OrderConfirmed, StoreCancelled
from models.read.facts import Fact


class Review(msgspec.Struct):
    """A review, or the right to one, as its read model has to show it; ``rating``: half stars."""

    product_id: str
    store_id: str
    author: str
    kind: str
    subject: str
    status: str = ALLOWED
    rating: int = 0
    written_at: int = 0
    edited_at: int = 0
    replied_at: int = 0
    seq: int = 0

    @property
    def counts(self) -> int:
        """What it gives its product; 0: nothing."""
        return self.rating if self.status == WRITTEN else 0


class Counts:
    """``products``: by id, as ``goods.fold`` leaves them."""

    def __init__(self, products: Mapping[str, Good]) -> None:
        self.reviews: dict[str, Review] = {}
        self.off: dict[tuple[str, str], Violation] = {}
        """What does not fit now, by invariant and id."""
        self._products = products
        self._bought: dict[str, int] = {}
        self._unsure: set[str] = set()

    def traded(self, order: Order, event: Any) -> None:
        """An order is confirmed, or a part of it cancelled afterwards."""
        match event:
            case OrderConfirmed():
                for part in order.stores:
                    self._trade(part, 1)
            case StoreCancelled():
                for part in order.stores:
                    if part.priced.store_order_id == event.store_order_id:
                        self._trade(part, -1)

    def lost_sight(self, store_id: str) -> None:
        """An order of the store that is forgotten has lost a part: how much of what is not known any more."""
        self._unsure.add(store_id)
        for product_id in [one for one, good in self._products.items() if good.saved.store_id == store_id]:
            self._weigh_sales(product_id)

    def _trade(self, part: StoreOrder, sign: int) -> None:
        if part.counted is (sign > 0):
            return
        part.counted = sign > 0
        for line in part.priced.lines:
            self._bought[line.product_id] = self._bought.get(line.product_id, 0) + sign * line.quantity
            self._weigh_sales(line.product_id)

    def told(self, fact: Fact) -> None:
        """An event of the catalogue, after ``goods.fold``."""
        match fact.body:
            case ProductSaved() | ProductSold():
                self._weigh_sales(fact.key)
            case ProductRated(review_id=review_id):
                self._weigh_rating(fact.key, review_id)
            case body:
                self._review(fact.key, fact.seq, body)

    def _review(self, key: str, seq: int, event: Any) -> None:
        review = self.reviews.get(key)
        if isinstance(event, ReviewAllowed):
            self.reviews[key] = Review(event.product_id, event.store_id, event.buyer, event.kind, event.subject, seq=seq)
            return
        if review is None:
            return
        match event:
            case ReviewWritten():
                review.status, review.rating, review.written_at = WRITTEN, event.rating, event.at
            case ReviewEdited():
                review.rating, review.edited_at = event.rating, event.at
            case ReviewReplied():
                review.replied_at = event.at
            case ReviewHidden():
                review.status = HIDDEN
            case ReviewDeleted():
                review.status = GONE
            case _:
                return
        review.seq = seq
        self._weigh_rating(review.product_id, key)

    # -- weighing ------------------------------------------------------------------------------------------------------------

    def _weigh_sales(self, product_id: str) -> None:
        good, bought = self._products.get(product_id), self._bought.get(product_id, 0)
        # Fewer than none are a finding of their own.
        known = good is not None and good.sold >= 0 and not good.renewed and good.saved.store_id not in self._unsure
        by = good.sold - bought if good is not None and known else 0
        # What differs by the same is the same, however well the product sells.
        self._note("sold_has_orders", product_id, by, f"{by:+} pieces beside what confirmed orders bought, {bought}")

    def _weigh_rating(self, product_id: str, review_id: str) -> None:
        good, review = self._products.get(product_id), self.reviews.get(review_id)
        given = review.counts if review is not None and review.product_id == product_id else 0
        counted = good.ratings.get(review_id, 0) if good is not None else given
        if good is not None and good.renewed:
            counted = given
        told = f"{counted} half stars are counted, {given} are given"
        self._note("rating_has_review", f"{product_id}/{review_id}", counted - given, told)

    def _note(self, invariant: str, ident: str, by: int, told: str) -> None:
        if by:
            self.off[invariant, ident] = Violation(invariant, ident, told, f"{by}")
        else:
            self.off.pop((invariant, ident), None)
