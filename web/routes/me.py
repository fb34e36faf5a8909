"""The caller's own account: profile, contacts, password, sessions, withdrawal."""

from __future__ import annotations

import time

from aiohttp import web

from models import kst
from models.accounts.common_messages import Purpose
from models.accounts.messages import ChangePassword, ChangeProfile, ConfirmContact, WithdrawAccount
from models.accounts.session_messages import EndSession, EndSessions
from models.actor import SECOND
from web import pictures
from web.call import Call
from web.commands import submit
from web.oauth.port import e164, takes_codes
from web.problems import Problem
from web.requests.accounts import CodeOnly, EmailOnly, PasswordChange, PhoneChange, ProfileChange
from web.requests.fields import NoBody
from web.routes.sellers import SENT, code_message, own_row
from web.signing_in import told, told_before
from web.validation import FieldError, Parser

_profile, _phone, _email = Parser(ProfileChange), Parser(PhoneChange), Parser(EmailOnly)
_code, _password, _nothing = Parser(CodeOnly), Parser(PasswordChange), Parser(NoBody)
SHOWN = (
    "account", "kind", "status", "provider", "name", "email", "phone", "picture", "joined_at", "business_number", "reason",
)  # fmt: skip


async def shown(call: Call) -> web.Response:
    """``GET /me``: the own account, with the coupons that a buyer can use today and how much they like."""
    caller, reads = call.caller, call.shared.reads
    known = await reads.account(caller.account)
    if known is None or known["status"] == "WITHDRAWN":
        raise Problem(404, "account_gone")
    said = {name: known[name] for name in SHOWN}
    # Of the denial that stands: what was written of others, or of a suspension, is not about this application.
    note = known["notes"].get(str(known["denial"]), "")
    coupons = likes = 0
    if caller.role == "buyer":
        today = kst.day(int(time.time() * SECOND))
        coupons = await reads.usable_coupons(caller.account, today)
        likes = sum((await reads.like_counts(caller.account)).values())
    (profile,) = await pictures.dressed(call, [said], "picture")
    return call.answer({**profile, "role": caller.role, "note": note, "coupon_count": coupons, "like_count": likes})


async def change(call: Call) -> web.Response:
    """``PATCH /me``: name and picture; what is not said stays (auth 32)."""
    command, account = call.command_id(), call.caller.account
    wish = pictures.by_ids(await call.parsed(_profile), "picture")
    known = await call.shared.reads.account(account) if wish.picture else None
    message = ChangeProfile(account=account, name=wish.name, picture=wish.picture)
    row, unless = own_row(call), pictures.check(call, [wish.picture or ""], "profile", [known["picture"]] if known else ())
    return await submit(call, "accounts", row, message, command=command, body=await call.body(), unless=unless)


async def _contact(call: Call, purpose: Purpose, target: str) -> web.Response:
    row, account = own_row(call), call.caller.account
    command = call.command_id()
    await told(call, row, code_message(call, row, purpose, target, command, account), command, words=await call.body())
    return call.answer(SENT)


async def change_phone(call: Call) -> web.Response:
    """``POST /me/phone``: have a code sent to a new phone, which counts once it is confirmed."""
    wish = await call.parsed(_phone)
    phone = e164(wish.phone)
    if not takes_codes(phone, call.shared.people.countries):
        raise Problem(422, "validation_failed", errors=[FieldError("/phone", "phone_mobile")])
    return await _contact(call, "phone", phone)


async def change_email(call: Call) -> web.Response:
    """``POST /me/email``: have a code sent to a new e-mail, which counts once it is confirmed."""
    wish = await call.parsed(_email)
    return await _contact(call, "email", wish.email.lower())


async def _confirm(call: Call, purpose: Purpose) -> web.Response:
    wish = await call.parsed(_code)
    row, command = own_row(call), call.command_id()
    check = call.shared.people.check(row, purpose, wish.code)
    message = ConfirmContact(once=command, account=call.caller.account, purpose=purpose, check=check)
    answer = await told(call, row, message, command, ("accounts",), words=await call.body())
    return call.answer(answer.body)


async def confirm_phone(call: Call) -> web.Response:
    """``POST /me/phone/confirm``: the code that came by SMS."""
    return await _confirm(call, "phone")


async def confirm_email(call: Call) -> web.Response:
    """``POST /me/email/confirm``: the code that came by mail."""
    return await _confirm(call, "email")


async def change_password(call: Call) -> web.Response:
    """``POST /me/password``: of a seller or admin, who says the current one; every other session ends."""
    wish = await call.parsed(_password)
    row, command, account = own_row(call), call.command_id(), call.caller.account
    await call.throttle(row)
    known, passwords, words = await call.shared.reads.account(account), call.shared.people.passwords, await call.body()
    if known is None:
        raise Problem(403, "password_wrong")
    message = ChangePassword(
        once=command,
        account=account,
        credential=int(known["credential"]),
        password_hash=await passwords.hashed(wish.password),
        keep=call.caller.session,
    )
    if await passwords.fits(str(known["password_hash"]), wish.current):
        await told(call, row, message, command, ("accounts", "sessions", "ended"), words=words)
    elif await told_before(call, row, message, command, words) is None:
        # It would be wrong too where this very change was made, and only its answer was lost.
        raise Problem(403, "password_wrong")
    return call.answer({"done": True})


async def sessions(call: Call) -> web.Response:
    """``GET /me/sessions``: where the account is signed in; ``current`` is the session that asks."""
    now = int(time.time() * SECOND)
    found = await call.shared.reads.sessions(call.caller.account)
    items = [{**one, "current": one["session"] == call.caller.session} for one in found if one["until"] > now]
    return call.answer({"items": items})


async def end_session(call: Call) -> web.Response:
    """``DELETE /me/sessions/{session}``: sign out elsewhere; its token counts no more at once."""
    await call.parsed(_nothing)
    row, command = own_row(call), call.command_id()
    message = EndSession(once=command, account=call.caller.account, session=call.params["session"])
    await told(call, row, message, command, ("sessions", "ended"), words=await call.body())
    return call.answer({"done": True})


async def end_sessions(call: Call) -> web.Response:
    """``DELETE /me/sessions``: sign out everywhere but here."""
    await call.parsed(_nothing)
    row, command = own_row(call), call.command_id()
    message = EndSessions(once=command, account=call.caller.account, keep=call.caller.session)
    await told(call, row, message, command, ("sessions", "ended"), words=await call.body())
    return call.answer({"done": True})


async def withdraw(call: Call) -> web.Response:
    """``DELETE /me``: leave. What is personal is erased at once, all sessions end; one may come back after 24 hours."""
    await call.parsed(_nothing)
    row, command = own_row(call), call.command_id()
    message = WithdrawAccount(once=command, account=call.caller.account)
    await told(call, row, message, command, ("accounts", "sessions", "ended"), words=await call.body())
    return call.answer({"done": True})
