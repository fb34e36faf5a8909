"""Contract of the accounts domain: buyers, sellers and admins with their sessions, and who has claimed a business number.

The key of an account's row is an HMAC of its kind and natural id, so it names nobody. The id that everybody else knows
(a token's ``sub``, an order's ``buyer``) is ``<row key>-<generation>``; the generation counts joins from 1, so nothing of a
withdrawn account is ever revived. A business number's row (``claim``) is keyed by the HMAC of the number.

Events hold ids, codes and instants. Who somebody is (``Person``) travels in commands and lies in the row and in
``bb.accounts.private``; hashes of secrets are never in an event. Instants are ms since the epoch (UTC).
"""

from __future__ import annotations

import msgspec

from models.accounts.address_messages import (
    AddAddress,
    AddressChanged,
    AddressKept,
    AddressRemoved,
    AddressUsed,
    ChangeAddress,
    KeepAddress,
    RemoveAddress,
    SavedAddress,
)
from models.accounts.common_messages import Once, Person, Provider, Purpose
from models.accounts.seller_messages import (
    ApplicationFailed,
    ApplicationFiled,
    ApplyAsSeller,
    BusinessNumberClaimed,
    BusinessNumberGranted,
    BusinessNumberRefused,
    BusinessNumberReleased,
    BusinessNumberTaken,
    ClaimBusinessNumber,
    ConfirmRegistration,
    CountsForgotten,
    DenySeller,
    LicenceErased,
    LicenceRead,
    LicenceSubmitted,
    PermitSeller,
    ReadLicence,
    RegistrationLapsed,
    ReleaseBusinessNumber,
    ResubmitApplication,
    SellerApplied,
    SellerDenied,
    SellerPermitted,
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
    SessionsEnded,
    SignIn,
)
from models.actor import Command, EffectUnknown, Event, Message, Reminder
from models.kept import Keeping


class ChangeProfile(Command, frozen=True):
    """Of ``account``; None: stays as it is. Refused: ``account_gone`` (404)."""

    account: str
    name: str | None = None
    picture: str | None = None


class RequestCode(Once, frozen=True):
    """Send six digits to ``target`` (an e-mail or a phone in E.164).

    The digits follow from ``salt`` and a secret that only processes know; ``check`` is their keyed hash. ``account`` "": whoever
    asks is not signed in (registration, password), and hears the same whatever is known of ``target``.
    Refused: ``code_too_soon`` (429, with ``after``), ``codes_exhausted`` (429).
    """

    purpose: Purpose
    target: str
    salt: str
    check: str
    account: str = ""


class ConfirmContact(Once, frozen=True):
    """The digits that came to the new phone or e-mail of ``account``. Refused: ``code_wrong`` (422, with ``left``),
    ``code_expired`` (410), ``code_unknown`` (404)."""

    account: str
    purpose: Purpose
    check: str

    def awaits(self) -> str:
        return "code"


class ChangePassword(Once, frozen=True):
    """A new password of ``account``; every session but ``keep`` ends. Refused: ``credential_changed`` (409)."""

    account: str
    credential: int
    password_hash: str
    keep: str = ""


class ResetPassword(Once, frozen=True):
    """A new password for whoever has the digits that came by e-mail; every session ends. Refused as ``ConfirmContact``."""

    check: str
    password_hash: str

    def awaits(self) -> str:
        return "code"


class SuspendAccount(Once, frozen=True):
    """By admin ``by``; ``reason`` a code, ``note`` for the people. Refused: ``already_suspended`` (409), ``account_gone``,
    ``own_account`` (409)."""

    account: str
    by: str
    reason: str
    note: str = ""


class RestoreAccount(Once, frozen=True):
    """By admin ``by``. Refused: ``not_suspended`` (409), ``account_gone`` (404)."""

    account: str
    by: str
    note: str = ""


class CreateAdmin(Once, frozen=True):
    """``totp``: the second factor's secret, encrypted. ``by``: the admin or operator. Refused: ``admin_exists`` (409)."""

    row: str
    name: str
    password_hash: str
    totp: str
    by: str


class WithdrawAccount(Once, frozen=True):
    """A buyer leaves: everything personal is erased. Refused: ``account_gone`` (404)."""

    account: str


class CallDone(Message, frozen=True):
    """Sent, unlinked or read. ``found``: the business number that a licence shows, ``""`` if none."""

    effect: str
    attempt: int
    found: str = ""


class CallRefused(Message, frozen=True):
    """The other side will never do it: ``code`` is its own word. Whoever was to be unlinked keeps their id in the row."""

    effect: str
    attempt: int
    code: str = ""


class AccountJoined(Keeping, frozen=True):
    """A buyer joined, for the first time or again."""

    account: str
    provider: Provider


class AdminCreated(Keeping, frozen=True):
    account: str
    by: str


