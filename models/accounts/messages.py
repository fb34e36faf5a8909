"""Contract of the accounts domain: buyers, sellers and admins with their sessions, and who has claimed a business number.

The key of an account's row is an HMAC of its kind and natural id, so it names nobody. The id that everybody else knows
(a token's ``sub``, an order's ``buyer``) is ``<row key>-<generation>``; the generation counts joins from 1, so nothing of a
withdrawn account is ever revived. A business number's row (``claim``) is keyed by the HMAC of the number.

Events hold ids, codes and instants. Who somebody is (``Person``) travels in commands and lies in the row and in
``bb.accounts.private``; hashes of secrets are never in an event. Instants are ms since the epoch (UTC).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from models.actor import Command, EffectUnknown, Event, Message, Reminder
from models.kept import Keeping

Kind = Literal["buyer", "seller", "admin"]
Provider = Literal["kakao", "google", "naver", "password"]
Purpose = Literal["phone", "email", "registration", "known", "password"]
"""What a code of six digits is for. ``known``: somebody registers with the e-mail of a seller, who is told so instead."""
EndCause = Literal["signed_out", "ended", "reuse", "expired", "too_many"]
"""Why one session ended: its own sign-out, ended by its account elsewhere, a stolen secret, time, the oldest of too many."""
AllEndCause = Literal["withdrawn", "denied", "suspended", "password"]


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who somebody is, as far as it is known; ``""``: not known. ``phone`` in E.164; ``picture``: image id or URL."""

    name: str = ""
    email: str = ""
    phone: str = ""
    picture: str = ""


# -- commands ---------------------------------------------------------------------------------------------------------------------


class Once(Command, frozen=True):
    """A command that strangers or several persons may send to one row. ``once``: unique to it; its answer is remembered in a row
    of that name, which goes after a day, so that nobody can fill the account's own row (64 commands a day)."""

    once: str

    def remembered_in(self) -> str:
        return f"once/{self.once}"


class SignIn(Once, frozen=True):
    """A buyer comes from an identity provider, who says ``subject`` (its id for them) and ``person``. The first time they join.

    ``secret_hash``: SHA-256 (hex) of the session's refresh secret; ``device``: a word for browser and system (``chrome/windows``).
    Refused: ``rejoin_too_soon`` (409, with ``from``), ``account_suspended`` (403, with ``reason``).
    """

    row: str
    provider: Provider
    subject: str
    person: Person
    session: str
    secret_hash: str
    device: str = ""

    def awaits(self) -> str:
        return "session"


class OpenSession(Once, frozen=True):
    """A seller or admin whose password the web has verified. ``credential``: version of the password that it was compared with.

    ``step``: 30 s period of an admin's one-time code, which counts once. Refused: ``sign_in_failed`` (401), ``account_suspended``.
    """

    session: str
    secret_hash: str
    credential: int
    device: str = ""
    step: int = 0

    def awaits(self) -> str:
        return "session"


class RefreshSession(Once, frozen=True):
    """Exchange the refresh secret for the next one. ``presented``, ``next``: SHA-256 (hex).

    The secret before the current one is taken for 10 s after the exchange (two tabs, a lost answer): the web makes the next
    secret out of the presented one, so both get the same. Anything else ends the session: ``session_reused`` (401).
    ``session_ended`` (401): there is none.
    """

    session: str
    presented: str
    next: str

    def awaits(self) -> str:
        return "session"


class EndSession(Once, frozen=True):
    """End a session of ``account``. ``presented``: it signs itself out, by the hash of its secret; ``""``: its account ends it.

    One that is gone already, or has another secret, is no error.
    """

    account: str
    session: str
    presented: str = ""


class EndSessions(Once, frozen=True):
    """End all sessions of ``account`` but ``keep``."""

    account: str
    keep: str = ""


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


