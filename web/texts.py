"""What a code means, in Korean and English: (title, detail). ``{name}`` is filled from what the refusal names."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["ko", "en"]


class Text(NamedTuple):
    ko: str
    en: str
    ko_detail: str = ""
    en_detail: str = ""


PROBLEMS: dict[str, Text] = {
    # -- the request itself
    "validation_failed": Text(
        "입력값을 확인해 주세요", "Please check what you entered",
        "errors 항목에 잘못된 값이 모두 적혀 있습니다. 아무것도 바뀌지 않았습니다.",
        "Every value that is wrong is listed in errors. Nothing has been changed.",
    ),
    "malformed_json": Text(
        "요청을 읽을 수 없습니다", "The request cannot be read",
        "본문이 올바른 JSON이 아닙니다.", "The body is not valid JSON.",
    ),
    "not_json": Text(
        "지원하지 않는 형식입니다", "Unsupported media type",
        "application/json으로 보내 주세요.", "Please send application/json.",
    ),
    "body_too_large": Text(
        "요청이 너무 큽니다", "The request is too large",
        "본문은 64 KiB까지 보낼 수 있습니다.", "A body may have up to 64 KiB.",
    ),
    "request_timeout": Text("요청이 너무 느립니다", "The request took too long to arrive"),
    "idempotency_key_required": Text(
        "Idempotency-Key가 필요합니다", "Idempotency-Key is required",
        "8자에서 255자의 Idempotency-Key 헤더를 보내 주세요.", "Please send an Idempotency-Key header of 8 to 255 characters.",
    ),
    "idempotency_key_reused": Text(
        "이미 다른 요청에 쓰인 키입니다", "The key was used for another request",
        "같은 Idempotency-Key로 다른 내용을 보낼 수 없습니다.", "The same Idempotency-Key came with other contents.",
    ),
    "unauthenticated": Text("로그인이 필요합니다", "Please sign in", "유효한 토큰이 없습니다.", "There is no valid token."),
    "forbidden": Text("권한이 없습니다", "You may not do this"),
    "not_found": Text("찾을 수 없습니다", "Not found"),
    "method_not_allowed": Text("허용되지 않는 방법입니다", "Method not allowed"),
    "bad_cursor": Text("잘못된 페이지 위치입니다", "The cursor is not valid"),
    "bad_parameter": Text("주소의 값이 잘못되었습니다", "A value in the address is not valid", "{name}", "{name}"),
    "too_many_streams": Text(
        "열린 연결이 너무 많습니다", "Too many open streams",
        "다른 창을 닫고 다시 시도해 주세요.", "Please close another window and try again.",
    ),
    "unavailable": Text(
        "잠시 후 다시 시도해 주세요", "Please try again shortly",
        "같은 Idempotency-Key로 다시 보내도 한 번만 처리됩니다.",
        "Sent again with the same Idempotency-Key, it is still done only once.",
    ),
    "internal_error": Text("처리하지 못했습니다", "Something went wrong on our side"),
    "command_unknown": Text("알 수 없는 요청입니다", "This request is not known"),
    # -- orders
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
    # -- coupons and stock
    "coupon_unknown": Text("없는 쿠폰입니다", "There is no such coupon"),
    "coupon_unusable": Text("쓸 수 없는 쿠폰입니다", "The coupon cannot be used"),
    "coupon_used": Text("이미 쓴 쿠폰입니다", "The coupon has been used"),
    "coupon_expired": Text("기간이 아닌 쿠폰입니다", "The coupon is not valid on this day"),
    "coupon_minimum": Text("쿠폰의 최소 주문 금액보다 적습니다", "The goods are below the coupon's minimum"),
    "coupon_changed": Text("쿠폰의 조건이 바뀌었습니다", "The terms of the coupon have changed"),
    "coupon_gone": Text("쿠폰이 모두 소진되었습니다", "The coupons have all been claimed"),
    "coupon_claimed": Text("이미 받은 쿠폰입니다", "You already have this coupon"),
    "coupon_ended": Text("쿠폰 발급이 끝났습니다", "The coupon can no longer be claimed"),
    "stock_negative": Text("재고는 0보다 적을 수 없습니다", "Stock cannot fall below zero"),
    "stock_version": Text("그사이 재고가 바뀌었습니다", "The stock has changed meanwhile"),
    "stock_held": Text("이미 주문된 수량보다 적습니다", "Less than what is promised to buyers"),
}  # fmt: skip

BY_STATUS: dict[int, Text] = {
    400: Text("잘못된 요청입니다", "Bad request"),
    401: PROBLEMS["unauthenticated"],
    403: PROBLEMS["forbidden"],
    404: PROBLEMS["not_found"],
    409: Text("지금은 할 수 없습니다", "This cannot be done now"),
    422: Text("받아들일 수 없는 내용입니다", "This cannot be accepted"),
    429: Text("요청이 너무 많습니다", "Too many requests"),
    500: PROBLEMS["internal_error"],
    503: PROBLEMS["unavailable"],
}
"""For codes that have no text of their own yet."""

FIELDS: dict[str, tuple[str, str]] = {
    "required": ("필수 항목입니다", "Required"),
    "unknown_field": ("알 수 없는 항목입니다", "Unknown field"),
    "type": ("형식은 {bound}이어야 합니다", "Must be of type {bound}"),
    "blank": ("비워 둘 수 없고, 앞뒤에 공백이 없어야 합니다", "Must not be blank or have blanks around it"),
    "too_short": ("{bound}자 이상이어야 합니다", "At least {bound} characters"),
    "too_long": ("{bound}자까지 쓸 수 있습니다", "At most {bound} characters"),
    "too_few": ("{bound}개 이상이어야 합니다", "At least {bound}"),
    "too_many": ("{bound}개까지 가능합니다", "At most {bound}"),
    "too_many_lines": ("상품은 모두 {bound}가지까지 주문할 수 있습니다", "At most {bound} different products in all"),
    "too_small": ("{bound} 이상이어야 합니다", "At least {bound}"),
    "too_large": ("{bound} 이하여야 합니다", "At most {bound}"),
    "not_one_of": ("다음 중 하나여야 합니다: {bound}", "Must be one of: {bound}"),
    "format": ("형식이 올바르지 않습니다", "Not in the right format"),
    "id": ("올바른 아이디가 아닙니다", "Not a valid id"),
    "date": ("YYYY-MM-DD 형식의 날짜여야 합니다", "Must be a date as YYYY-MM-DD"),
    "time": ("HH:MM 형식이어야 합니다", "Must be a time as HH:MM"),
    "phone": ("숫자 11자리여야 합니다", "Must be exactly 11 digits"),
    "email": ("올바른 이메일 주소가 아닙니다", "Not a valid e-mail address"),
    "zipcode": ("숫자 5자리여야 합니다", "Must be exactly 5 digits"),
    "duplicate": ("두 번 적혀 있습니다", "Named twice"),
    "not_below": ("{bound}보다 작아야 합니다", "Must be less than {bound}"),
    "not_before": ("{bound}보다 빠를 수 없습니다", "Must not be before {bound}"),
    "not_with": ("{bound}와 함께 보낼 수 없습니다", "Not together with {bound}"),
    "zero": ("0은 변화가 아닙니다", "Zero is no change"),
    "unknown_product": ("없는 상품입니다", "There is no such product"),
    "unknown_store": ("없는 가게입니다", "There is no such store"),
    "unknown_coupon": ("없는 쿠폰입니다", "There is no such coupon"),
    "invalid": ("올바르지 않습니다", "Not valid"),
}
