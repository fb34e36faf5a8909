"""Orders that pass through carts: what was taken off against what was bought, whatever order the logs are read in. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping

from agents.auditor.baskets import Basket
from agents.auditor.invariants import Violation
from agents.auditor.orders import Dossier, Order
from models.carts.messages import CartCleared

KEPT = 10_000
"""Confirmed orders out of a cart that have cleared nothing, of which the latest are watched: their buyers had emptied the cart."""
NAME = "cleared_has_order"
Pieces = dict[str, int]


def bought(order: Order) -> Pieces:
    """Product id -> pieces of it in the whole order."""
    pieces: Pieces = {}
    for part in order.stores:
        for line in part.priced.lines:
            pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
    return pieces


class Clearings:
    """``off``: what can never be right again is not forgotten."""

    def __init__(self) -> None:
        self._cleared: dict[str, tuple[str, Pieces]] = {}
        self._wanted: OrderedDict[str, tuple[str, Pieces, int]] = OrderedDict()
        self._off: dict[str, Violation] = {}

    def confirmed(self, order_id: str, order: Order) -> None:
        """From now on the buyer's cart has to be without what was bought, if it was placed out of that."""
        if order.by_cart:
            self._wanted[order_id] = (order.buyer, bought(order), order.confirmed_at)
            if len(self._wanted) > KEPT:
                self._wanted.popitem(last=False)

    def cleared(self, owner: str, event: CartCleared) -> None:
        """Something was taken off."""
        self._wanted.pop(event.order_id, None)
        self._cleared[event.order_id] = (owner, event.pieces)

    def violations(
        self, carts: Mapping[str, Basket], order: Callable[[str], Dossier | None], forgot: Callable[[str], bool]
    ) -> Iterator[Violation]:
        """What does not hold now."""
        for order_id, (owner, pieces) in list(self._cleared.items()):
            dossier, name = order(order_id), f"{owner}/{order_id}"
            if forgot(order_id):
                del self._cleared[order_id]
            elif dossier is None or dossier.order is None or not dossier.confirmed:
                yield Violation(NAME, name, "took off, but is not confirmed")
            else:
                del self._cleared[order_id]
                if told := _beyond(dossier.order, owner, pieces):
                    self._off[order_id] = Violation(NAME, name, told)
        yield from self._off.values()
        for order_id, (buyer, pieces, at) in list(self._wanted.items()):
            basket = carts.get(buyer)
            if basket is not None and order_id in basket.cleared:
                del self._wanted[order_id]
            elif basket is not None and (left := [one for one in pieces if basket.touched.get(one, at) < at]):
                # Nobody has touched these lines since before it was confirmed.
                yield Violation(NAME, f"{buyer}/{order_id}", f"left {', '.join(sorted(left))} where it was")


def _beyond(order: Order, owner: str, pieces: Pieces) -> str:
    """Why an order may not have taken that off; "": it may."""
    if owner != order.buyer:
        return "took off somebody else's cart"
    if order.by_cart is False:
        return "took off, but was not placed out of the cart"
    mine = bought(order)
    more = [f"{number} of {one}, bought {mine.get(one, 0)}" for one, number in pieces.items() if number > mine.get(one, 0)]
    return f"took off {'; '.join(more)}" if more else ""
