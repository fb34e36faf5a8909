"""How a florist comes in: e-mail by a code, licence, application; and how a forgotten password is replaced (auth 11–13, 19, 26–28).

Whoever is not signed in hears the same, and as late, whatever is known of an e-mail, and goes on with a ticket that only a right
code gives.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from models.accounts.common_messages import Purpose
from models.accounts.contacts import LASTS, TICKET
from models.accounts.messages import RequestCode, ResetPassword
from models.accounts.secrets import hashed
from models.accounts.seller_messages import ApplyAsSeller, ConfirmRegistration, ReadLicence, ResubmitApplication
from models.actor import SECOND
from models.catalog.images import LICENCE
from topics.answers import Answer
from web import idempotency
from web.call import Call
from web.people import row_of
from web.pictures import check_licence
from web.problems import Problem
from web.requests.accounts import (
    DocumentOnly,
    EmailCode,
    EmailOnly,
    LicenceRequest,
    LicenceUpload,
    PasswordReset,
    Resubmission,
    SellerApplication,
    TicketOnly,
    plain,
)
from web.requests.fields import NoBody
from web.requests.images import DocumentRequest
from web.routes.images import finished, requested
from web.signing_in import told, told_before
from web.validation import Parser

_email, _code, _licence = Parser(EmailOnly), Parser(EmailCode), Parser(LicenceRequest)
_upload, _ticket_only, _size, _nothing = Parser(LicenceUpload), Parser(TicketOnly), Parser(DocumentRequest), Parser(NoBody)
_application, _resubmission, _document, _reset = (
    Parser(SellerApplication), Parser(Resubmission), Parser(DocumentOnly), Parser(PasswordReset),
)  # fmt: skip
SENT = {"sent": True, "valid_for": LASTS // SECOND}
EVEN = 0.25
"""Seconds that an answer to a stranger takes at least: an actor that has something to do for an e-mail is a little slower."""
NO_CODE = ("code_wrong", "code_expired", "code_unknown")
"""What a row says of digits that do not count. Which of them it is tells whether the e-mail is known, or a seller's."""


def code_message(call: Call, row: str, purpose: Purpose, target: str, command: str, account: str = "") -> RequestCode:
    """The command that has a code sent: its digits follow from a salt that follows from the command."""
    people, salt = call.shared.people, idempotency.created_id(command, "salt")
    check = people.check(row, purpose, people.digits(row, salt))
    return RequestCode(once=command, purpose=purpose, target=target, salt=salt, check=check, account=account)


@contextlib.asynccontextmanager
async def _alike() -> AsyncIterator[None]:
    """Whatever keeps digits from counting is one answer inside the block, which takes ``EVEN`` seconds. Raises ``Problem``."""
    loop = asyncio.get_running_loop()
    until = loop.time() + EVEN
    try:
        yield
    except Problem as problem:
        if problem.code in NO_CODE:
            raise Problem(422, "code_wrong") from None
        raise
    finally:
        await asyncio.sleep(until - loop.time())


async def _send_code(call: Call, purpose: Purpose) -> web.Response:
    wish = await call.parsed(_email)
    row = call.shared.people.row("seller", wish.email)
    command = call.command_id(row)
    await call.throttle(row)
    async with _alike():
        await told(call, row, code_message(call, row, purpose, wish.email.lower(), command), command, words=await call.body())
    return call.answer(SENT)


async def register(call: Call) -> web.Response:
    """``POST /auth/seller/registrations``: have a code sent to an e-mail. The answer says nothing of whether it is known."""
    return await _send_code(call, "registration")


async def forgot(call: Call) -> web.Response:
    """``POST /auth/seller/password/forgotten``: have a code sent to a seller's e-mail. An unknown one is answered alike."""
    return await _send_code(call, "password")


