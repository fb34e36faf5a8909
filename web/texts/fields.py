"""What is wrong with a field, by the code of its error: (Korean, English)."""

from __future__ import annotations

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
