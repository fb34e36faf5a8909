"""Sessions: refreshed by their cookie, listed and ended by their account (auth 2, 14 to 16)."""

from __future__ import annotations

from aiohttp import web

from models.accounts.messages import EndSession, EndSessions, RefreshSession
from models.accounts.secrets import hashed, row_of
from web.call import Call
from web.commands import submit
from web.cookies import following
from web.problems import Problem
from web.requests.fields import NoBody
from web.signing import asked, signed_in
from web.validation import Parser

_nothing = Parser(NoBody)


async def refresh(call: Call) -> web.Response:
    """``POST /auth/refresh``: a new access token, and the next refresh secret in its cookie.

    Whose it is and what the token may say lies in the account's row. A secret that was exchanged before ends its session.
    """
    await call.parsed(_nothing)
    shared = call.shared
    held = shared.cookies.read(call.request)
    if held is None:
        raise Problem(401, "unauthenticated")
    command = call.command_id(held.account)
    await call.throttle(held.row)
    secret = following(shared.secret, held)
    message = RefreshSession(once=command, session=held.session, presented=held.hash, next=hashed(secret))
    try:
        said = await asked(call, held.row, message, command=command, words=held.hash.encode())
    except Problem as problem:
        if problem.status == 401:
            raise Problem(401, problem.code, headers={"Set-Cookie": shared.cookies.none}) from None
        raise
    return signed_in(call, said, secret)


async def sign_out(call: Call) -> web.Response:
    """``POST /auth/sign-out``: end the session of the token, and take its cookie away."""
    response = await _end(call, call.caller.session, own=True)
    call.shared.cookies.take_away(response)
    return response


async def end(call: Call) -> web.Response:
    """``DELETE /sessions/{session_id}``: end one of the caller's sessions; one that is gone already is no error."""
    return await _end(call, call.params["session_id"], own=call.params["session_id"] == call.caller.session)


async def end_others(call: Call) -> web.Response:
    """``DELETE /sessions``: end every session of the caller but this one."""
    command = call.command_id()
    await call.parsed(_nothing)
    account = call.caller.account
    message = EndSessions(once=command, account=account, keep=call.caller.session)
    return await submit(call, "accounts", row_of(account) or account, message, command=command, body=await call.body())


async def _end(call: Call, session: str, *, own: bool) -> web.Response:
    command = call.command_id()
    await call.parsed(_nothing)
    account = call.caller.account
    message = EndSession(once=command, account=account, session=session, own=own)
    extra = {"session_id": session}
    return await submit(
        call, "accounts", row_of(account) or account, message, command=command, body=await call.body(), extra=extra
    )