async def confirm(call: Call) -> web.Response:
    """``POST /auth/seller/registrations/confirm``: the code, for a ticket with which to apply."""
    wish = await call.parsed(_code)
    people = call.shared.people
    row = people.row("seller", wish.email)
    command = call.command_id(row)
    await call.throttle(row)
    ticket = _ticket(call, row, idempotency.created_id(command, "ticket"))
    message = ConfirmRegistration(once=command, check=people.check(row, "registration", wish.code), ticket_hash=hashed(ticket))
    async with _alike():
        await told(call, row, message, command, words=await call.body())
    return call.answer({"ticket": ticket, "valid_for": TICKET // SECOND})


def _ticket(call: Call, row: str, name: str) -> str:
    """Signed, so that a guess is refused before it reaches the row, where refusals are remembered."""
    return f"{name}.{idempotency.sign(call.shared.secret, 'ticket', row, name)}"


def checked_ticket(call: Call, email: str, ticket: str) -> tuple[str, str]:
    """(row, hash of the ticket). Raises ``Problem`` 403: it was not given for this e-mail."""
    row = call.shared.people.row("seller", email)
    name, _, signature = ticket.partition(".")
    if not idempotency.signed(call.shared.secret, signature, "ticket", row, name):
        raise Problem(403, "ticket_invalid")
    return row, hashed(ticket)


async def announce(call: Call) -> web.Response:
    """``POST /auth/seller/documents``: announce the upload of a licence; answers the signed link for exactly those bytes."""
    wish = await call.parsed(_upload)
    row, _ = checked_ticket(call, wish.email, wish.ticket)
    command = call.command_id(row)
    return await requested(call, row, LICENCE, wish.content_type, wish.size, command)


async def uploaded(call: Call) -> web.Response:
    """``POST /auth/seller/documents/{image_id}/finish``: the bytes are there; answers once they are looked at."""
    wish = await call.parsed(_ticket_only)
    row, _ = checked_ticket(call, wish.email, wish.ticket)
    command = call.command_id(row)
    return await finished(call, row, call.params["image_id"], command)


async def announce_again(call: Call) -> web.Response:
    """``POST /me/application/documents``: announce the upload of a new licence of a denied applicant."""
    wish = await call.parsed(_size)
    command = call.command_id()
    return await requested(call, own_row(call), LICENCE, wish.content_type, wish.size, command)


async def uploaded_again(call: Call) -> web.Response:
    """``POST /me/application/documents/{image_id}/finish``: the bytes are there."""
    await call.parsed(_nothing)
    command = call.command_id()
    return await finished(call, own_row(call), call.params["image_id"], command)


async def _told(call: Call, row: str, message: ReadLicence | ApplyAsSeller | ResubmitApplication, command: str) -> Answer:
    """What the row says to a message with a licence, which has to be a checked one of this very registration (auth 19).

    Raises ``Problem``: the refusal, or 422 ``image_unusable``.
    """
    words = await call.body()
    try:
        await check_licence(call, message.document, row)
    except Problem:
        # One that has been erased since was good when this very command came first.
        if (before := await told_before(call, row, message, command, words)) is None:
            raise
        return before
    models = () if isinstance(message, ReadLicence) else ("accounts",)
    return await told(call, row, message, command, models, words=words)


async def licence(call: Call) -> web.Response:
    """``POST /auth/seller/licence``: the business number that is printed on the uploaded licence; the applicant may correct it."""
    wish = await call.parsed(_licence)
    row, ticket = checked_ticket(call, wish.email, wish.ticket)
    command = call.command_id(row)
    answer = await _told(call, row, ReadLicence(document=wish.document, ticket_hash=ticket), command)
    return call.answer({"business_number": answer.body["business_number"]})


async def apply(call: Call) -> web.Response:
    """``POST /auth/seller/applications``: apply. Until an admin has decided, the applicant may sign in and see where it stands."""
    wish = await call.parsed(_application)
    people = call.shared.people
    row, ticket = checked_ticket(call, wish.email, wish.ticket)
    command, number = call.command_id(row), plain(wish.business_number)
    message = ApplyAsSeller(
        row=row,
        ticket_hash=ticket,
        email=wish.email.lower(),
        name=wish.name,
        password_hash=await people.passwords.hashed(wish.password),
        business_number=number,
        claim=people.row("business", number),
        document=wish.document,
    )
    return call.answer((await _told(call, row, message, command)).body, 201)


async def reset(call: Call) -> web.Response:
    """``POST /auth/seller/password/reset``: a new password for the code that came by e-mail; every session ends."""
    wish = await call.parsed(_reset)
    people = call.shared.people
    row = people.row("seller", wish.email)
    command = call.command_id(row)
    await call.throttle(row)
    message = ResetPassword(
        once=command, check=people.check(row, "password", wish.code), password_hash=await people.passwords.hashed(wish.password)
    )
    async with _alike():
        await told(call, row, message, command, ("accounts", "sessions", "ended"), words=await call.body())
    # Whoever reads the account's mail is its owner, and signs in next.
    await call.shared.limiter.remember(row, call.address)
    return call.answer({"done": True})


async def resubmit(call: Call) -> web.Response:
    """``PUT /me/application``: a denied applicant, signed in, tries again (auth 11)."""
    wish = await call.parsed(_resubmission)
    row, command, account = own_row(call), call.command_id(), call.caller.account
    number = plain(wish.business_number)
    message = ResubmitApplication(
        account=account,
        business_number=number,
        claim=call.shared.people.row("business", number),
        document=wish.document,
        name=wish.name or "",
    )
    return call.answer((await _told(call, row, message, command)).body)


async def read_again(call: Call) -> web.Response:
    """``POST /me/application/licence``: the business number on a new licence of a denied applicant."""
    wish = await call.parsed(_document)
    row, command, account = own_row(call), call.command_id(), call.caller.account
    return call.answer((await _told(call, row, ReadLicence(document=wish.document, account=account), command)).body)


def own_row(call: Call) -> str:
    """The row of the caller's account. Raises ``Problem`` 404 for a token that was made by hand: it has none."""
    row = row_of(call.caller.account)
    if not row:
        raise Problem(404, "account_gone")
    return row
