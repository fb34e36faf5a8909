"""The bodies of KakaoPay's calls, field for field (spec/kakaopay.md, table of calls). Lengths are enforced on decoding."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Cid = Annotated[str, Meta(min_length=10, max_length=10)]
Tid = Annotated[str, Meta(min_length=20, max_length=20)]
Id100 = Annotated[str, Meta(min_length=1, max_length=100)]
Url = Annotated[str, Meta(min_length=1, max_length=255, pattern="^https?://")]
Payload = Annotated[str, Meta(max_length=200)]
Won = Annotated[int, Meta(ge=0)]


class ReadyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /online/v1/payment/ready``. Amounts in KRW."""

    cid: Cid
    partner_order_id: Id100
    partner_user_id: Id100
    item_name: Id100
    quantity: Annotated[int, Meta(ge=1)]
    total_amount: Annotated[int, Meta(ge=1)]
    tax_free_amount: Won
    approval_url: Url
    cancel_url: Url
    fail_url: Url
    item_code: Annotated[str, Meta(max_length=100)] | None = None
    vat_amount: Won | None = None
    green_deposit: Won = 0
    available_cards: Any = None
    payment_method_type: Literal["CARD", "MONEY"] | None = None
    install_month: Annotated[int, Meta(ge=0, le=12)] = 0
    custom_json: Any = None


class ApproveRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /online/v1/payment/approve``."""

    cid: Cid
    tid: Tid
    partner_order_id: Id100
    partner_user_id: Id100
    pg_token: str
    payload: Payload | None = None


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /online/v1/payment/order``."""

    cid: Cid
    tid: Tid


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /online/v1/payment/cancel``. Amounts in KRW; ``cancel_available_amount`` counts this request's own amount too."""

    cid: Cid
    tid: Tid
    cancel_amount: Annotated[int, Meta(ge=1)]
    cancel_tax_free_amount: Won
    cancel_vat_amount: Won | None = None
    cancel_available_amount: Won | None = None
    payload: Payload | None = None


class Error(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every 4xx and 5xx."""

    error_code: int
    error_message: str
    extras: dict[str, str] | None = None
