"""What the events of a product add up to (key = product id). Folds in place, without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from agents.auditor.invariants import Violation
from models.catalog.messages import ProductRated, ProductRemoved, ProductSaved, ProductSold, RestockAwaited, RestockDropped
from models.read.facts import Fact

REMOVED = "DELETED"
OF_THE_CHANGE = ("by", "new_images", "dropped_images")
"""Fields that tell of a change, to the audit log and to images; read models show what was changed."""


class Good(msgspec.Struct):
    """A product. ``ratings``: review id -> half stars, of the reviews that count; ``waiting``: who wants to hear when it is sold
    again -> since when (ms); ``seq``: of its last event; ``renewed``: another kind of product had this id before."""

    saved: ProductSaved
    seq: int = 0
    removed: bool = False
    sold: int = 0
    ratings: dict[str, int] = {}
    waiting: dict[str, int] = {}
    renewed: bool = False

    @property
    def status(self) -> str:
        """SALE, DISCONTINUED or DELETED."""
        return REMOVED if self.removed else self.saved.status

    def shown(self) -> dict[str, Any]:
        """What a read model has to say of it."""
        fields = {name: getattr(self.saved, name) for name in self.saved.__struct_fields__ if name not in OF_THE_CHANGE}
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
        counts = {"sold": self.sold, "reviews": len(self.ratings), "rating_sum": sum(self.ratings.values())}
        return {**told, **counts, "status": self.status, "seq": self.seq}


def fold(goods: dict[str, Good], fact: Fact) -> Iterator[Violation]:
    """Take ``fact`` into ``goods``; what cannot be. Events that are about no product change nothing."""
    event, good = fact.body, goods.get(fact.key)
    if isinstance(event, ProductSaved) and (good is None or good.saved.kind != event.kind):
        # Of another kind of product that had this id before, nothing is counted for this one.
        good = goods[fact.key] = Good(event, waiting=good.waiting if good is not None else {}, renewed=good is not None)
    if good is None:
        return
    match event:
        case ProductSaved():
            good.saved, good.removed = event, False
        case ProductRemoved():
            good.removed = True
        case ProductSold():
            good.sold = event.sold
            if event.sold < 0:
                yield Violation("sold_never_negative", fact.key, f"seq {fact.seq}: {event.sold} sold")
        case ProductRated():
            yield from _rated(good, fact.key, event)
        case RestockAwaited(buyer=buyer, at=at):
            good.waiting[buyer] = at
        case RestockDropped(buyer=buyer):
            good.waiting.pop(buyer, None)
        case _:
            return
    good.seq = fact.seq


def _rated(good: Good, product_id: str, event: ProductRated) -> Iterator[Violation]:
    if event.rating:
        good.ratings[event.review_id] = event.rating
    else:
        good.ratings.pop(event.review_id, None)
    said, is_ = (event.reviews, event.rating_sum), (len(good.ratings), sum(good.ratings.values()))
    if said != is_:
        detail = f"{said[0]} reviews of {said[1]} half stars are said, {is_[0]} of {is_[1]} were given"
        yield Violation("review_counted_once", f"{product_id}/{event.review_id}", detail)
