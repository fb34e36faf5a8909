"""The API's own description, and a page to try it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from aiohttp import web

from web.call import Call

_PAGE = Path(__file__).parent.parent.joinpath("docs.html").read_text(encoding="utf-8")
_SCRIPT = _PAGE.partition("<script>")[2].partition("</script>")[0]
_STYLE = _PAGE.partition("<style>")[2].partition("</style>")[0]


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


CSP = (
    f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def document(call: Call) -> web.Response:
    """``GET /openapi.json``: this document."""
    from web.openapi import encoded

    return _published(call, encoded())


async def messages(call: Call) -> web.Response:
    """``GET /asyncapi.json``: every message that goes over the topics, in AsyncAPI 3.0."""
    from topics.asyncapi import encoded

    return _published(call, encoded())


def _published(call: Call, body: bytes) -> web.Response:
    headers = {**call.headers(), "Cache-Control": "public, max-age=300", "Content-Type": "application/json"}
    return web.Response(body=body, headers=headers)


async def page(call: Call) -> web.Response:
    """``GET /docs``: a page that reads the document and tries it, without anything from elsewhere."""
    headers = {**call.headers(), "Content-Security-Policy": CSP, "Content-Type": "text/html; charset=utf-8"}
    return web.Response(body=_PAGE.encode(), headers=headers)
