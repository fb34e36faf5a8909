"""What is answered about coupons and stock."""

from __future__ import annotations

import msgspec


class ClaimedAnswer(msgspec.Struct):
    """``coupon_ids``: what the buyer has of those that could be claimed."""

    store_id: str
    coupon_ids: list[str]


class CouponCount(msgspec.Struct):
    """Coupons that could be used today."""

    usable_count: int


class UsableAnswer(msgspec.Struct):
    """``goods``: KRW for which was asked."""

    goods: int
    items: list[UsableCoupon]


class CouponAnswer(msgspec.Struct):
    coupon_id: str
    store_id: str


class CouponOffered(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A coupon of a store. ``state``: ACTIVE, UPCOMING, SOLD_OUT, ENDED, CLOSED; ``claimed``: by the buyer who asks."""

    coupon_id: str
    store_id: str
    name: str
    limit: int
    issued: int
    left: int
    discount: int
    min_amount: int
    starts: str
    ends: str
    edition: int
    state: str
    claimed: bool = False


class CouponHolder(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Who has a coupon. ``order_id``: of the order that holds it or has used it."""

    buyer: str
    nickname: str
    picture: str
    picture_urls: dict[str, str] = {}
    status: str
    order_id: str
    claimed_at: int
    used_at: int


class CouponHeld(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A coupon that the buyer has. ``state``: USABLE, UPCOMING, HELD (by an order), USED, ENDED."""

    coupon_id: str
    store_id: str
    store_name: str = ""
    name: str
    discount: int
    min_amount: int
    starts: str
    ends: str
    status: str
    state: str
    order_id: str
    claimed_at: int
    used_at: int


class UsableCoupon(CouponHeld, omit_defaults=True, kw_only=True):
    """``reason`` "": it would do, for ``off`` KRW less."""

    reason: str
    off: int


class StockShown(msgspec.Struct):
    """Stems of a flower: on hand, and promised of them. ``version``: to change them against."""

    flower_id: str
    on_hand: int
    held: int
    version: int
    name_ko: str
    name_en: str


class StockChanged(msgspec.Struct):
    """``on_hand``: after it; ``by``: the account, or ``order_id``."""

    flower_id: str
    delta: int
    on_hand: int
    cause: str
    by: str
    order_id: str
    at: int
