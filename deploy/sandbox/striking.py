"""What a fault does to a call of any provider but the gateway, which has its own ways (``kakaopay/service.py``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from deploy.sandbox.faults import Call, Fault, Faults

BEFORE = (Fault.ERROR_BEFORE, Fault.RESET, Fault.BUSY, Fault.REFUSED)
KAKAO = {
    Fault.BUSY: {"msg": "this request is failed, please try again", "code": -1},
    Fault.REFUSED: {"msg": "invalid argument", "code": -2},
}
"""What Kakao says with its 400."""


async def struck(request: web.BaseRequest, faults: Faults, call: Call, whose: str, act: Callable[[], web.Response]) -> web.Response:
    """The answer of ``act``, unless a fault strikes: before it or after it. ``whose``: whom the call is about, for its draw."""
    hits = {rule.fault: rule for rule in faults.draw(call, whose, "")}
    if Fault.DELAY in hits:
        await asyncio.sleep(hits[Fault.DELAY].delay_ms / 1000)
    if any(fault in hits for fault in BEFORE):
        if said := next((said for fault, said in KAKAO.items() if fault in hits), None):
            return web.json_response(said, status=400)
        return _gone(request) if Fault.RESET in hits else web.Response(status=500)
    answer = act()
    if Fault.LOST_ANSWER in hits:
        return _gone(request)
    return web.Response(status=500) if Fault.ERROR_AFTER in hits else answer


def _gone(request: web.BaseRequest) -> web.Response:
    """End the connection without a word; aiohttp discards the response that it is handed."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
