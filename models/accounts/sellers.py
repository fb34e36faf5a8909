"""A florist applies, an admin permits or denies; the business number is claimed first (auth 11, 12, 16, 19, 27, 28, 46)."""

from __future__ import annotations

import msgspec

from models.accounts import sessions
from models.accounts.account import APPLIED, DENIED, FAILED, PENDING, REGISTERING, Account, Application, Claim
from models.accounts.business import is_number
from models.accounts.calls import begun
from models.accounts.common_messages import Person
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
    DenySeller,
    LicenceSubmitted,
    PermitSeller,
    ReadLicence,
    ReleaseBusinessNumber,
    ResubmitApplication,
    SellerApplied,
    SellerDenied,
    SellerPermitted,
)
from models.accounts.tasks import Task
from models.actor import DAY, Event, Refusal, id_of

READS_A_DAY = 5
"""Licences that an applicant may have read within 24 hours."""
LICENCE_KEPT = 30 * DAY
"""Ms for which the licence of a denied application is kept."""


def read_licence(account: Account, message: ReadLicence, now: int) -> list[Event] | Refusal:
    """Have the picture read, for an applicant with a ticket or a denied one who is signed in."""
    if message.account:
        allowed = account.exists and account.id == message.account and account.status == DENIED
    else:
        allowed = _ticket_fits(account, message.ticket_hash, now)
    if not allowed:
        return Refusal("ticket_invalid", 403)
    reads = tuple(at for at in account.reads if at > now - DAY)
    if len(reads) >= READS_A_DAY:
        return Refusal("licence_reads_exhausted", 429, {"after": reads[0] + DAY})
    if any(task.name == "ocr" for task in account.tasks):
        return Refusal("licence_busy", 409)
    task = begun(Task("ocr", "licence", message.document), now)
    return [LicenceSubmitted(account=account.id if account.exists else "").keeping((task, (*reads, now)))]


def _ticket_fits(account: Account, ticket_hash: str, now: int) -> bool:
    return account.status in (REGISTERING, FAILED) and account.ticket == ticket_hash != "" and account.ticket_until > now


def apply(account: Account, message: ApplyAsSeller, now: int) -> list[Event] | Refusal:
    """The first application."""
    if account.status not in (REGISTERING, FAILED):
        return Refusal("seller_exists")
    if not _ticket_fits(account, message.ticket_hash, now):
        return Refusal("ticket_invalid", 403)
    if not is_number(message.business_number):
        return Refusal("business_number_invalid", 422)
    replaced, document = _replaced(account, message.document), message.document
    applied = SellerApplied(account=f"{message.row}-1", claim=message.claim, replaced=replaced, document=document)
    person = Person(name=message.name, email=message.email)
    return [applied.keeping(Application(message.row, person, message.business_number, message.document, message.password_hash))]


def resubmit(account: Account, message: ResubmitApplication, now: int) -> list[Event] | Refusal:
    """Only by who was denied, signed in (auth 11)."""
    if account.status != DENIED:
        return Refusal("not_denied", 409, {"status": account.status})
    if not is_number(message.business_number):
        return Refusal("business_number_invalid", 422)
    person = msgspec.structs.replace(account.person, name=message.name or account.person.name)
    replaced, document = _replaced(account, message.document), message.document
    applied = SellerApplied(account=account.id, claim=message.claim, replaced=replaced, document=document)
    return [applied.keeping(Application(account.row, person, message.business_number, message.document))]


def _replaced(account: Account, document: str) -> str:
    return account.document if account.document != document else ""


def granted(account: Account, message: BusinessNumberGranted) -> list[Event]:
    """The number is the applicant's own."""
    if account.status != APPLIED or account.claim != message.claim:
        return []
    return [ApplicationFiled(account=account.id)]


def taken(account: Account, message: BusinessNumberTaken) -> list[Event]:
    """The number is another's."""
    if account.status != APPLIED or account.claim != message.claim:
        return []
    return [ApplicationFailed(account=account.id)]


def permit(account: Account, message: PermitSeller, now: int) -> list[Event] | Refusal:
    """Only what is pending."""
    if account.status != PENDING:
        return Refusal("application_not_pending", 409, {"status": account.status})
    task = begun(Task("mail", "permitted", account.person.email), now)
    event = SellerPermitted(account=account.id, by=message.by, store=id_of("store", account.id), act=account.acts)
    return [event.keeping(("", task))]


def deny(account: Account, message: DenySeller, now: int) -> list[Event] | Refusal:
    """With a reason that the applicant reads; sessions end, the number is free again."""
    if account.status != PENDING:
        return Refusal("application_not_pending", 409, {"status": account.status})
    task = begun(Task("mail", "denied", account.person.email, note=message.note), now)
    event = SellerDenied(
        account=account.id, by=message.by, reason=message.reason, claim=account.claim, act=account.acts, until=now + LICENCE_KEPT
    )
    return [event.keeping((message.note, task)), sessions.end_all(account, "denied")]


# -- the row of a business number -------------------------------------------------------------------------------------------------


def claim(state: Claim | None, message: ClaimBusinessNumber) -> list[Event]:
    """First come, first served; who has it already gets the same answer again."""
    if state is not None and state.account != message.account:
        return [BusinessNumberRefused(account=message.account)]
    return [BusinessNumberClaimed(account=message.account)]


def release(state: Claim | None, message: ReleaseBusinessNumber) -> list[Event]:
    """Only whose it is lets go of it."""
    if state is None or state.account != message.account:
        return []
    return [BusinessNumberReleased(account=message.account)]
