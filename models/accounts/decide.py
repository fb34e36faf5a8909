"""An account with its sessions (key = HMAC of kind and natural id), or a claimed business number (key = HMAC of it). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from models.accounts import addresses, calls, contacts, sellers, sessions
from models.accounts.account import ACCOUNTS_STATE, DENIED, NEW, WITHDRAWN, Account, Joining
from models.accounts.address_messages import AddAddress, AddressKept, AddressUsed, ChangeAddress, KeepAddress, RemoveAddress
from models.accounts.common_messages import Person
from models.accounts.messages import (
    ACCOUNTS_INBOX,
    TOLD,
    AccountJoined,
    AccountPrivate,
    AccountRestored,
    AccountSuspended,
    AccountWithdrawn,
    AdminCreated,
    CallDone,
    CallRefused,
    ChangePassword,
    ChangeProfile,
    CodeRejected,
    ConfirmContact,
    CreateAdmin,
    PasswordChanged,
    ProfileChanged,
    RequestCode,
    ResetPassword,
    RestoreAccount,
    SuspendAccount,
    WithdrawAccount,
)
from models.accounts.secrets import row_of
from models.accounts.seller_messages import (
    ApplicationFailed,
    ApplyAsSeller,
    BusinessNumberClaimed,
    BusinessNumberGranted,
    BusinessNumberRefused,
    BusinessNumberTaken,
    ClaimBusinessNumber,
    ConfirmRegistration,
    CountsForgotten,
    DenySeller,
    LicenceErased,
    LicenceRead,
    PermitSeller,
    ReadLicence,
    RegistrationLapsed,
    ReleaseBusinessNumber,
    ResubmitApplication,
    SellerApplied,
    SellerDenied,
)
from models.accounts.session_messages import (
    EndSession,
    EndSessions,
    OpenSession,
    RefreshSession,
    RejoinRefused,
    SessionEnded,
    SessionOpened,
    SessionRefreshed,
    SignIn,
)
from models.accounts.state import evolve, lapsed, pending, wake
from models.accounts.tasks import Task
from models.actor import DAY, EffectUnknown, Event, Refusal, Reminder, Send, State, id_of
from models.carts.messages import ForgetBuyer
from models.catalog.image_messages import EraseImage, keep, owned
from models.kept import ERASE, Tombstone
from models.stores.messages import RestoreOwner, SuspendOwner
from models.traces import ForgetTraces

__all__ = ["ACCOUNTS_STATE", "answer", "decide", "evolve", "pending", "private", "route", "wake"]
REJOIN = DAY
"""Who left may come back after so many ms (spec auth §4.2)."""
GONE = Refusal("account_gone", 404)


def decide(state: State, message: ACCOUNTS_INBOX, now: int) -> list[Event] | Refusal:
    """See the messages for what each is refused with."""
    row = state[""]
    match message:
        case ClaimBusinessNumber():
            return sellers.claim(row, message)
        case ReleaseBusinessNumber():
            return sellers.release(row, message)
        case SignIn():
            return _sign_in(row or NEW, message, now)
        case CreateAdmin():
            return _create_admin(row or NEW, message)
        case RequestCode():
            return contacts.request(row, message, now)
    account: Account = row if isinstance(row, Account) else NEW
    match message:
        case CallDone() | CallRefused() | EffectUnknown():
            return calls.outcome(account, message, now)
        case Reminder():
            return calls.again(account, now) or _lapse(account, now)
        case BusinessNumberGranted():
            return sellers.granted(account, message)
        case BusinessNumberTaken():
            return sellers.taken(account, message)
        case OpenSession():
            return sessions.open_session(account, message, now)
        case RefreshSession():
            return sessions.refresh(account, message, now)
        case ConfirmRegistration():
            return contacts.confirm_registration(account, message, now)
        case ResetPassword():
            return contacts.reset(account, message, now)
        case ReadLicence():
            return sellers.read_licence(account, message, now)
        case ApplyAsSeller():
            return sellers.apply(account, message, now)
    if not account.exists or account.id != message.account:
        # Of a generation that is gone: an old token, or an admin's old page.
        return [] if isinstance(message, EndSession | EndSessions | KeepAddress) else GONE
    return _of_account(account, message, now)


def _of_account(account: Account, message: Any, now: int) -> list[Event] | Refusal:
    """What is said to an account that exists."""
    match message:
        case EndSession():
            return sessions.end(account, message)
        case EndSessions():
            return sessions.end_many(account, message)
        case ChangeProfile(name=name, picture=picture):
            given = {"name": name, "picture": picture}
            person = msgspec.structs.replace(account.person, **{field: text for field, text in given.items() if text is not None})
            before, after = account.person.picture, person.picture
            changed = {"replaced": _ours(before), "picture": _ours(after)} if before != after else {}
            return [ProfileChanged(account=account.id, **changed).keeping(person)]
        case AddAddress() | ChangeAddress() | RemoveAddress() | KeepAddress():
            return addresses.decide(account.addresses, message, now)
        case ConfirmContact():
            return contacts.confirm(account, message, now)
        case ResubmitApplication():
            return sellers.resubmit(account, message, now)
        case ChangePassword():
            return _change_password(account, message)
        case PermitSeller():
            return sellers.permit(account, message, now)
        case DenySeller():
            return sellers.deny(account, message, now)
        case SuspendAccount():
            return _suspend(account, message, now)
        case RestoreAccount():
            return _restore(account, message, now)
        case WithdrawAccount():
            return _withdraw(account, now)
    raise TypeError(f"an account takes no {type(message).__name__}")


def _sign_in(account: Account, message: SignIn, now: int) -> list[Event] | Refusal:
    """A buyer: join, join again, or come back."""
    if account.suspended:
        return Refusal("account_suspended", 403, {"reason": account.suspended})
    events: list[Event] = []
    if not account.exists:
        if account.status == WITHDRAWN and now < account.withdrawn_at + REJOIN:
            return _too_soon(account, message, now)
        joined = AccountJoined(account=f"{message.row}-{account.generation + 1}", provider=message.provider)
        events.append(joined.keeping(Joining(message.row, message.person, message.subject)))
        account = Account("buyer", message.row, account.generation + 1)
    return [*events, *sessions.opened(account, message.session, message.secret_hash, message.device, now)]


def _too_soon(account: Account, message: SignIn, now: int) -> list[Event] | Refusal:
    """Whoever came by Kakao is linked there again by having come, so the refusal has to undo it."""
    until = account.withdrawn_at + REJOIN
    if message.provider != "kakao":
        return _rejoin(until)
    # One that is under way may have been heard before they came; one that is still to be made will do.
    owed = any(task.name == "unlink" and not task.until for task in account.tasks)
    unlink = None if owed else calls.begun(Task("unlink", message.provider, message.subject), now)
    return [RejoinRefused(until=until).keeping(unlink)]


def _rejoin(until: int) -> Refusal:
    return Refusal("rejoin_too_soon", 409, {"from": until})


def _create_admin(account: Account, message: CreateAdmin) -> list[Event] | Refusal:
    if account.exists:
        return Refusal("admin_exists")
    joining = Joining(message.row, Person(name=message.name), "", message.password_hash, message.totp)
    return [AdminCreated(account=f"{message.row}-{account.generation + 1}", by=message.by).keeping(joining)]


def _change_password(account: Account, message: ChangePassword) -> list[Event] | Refusal:
    if message.credential != account.credential:
        return Refusal("credential_changed")
    changed = PasswordChanged(account=account.id, credential=account.credential + 1)
    return [changed.keeping(message.password_hash), *sessions.end_others(account, message.keep)]


def _suspend(account: Account, message: SuspendAccount, now: int) -> list[Event] | Refusal:
    if message.by == account.id:
        return Refusal("own_account")
    if account.suspended:
        return Refusal("already_suspended")
    event = AccountSuspended(account=account.id, by=message.by, reason=message.reason, act=account.acts)
    mail = _mail(account, "suspended", message.note, now)
    return [event.keeping((message.note, mail)), sessions.end_all(account, "suspended")]


def _restore(account: Account, message: RestoreAccount, now: int) -> list[Event] | Refusal:
    if not account.suspended:
        return Refusal("not_suspended")
    event = AccountRestored(account=account.id, by=message.by, act=account.acts)
    return [event.keeping((message.note, _mail(account, "restored", message.note, now)))]


def _mail(account: Account, what: str, note: str, now: int) -> Task | None:
    return calls.begun(Task("mail", what, account.person.email, note=note), now) if account.person.email else None


def _ours(picture: str) -> str:
    """``picture``, if it is an image's id: a provider's is an address, and not ours to erase."""
    return picture if "/" not in picture else ""


def _withdraw(account: Account, now: int) -> list[Event] | Refusal:
    """Only buyers leave by themselves, and a suspended one not at all: they would come back as somebody new."""
    if account.kind != "buyer":
        return Refusal("not_a_buyer", 403)
    if account.suspended:
        return Refusal("account_suspended", 403, {"reason": account.suspended})
    unlink = calls.begun(Task("unlink", account.provider, account.subject), now) if account.provider == "kakao" else None
    gone = AccountWithdrawn(account=account.id, provider=account.provider, picture=_ours(account.person.picture))
    return [gone.keeping((now, unlink)), sessions.end_all(account, "withdrawn")]


def _lapse(account: Account, now: int) -> list[Event]:
    """Forget a registration that nobody went on with, what it left, or the licence of who was denied and has not tried again."""
    if not 0 < wake(account) <= now or account.tasks:
        return []
    if lapsed(account):
        return [CountsForgotten()]
    if account.status == DENIED:
        return [LicenceErased(account=account.id, document=account.document)]
    return [RegistrationLapsed(account=account.id if account.generation else "", document=account.document)]


def route(key: str, state: State, event: Event) -> Iterable[Send]:
    """A business number is claimed and let go of at its own row; whoever left is forgotten where something is kept for them.

    A picture or licence that is named is kept; one that nothing names any more is erased.

    The store of a seller who is suspended is closed, as nobody would see its orders.
    """
    match event:
        case AccountSuspended(account=account, by=by) if state[""].role == "seller":
            yield Send("stores", id_of("store", account), SuspendOwner(by=by))
        case AccountRestored(account=account, by=by) if state[""].role == "seller":
            yield Send("stores", id_of("store", account), RestoreOwner(by=by))
        case AccountWithdrawn(account=account, picture=picture):
            yield Send("carts", account, ForgetBuyer(buyer=account))
            yield Send("catalog", account, ForgetTraces())
            yield Send("stores", account, ForgetTraces())
            if picture:
                yield Send("catalog", picture, EraseImage(owner=account))
        case ProfileChanged(account=account, replaced=replaced, picture=picture):
            if replaced:
                yield Send("catalog", replaced, EraseImage(owner=account, holder=account))
            yield from keep(owned((picture,)), account)
        case RegistrationLapsed(document=document) | LicenceErased(document=document) if document:
            yield Send("catalog", document, EraseImage(owner=key))
        case SellerApplied(account=account, claim=claim, replaced=replaced, document=document):
            yield Send("accounts", claim, ClaimBusinessNumber(account=account))
            if replaced:
                yield Send("catalog", replaced, EraseImage(owner=key))
            yield from keep((document,) if document else (), key)
        case SellerDenied(account=account, claim=claim):
            yield Send("accounts", claim, ReleaseBusinessNumber(account=account))
        case BusinessNumberClaimed(account=account):
            yield Send("accounts", row_of(account), BusinessNumberGranted(claim=key))
        case BusinessNumberRefused(account=account):
            yield Send("accounts", row_of(account), BusinessNumberTaken(claim=key))


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: whose account it is and what its tokens may say; never who it is."""
    account = state[""]
    match event:
        case CodeRejected(left=left):
            return Refusal("code_wrong", 422, {"left": left})
        case RejoinRefused(until=until):
            return _rejoin(until)
        case SessionEnded():
            return Refusal("session_reused", 401)
        case ApplicationFailed():
            return Refusal("business_number_taken")
        case LicenceRead():
            return {"business_number": event.kept}
        case AddressKept(address_id=address_id) | AddressUsed(address_id=address_id):
            return {"address_id": address_id}
    if not isinstance(account, Account) or not account.exists:
        return {}
    said: dict[str, Any] = {
        "account": account.id,
        "role": account.role,
        "status": account.status,
        "stores": [id_of("store", account.id)] if account.role == "seller" else [],
    }
    if isinstance(event, SessionOpened | SessionRefreshed):
        said |= {"session": event.session, "until": event.until}
    return said


def private(key: str, state: State, event: Event) -> AccountPrivate | Tombstone | None:
    """The account's record for ``bb.accounts.private`` where an event changes it; whoever left, or never came, is erased."""
    if isinstance(event, AccountWithdrawn | RegistrationLapsed):
        return ERASE
    return state[""].personal() if isinstance(event, TOLD) else None
