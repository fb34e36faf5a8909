"""Ids for every name that stands in the path of a route, and good bodies: what tests need that walk all routes.

A route whose path names something that is not here fails ``test_walk.py`` until it is described: whose is it, and which id does
``Known`` know it by? A body need not be described; one that is lets the walk get past its validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.unit.web.desk import Desk
from tests.unit.web.documents import (
    BUYER,
    IMAGE,
    ORDER,
    PRODUCT_IMAGE,
    QUESTION,
    REVIEW,
    STORE,
    STORE_IMAGE,
    STORE_ORDER,
    order_body,
)
from web.idempotency import sign
from web.rule import Rule

IDS: Mapping[str, str] = {
    "account": f"{'0' * 32}-1",
    "address_id": "address-1",
    "category_id": "1",
    "command": "c",
    "coupon_id": "coupon-1",
    "domain": "orders",
    "flower_id": "1",
    "image_id": IMAGE,
    "notice_id": "notice-1",
    "order_id": ORDER,
    "outcome": "approve",
    "product_id": "product-1",
    "provider": "kakao",
    "question_id": QUESTION,
    "review_id": REVIEW,
    "row": ORDER,
    "session": "s1",
    "sido": "11",
    "store_id": STORE,
    "store_order_id": STORE_ORDER,
    "tag_id": "1",
}
"""All are ``BUYER``'s, or of ``STORE``, which is ``SELLER``'s. ``nonce`` is signed, and made by ``target``."""

BODIES: Mapping[str, Any] = {
    "OrderRequest": order_body(),
    "QuoteRequest": {"stores": order_body()["stores"]},
    "StoreSave": {"name": "꽃집", "delivery_fee": 3000, "free_from": 50_000},
    "CouponRequest": {
        "name": "봄", "limit": 10, "discount": 500, "min_amount": 2000, "starts": "2026-01-01", "ends": "2026-12-31",
    },
    "StockRequest": {"delta": 1},
    "StoreRegistration": {
        "name": "꽃집", "detail": "새벽시장에서 옵니다", "thumbnail": STORE_IMAGE, "phone": "02-312-3456", "bank": "088",
        "account_number": "110-234-567890", "sido": "서울", "gugun": "강남구", "address": "어느길 1", "zipcode": "06236",
        "lat": 37.5, "lon": 127.0, "delivery_fee": 3000, "free_from": 50_000,
    },
    "StoreChange": {"delivery_fee": 2500},
    "Reason": {"reason": "신고가 많습니다"},
    "QuestionRequest": {"title": "언제 오나요", "content": "내일 되나요"},
    "QuestionChange": {"secret": True},
    "AnswerRequest": {"content": "네, 됩니다"},
    "NoticeRequest": {"title": "휴무", "content": "추석에 쉽니다"},
    "NoticeChange": {"title": "휴무 안내"},
    "ProductForm": {
        "name": "봄 다발", "summary": "봄에", "price": 1000, "category": "1", "flowers": {"1": 1}, "representative": "1",
        "thumbnail": PRODUCT_IMAGE,
    },
    "ProductPatch": {"version": 1, "price": 1000},
    "SubscriptionForm": {"name": "달마다", "summary": "매달", "price": 1000, "thumbnail": PRODUCT_IMAGE},
    "Removal": {"reason": "도용"},
    "FlowerForm": {"name_ko": "백합", "name_en": "lily", "language_ko": "순결", "language_en": "purity"},
    "LabelForm": {"name_ko": "생일", "name_en": "birthday"},
    "ReviewForm": {"subject": "line-1", "rating": 9, "text": "예뻐요"},
    "ReviewText": {"rating": 9, "text": "예뻐요"},
    "ReplyForm": {"text": "감사합니다"},
    "ImageRequest": {"purpose": "review", "content_type": "image/png", "size": 100},
    "PasswordSignIn": {"email": "a@b.kr", "password": "p"},
    "AdminSignIn": {"name": "mina", "password": "p", "code": "000000"},
    "ProfileChange": {"name": "봄날"},
    "AddressForm": {"recipient": "이봄", "phone": "010-9876-5432", "zipcode": "04780", "road": "연무장길 33"},
    "AddressEdit": {"detail": "3층"},
    "Denial": {"reason": "other"},
    "Suspension": {"reason": "other"},
}  # fmt: skip
"""Good bodies by the name of their Struct."""


def names(rule: Rule) -> list[str]:
    """What the path of a route names."""
    return [part[1:-1] for part in rule.template.split("/") if part.startswith("{")]


def target(rule: Rule, desk: Desk, **other: str) -> str:
    """Path and query of a route, with ids that exist (or ``other``), signed for ``BUYER`` where it has to be."""
    secret = desk.secret.read_bytes()
    ids = {**IDS, "nonce": sign(secret, "callback", ORDER), **other}
    query = ""
    if "nonce" in names(rule):
        query = "?pg_token=t"
    elif rule.template == "/stores/nearby":
        query = "?lat=37.5&lon=127.0"
    elif "command" in names(rule):
        query = f"?sig={sign(secret, 'command', BUYER, IDS['domain'], IDS['row'], IDS['command'], '')}"
    return rule.path.format(**ids) + query


def body(rule: Rule) -> Any:
    """A good body, ``{}`` where none is known; ``None``: the route takes none."""
    return None if rule.method == "GET" else BODIES.get(rule.body.__name__ if rule.body else "", {})
