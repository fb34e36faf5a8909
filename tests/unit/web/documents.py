"""Who and what there is in tests of the web: ids, documents as read models show them, a good order."""

from __future__ import annotations

from typing import Any

from models.actor import id_of

STORE, OTHER_STORE = "store-1", "store-2"
ORDER, STORE_ORDER, OTHER_STORE_ORDER = "order-1", "store-order-1", "store-order-2"
QUESTION, SECRET = "question-1", "question-2"
SUBSCRIPTION = id_of("subscription", STORE)
REVIEW = "review-1"
IMAGE = "00000000-0000-5000-8000-000000000001"
"""A review's picture, ``BUYER``'s; the others are ``SELLER``'s."""
STORE_IMAGE, PRODUCT_IMAGE, OTHER_IMAGE = (f"{IMAGE[:-1]}{number}" for number in (2, 3, 4))
BUYER, STRANGER, SELLER, OTHER_SELLER, ADMIN = "buyer-1", "buyer-2", "seller-1", "seller-2", "admin-1"


def store_document(store_id: str, name: str = "가게") -> dict[str, Any]:
    """A store as its read model shows it, in all its fields."""
    return {
        "store_id": store_id, "owner": SELLER, "name": name, "detail": "꽃", "thumbnail": "image-1", "phone": "+8221234567",
        "bank": "088", "account_number": "110-234-567890", "address": "수원로 1", "address_detail": "", "zipcode": "16499",
        "reason": "", "sido": "41", "gugun": "41111", "lat": 37.25, "lon": 127.03, "delivery_fee": 3000, "free_from": 50_000,
        "cut_off": "18:00", "threshold": 50, "hours": {"mon": {"opens": "09:00", "closes": "10:30"}}, "slot_capacity": 2,
        "minutes_per_day": 480, "registered_at": 1, "status": "OPEN", "reviews": 2, "rating": 4.25, "seq": 1,
    }  # fmt: skip


def question_document(question_id: str, secret: bool) -> dict[str, Any]:
    """A question of ``BUYER`` to ``STORE`` as its read model shows it, answered."""
    return {
        "question_id": question_id, "buyer": BUYER, "store_id": STORE, "product_id": "product-1", "secret": secret, "asked_at": 1,
        "edited_at": 0, "answered_at": 2, "answer_edited_at": 0, "read_at": 2, "title": "언제 오나요", "content": "내일 되나요",
        "answer": "네, 됩니다",
    }  # fmt: skip


def account_of(account: str, kind: str = "buyer", **more: Any) -> dict[str, Any]:
    """An account as its read model shows it."""
    known: dict[str, Any] = {
        "account": account, "row_key": account.rpartition("-")[0], "kind": kind, "provider": "kakao", "status": "ACTIVE",
        "reason": "", "suspended": "", "joined_at": 1, "since": 1, "name": "꽃님", "email": "", "phone": "", "picture": "",
        "password_hash": "", "credential": 1, "totp": "", "business_number": "", "document": "", "notes": {},
        "denial": -1, "seq": 1,
    }  # fmt: skip
    return {**known, **more}


def order_body(**change: Any) -> dict[str, Any]:
    """A good body of ``POST /orders`` over two products."""
    body: dict[str, Any] = {
        "stores": [
            {
                "store_id": STORE,
                "lines": [{"product_id": "product-1", "quantity": 2}, {"product_id": "product-2", "quantity": 1}],
                "coupon_id": "coupon-1",
            }
        ],
        "orderer": {"name": "김꽃님", "phone": "01012345678", "email": "flower@example.com"},
        "address": {
            "recipient": "이받음",
            "phone": "01087654321",
            "zipcode": "06236",
            "road": "서울특별시 강남구 어느길 1",
            "detail": "2층",
        },
        "expected_total": 6500,
    }
    body.update(change)
    return body