class ConfirmRegistration(Once, frozen=True):
    """The digits that came to a seller's e-mail. ``ticket_hash``: SHA-256 of what the applicant goes on with, for an hour."""

    check: str
    ticket_hash: str

    def awaits(self) -> str:
        return "code"


class ReadLicence(Command, frozen=True):
    """Have the business number read from the picture ``document`` (object key). Either the applicant's ``ticket_hash`` or
    their ``account``. Answered once it is read: ``business_number`` ("": not found). Refused: ``ticket_invalid`` (403),
    ``licence_busy`` (409), ``licence_reads_exhausted`` (429)."""

    document: str
    ticket_hash: str = ""
    account: str = ""

    def awaits(self) -> str:
        return "licence"


class ApplyAsSeller(Command, frozen=True):
    """A florist applies. ``row``: the key of this very row; ``claim``: that of ``business_number`` (10 digits).

    Answered once the number is claimed. The web has looked at the ticket's signature, so only an applicant gets here.


    Refused: ``ticket_invalid`` (403), ``seller_exists`` (409), ``business_number_taken`` (409).
    """

    row: str
    ticket_hash: str
    email: str
    name: str
    password_hash: str
    business_number: str
    claim: str
    document: str

    def awaits(self) -> str:
        return "application"


class ResubmitApplication(Command, frozen=True):
    """A denied applicant tries again. Refused: ``not_denied`` (409), ``business_number_taken`` (409)."""

    account: str
    business_number: str
    claim: str
    document: str
    name: str = ""

    def awaits(self) -> str:
        return "application"


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


class PermitSeller(Once, frozen=True):
    """By admin ``by``. Refused: ``application_not_pending`` (409), ``account_gone`` (404)."""

    account: str
    by: str


class DenySeller(Once, frozen=True):
    """By admin ``by``; ``reason`` a code, ``note`` what the applicant reads. Refused as ``PermitSeller``."""

    account: str
    by: str
    reason: str
    note: str = ""


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


# -- between rows of this domain --------------------------------------------------------------------------------------------------


class ClaimBusinessNumber(Message, frozen=True):
    """To the claim's row: ``account`` wants the number for itself."""

    account: str


class ReleaseBusinessNumber(Message, frozen=True):
    """To the claim's row: ``account`` needs the number no more."""

    must_succeed = True

    account: str


class BusinessNumberGranted(Message, frozen=True):
    """To the account: the number of the row ``claim`` is its own."""

    must_succeed = True

    claim: str


class BusinessNumberTaken(Message, frozen=True):
    """To the account: somebody else has the number of the row ``claim``."""

    must_succeed = True

    claim: str


# -- outcomes of calls to the outside ----------------------------------------------------------------------------------------------


class CallDone(Message, frozen=True):
    """Sent, unlinked or read. ``found``: the business number that a licence shows, ``""`` if none."""

    effect: str
    attempt: int
    found: str = ""


class CallRefused(Message, frozen=True):
    """The other side will never do it: ``code`` is its own word."""

    effect: str
    attempt: int
    code: str = ""


# -- events -----------------------------------------------------------------------------------------------------------------------


class AccountJoined(Keeping, frozen=True):
    """A buyer joined, for the first time or again."""

    account: str
    provider: Provider


class AdminCreated(Keeping, frozen=True):
    account: str
    by: str


class SessionOpened(Keeping, frozen=True):
    """``until``: when the refresh secret runs out unless it is exchanged."""

    account: str
    session: str
    device: str
    until: int
    step: int = 0

    def answers(self) -> tuple[str, ...]:
        return ("session",)


class SessionRefreshed(Keeping, frozen=True):
    """``repeated``: the secret before the current one came again."""

    account: str
    session: str
    until: int
    repeated: bool = False

    def answers(self) -> tuple[str, ...]:
        return ("session",)


class SessionEnded(Event, frozen=True):
    account: str
    session: str
    cause: EndCause

    def answers(self) -> tuple[str, ...]:
        return ("session",) if self.cause == "reuse" else ()


