"""Refusals about products, reviews and reference data."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "product_unknown": Text("없는 상품입니다", "There is no such product"),
    "product_invalid": Text(
        "상품 정보를 확인해 주세요", "Something of the product is not right", "잘못된 항목: {fields}", "Not right: {fields}",
    ),
    "product_changed": Text(
        "그사이 상품이 바뀌었습니다", "The product has changed meanwhile",
        "다시 불러온 뒤 고쳐 주세요.", "Please load it again before you change it.",
    ),
    "product_deleted": Text("삭제된 상품입니다", "The product is deleted"),
    "product_removed": Text("관리자가 내린 상품입니다", "The product was removed by an administrator"),
    "product_kind": Text("다른 종류의 상품입니다", "The product is of another kind"),
    "product_not_discontinued": Text(
        "판매가 중지된 상품이 아닙니다", "The product is not discontinued",
        "판매 중인 상품에는 재입고 알림을 신청할 수 없습니다.", "There is nothing to wait for while a product is on sale.",
    ),
    "phone_required": Text(
        "프로필에 휴대전화 번호가 없습니다", "Your profile has no phone number",
        "내 정보에서 휴대전화 번호를 등록한 뒤 다시 신청해 주세요.", "Please add a phone number to your profile, then ask again.",
    ),
    "review_unknown": Text("쓸 수 있는 리뷰가 없습니다", "There is no such review of yours"),
    "review_exists": Text("리뷰는 한 번만 쓸 수 있습니다", "A review can be written once only"),
    "review_not_written": Text("쓰여 있지 않은 리뷰입니다", "The review is not there"),
    "review_hidden": Text("관리자가 숨긴 리뷰입니다", "The review was hidden by an administrator"),
    "review_final": Text("리뷰를 고칠 수 있는 30일이 지났습니다", "A review can be changed within 30 days only"),
    "review_invalid": Text(
        "리뷰를 확인해 주세요", "Something of the review is not right", "잘못된 항목: {fields}", "Not right: {fields}",
    ),
    "reference_invalid": Text("이름을 확인해 주세요", "Something of the names is not right"),
    "reference_full": Text("더 추가할 수 없습니다", "No more can be added", "최대 {most}개", "At most {most}"),
}  # fmt: skip
