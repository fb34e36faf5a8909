"""Every table of MySQL as the code that reads and writes it declares it."""

from __future__ import annotations

import sqlalchemy as sa

from models.read import (
    accounts,
    audit,
    carts,
    coupons_fold,
    images,
    ledger,
    notices,
    questions,
    reference,
    restock,
    reviews,
    sessions,
    stock,
    store_ratings,
    stores,
)
from models.read.registry import POSITIONS, READ_MODELS


def relational() -> list[sa.Table]:
    """Registry, positions, and version 1 of each read model."""
    people = [accounts.table(1), sessions.table(1), *audit.tables(1)]
    shelves = [stores.table(1), *store_ratings.tables(1), questions.table(1), notices.table(1), *carts.tables(1), images.table(1)]
    goods = [reference.table(1), restock.table(1), reviews.table(1)]
    return [READ_MODELS, POSITIONS, *stock.tables(1), *coupons_fold.tables(1), ledger.table(1), *shelves, *goods, *people]
