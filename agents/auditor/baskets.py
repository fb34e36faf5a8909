"""What the events of carts and likes add up to (key = owner). Folds in place, without I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from agents.auditor.invariants import Violation
from models.carts.messages import (
    MAX_LINES,
    MAX_QUANTITY,
    BuyerForgotten,
    CartCleared,
    CartExpired,
    CartHandedOver,
    CartLine,
    CartLineSet,
    CartLinesRemoved,
    CartTakenOver,
    Liked,
    Unliked,
)
from models.read.facts import Fact

Row = tuple[str, int, int, int]
"""Store, pieces, price, when it was added: a line as the read model has it."""


RECENT = 100
"""Orders of an owner that are remembered to tell a second clearing by."""


class Basket(msgspec.Struct):
    """``lines``: product id -> line; ``touched``: product id -> when its line last changed (ms); ``likes``: (kind, id) -> since
    when (ms); ``cleared``: orders that took something off."""

    lines: dict[str, Row] = {}
    touched: dict[str, int] = {}
    likes: dict[tuple[str, str], int] = {}
    cleared: deque[str] = msgspec.field(default_factory=lambda: deque(maxlen=RECENT))

    @property
    def is_bare(self) -> bool:
        """True if it tells nothing that an owner of whom nothing is known would not."""
        return not (self.lines or self.likes or self.cleared)


def fold(basket: Basket, fact: Fact) -> Iterator[Violation]:
    """Take ``fact`` into ``basket``; what cannot be."""
    event, owner = fact.body, fact.key
    match event:
        case CartLineSet(product_id=product_id):
            basket.lines[product_id] = (event.store_id, event.quantity, event.price, event.added_at)
            basket.touched[product_id] = fact.at
        case CartLinesRemoved(product_ids=gone):
            _drop(basket, gone)
        case CartTakenOver(lines=lines):
            _put(basket, lines, fact.at)
        case CartCleared():
            yield from _cleared(basket, owner, event, fact.at)
        case CartHandedOver() | CartExpired():
            _drop(basket, list(basket.lines))
        case BuyerForgotten():
            _drop(basket, list(basket.lines))
            basket.likes.clear()
        case Liked(kind=kind, id=liked, at=at):
            basket.likes[kind, liked] = at
        case Unliked(kind=kind, id=liked):
            basket.likes.pop((kind, liked), None)
    odd = [one for one, line in basket.lines.items() if not 0 < line[1] <= MAX_QUANTITY]
    if odd or len(basket.lines) > MAX_LINES:
        yield Violation("cart_bounds", owner, f"seq {fact.seq}: {len(basket.lines)} products, of {odd} no sound number")


def _cleared(basket: Basket, owner: str, event: CartCleared, at: int) -> Iterator[Violation]:
    if event.order_id in basket.cleared:
        yield Violation("cart_cleared_once", f"{owner}/{event.order_id}", "took off a second time")
    basket.cleared.append(event.order_id)
    left = {line.product_id: line.quantity for line in event.left_lines}
    for product_id, pieces in event.pieces.items():
        before = basket.lines[product_id][1] if product_id in basket.lines else 0
        if before - pieces != left.get(product_id, 0) or pieces < 1:
            told = f"{product_id}: {before} less {pieces} are said to be {left.get(product_id, 0)}"
            yield Violation("cart_cleared_once", f"{owner}/{event.order_id}", told)
    _drop(basket, event.pieces)
    _put(basket, event.left_lines, at)


def _drop(basket: Basket, gone: Iterable[str]) -> None:
    for one in gone:
        basket.lines.pop(one, None)
        basket.touched.pop(one, None)


def _put(basket: Basket, lines: Iterable[CartLine], at: int) -> None:
    for line in lines:
        basket.touched[line.product_id] = at
        basket.lines[line.product_id] = (line.store_id, line.quantity, line.price, line.added_at)
