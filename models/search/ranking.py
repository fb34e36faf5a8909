"""By what lists of products are ordered: one number for each order, so that a page is "the greatest below the last". Pure.

A key is 64 bits: on sale (1 bit: SALE goes before DISCONTINUED, spec product §5), the value (40 bits), and bits of the
product's id (23 bits), which are the same on every host and after every rebuild. Ascending orders hold the complement of the value,
so that every list is read from the greatest key down. Those who sell and admins have orders of their own (``MANAGED``), in which it
does not matter what is on sale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from models.search.documents import Product

SORTS: tuple[str, ...] = ("TOP_SALE", "SALE", "BOTTOM_SALE", "NEW", "OLD", "LOW", "HIGH", "REVIEW", "RATING")
"""The nine orders (spec product §1.5)."""
FIELDS: Mapping[str, str] = {
    "TOP_SALE": "most_sold", "SALE": "most_sold", "BOTTOM_SALE": "least_sold", "NEW": "newest", "OLD": "oldest",
    "LOW": "cheapest", "HIGH": "dearest", "REVIEW": "most_reviewed", "RATING": "best_rated",
}  # fmt: skip
"""Order -> the field of the index that holds its key."""
MANAGED: Mapping[str, str] = {
    "ALL_NEW": "all_newest", "ALL_OLD": "all_oldest",
    "TOP_NEW": "top_newest", "TOP_OLD": "top_oldest", "BOTTOM_NEW": "bottom_newest", "BOTTOM_OLD": "bottom_oldest",
}  # fmt: skip
"""The same for those who sell and for admins: by date, or by sold pieces (TOP: the most first) and then by date."""
VALUE_BITS, TIE_BITS = 40, 23
MOST = (1 << VALUE_BITS) - 1
SOLD_BITS, LAST_BITS = 20, 4
"""Of a key by sold pieces and date: who has sold more than a million is told apart by the date alone, and so are products of one
millisecond by four bits of their ids."""
MOST_SOLD = (1 << SOLD_BITS) - 1
EPOCH = 1_577_836_800_000
"""2020-01-01 UTC in ms; from there 40 bits of milliseconds reach into 2054."""
PRIOR_WEIGHT, PRIOR_MEAN = 10, 7.0
"""A product's rating counts as if ten more buyers had given 3.5 stars (7 half stars)."""


def fair(reviews: int, rating_sum: int) -> float:
    """The Bayesian average in half stars (1..10) of ``reviews`` ratings that add up to ``rating_sum``.

    A single 5-star review does not win against a hundred of 4.8 (spec product §5): prior weight 10, prior mean 7.0 half stars.
    """
    return (PRIOR_WEIGHT * PRIOR_MEAN + rating_sum) / (PRIOR_WEIGHT + reviews)


def average(reviews: int, rating_sum: int) -> float:
    """The plain average in stars with one decimal, as cards show it; 0.0 without reviews (product W45: never cut to a whole)."""
    return round(rating_sum / reviews / 2 + 1e-9, 1) if reviews else 0.0


def keys(product: Product) -> dict[str, int]:
    """The key of ``product`` in each field of ``FIELDS`` and of ``MANAGED``."""
    return _public(product) | _managed(product)


def _public(product: Product) -> dict[str, int]:
    created = product.created - EPOCH
    values = {
        "most_sold": product.sold,
        "least_sold": MOST - _bounded(product.sold),
        "newest": created,
        "oldest": MOST - _bounded(created),
        "cheapest": MOST - _bounded(product.price),
        "dearest": product.price,
        "most_reviewed": product.reviews,
        "best_rated": round(fair(product.reviews, product.rating_sum) * 1_000_000),
    }
    top = (product.status == "SALE") << (VALUE_BITS + TIE_BITS)
    low = tie(product.id)
    return {field: top | _bounded(value) << TIE_BITS | low for field, value in values.items()}


def _managed(product: Product) -> dict[str, int]:
    low, new, top = tie(product.id), _bounded(product.created - EPOCH), min(max(product.sold, 0), MOST_SOLD)
    dates = {"newest": new, "oldest": MOST - new}
    found = {f"all_{when}": value << TIE_BITS | low for when, value in dates.items()}
    last = low >> (TIE_BITS - LAST_BITS)
    for sales, sold in (("top", top), ("bottom", MOST_SOLD - top)):
        for when, value in dates.items():
            found[f"{sales}_{when}"] = (sold << VALUE_BITS | value) << LAST_BITS | last
    return found


def tie(product_id: str) -> int:
    """The bits that tell products of equal value apart; those few that share them too are ordered by their ids."""
    return int.from_bytes(hashlib.blake2b(product_id.encode(), digest_size=8).digest()) >> (64 - TIE_BITS)


def _bounded(value: int) -> int:
    return min(max(value, 0), MOST)
