"""The page where a buyer pays: plain HTML, no script, nothing from outside."""

from __future__ import annotations

from html import escape

from deploy.sandbox.kakaopay.payment import Payment

_STYLE = """
*{box-sizing:border-box}body{margin:0;background:#f4f4f4;color:#1e1e1e}
body,button{font:16px/1.5 system-ui,"Apple SD Gothic Neo","Noto Sans KR",sans-serif}
main{max-width:420px;margin:6vh auto;background:#fff;border-radius:16px;padding:28px;box-shadow:0 2px 16px #0001}
.wide{max-width:560px}h1{font-size:20px;margin:0 0 4px}.note{color:#666;font-size:13px;margin:0 0 20px}
dl{display:grid;grid-template-columns:auto 1fr;gap:8px 16px;margin:0 0 24px;padding:16px;background:#fafafa;border-radius:12px}
dt{color:#666}dd{margin:0;text-align:right;overflow-wrap:anywhere}.sum{font-weight:700;font-size:20px}
button{width:100%;padding:14px;border:0;border-radius:12px;font-weight:700;cursor:pointer;margin-top:8px}
button:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}
.pay{background:#fee500}.no{background:#eee}.fail{background:#fff;color:#b3261e}
"""

_SHELL = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main class="{kind}"><h1>{title}</h1>
<p class="note">연습용 결제 화면입니다. 실제로 돈이 나가지 않습니다.</p>
{body}</main></body></html>
"""

_FORM = """<form method="post" action="{action}"><button class="{kind}" type="submit">{label}</button></form>"""

CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""No form-action: browsers apply it to the redirect back to the shop too."""


def payment_page(payment: Payment, device: str) -> str:
    """The page with 결제하기, 취소 and 실패; ``device`` pc, mobile or app only changes its width."""
    facts = (
        ("상품", escape(payment.item_name), ""),
        ("수량", f"{payment.quantity:,}개", ""),
        ("비과세", f"{payment.amount.tax_free:,}원", ""),
        ("부가세", f"{payment.amount.vat:,}원", ""),
        ("결제 금액", f"{payment.amount.total:,}원", "sum"),
    )
    rows = "".join(f'<dt>{name}</dt><dd class="{kind}">{value}</dd>' for name, value, kind in facts)
    forms = "".join(
        _FORM.format(action=action, kind=kind, label=label)
        for action, kind, label in (("pay", "pay", "결제하기"), ("cancel", "no", "취소"), ("fail", "fail", "실패"))
    )
    return _shell(f"<dl>{rows}</dl>{forms}", "wide" if device == "pc" else "")


def message_page(text: str) -> str:
    """A page that only says ``text``: paid already, expired, unknown."""
    return _shell(f"<p>{escape(text)}</p>")


def _shell(body: str, kind: str = "") -> str:
    return _SHELL.format(title="카카오페이 (샌드박스)", style=_STYLE, kind=kind, body=body)
