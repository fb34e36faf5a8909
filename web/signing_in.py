"""A session begins or goes on: the actor's word, an access token in the answer, the refresh secret in its cookie."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from models.accounts.common_messages import Once
from models.actor import Command
from topics.answers import Answer
from web import commands, idempotency, pictures
from web.call import Call
from web.cookies import Refresh
from web.problems import Problem

WAIT = 5.0
"""Seconds that the actor has to answer; without it nobody is signed in."""
AWAY = {"Retry-After": "1"}


async def told(call: Call, row: str, message: Command, command: str, models: tuple[str, ...] = (), *, words: bytes = b"") -> Answer:
    """What the row says to ``message``, once ``models`` show it. ``words``: the client's own, by which a key used twice is told.

    Raises ``Problem``: the refusal, or 503 where no answer came (send it again with the same key).
    """
    deadline = asyncio.get_running_loop().time() + WAIT
    answer = await call.shared.client.ask(
        "accounts", row, message, id=command, wait=WAIT, fingerprint=_fingerprint(call, words), traceparent=call.traceparent
    )
    answer = _good(answer)
    await commands.shown(call, "accounts", row, answer.seq, "", deadline, models=models)
    return answer


async def told_before(call: Call, row: str, message: Command, command: str, words: bytes) -> Answer | None:
    """What the row has said to ``command`` already; ``None``: it does not know it. For what is looked at before it is sent.

    Raises ``Problem``: the refusal that it was, 422 where it had other words, or 503 where no answer came.
    """
    answer = await commands.told_before(call, "accounts", row, command, _fingerprint(call, words), message.remembered_in())
    return None if answer is None else _good(answer)


def _fingerprint(call: Call, words: bytes) -> str:
    """Keyed, as the words may hold a password or a code, which nobody must guess from what the log holds."""
    return idempotency.sign(call.shared.secret, "words", idempotency.fingerprint(words))[:32]


def _good(answer: Answer | None) -> Answer:
    if answer is None or not answer.status:
        raise Problem(503, "unavailable", headers=AWAY)
    if answer.status >= 400:
        raise Problem(answer.status, answer.code, answer.body)
    return answer


async def begin(call: Call, row: str, message: Once, command: str, secret: str) -> tuple[dict[str, Any], Refresh]:
    """Open the session that ``message`` asks for: what the client is told, and what its cookie holds. Raises ``Problem``."""
    answer = await told(call, row, message, command, ("accounts", "sessions"))
    return await _said(call, answer), Refresh(answer.body["account"], answer.body["session"], secret)


async def go_on(call: Call, row: str, message: Once, command: str, secret: str) -> tuple[dict[str, Any], Refresh]:
    """Exchange a secret: as ``begin``. Raises ``Problem``."""
    answer = await told(call, row, message, command)
    return await _said(call, answer), Refresh(answer.body["account"], answer.body["session"], secret)


async def _said(call: Call, answer: Answer) -> dict[str, Any]:
    body = answer.body
    token, seconds = call.shared.signer.access(body["account"], body["role"], tuple(body["stores"]), body["session"])
    known = await call.shared.reads.account(body["account"]) or {}
    (shown,) = await pictures.dressed(call, [{"picture": known.get("picture", "")}], "picture")
    return {
        "token": token,
        "expires_in": seconds,
        "account": body["account"],
        "role": body["role"],
        "status": body["status"],
        "stores": body["stores"],
        "name": known.get("name", ""),
        "phone_known": bool(known.get("phone")),
        **shown,
    }


def answered(call: Call, said: dict[str, Any], refresh: Refresh) -> web.Response:
    """The answer as JSON, with the cookie."""
    response = call.answer(said)
    call.shared.cookies.give(response, refresh)
    return response
