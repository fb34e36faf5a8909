"""The bodies that KakaoPay answers with (spec/kakaopay.md; most fields there are [M]). Times are KST without a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from deploy.sandbox.kakaopay.payment import Action, Amount, Moved, Payment

_KST = timedelta(hours=9)


def kst(at: int) -> str | None:
    """``at`` (ms since the epoch) as ``2026-01-31T09:00:00`` in KST, without a zone; None for 0, which means never."""
    if not at:
        return None
    return (datetime.fromtimestamp(at // 1000, UTC) + _KST).replace(tzinfo=None).isoformat()


def amounts(amount: Amount, green_deposit: int = 0) -> dict[str, int]:
    """An amount object; the sandbox's buyers own no points and get no discounts."""
    return {"total": amount.total, "tax_free": amount.tax_free, "vat": amount.vat, "point": 0, "discount": 0,
            "green_deposit": green_deposit}  # fmt: skip


def ready(payment: Payment, base: str) -> dict[str, Any]:
    """The answer to ready; ``base``: where the buyer's browser reaches the sandbox."""
    page = f"{base}/sandbox/kakaopay/{payment.tid}"
    scheme = f"kakaotalk://kakaopay/pg?url={quote(page, safe='')}/app"
    return {
        "tid": payment.tid,
        "next_redirect_pc_url": f"{page}/pc",
        "next_redirect_mobile_url": f"{page}/mobile",
        "next_redirect_app_url": f"{page}/app",
        "android_app_scheme": scheme,
        "ios_app_scheme": scheme,
        "created_at": kst(payment.created_at),
    }


def _head(payment: Payment) -> dict[str, Any]:
    return {
        "tid": payment.tid,
        "cid": payment.cid,
        "partner_order_id": payment.order_id,
        "partner_user_id": payment.user_id,
        "payment_method_type": payment.method,
        "item_name": payment.item_name,
        "item_code": payment.item_code,
        "quantity": payment.quantity,
        "amount": amounts(payment.amount, payment.green_deposit),
        "created_at": kst(payment.created_at),
        "approved_at": kst(payment.approved_at),
    }


def _card(payment: Payment) -> dict[str, str] | None:
    if payment.method != "CARD":
        return None
    return {"kakaopay_purchase_corp": "샌드박스카드", "card_type": "신용", "bin": "000000",
            "install_month": f"{payment.install_month:02d}"}  # fmt: skip


def approved(moved: Moved) -> dict[str, Any]:
    """The answer to approve."""
    payment = moved.payment
    return {"aid": moved.action.aid, **_head(payment), "sid": None, "card_info": _card(payment), "payload": moved.action.payload}


def _detail(action: Action) -> dict[str, Any]:
    return {"aid": action.aid, "payment_action_type": action.kind, "amount": action.amount.total, "approved_at": kst(action.at),
            "payload": action.payload}  # fmt: skip


def order(payment: Payment) -> dict[str, Any]:
    """The answer to order: where the payment stands and every movement of money."""
    return {
        **_head(payment),
        "status": payment.status,
        "canceled_amount": amounts(payment.canceled),
        "cancel_available_amount": amounts(payment.left),
        "canceled_at": kst(payment.canceled_at),
        "selected_card_info": _card(payment) if payment.approved_at else None,
        "payment_action_details": [_detail(action) for action in payment.actions],
    }


def cancelled(moved: Moved) -> dict[str, Any]:
    """The answer to cancel."""
    payment, action = moved
    return {
        "aid": action.aid,
        **_head(payment),
        "status": payment.status,
        "approved_cancel_amount": amounts(action.amount),
        "canceled_amount": amounts(payment.canceled),
        "cancel_available_amount": amounts(payment.left),
        "canceled_at": kst(payment.canceled_at),
        "payload": action.payload,
    }


def booked(payment: Payment, changed: int) -> dict[str, Any]:
    """A line for the auditor; amounts in KRW, ``changed`` grows with every change of any payment, times in ms since the epoch."""
    return {
        "changed": changed,
        "provider": "kakaopay",
        "tid": payment.tid,
        "partner_order_id": payment.order_id,
        "status": payment.status,
        "amount": payment.amount.total,
        "captured": payment.captured.total,
        "refunded": payment.canceled.total,
        "approved_at": payment.approved_at,
        "actions": [{"aid": a.aid, "type": a.kind, "amount": a.amount.total, "at": a.at} for a in payment.actions],
    }
