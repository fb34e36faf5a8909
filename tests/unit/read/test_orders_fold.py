"""The order history's fold: what a buyer and each florist are shown of one order of two florists."""

from __future__ import annotations

from typing import Any

import pytest

from agents.orders import ORDERS
from models.orders.messages import OrderPrivate
from models.read.facts import Fact
from models.read.orders_fold import Entry, project, shown, shown_sold, sold
from tests.unit.orders.given import APPROVE, BOTH, CAPTURED, HELD_ROSE, HELD_TULIP, READY, ROSE_PART, TULIP_PART, order
from tests.unit.shop import ADDRESS, NOW, ORDER, ORDERER

CONFIRMED = (HELD_ROSE, HELD_TULIP, READY, APPROVE, CAPTURED)


def facts(*messages: Any) -> tuple[list[Fact], OrderPrivate]:
    """Events of an order after ``messages``, and its private record."""
    actor = order()
    actor.states = {"": None}
    events: list[Any] = []
    private: Any = None
    for message in (BOTH, *messages):
        for event in actor.take(message):
            events.append(event)
            private = ORDERS.private(ORDER, actor.states, event) or private
    last = len(events)
    return [Fact("orders", ORDER, seq, last, NOW, f"e{seq}", event) for seq, event in enumerate(events, 1)], private


def folded(said: list[Fact]) -> Entry:
    entry = Entry()
    assert project(said, {ORDER: entry}) == [ORDER]
    return entry


@pytest.mark.spec("order W-43")
def test_a_florist_sees_the_own_part_alone() -> None:
    said, private = facts(*CONFIRMED)
    entry = folded([*said, Fact("orders", ORDER, len(said), len(said), NOW, "p", private, private=True)])
    assert entry.order is not None
    rose, tulip = (shown_sold(sold(entry.order, store, entry.private)) for store in entry.order.stores)
    assert (rose["store_order_id"], rose["total"]) == (ROSE_PART, 45_000)
    assert (tulip["store_order_id"], tulip["total"]) == (TULIP_PART, 17_500)
    assert (rose["name"], tulip["name"]) == ("장미 꽃집", "튤립 꽃집")
    for own, other in ((rose, "튤립"), (tulip, "장미")):
        assert other not in str(own)
        assert "62500" not in str(own)
        assert "redirects" not in own
    assert rose["address"]["phone"] == ADDRESS.phone
    assert rose["orderer"]["phone"] == ORDERER.phone


@pytest.mark.spec("order W-48")
def test_every_line_has_the_picture_of_its_own_product() -> None:
    said, private = facts(*CONFIRMED)
    entry = folded([*said, Fact("orders", ORDER, len(said), len(said), NOW, "p", private, private=True)])
    assert entry.order is not None
    lines = [line for store in shown(entry.order, entry.private)["stores"] for line in store["lines"]]
    assert [(line["product_id"], line["name"], line["thumbnail"]) for line in lines] == [
        ("bouquet", "장미 다발", "/b.jpg"), ("plant", "장미 화분", ""), ("basket", "튤립 바구니", ""),
    ]  # fmt: skip


@pytest.mark.spec("order W-49")
def test_an_order_is_shown_whole_out_of_its_own_document() -> None:
    """No payment row, no product, no store is looked up: what is not there yet is left out, and the page stands."""
    said, _ = facts(*CONFIRMED)
    entry = folded(said)
    assert entry.order is not None
    told = shown(entry.order, None)
    assert (told["status"], told["total"], told["captured"], told["method"]) == ("CONFIRMED", 62_500, 62_500, "CARD")
    assert [store["total"] for store in told["stores"]] == [45_000, 17_500]
    assert "address" not in told
    assert {line["name"] for store in told["stores"] for line in store["lines"]} == {""}


def test_what_was_folded_already_changes_nothing() -> None:
    said, _ = facts(*CONFIRMED)
    entry = folded(said)
    before = shown(entry.order, None) if entry.order else {}
    assert project(said, {ORDER: entry}) == []
    assert entry.order is not None
    assert shown(entry.order, None) == before
