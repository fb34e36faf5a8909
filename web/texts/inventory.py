"""Refusals of coupons and stock."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "coupon_unknown": Text("없는 쿠폰입니다", "There is no such coupon"),
    "coupon_unusable": Text("쓸 수 없는 쿠폰입니다", "The coupon cannot be used"),
    "coupon_used": Text("이미 쓴 쿠폰입니다", "The coupon has been used"),
    "coupon_expired": Text("기간이 아닌 쿠폰입니다", "The coupon is not valid on this day"),
    "coupon_minimum": Text("쿠폰의 최소 주문 금액보다 적습니다", "The goods are below the coupon's minimum"),
    "coupon_changed": Text("쿠폰의 조건이 바뀌었습니다", "The terms of the coupon have changed"),
    "coupon_gone": Text("쿠폰이 모두 소진되었습니다", "The coupons have all been claimed"),
    "coupon_claimed": Text("이미 받은 쿠폰입니다", "You already have this coupon"),
    "coupon_closed": Text("더 이상 발급하지 않는 쿠폰입니다", "The coupon is closed"),
    "coupon_limit": Text(
        "이미 발급된 수보다 적게 줄일 수 없습니다", "Fewer than have been claimed",
        "{issued}장이 발급되었습니다.", "{issued} have been claimed.",
    ),
    "coupon_edits": Text("더 고칠 수 없는 쿠폰입니다", "The coupon has been changed too often"),
    "coupon_invalid": Text("쿠폰의 조건을 확인해 주세요", "Please check the terms of the coupon"),
    "coupon_ended": Text("쿠폰 발급이 끝났습니다", "The coupon can no longer be claimed"),
    "unknown_flower": Text("없는 꽃입니다", "There is no such flower"),
    "stock_negative": Text("재고는 0보다 적을 수 없습니다", "Stock cannot fall below zero"),
    "stock_version": Text("그사이 재고가 바뀌었습니다", "The stock has changed meanwhile"),
    "stock_held": Text("이미 주문된 수량보다 적습니다", "Less than what is promised to buyers"),
}  # fmt: skip
