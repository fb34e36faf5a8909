"""Refusals of checkouts and orders, and why an order was cancelled."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "price_changed": Text(
        "금액이 바뀌었습니다", "The total has changed", "새 금액은 {total}원입니다.", "The total is now {total} KRW.",
    ),
    "order_unknown": Text("없는 주문입니다", "There is no such order"),
    "product_not_on_sale": Text(
        "판매 중이 아닌 상품입니다", "A product is not on sale", "상품 {product_id}", "Product {product_id}",
    ),
    "store_closed": Text("주문을 받지 않는 가게입니다", "A store takes no orders now", "가게 {store_id}", "Store {store_id}"),
    "product_of_other_store": Text(
        "이 가게의 상품이 아닙니다", "A product is not of this store", "상품 {product_id}", "Product {product_id}",
    ),
    "making_day_too_early": Text(
        "그날은 만들 수 없습니다", "It cannot be made on that day",
        "{earliest}부터 만들 수 있습니다.", "It can be made from {earliest} on.",
    ),
    "store_order_unknown": Text("없는 주문입니다", "There is no such order"),
    "not_confirmed": Text("아직 결제되지 않은 주문입니다", "The order is not paid yet"),
    "payment_unavailable": Text("지금은 결제할 수 없습니다", "Payment is not possible now"),
    "coupon_of_other_store": Text("이 가게의 쿠폰이 아닙니다", "The coupon is of another store"),
    "coupon_not_started": Text("아직 쓸 수 없는 쿠폰입니다", "The coupon is not valid yet"),
    "out_of_stock": Text("재고가 부족합니다", "Out of stock", "상품 {product_id}", "Product {product_id}"),
    "too_late": Text("이미 준비를 시작해 취소할 수 없습니다", "Too late to cancel: the florist has begun"),
    "already_cancelled": Text("이미 취소된 주문입니다", "The order is already cancelled"),
    "expired": Text("결제 시간이 지났습니다", "The time to pay is over"),
    "payment_refused": Text("결제가 거절되었습니다", "The payment was refused"),
    "payment_cancelled": Text("결제가 취소되었습니다", "The payment was cancelled"),
    "payment_failed": Text("결제에 실패했습니다", "The payment failed"),
    "buyer": Text("구매자가 취소했습니다", "Cancelled by the buyer"),
}  # fmt: skip
