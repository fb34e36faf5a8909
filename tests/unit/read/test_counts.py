"""Counts of products that sell all the time: a rebuild ends, they grow no older than two rounds, and MongoDB is spared."""

from __future__ import annotations

import random
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import UpdateOne

from agents.pump import Pump
from agents.rebuild import settling
from models.catalog.messages import ProductSold
from models.read.facts import EVENTS, Batch, Fact, Position, Spot
from models.read.products import LEAST, MODEL, MOST, POSITIONS, ROUND, at_once

SPOT = Spot("catalog", EVENTS, 0)


class Collection:
    """As much of a collection as counts need. ``writes``: documents of each command."""

    def __init__(self, documents: dict[str, dict[str, Any]]) -> None:
        self.documents = documents
        self.writes: list[int] = []

    async def bulk_write(self, writes: Sequence[UpdateOne], ordered: bool) -> None:
        self.writes.append(len(writes))
        for one in writes:
            condition: Any = one._filter
            change: Any = one._doc
            found = self.documents[condition["_id"]]
            if found["seq"] < condition["seq"]["$lt"]:
                found |= change["$set"]

    async def find_one(self, condition: dict[str, Any]) -> dict[str, Any] | None:
        return self.documents.get(condition["_id"])

    async def update_one(self, condition: dict[str, Any], change: dict[str, Any], upsert: bool) -> None:
        self.documents.setdefault(condition["_id"], {"spots": {}})["spots"] |= {
            name.removeprefix("spots."): value for name, value in change["$set"].items()
        }


class Shop:
    """So many products, sold at random, folded by a pump that settles once a second: as it is run, without its clock."""

    def __init__(self, products: int) -> None:
        self.shown: dict[str, dict[str, Any]] = {f"p{number}": {"sold": 0, "seq": 1} for number in range(products)}
        self.collection = Collection(self.shown)
        mongo = {"products_1": self.collection, POSITIONS: Collection({})}
        self.store = MODEL.store(SimpleNamespace(mongo=mongo), 1)
        self.pump = Pump(MODEL, None, None, None, None)  # type: ignore[arg-type]
        self.pump.stored = {SPOT: Position()}
        self.sold = dict.fromkeys(self.shown, 0)
        self.since: dict[str, int] = {}
        """Second of the oldest sale that is not shown."""
        self.random, self.now = random.Random(4), 0

    async def second(self, lines: int) -> int:
        """A second with so many sales; the age of the oldest that is not shown after it."""
        self.now += 1
        facts = []
        for _ in range(lines):
            key = self.random.choice(list(self.sold))
            self.sold[key] += 1
            self.since.setdefault(key, self.now)
            seq = self.sold[key] + 1
            facts.append(Fact("catalog", key, seq, seq, 1, f"{key}-{seq}", ProductSold(store_id="s", sold=self.sold[key])))
        before = self.pump.stored[SPOT]
        after = Position(before.next + lines)
        if facts:
            await self.store.store(Batch(facts, {SPOT: before}, {SPOT: after}))
        self.pump.stored = {SPOT: after}
        await self.pump._settle(self.store)
        for key in [key for key in self.since if self.shown[key]["sold"] == self.sold[key]]:
            del self.since[key]
        return self.now - min(self.since.values(), default=self.now)


@pytest.mark.parametrize(
    ("products", "lines", "written"),
    [
        (40, 20, 4),
        (256, 120, 9),
        (400, 20, 8),
        (5_000, 20, 18),
    ],
)
async def test_while_products_sell_a_rebuild_ends_and_counts_are_never_old(products: int, lines: int, written: int) -> None:
    """``written``: documents a second, in one command, once it has settled in; the catalogue's size is no matter to their age."""
    shop = Shop(products)
    ages = [await shop.second(lines) for _ in range(300)]
    assert max(ages) <= 2 * ROUND
    done = settling(SimpleNamespace(pumps=[shop.pump]))  # type: ignore[arg-type]
    waited = 0
    while not done():
        await shop.second(lines)
        waited += 1
        assert shop.pump.unsettled, "something is late all the time"
    assert 1 <= waited <= 2 * ROUND
    last = shop.collection.writes[-200:]
    assert (len(shop.collection.writes), round(sum(last) / len(last))) == (300 + waited, written)


async def test_once_nobody_buys_all_is_shown_within_two_rounds() -> None:
    shop = Shop(400)
    for _ in range(100):
        await shop.second(20)
    for _ in range(2 * ROUND):
        await shop.second(0)
    assert {key: one["sold"] for key, one in shop.shown.items()} == shop.sold
    assert (shop.pump.unsettled, shop.pump.settled) == (False, {SPOT: Position(2_000)})


@pytest.mark.parametrize(
    ("late", "documents"), [(0, LEAST), (120, LEAST), (121, 5), (256, 9), (400, 14), (15_000, MOST), (10**6, MOST)]
)
def test_a_settlement_writes_a_rounds_share(late: int, documents: int) -> None:
    assert at_once(late) == documents
