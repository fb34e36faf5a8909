"""Contract of the carts domain: what somebody wants to buy, and what they like (key = a buyer's account id or ``guest-<hash>``).

Prices are KRW, instants ms since the epoch (UTC). Spec: auth §6.3 and §6.4, front end §4.1 and §5.5.
"""

from __future__ import annotations

import zlib
from typing import ClassVar

import msgspec

from models.actor import Command, Event, Message, Reminder

MAX_LINES, MAX_QUANTITY = 50, 999
"""Products of a cart, and pieces of one: what an order may have."""
PRODUCT, STORE = "product", "store"
"""What can be liked."""
BUCKETS = 16
"""Part rows over which the likes of a kind are spread: the message alone names the one, and ``ForgetBuyer`` finds all."""


def bucket(kind: str, liked: str) -> str:
    """The part row in which it is kept whether ``liked`` (an id) of ``kind`` is liked."""
    return f"likes/{kind}/{zlib.crc32(liked.encode()) % BUCKETS}"


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """``quantity`` pieces of a product; ``price``: KRW a piece when the owner last saw it; ``added_at``: ms."""

    product_id: str
    store_id: str
    quantity: int
    price: int
    added_at: int


class AddToCart(Command, frozen=True):
    """``quantity`` pieces more. ``by_guest``: nobody is signed in, so the cart is forgotten when it has not changed for long.

    Refused: ``cart_invalid`` (422), ``cart_full``, ``cart_quantity`` (409).
    """

    product_id: str
    store_id: str
    quantity: int
    price: int
    by_guest: bool = False

    def remembered_in(self) -> str:
        return f"product/{self.product_id}"


class SetQuantity(Command, frozen=True):
    """Now ``quantity`` pieces. ``price``: what the owner has seen by now (KRW a piece); ``None``: nothing newer.

    Refused: ``cart_invalid`` (422), ``not_in_cart`` (404).
    """

    product_id: str
    quantity: int
    price: int | None = None

    def remembered_in(self) -> str:
        return f"product/{self.product_id}"


class RemoveFromCart(Command, frozen=True):
    """None of these products any more. Those that are not there are as wished."""

    product_ids: tuple[str, ...]

    def remembered_in(self) -> str:
        return f"product/{self.product_ids[0]}" if len(self.product_ids) == 1 else "removals"


class MergeCart(Command, frozen=True):
    """The buyer was ``guest`` until now: what that cart holds comes into this one. Answered once it is there."""

    guest: str

    def awaits(self) -> str:
        return f"merged:{self.guest}"


class Like(Command, frozen=True):
    """``kind``: product or store. What is liked already stays so. Refused: ``likes_full`` (409), ``like_invalid`` (422)."""

    kind: str
    id: str

    def remembered_in(self) -> str:
        return bucket(self.kind, self.id)


class Unlike(Command, frozen=True):
    """What is not liked stays so. Refused: ``like_invalid`` (422)."""

    kind: str
    id: str

    def remembered_in(self) -> str:
        return bucket(self.kind, self.id)


# -- what actors tell one another -----------------------------------------------------------------------------------------


class GiveCart(Message, frozen=True):
    """To a guest's cart: ``to`` is the buyer who it was."""

    to: str


class TakeOver(Message, frozen=True):
    """To a buyer's cart: all that the cart of ``guest`` held. ``number`` rises with all that this guest gives away."""

    must_succeed: ClassVar[bool] = True
    guest: str
    number: int
    lines: tuple[CartLine, ...]


class ClearBought(Message, frozen=True):
    """An order that was placed out of the cart is paid: take off what was bought. ``products``: id -> pieces."""

    must_succeed: ClassVar[bool] = True
    order_id: str
    products: dict[str, int]


class ForgetBuyer(Message, frozen=True):
    """The account is withdrawn: erase cart and likes. Nothing comes into them again."""

    must_succeed: ClassVar[bool] = True
    buyer: str = ""


# -- events ---------------------------------------------------------------------------------------------------------------


class CartLineSet(Event, frozen=True):
    """The line as it is now. ``until``: when a guest's cart is forgotten (ms); 0: never."""

    product_id: str
    store_id: str
    quantity: int
    price: int
    added_at: int
    until: int = 0


class CartLinesRemoved(Event, frozen=True):
    product_ids: tuple[str, ...]


class CartWanted(Event, frozen=True):
    """The buyer asks for the cart of ``guest``."""

    guest: str


class CartHandedOver(Event, frozen=True):
    """A guest's cart is empty: its lines are on their way to the buyer ``to``.

    ``number``: ms, later than that of what was handed over before; in events of before it counts from 1.
    """

    to: str
    number: int
    lines: tuple[CartLine, ...]


class CartTakenOver(Event, frozen=True):
    """``lines``: those that have changed, as they are now; ``left_out_ids``: products for which there was no room."""

    guest: str
    number: int
    lines: tuple[CartLine, ...]
    left_out_ids: tuple[str, ...] = ()

    def answers(self) -> tuple[str, ...]:
        return (f"merged:{self.guest}",)


class CartCleared(Event, frozen=True):
    """``pieces``: product id -> pieces that were taken off; ``left_lines``: what is left of those products."""

    order_id: str
    pieces: dict[str, int]
    left_lines: tuple[CartLine, ...]


class CartExpired(Event, frozen=True):
    """Of a guest's cart nothing is left: it had not changed for long, or was handed over a day ago."""


class Liked(Event, frozen=True):
    kind: str
    id: str
    at: int


class Unliked(Event, frozen=True):
    kind: str
    id: str


class BuyerForgotten(Event, frozen=True):
    """Cart and likes of a withdrawn account are gone."""


CARTS_INBOX = (
    AddToCart | SetQuantity | RemoveFromCart | MergeCart | Like | Unlike | GiveCart | TakeOver | ClearBought | ForgetBuyer
    | Reminder
)  # fmt: skip
CARTS_EVENTS = (
    CartLineSet | CartLinesRemoved | CartWanted | CartHandedOver | CartTakenOver | CartCleared | CartExpired | Liked | Unliked
    | BuyerForgotten
)  # fmt: skip
