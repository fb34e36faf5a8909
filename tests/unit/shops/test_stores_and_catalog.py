"""Stores and products: so far what pricing and holding need."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.catalog import CATALOG
from agents.stores import STORES
from models.actor import Refusal, Send
from models.catalog.messages import ProductPrivate, ProductSaved, SaveProduct
from models.inventory.messages import SetLowStockThreshold
from models.stores.messages import SaveStore, StorePrivate, StoreSaved
from tests.unit.history import Actor
from tests.unit.shop import NOW

STORE = SaveStore(owner="seller-1", name="장미 꽃집", delivery_fee=3_000, free_from=50_000, cut_off="17:30", threshold=30)
PRODUCT = SaveProduct(
    store_id="store-rose",
    name="장미 다발",
    price=20_000,
    flowers={"rose": 10},
    category="bouquet",
    description="향기",
    thumbnail="/b",
)
with_ = msgspec.structs.replace


def test_a_store_is_saved_and_its_inventory_told() -> None:
    actor = Actor(STORES, "store-rose", NOW)
    (saved,) = actor.take(STORE)
    assert saved == StoreSaved(
        owner="seller-1", delivery_fee=3_000, free_from=50_000, cut_off="17:30", threshold=30, registered_at=NOW
    )
    assert actor.sends == [Send("inventory", "store-rose", SetLowStockThreshold(threshold=30))]
    assert STORES.private("store-rose", actor.states, saved) == StorePrivate(name="장미 꽃집")
    assert STORES.answer("store-rose", actor.states, None) == {"store_id": "store-rose"}
    assert actor.state.name == "장미 꽃집"


@pytest.mark.spec("order W-38", "store A1")
def test_a_store_has_one_owner() -> None:
    actor = Actor(STORES, "store-rose", NOW)
    actor.take(STORE)
    assert actor.refuses(with_(STORE, owner="seller-2")) == ("not_your_store", 403)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "", "delivery_fee": -1}, ["name", "delivery_fee"]),
        ({"owner": "", "free_from": -1}, ["owner", "free_from"]),
        ({"cut_off": "25:00", "threshold": -1}, ["cut_off", "threshold"]),
        ({"cut_off": "9:00"}, ["cut_off"]),
    ],
)
def test_a_store_that_cannot_be(changes: dict[str, Any], fields: list[str]) -> None:
    assert Actor(STORES, "s", NOW).decide(with_(STORE, **changes)) == Refusal("store_invalid", 422, {"fields": fields})


def test_a_product_is_saved_and_its_texts_stay_private() -> None:
    actor = Actor(CATALOG, "bouquet", NOW)
    (saved,) = actor.take(PRODUCT)
    assert saved == ProductSaved(
        store_id="store-rose", price=20_000, flowers={"rose": 10}, status="SALE", tax_free=False, category="bouquet",
        representative="rose", version=1, created=NOW,
    )  # fmt: skip
    assert "장미" not in msgspec.json.encode(saved).decode()
    assert CATALOG.private("bouquet", actor.states, saved) == ProductPrivate(name="장미 다발", description="향기", thumbnail="/b")
    assert CATALOG.answer("bouquet", actor.states, None) == {"product_id": "bouquet", "version": 1}
    assert actor.sends == []


def test_a_product_stays_with_its_store() -> None:
    actor = Actor(CATALOG, "bouquet", NOW)
    actor.take(PRODUCT)
    assert actor.refuses(with_(PRODUCT, store_id="store-tulip")) == ("product_of_other_store", 403)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"store_id": "", "name": "x" * 81}, ["store_id", "name"]),
        ({"price": -1, "flowers": {"rose": 0}}, ["price", "flowers"]),
        ({"flowers": {str(at): 1 for at in range(23)}}, ["flowers"]),
        ({"status": "GONE", "thumbnail": "x" * 201}, ["status", "thumbnail"]),
        ({"description": "x" * 5_001}, ["description"]),
    ],
)
def test_a_product_that_cannot_be(changes: dict[str, Any], fields: list[str]) -> None:
    assert Actor(CATALOG, "p", NOW).decide(with_(PRODUCT, **changes)) == Refusal("product_invalid", 422, {"fields": fields})
