"""What buyers think of a store, in MySQL: the reviews of all its products, each with the same weight (spec store Q11).

The catalogue says of each product how many reviews count and the sum of their half stars. Both are absolute, so that what is
folded twice changes nothing; a store's own row is the sum over its products, made in the same transaction.

| question | how |
|---|---|
| average of stores | joined by ``models/read/stores.py`` on the primary key |
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from models.catalog.messages import ProductRated
from models.read import mysql
from models.read.databases import Databases
from models.read.facts import EVENTS, Fact, ReadModel

HALF = 2
"""Ratings are counted in half stars."""


def name(version: int) -> str:
    """The table of stores, for whoever joins it."""
    return f"store_ratings_{version}"


def tables(version: int) -> tuple[sa.Table, sa.Table]:
    """Stores, and their products. ``score``: average half stars in millionths, to sort by."""
    metadata = sa.MetaData()
    stores = sa.Table(
        name(version),
        metadata,
        sa.Column("store_id", sa.String(64), primary_key=True),
        sa.Column("reviews", sa.Integer, nullable=False),
        sa.Column("rating_sum", sa.BigInteger, nullable=False, comment="half stars"),
        sa.Column("score", sa.Integer, nullable=False, comment="half stars of a review, in millionths"),
    )
    products = sa.Table(
        f"store_ratings_products_{version}",
        metadata,
        sa.Column("product_id", sa.String(64), primary_key=True),
        sa.Column("store_id", sa.String(64), nullable=False),
        sa.Column("reviews", sa.Integer, nullable=False),
        sa.Column("rating_sum", sa.BigInteger, nullable=False, comment="half stars"),
        sa.Index(f"store_ratings_products_{version}_store", "store_id"),
    )
    return stores, products


PRODUCTS = (
    "INSERT INTO {products} (product_id, store_id, reviews, rating_sum) VALUES {rows}"
    " ON DUPLICATE KEY UPDATE reviews = VALUES(reviews), rating_sum = VALUES(rating_sum)"
)
# Reading the products to insert their sum locks them, so that of two workers with products of one store the later one sees both.
STORES = (
    "INSERT INTO {stores} (store_id, reviews, rating_sum, score)"
    " SELECT store_id, SUM(reviews), SUM(rating_sum), COALESCE(SUM(rating_sum) * 1000000 DIV NULLIF(SUM(reviews), 0), 0)"
    " FROM {products} WHERE (store_id) IN ({rows}) GROUP BY store_id"
    " ON DUPLICATE KEY UPDATE reviews = VALUES(reviews), rating_sum = VALUES(rating_sum), score = VALUES(score)"
)


def project(facts: Sequence[Fact]) -> list[mysql.Write]:
    """The last figures of each product, then the sums of their stores."""
    rated = {fact.key: fact.body for fact in facts if isinstance(fact.body, ProductRated)}
    rows = [(key, event.store_id, event.reviews, event.rating_sum) for key, event in sorted(rated.items())]
    stores = sorted({event.store_id for event in rated.values()})
    return [mysql.Write(PRODUCTS, rows), mysql.Write(STORES, [(store,) for store in stores])]


def average(reviews: int, rating_sum: int) -> float | None:
    """Stars to two decimals, ``None``: nobody has said anything."""
    return round(rating_sum / reviews / HALF, 2) if reviews else None


def _names(version: int) -> dict[str, str]:
    stores, products = tables(version)
    return {"stores": stores.name, "products": products.name}


def _store(databases: Databases, version: int) -> mysql.Fenced:
    return mysql.Fenced(databases, "store_ratings", version, _names(version), project)


create, drop = mysql.schema("store_ratings", tables)
MODEL = ReadModel(
    name="store_ratings", sources=(("catalog", EVENTS),), store=_store, create=create, drop=drop, reported=False,
    urgent=lambda fact: False,
)  # fmt: skip