class SessionsEnded(Event, frozen=True):
    """All sessions of the account that were open then."""

    account: str
    cause: AllEndCause


class ProfileChanged(Keeping, frozen=True):
    account: str


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


class RegistrationLapsed(Event, frozen=True):
    """Nobody went on with a registration: what was known of it is forgotten. ``account`` "": there was none yet."""

    account: str = ""


class LicenceSubmitted(Keeping, frozen=True):
    """A picture of a business licence is to be read. ``account`` "": the applicant has none yet."""

    account: str = ""


class LicenceRead(Keeping, frozen=True):
    """It was read, or could not be; the number stands in the answer only."""

    found: bool
    account: str = ""

    def answers(self) -> tuple[str, ...]:
        return ("licence",)


class SellerApplied(Keeping, frozen=True):
    """For the first time or again; ``claim``: the row of the business number that is wanted now."""

    account: str
    claim: str


class ApplicationFiled(Event, frozen=True):
    """The business number is the applicant's own: an admin looks at it."""

    account: str

    def answers(self) -> tuple[str, ...]:
        return ("application",)


class ApplicationFailed(Event, frozen=True):
    """The business number is somebody else's."""

    account: str

    def answers(self) -> tuple[str, ...]:
        return ("application",)


class PasswordChanged(Keeping, frozen=True):
    """``credential``: the version of the new one. ``reset``: by a code, because it was forgotten."""

    account: str
    credential: int
    reset: bool = False

    def answers(self) -> tuple[str, ...]:
        return ("code",) if self.reset else ()


class SellerPermitted(Keeping, frozen=True):
    """``store``: the id that the seller's one store has or will have; ``act``: the number of the act, as in ``AccountPrivate``."""

    account: str
    by: str
    store: str
    act: int = 0


class SellerDenied(Keeping, frozen=True):
    """``claim``: the business number that is free again."""

    account: str
    by: str
    reason: str
    claim: str
    act: int = 0


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


class BusinessNumberClaimed(Event, frozen=True):
    account: str


class BusinessNumberRefused(Event, frozen=True):
    """To ``account``, because another has it."""

    account: str


class BusinessNumberReleased(Event, frozen=True):
    account: str


class CallStarted(Event, frozen=True):
    """The first call in the row's queue is made; ``until``: nobody is at it any more then."""

    effect: str
    attempt: int
    until: int


class CallPostponed(Event, frozen=True):
    """Nothing is known of the attempt; the next one is made at ``again_at``."""

    effect: str
    attempt: int
    again_at: int


class CallFinished(Event, frozen=True):
    """``outcome``: done, refused, or given_up."""

    effect: str
    attempt: int
    outcome: str


class AccountPrivate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is personal or secret of an account (``bb.accounts.private``), erased when it is withdrawn.

    ``password_hash``: argon2id, compared by the web, with its version ``credential``; ``totp``: encrypted. ``notes``: what admins
    wrote, by the number of their act on this account (0, 1, …).
    """

    account: str
    person: Person
    password_hash: str = ""
    credential: int = 0
    totp: str = ""
    business_number: str = ""
    document: str = ""
    notes: dict[str, str] = {}


TOLD = (
    AccountJoined, AdminCreated, ProfileChanged, PhoneChanged, EmailChanged, PasswordChanged, SellerApplied, SellerPermitted,
    SellerDenied, AccountSuspended, AccountRestored,
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
    | LicenceSubmitted
    | LicenceRead
    | SellerApplied
    | ApplicationFiled
    | ApplicationFailed
    | PasswordChanged
    | SellerPermitted
    | SellerDenied
    | AccountSuspended
    | AccountRestored
    | AccountWithdrawn
    | BusinessNumberClaimed
    | BusinessNumberRefused
    | BusinessNumberReleased
    | CallStarted
    | CallPostponed
    | CallFinished
)
