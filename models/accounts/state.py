"""How events change the row of an account (``account.py``). Instants in ms since the epoch (UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from models.accounts import addresses, tasks
from models.accounts.account import (
    ACTIVE,
    APPLIED,
    DENIED,
    FAILED,
    NEW,
    PENDING,
    PERMITTED,
    REGISTERING,
    WITHDRAWN,
    Account,
    Application,
    Asked,
    Claim,
    Code,
    Joining,
    Session,
)
from models.accounts.address_messages import AddressChanged, AddressKept, AddressRemoved, AddressUsed
from models.accounts.messages import (
    ACCOUNTS_EVENTS,
    AccountJoined,
    AccountRestored,
    AccountSuspended,
    AccountWithdrawn,
    AdminCreated,
    CallFinished,
    CallPostponed,
    CallStarted,
    CodeRejected,
    CodeRequested,
    EmailChanged,
    EmailVerified,
    PasswordChanged,
    PhoneChanged,
    ProfileChanged,
)
from models.accounts.seller_messages import (
    ApplicationFailed,
    ApplicationFiled,
    BusinessNumberClaimed,
    BusinessNumberRefused,
    BusinessNumberReleased,
    CountsForgotten,
    LicenceErased,
    LicenceRead,
    LicenceSubmitted,
    RegistrationLapsed,
    SellerApplied,
    SellerDenied,
    SellerPermitted,
)
from models.accounts.session_messages import RejoinRefused, SessionEnded, SessionOpened, SessionRefreshed, SessionsEnded
from models.accounts.tasks import Task
from models.actor import DAY, Effect, State

NOTES, NOTES_BYTES = 40, 27_000
"""Notes of admins that a row keeps, the newest, and their bytes in all: 30 of 300 Hangul. With an address book and all else a row
stays below its 64 KB. Their reasons' codes stand in the events."""

_replace = msgspec.structs.replace


def evolve(state: State, event: ACCOUNTS_EVENTS) -> Mapping[str, Account | Claim | None]:
    """The row after ``event``."""
    match event:
        case BusinessNumberClaimed(account=account):
            return {"": Claim(account)}
        case BusinessNumberReleased() | CountsForgotten():
            return {"": None}
        case RegistrationLapsed():
            return {"": _counts(state[""] or NEW)}
        case BusinessNumberRefused():
            return {"": state[""]}
    return {"": after(state[""] or NEW, event)}


def _counts(state: Account | Claim) -> Account | None:
    """Of a registration that has lapsed, or whoever let it lapse would have as many codes and readings as they like."""
    if not isinstance(state, Account) or not counted(state):
        return None
    return Account(sent=state.sent, reads=state.reads)


def counted(account: Account) -> int:
    """The last instant at which a code was sent or a licence read; 0: none."""
    return max((at for instants in (*account.sent.values(), account.reads) for at in instants), default=0)


def after(account: Account, event: Any) -> Account:
    """The account after ``event``. Raises ``TypeError`` for an event that accounts do not have."""
    match event:
        case AccountJoined(provider=provider):
            kept: Joining = event.kept
            return Account(
                "buyer", kept.row, account.generation + 1, ACTIVE, provider, kept.subject, kept.person, attempts=account.attempts
            )
        case AdminCreated():
            kept = event.kept
            return Account(
                "admin", kept.row, account.generation + 1, ACTIVE, "password", "", kept.person,
                password_hash=kept.password_hash, credential=1, totp=kept.totp,
            )  # fmt: skip
        case SessionOpened(session=session, until=expires, device=device, step=step):
            secret, now = event.kept
            sessions = {**account.sessions, session: Session(secret, expires, now, device)}
            return _replace(account, sessions=sessions, step=max(step, account.step))
        case SessionRefreshed(session=session, until=expires, repeated=repeated):
            return account if repeated else _refreshed(account, session, expires, *event.kept)
        case SessionEnded(session=session):
            return _replace(account, sessions={name: one for name, one in account.sessions.items() if name != session})
        case SessionsEnded():
            return _replace(account, sessions={})
        case ProfileChanged():
            return _replace(account, person=event.kept)
        case AddressKept() | AddressUsed() | AddressChanged() | AddressRemoved():
            return _replace(account, addresses=addresses.evolve(account.addresses, event))
        case RejoinRefused():
            return account if event.kept is None else _queued(_replace(account, subject=event.kept.target), event.kept)
        case CodeRequested() | CodeRejected() | PhoneChanged() | EmailChanged() | EmailVerified() | PasswordChanged():
            return _coded(account, event)
        case CallStarted() | CallPostponed() | CallFinished():
            return _called(account, event)
        case AccountSuspended(reason=reason):
            return _replace(_acted(account, *event.kept), suspended=reason)
        case AccountRestored():
            return _replace(_acted(account, *event.kept), suspended="")
        case AccountWithdrawn():
            # What is still needed to unlink the account at its provider stays until that is done.
            now, task = event.kept
            gone = Account(
                account.kind, account.row, account.generation, WITHDRAWN, account.provider, "", withdrawn_at=now,
                attempts=account.attempts,
            )  # fmt: skip
            return gone if task is None else _queued(_replace(gone, subject=account.subject), task)
    return _sold(account, event)