class ProfileChanged(Keeping, frozen=True):
    """``replaced``: the image id of the picture that it had before, "": it had none of ours, or has it still.

    ``picture``: the image id of the one that it has now and did not have before, else "".
    """

    account: str
    replaced: str = ""
    picture: str = ""


class CodeRequested(Keeping, frozen=True):
    """``until``: as long as the digits count."""

    purpose: Purpose
    until: int


class CodeRejected(Event, frozen=True):
    """Wrong digits; ``left``: how often they may still be tried."""

    purpose: Purpose
    left: int

    def answers(self) -> tuple[str, ...]:
        return ("code",)


class PhoneChanged(Keeping, frozen=True):
    account: str

    def answers(self) -> tuple[str, ...]:
        return ("code",)


class EmailChanged(Keeping, frozen=True):
    account: str

    def answers(self) -> tuple[str, ...]:
        return ("code",)


class EmailVerified(Keeping, frozen=True):
    """Somebody who may apply as a seller; ``until``: as long as."""

    until: int

    def answers(self) -> tuple[str, ...]:
        return ("code",)


class PasswordChanged(Keeping, frozen=True):
    """``credential``: the version of the new one. ``reset``: by a code, because it was forgotten."""

    account: str
    credential: int
    reset: bool = False

    def answers(self) -> tuple[str, ...]:
        return ("code",) if self.reset else ()


class AccountSuspended(Keeping, frozen=True):
    account: str
    by: str
    reason: str
    act: int = 0


class AccountRestored(Keeping, frozen=True):
    account: str
    by: str
    act: int = 0


class AccountWithdrawn(Keeping, frozen=True):
    """Everything personal is erased; others let go of what they keep for the account. ``picture``: image id, "": none of ours."""

    account: str
    provider: Provider
    picture: str = ""


class CallStarted(Keeping, frozen=True):
    """A call in the row's queue is made; ``until``: nobody is at it any more then."""

    effect: str
    attempt: int
    until: int


class CallPostponed(Event, frozen=True):
    """Nothing is known of the attempt; the next one is made at ``again_at``."""

    effect: str
    attempt: int
    again_at: int


class CallFinished(Keeping, frozen=True):
    """``outcome``: done, refused, or given_up (``attempt`` 0: it was never made)."""

    effect: str
    attempt: int
    outcome: str


class AccountPrivate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is personal or secret of an account (``bb.accounts.private``), erased when it is withdrawn.

    ``password_hash``: argon2id, compared by the web, with its version ``credential``; ``totp``: encrypted. ``notes``: what admins
    wrote, by the number of their act on this account (0, 1, …). ``addresses``: the last used first.
    """

    account: str
    person: Person
    password_hash: str = ""
    credential: int = 0
    totp: str = ""
    business_number: str = ""
    document: str = ""
    notes: dict[str, str] = {}
    addresses: tuple[SavedAddress, ...] = ()


TOLD = (
    AccountJoined, AdminCreated, ProfileChanged, PhoneChanged, EmailChanged, PasswordChanged, SellerApplied, SellerPermitted,
    SellerDenied, LicenceErased, AccountSuspended, AccountRestored, AddressKept, AddressUsed, AddressChanged, AddressRemoved,
)  # fmt: skip
"""Events that come with a private record."""
ACCOUNTS_INBOX = (
    SignIn
    | OpenSession
    | RefreshSession
    | EndSession
    | EndSessions
    | ChangeProfile
    | RequestCode
    | ConfirmContact
    | ConfirmRegistration
    | ReadLicence
    | ApplyAsSeller
    | ResubmitApplication
    | ChangePassword
    | ResetPassword
    | PermitSeller
    | DenySeller
    | SuspendAccount
    | RestoreAccount
    | CreateAdmin
    | WithdrawAccount
    | AddAddress
    | ChangeAddress
    | RemoveAddress
    | KeepAddress
    | ClaimBusinessNumber
    | ReleaseBusinessNumber
    | BusinessNumberGranted
    | BusinessNumberTaken
    | CallDone
    | CallRefused
    | EffectUnknown
    | Reminder
)
ACCOUNTS_EVENTS = (
    AccountJoined
    | RejoinRefused
    | AdminCreated
    | SessionOpened
    | SessionRefreshed
    | SessionEnded
    | SessionsEnded
    | ProfileChanged
    | CodeRequested
    | CodeRejected
    | PhoneChanged
    | EmailChanged
    | EmailVerified
    | RegistrationLapsed
    | CountsForgotten
    | LicenceSubmitted
    | LicenceRead
    | SellerApplied
    | ApplicationFiled
    | ApplicationFailed
    | PasswordChanged
    | SellerPermitted
    | SellerDenied
    | LicenceErased
    | AccountSuspended
    | AccountRestored
    | AccountWithdrawn
    | AddressKept
    | AddressUsed
    | AddressChanged
    | AddressRemoved
    | BusinessNumberClaimed
    | BusinessNumberRefused
    | BusinessNumberReleased
    | CallStarted
    | CallPostponed
    | CallFinished
)
