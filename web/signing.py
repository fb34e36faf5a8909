"""What every sign-in and every refresh has in common: an account's row is asked, and its answer becomes a token and a cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from models.actor import Command
from web import idempotency, prefer
from web.call import Call
from web.cookies import Refresh
from web.problems import Problem

LEAST = 5.0
"""Seconds that are waited at least: without the row's answer there is nothing to say."""


async def asked(call: Call, row: str, message: Command, *, command: str, words: bytes) -> Mapping[str, Any]:
    """What the account's row says to ``message``: ``account``, ``role``, ``stores``, ``session``, ``until``.

    ``words``: what makes this request this one (body, presented secret), for the same key with others is refused. Raises
    ``Problem`` with the row's refusal, or 503: no answer came, and the same request is the same command.
    """
    answer = await call.shared.client.ask(
        "accounts",
        row,
        message,
        id=command,
        wait=max(LEAST, prefer.seconds(call.request.headers.get("Prefer", ""))),
        fingerprint=idempotency.fingerprint(words),
        traceparent=call.traceparent,
    )
    if answer is None:
        raise Problem(503, "unavailable", headers={"Retry-After": "1"})
    if answer.status >= 400:
        raise Problem(answer.status, answer.code, answer.body)
    return answer.body


def signed_in(call: Call, said: Mapping[str, Any], secret: str, status: int = 200, **more: Any) -> web.Response:
    """The answer of a sign-in: the access token in its body, the refresh secret in its cookie. ``said``: the row's answer."""
    account, role, stores, session = said["account"], said["role"], tuple(said["stores"]), said["session"]
    token, seconds = call.shared.signer.access(account, role, stores, session)
    body = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": seconds,
        "account_id": account,
        "role": role,
        "stores": stores,
        "session_id": session,
        "until": said["until"],
        **more,
    }
    response = call.answer(body, status)
    call.shared.cookies.give(response, Refresh(account, session, secret))
    return response