def _sold(account: Account, event: Any) -> Account:
    """Of a seller's application."""
    match event:
        case LicenceSubmitted():
            task, reads = event.kept
            return _queued(_replace(account, reads=reads), task)
        case LicenceRead():
            return account
        case SellerApplied(claim=claim):
            kept: Application = event.kept
            first = account.generation == 0
            return _replace(
                account,
                kind="seller",
                row=kept.row,
                generation=max(1, account.generation),
                status=APPLIED,
                before=FAILED if first else account.status,
                provider="password",
                person=kept.person,
                business_number=kept.business_number,
                claim=claim,
                document=kept.document,
                password_hash=kept.password_hash or account.password_hash,
                credential=account.credential + bool(kept.password_hash),
                # Of a denied applicant it counts again if the number turns out to be somebody else's.
                lapses=0 if first else account.lapses,
            )
        case ApplicationFiled():
            return _replace(account, status=PENDING, ticket="", ticket_until=0)
        case ApplicationFailed():
            lapses = account.ticket_until + LAPSE if account.before == FAILED else account.lapses
            return _replace(account, status=account.before, lapses=lapses)
        case SellerPermitted():
            return _replace(_acted(account, *event.kept), status=PERMITTED)
        case SellerDenied():
            return _replace(_acted(account, *event.kept), status=DENIED, claim="", lapses=event.until)
        case LicenceErased():
            return _replace(account, document="", lapses=0)
    raise TypeError(f"an account knows no {type(event).__name__}")


def _coded(account: Account, event: Any) -> Account:
    match event:
        case CodeRequested(purpose=purpose):
            kept: Asked = event.kept
            codes = account.codes if kept.code is None else {**account.codes, purpose: kept.code}
            # A ticket may count for longer than a newer code; what else the row waits for is no matter of codes.
            lapses = max(account.lapses, event.until + LAPSE) if purpose == "registration" else account.lapses
            sent = {**account.sent, purpose: kept.sent}
            return _queued(_replace(account, codes=codes, sends=(), sent=sent, lapses=lapses), kept.task)
        case CodeRejected(purpose=purpose, left=left):
            return _replace(account, codes={**account.codes, purpose: _replace(account.codes[purpose], left=left)})
        case PhoneChanged():
            return _replace(account, person=_replace(account.person, phone=event.kept), codes=_without(account, "phone"))
        case EmailChanged():
            return _replace(account, person=_replace(account.person, email=event.kept), codes=_without(account, "email"))
        case EmailVerified(until=expires):
            codes = _without(account, "registration")
            return _replace(account, codes=codes, ticket=event.kept, ticket_until=expires, lapses=expires + LAPSE)
        case PasswordChanged(credential=credential):
            return _replace(account, credential=credential, password_hash=event.kept, codes=_without(account, "password"))
    raise TypeError(f"no code knows {type(event).__name__}")


LAPSE = 60_000
"""Ms after its last code or ticket at which a registration is forgotten."""


def _without(account: Account, purpose: str) -> dict[str, Code]:
    return {name: code for name, code in account.codes.items() if name != purpose}


def _refreshed(account: Account, session: str, expires: int, secret: str, now: int) -> Account:
    one = account.sessions[session]
    newer = Session(secret, expires, one.opened, one.device, one.secret, now)
    return _replace(account, sessions={**account.sessions, session: newer})


def _acted(account: Account, note: str, task: Task | None) -> Account:
    """After an admin's act: its note is kept by the number of the act; whoever it is about is told by mail."""
    notes = {**account.notes, str(account.acts): note} if note else account.notes
    kept = list(notes.items())[-NOTES:]
    while sum(len(text.encode()) for _, text in kept) > NOTES_BYTES:
        del kept[0]
    acted = _replace(account, acts=account.acts + 1, notes=dict(kept))
    return acted if task is None else _queued(acted, task)


# -- calls to the outside ---------------------------------------------------------------------------------------------------------


def _queued(account: Account, task: Task) -> Account:
    """With ``task`` in the queue; if it need not wait, it is made at once, with the time that it brings."""
    queue = tasks.queued(account.tasks, task, account.attempts + 1)
    return _replace(account, tasks=queue, attempts=max(account.attempts, queue[0].attempt))


def _called(account: Account, event: Any) -> Account:
    match event:
        case CallStarted(attempt=attempt, until=until):
            return _replace(account, tasks=tasks.started(account.tasks, event.kept, attempt, until), attempts=attempt)
        case CallPostponed(again_at=again_at):
            return _replace(account, tasks=tasks.postponed(account.tasks, again_at))
        case _:
            rest = tasks.without(account.tasks, event.kept)
            unlinked = event.effect == "unlink" and event.outcome == "done" and not rest
            return _replace(account, tasks=rest, subject="" if unlinked else account.subject)


def lapsed(account: Account) -> bool:
    """True for what a registration leaves that has lapsed: the next code sets ``lapses`` again."""
    return account.status == REGISTERING and not account.lapses and counted(account) > 0


def pending(state: Account | Claim) -> Effect | None:
    """The call that is under way."""
    if not isinstance(state, Account) or not state.tasks or not state.tasks[0].until:
        return None
    first = state.tasks[0]
    return Effect(first.name, first.attempt, first.until)


def wake(state: Account | Claim) -> int:
    """When to call again, or to forget a registration or what it left; 0: never."""
    if not isinstance(state, Account):
        return 0
    if again_at := tasks.due(state.tasks):
        return again_at
    if lapsed(state):
        return counted(state) + DAY
    return state.lapses if state.status in (REGISTERING, FAILED, DENIED) else 0
