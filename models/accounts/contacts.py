"""Codes of six digits: sent to a phone or an e-mail, compared by their keyed hash, consumed once (auth 12, 13, 32)."""

from __future__ import annotations

from models.accounts import sessions
from models.accounts.account import FAILED, NEW, REGISTERING, Account, Asked, Code
from models.accounts.calls import begun
from models.accounts.common_messages import Purpose
from models.accounts.messages import (
    CodeRejected,
    CodeRequested,
    ConfirmContact,
    EmailChanged,
    EmailVerified,
    PasswordChanged,
    PhoneChanged,
    RequestCode,
    ResetPassword,
)
from models.accounts.seller_messages import ConfirmRegistration
from models.accounts.tasks import Task
from models.actor import DAY, HOUR, MINUTE, SECOND, Event, Refusal

LASTS, TRIES = 10 * MINUTE, 5
PAUSE, A_DAY = 30 * SECOND, 10
"""Between two codes of a row, and how many it is sent within 24 hours: for each purpose, or a stranger who has codes sent for a
registration would keep a seller from a new password."""
TICKET = HOUR
"""How long an applicant may take over the form."""


def request(account: Account | None, message: RequestCode, now: int) -> list[Event] | Refusal:
    """Send a code. A stranger hears the same whatever happens: only ``registration`` and ``password`` are asked by strangers."""
    stranger = message.purpose in ("registration", "password")
    account = account or NEW
    purpose: Purpose = message.purpose
    if purpose == "password":
        # With that of a failed application nobody can sign in: whoever applies again says a new one.
        if not account.exists or account.kind != "seller" or account.status == FAILED:
            return []
    elif purpose == "registration":
        if account.exists and account.status != FAILED:
            purpose = "known"
    elif not account.exists or account.id != message.account:
        return Refusal("account_gone", 404)
    sent = tuple(at for at in account.sent.get(purpose, ()) if at > now - DAY)
    if sent and now - sent[-1] < PAUSE:
        return [] if stranger else Refusal("code_too_soon", 429, {"after": sent[-1] + PAUSE})
    if len(sent) >= A_DAY:
        return [] if stranger else Refusal("codes_exhausted", 429, {"after": sent[0] + DAY})
    expires = now + LASTS
    code = None if purpose == "known" else Code(message.target, message.check, expires, TRIES)
    channel = "sms" if purpose == "phone" else "mail"
    task = begun(Task(channel, purpose, message.target, message.salt, expires=expires), now)
    return [CodeRequested(purpose=purpose, until=expires).keeping(Asked(code, task, (*sent, now)))]


def _tried(account: Account, purpose: Purpose, check: str, now: int) -> Code | list[Event] | Refusal:
    """The code if ``check`` fits; else what to answer."""
    code = account.codes.get(purpose)
    if code is None:
        return Refusal("code_unknown", 404)
    if code.expires <= now or code.left <= 0:
        return Refusal("code_expired", 410)
    if code.check != check:
        return [CodeRejected(purpose=purpose, left=code.left - 1)]
    return code


def confirm(account: Account, message: ConfirmContact, now: int) -> list[Event] | Refusal:
    """A new phone or e-mail is the account's own."""
    code = _tried(account, message.purpose, message.check, now)
    if not isinstance(code, Code):
        return code
    if message.purpose == "phone":
        return [PhoneChanged(account=account.id).keeping(code.target)]
    return [EmailChanged(account=account.id).keeping(code.target)]


def confirm_registration(account: Account, message: ConfirmRegistration, now: int) -> list[Event] | Refusal:
    """The e-mail is the applicant's own, who may have lost the ticket with which they failed."""
    if account.status not in (REGISTERING, FAILED):
        return Refusal("code_unknown", 404)
    code = _tried(account, "registration", message.check, now)
    if not isinstance(code, Code):
        return code
    return [EmailVerified(until=now + TICKET).keeping(message.ticket_hash)]


def reset(account: Account, message: ResetPassword, now: int) -> list[Event] | Refusal:
    """A forgotten password is replaced; who was signed in is no more."""
    code = _tried(account, "password", message.check, now)
    if not isinstance(code, Code):
        return code
    changed = PasswordChanged(account=account.id, credential=account.credential + 1, reset=True).keeping(message.password_hash)
    return [changed, sessions.end_all(account, "password")]
