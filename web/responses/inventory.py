"""What is answered about coupons and stock."""

from __future__ import annotations

import msgspec


class CouponAnswer(msgspec.Struct):
    coupon_id: str
    store_id: str
