"""A checkout as a buyer puts it together, and what it must cost: worked out here from the florists' own figures, so that the shop's
arithmetic is judged by another's. Amounts in KRW."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tests.chaos.florists import Florist, Product
from tests.chaos.public import Answer, Person, Public

ORDERER = {"name": "김영희", "phone": "01011112222", "email": "younghee@example.com"}
ADDRESS = {
    "recipient": "이철수",
    "phone": "01033334444",
    "zipcode": "04524",
    "road": "서울특별시 중구 세종대로 110",
    "detail": "1층",
    "request": "문 앞에 놓아 주세요",
}


class Wish(msgspec.Struct, frozen=True):
    """What one florist is to make. ``pieces``: product id -> quantity; ``coupon_id`` one of the florist's, or ""."""

    florist: Florist
    pieces: Mapping[str, int]
    coupon_id: str = ""
    making_day: str = ""

    @property
    def products(self) -> list[tuple[Product, int]]:
        """Each product with its quantity."""
        known = {product.product_id: product for product in self.florist.products}
        return [(known[product_id], quantity) for product_id, quantity in self.pieces.items()]

    @property
    def goods(self) -> int:
        """Before coupon and delivery."""
        return sum(product.price * quantity for product, quantity in self.products)

    @property
    def total(self) -> int:
        """What the florist's part costs."""
        fee = 0 if self.goods >= self.florist.free_from else self.florist.delivery_fee
        discount = self.florist.coupons[self.coupon_id]["discount"] if self.coupon_id else 0
        return self.goods - min(discount, self.goods) + fee

    @property
    def stems(self) -> dict[str, int]:
        """Flower id -> stems that it takes."""
        found: dict[str, int] = {}
        for product, quantity in self.products:
            for flower_id, stems in product.flowers.items():
                found[flower_id] = found.get(flower_id, 0) + stems * quantity
        return found


def total(wishes: Sequence[Wish]) -> int:
    """What the whole checkout costs."""
    return sum(wish.total for wish in wishes)


def body_of(*wishes: Wish, **changes: Any) -> dict[str, Any]:
    """The body of ``POST /orders``; ``changes`` replace its fields."""
    return {
        "stores": [_part(wish) for wish in wishes],
        "orderer": ORDERER,
        "address": ADDRESS,
        "expected_total": total(wishes),
        **changes,
    }


def _part(wish: Wish) -> dict[str, Any]:
    lines = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in wish.pieces.items()]
    part: dict[str, Any] = {"store_id": wish.florist.store_id, "lines": lines}
    if wish.coupon_id:
        part["coupon_id"] = wish.coupon_id
    if wish.making_day:
        part["making_day"] = wish.making_day
    return part


async def claim(public: Public, who: Person, wish: Wish) -> Answer:
    """Claim the wish's coupon; the same buyer's claim is the same request, however often it is sent. Raises GaveUp."""
    path = f"/stores/{wish.florist.store_id}/coupons/{wish.coupon_id}/claim"
    return await public.patiently(who, "POST", path, key=f"claim-{wish.coupon_id}", wait=5)
