"""A small shop to test with: two florists, their products and coupons, a buyer's checkout. Amounts in KRW."""

from __future__ import annotations

from typing import Any

import msgspec

from models.actor import MINUTE
from models.orders.messages import (
    Address,
    CouponTerms,
    Orderer,
    PlaceOrder,
    ProductTerms,
    StoreTerms,
    WantedLine,
    WantedStore,
)

NOW = 1_795_489_200_000
"""2026-11-24 12:00 KST."""
TODAY, TOMORROW = "2026-11-24", "2026-11-25"
ORDER, BUYER, NONCE, CALLBACK = "order-1", "buyer-1", "n0nce", "https://shop.example/api/v1/payments"
ORDERER = Orderer(name="김영희", phone="010-1111-2222", email="younghee@example.com")
ADDRESS = Address(recipient="이철수", phone="010-3333-4444", zipcode="04524", road="세종대로 110", detail="1층", request="문 앞")
PERSONAL = ("김영희", "010-1111", "younghee", "이철수", "010-3333", '"04524"', "세종대로", "문 앞")

ROSE = StoreTerms(store_id="store-rose", name="장미 꽃집", delivery_fee=3_000, free_from=50_000)
TULIP = StoreTerms(store_id="store-tulip", name="튤립 꽃집", delivery_fee=2_500, free_from=30_000)
BOUQUET = ProductTerms(
    product_id="bouquet", store_id="store-rose", name="장미 다발", price=20_000, flowers={"rose": 10, "fern": 2}, thumbnail="/b.jpg"
)
PLANT = ProductTerms(product_id="plant", store_id="store-rose", name="장미 화분", price=10_000, flowers={"rose": 1}, tax_free=True)
BASKET = ProductTerms(product_id="basket", store_id="store-tulip", name="튤립 바구니", price=15_000, flowers={"tulip": 5})
COUPON = CouponTerms(
    coupon_id="c5000", store_id="store-rose", discount=5_000, min_amount=20_000, starts="2026-11-01", ends="2026-11-30"
)


def line(product: ProductTerms, quantity: int = 1, **changes: Any) -> WantedLine:
    """A line; ``changes`` to the product's terms."""
    return WantedLine(product=msgspec.structs.replace(product, **changes), quantity=quantity)


def at_rose(*lines: WantedLine, coupon: CouponTerms | None = None, **fields: Any) -> WantedStore:
    """What is wanted of the first florist."""
    return WantedStore(store=ROSE, lines=lines or (line(BOUQUET, 2), line(PLANT)), coupon=coupon, **fields)


def at_tulip(*lines: WantedLine, **fields: Any) -> WantedStore:
    """What is wanted of the second florist: 15,000 and 2,500 for the delivery."""
    return WantedStore(store=TULIP, lines=lines or (line(BASKET),), **fields)


def place(*stores: WantedStore, total: int = 50_000, **fields: Any) -> PlaceOrder:
    """A checkout; by default one florist's bouquets and plant, delivered free."""
    told: dict[str, Any] = {
        "order_id": ORDER,
        "buyer": BUYER,
        "stores": stores or (at_rose(),),
        "orderer": ORDERER,
        "address": ADDRESS,
        "expected_total": total,
        "window": 15 * MINUTE,
        "callback": CALLBACK,
        "nonce": NONCE,
    }
    return PlaceOrder(**{**told, **fields})
