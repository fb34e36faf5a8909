"""The fold of carts and likes: of a batch the last word counts, and what was emptied stays empty."""

from __future__ import annotations

from typing import Any

import pytest

from models.carts import messages as m
from models.read import carts
from models.read.facts import Fact


def facts(*said: tuple[str, Any]) -> list[Fact]:
    return [Fact("carts", owner, seq, seq, 1_000 + seq, f"e{seq}", event) for seq, (owner, event) in enumerate(said, 1)]


def set_(product: str, quantity: int) -> m.CartLineSet:
    return m.CartLineSet(product_id=product, store_id="s", quantity=quantity, price=10, added_at=1)


def line(product: str, quantity: int) -> m.CartLine:
    return m.CartLine(product_id=product, store_id="s", quantity=quantity, price=10, added_at=1)


def written(*said: tuple[str, Any]) -> dict[str, Any]:
    """SQL's first words -> rows, of the writes that have any."""
    names = {
        carts.END: "end", carts.EMPTY: "empty", carts.UNLIKE_ALL: "unlike all", carts.REMOVE: "remove", carts.SET: "set",
        carts.UNLIKE: "unlike", carts.LIKE: "like", carts.SEEN: "seen",
    }  # fmt: skip
    return {names[write.sql]: list(write.rows) for write in carts.project(facts(*said)) if write.rows}


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ([("a", set_("p", 1)), ("a", set_("p", 3))], {"set": [("a", "p", "s", 3, 10, 1)], "seen": [("a", 2)]}),
        ([("a", set_("p", 1)), ("a", m.CartLinesRemoved(product_ids=("p", "q")))],
         {"remove": [("a", "p"), ("a", "q")], "seen": [("a", 2)]}),
        ([("g", set_("p", 1)), ("b", set_("p", 1)), ("g", m.CartHandedOver(to="a", number=1, lines=(line("p", 1),))),
          ("a", m.CartTakenOver(guest="g", number=1, lines=(line("p", 4),)))],
         {"end": [("g",)], "empty": [("g",)], "set": [("a", "p", "s", 4, 10, 1), ("b", "p", "s", 1, 10, 1)],
          "seen": [("a", 4), ("b", 2)]}),
        ([("g", m.CartExpired())], {"end": [("g",)], "empty": [("g",)]}),
        ([("g", m.CartExpired()), ("g", set_("p", 1))],
         {"end": [("g",)], "empty": [("g",)], "set": [("g", "p", "s", 1, 10, 1)], "seen": [("g", 2)]}),
        ([("a", m.CartCleared(order_id="o", pieces={"p": 1, "q": 2}, left_lines=(line("q", 5),)))],
         {"remove": [("a", "p")], "set": [("a", "q", "s", 5, 10, 1)], "seen": [("a", 1)]}),
        ([("a", m.CartWanted(guest="g"))], {"seen": [("a", 1)]}),
        ([("a", m.Liked(kind="product", id="p", at=7)), ("a", m.Unliked(kind="store", id="p"))],
         {"like": [("a", "product", "p", 7)], "unlike": [("a", "store", "p")], "seen": [("a", 2)]}),
        ([("a", m.Liked(kind="product", id="p", at=7)), ("a", set_("p", 1)), ("a", m.BuyerForgotten())],
         {"empty": [("a",)], "unlike all": [("a",)], "seen": [("a", 3)]}),
    ],
)  # fmt: skip
def test_what_a_batch_comes_to(said: list[tuple[str, Any]], rows: dict[str, Any]) -> None:
    assert written(*said) == rows


def test_nobody_waits_for_a_cart_after_an_order() -> None:
    cleared, added = facts(("a", m.CartCleared(order_id="o", pieces={}, left_lines=())), ("a", set_("p", 1)))
    assert (carts.MODEL.urgent(cleared), carts.MODEL.urgent(added)) == (False, True)
