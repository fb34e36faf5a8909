"""What is answered about coupons and stock."""

from __future__ import annotations

from typing import Any

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
    items: list[dict[str, Any]]


class CouponAnswer(msgspec.Struct):
    coupon_id: str
    store_id: str
