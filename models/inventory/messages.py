"""Contract of the inventory domain: what a store can promise (key = store id): stems of flowers and coupons (design §3).

Part rows under the same key: ``hold/<order>``, ``coupon/<coupon>``, ``issued/<coupon>/<buyer>``.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.actor import Command, Event, Message
from models.kept import Keeping


class HoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """``flowers``: flower id -> stems a piece; ``quantity``: pieces."""

    product_id: str
    flowers: dict[str, int]
    quantity: int


class Hold(Message, frozen=True):
    """Promise all of it or nothing: the stems of ``lines`` and, if named, the buyer's coupon for goods of ``goods`` KRW."""

    order_id: str
    buyer: str
    lines: tuple[HoldLine, ...]
    goods: int
    making_day: str
    coupon_id: str = ""
    discount: int = 0


class Commit(Message, frozen=True):
    """The order is paid: what it holds is gone, its coupon used."""

    must_succeed: ClassVar[bool] = True
    order_id: str
    buyer: str
    coupon_id: str = ""


class Release(Message, frozen=True):
    """The order came to nothing: what it holds is free again. Without effect if nothing is held."""

    must_succeed: ClassVar[bool] = True
    order_id: str
    buyer: str
    coupon_id: str = ""


class Return(Message, frozen=True):
    """A committed order was cancelled: stems back on the shelf, the coupon back to the buyer. ``flowers``: id -> stems."""

    must_succeed: ClassVar[bool] = True
    order_id: str
    buyer: str
    flowers: dict[str, int]
    coupon_id: str = ""


class ChangeStock(Command, frozen=True):
    """The owner's change of stems on hand: ``delta``, or ``on_hand`` against the ``version`` of the flower that was seen.

    Refused with the present figures: ``stock_negative``, ``stock_version``, ``stock_held`` (less than is promised),
    ``stock_invalid`` (neither or both ways given, no version, or beyond what a store can hold).
    """

    flower_id: str
    by: str
    delta: int | None = None
    on_hand: int | None = None
    version: int | None = None
    cause: str = "owner"

    def remembered_in(self) -> str:
        return f"changes/{self.flower_id}"


class SetLowStockThreshold(Command, frozen=True):
    threshold: int


class CreateCoupon(Command, frozen=True):
    """``limit`` claims, ``discount`` KRW from ``min_amount`` KRW of goods on, from ``starts`` to ``ends`` (KST, inclusive)."""

    coupon_id: str
    limit: int
    discount: int
    min_amount: int
    starts: str
    ends: str
    name: str = ""

    def remembered_in(self) -> str:
        return f"coupon/{self.coupon_id}"


class EditCoupon(Command, frozen=True):
    """Change what is given; ``None``: as it is. Whoever has the coupon already keeps the terms under which it was claimed.

    ``by``: account id. Refused: coupon_unknown (404), coupon_closed, coupon_limit (below what is issued), coupon_edits (more
    changes than are kept) (409), coupon_invalid (422).
    """

    coupon_id: str
    by: str
    limit: int | None = None
    discount: int | None = None
    min_amount: int | None = None
    starts: str | None = None
    ends: str | None = None
    name: str | None = None

    def remembered_in(self) -> str:
        return f"coupon/{self.coupon_id}"


class CloseCoupon(Command, frozen=True):
    """No more claims, for good; what is claimed can be used to its end. ``by``: account id. Refused: coupon_unknown (404)."""

    coupon_id: str
    by: str

    def remembered_in(self) -> str:
        return f"coupon/{self.coupon_id}"


class ClaimCoupon(Command, frozen=True):
    """One per buyer, up to the limit, from the first to the last day.

    Refused: coupon_unknown, coupon_claimed, coupon_closed, coupon_not_started, coupon_ended, coupon_gone.
    """

    coupon_id: str
    buyer: str

    def remembered_in(self) -> str:
        return f"issued/{self.coupon_id}/{self.buyer}"


class ClaimCoupons(Command, frozen=True):
    """Each of these, at most 50, that can be claimed; the others are left out without a word.

    Answered with those that the buyer has then. Of none it changes nothing. Refused: coupon_invalid (422).
    """

    coupon_ids: tuple[str, ...]
    buyer: str

    def remembered_in(self) -> str:
        return f"claims/{self.buyer}"


# -- events -----------------------------------------------------------------------------------------------------------


class StockChanged(Event, frozen=True):
    """``on_hand`` and ``version`` are those after the change; ``cause``: owner, delivery, correction, ...; ``by``: account id."""

    flower_id: str
    delta: int
    on_hand: int
    held: int
    version: int
    cause: str
    by: str
    at: int


class StockLow(Event, frozen=True):
    """What can still be promised fell below the store's threshold (only on crossing it)."""

    flower_id: str
    available: int
    threshold: int


class ThresholdSet(Event, frozen=True):
    threshold: int


class HoldPlaced(Event, frozen=True):
    order_id: str
    buyer: str
    flowers: dict[str, int]
    coupon_id: str = ""


class HoldDenied(Event, frozen=True):
    """Nothing was promised. ``code``: out_of_stock, coupon_unknown, coupon_used, coupon_not_started, coupon_expired,
    coupon_minimum, coupon_changed."""

    order_id: str
    code: str
    product_id: str = ""
    flower_id: str = ""
    coupon_id: str = ""


class HoldCommitted(Event, frozen=True):
    order_id: str
    buyer: str
    flowers: dict[str, int]
    coupon_id: str = ""


class HoldReleased(Event, frozen=True):
    order_id: str
    buyer: str
    flowers: dict[str, int]
    coupon_id: str = ""


class StockReturned(Event, frozen=True):
    order_id: str
    buyer: str
    flowers: dict[str, int]
    coupon_id: str = ""


class CouponCreated(Keeping, frozen=True):
    coupon_id: str
    limit: int
    discount: int
    min_amount: int
    starts: str
    ends: str


class CouponEdited(Keeping, frozen=True):
    """What is given from now on. ``edition``: counts the changes of discount, minimum and days; 0: as it was created.

    ``renamed``: it has another name, which is told in private. ``by``: account id.
    """

    coupon_id: str
    edition: int
    limit: int
    discount: int
    min_amount: int
    starts: str
    ends: str
    by: str
    renamed: bool = False


class CouponClosed(Event, frozen=True):
    """No more claims. ``by``: account id."""

    coupon_id: str
    by: str


class CouponClaimed(Event, frozen=True):
    """``issued``: with this one; ``edition``: the terms that the buyer keeps."""

    coupon_id: str
    buyer: str
    issued: int
    at: int
    edition: int = 0


class CouponPrivate(msgspec.Struct, frozen=True, kw_only=True):
    """Free text of a coupon (``bb.inventory.private``)."""

    coupon_id: str
    name: str


INVENTORY_INBOX = (
    Hold | Commit | Release | Return | ChangeStock | SetLowStockThreshold | CreateCoupon | EditCoupon | CloseCoupon | ClaimCoupon
    | ClaimCoupons
)  # fmt: skip
INVENTORY_EVENTS = (
    StockChanged | StockLow | ThresholdSet | HoldPlaced | HoldDenied | HoldCommitted | HoldReleased | StockReturned
    | CouponCreated | CouponEdited | CouponClosed | CouponClaimed
)  # fmt: skip
