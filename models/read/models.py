"""All read models: what the projectors fold, migrations create, and the auditor compares."""

from __future__ import annotations

from collections.abc import Mapping

from models.read import (
    accounts,
    audit,
    carts,
    coupons,
    ended,
    images,
    ledger,
    live,
    notices,
    orders,
    products,
    questions,
    reference,
    restock,
    reviews,
    sessions,
    stock,
    store_ratings,
    stores,
)
from models.read.facts import ReadModel

MODELS: tuple[ReadModel, ...] = (
    orders.MODEL,
    stock.MODEL,
    coupons.MODEL,
    ledger.MODEL,
    stores.MODEL,
    store_ratings.MODEL,
    questions.MODEL,
    notices.MODEL,
    products.MODEL,
    reference.MODEL,
    reviews.MODEL,
    restock.MODEL,
    images.MODEL,
    carts.MODEL,
    accounts.MODEL,
    sessions.MODEL,
    audit.MODEL,
    live.MODEL,
    ended.MODEL,
)
BY_NAME: Mapping[str, ReadModel] = {model.name: model for model in MODELS}
