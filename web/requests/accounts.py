"""Bodies about accounts: sign-in, registration, profiles, and what admins do (front end §9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from models.accounts.business import is_number
from models.orders.checkout import MAX_URL
from web.oauth.port import e164
from web.requests.fields import END, Email, Id, PersonName
from web.requests.images import DocumentRequest
from web.validation import Body, FieldError

LoginName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z._@-]+" + END, extra={"code": "format"})]
Password = Annotated[str, Meta(min_length=8, max_length=64)]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{6}" + END, max_length=6, extra={"code": "digits"})]
Ticket = Annotated[str, Meta(min_length=1, max_length=200)]
Business = Annotated[str, Meta(min_length=10, max_length=12)]
Note = Annotated[str, Meta(max_length=300)]
DenyReason = Literal["licence_unreadable", "number_mismatch", "not_a_florist", "duplicate", "other"]
SuspendReason = Literal["abuse", "fraud", "spam", "request", "other"]
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"[0-9]")


def plain(number: str) -> str:
    """A business number without its hyphens."""
    return number.replace("-", "")


def _weak(password: str, name: str = "password") -> Iterator[FieldError]:
    if not _LETTER.search(password) or not _DIGIT.search(password):
        yield FieldError(f"/{name}", "password_weak")


class EmailOnly(Body, frozen=True):
    email: Email


class EmailCode(Body, frozen=True):
    email: Email
    code: Digits


class LicenceUpload(DocumentRequest, frozen=True):
    """``ticket``: of the verified e-mail."""

    email: Email
    ticket: Ticket


class TicketOnly(Body, frozen=True):
    email: Email
    ticket: Ticket


class LicenceRequest(Body, frozen=True):
    """``document``: the uploaded licence's image id; ``ticket``: of the verified e-mail."""

    email: Email
    ticket: Ticket
    document: Id


class SellerApplication(Body, frozen=True):
    """``business_number``: ten digits, with or without hyphens."""

    email: Email
    ticket: Ticket
    password: Password
    name: PersonName
    business_number: Business
    document: Id

    def conflicts(self) -> Iterator[FieldError]:
        yield from _weak(self.password)
        if not is_number(plain(self.business_number)):
            yield FieldError("/business_number", "business_number")


class Resubmission(Body, frozen=True):
    business_number: Business
    document: Id
    name: PersonName | None = None

    def conflicts(self) -> Iterator[FieldError]:
        if not is_number(plain(self.business_number)):
            yield FieldError("/business_number", "business_number")


class DocumentOnly(Body, frozen=True):
    document: Id


class PasswordSignIn(Body, frozen=True):
    """A seller; nothing is said of what a password must look like."""

    email: Email
    password: Annotated[str, Meta(min_length=1, max_length=64)]


class AdminSignIn(Body, frozen=True):
    """``code``: of the second factor."""

    name: LoginName
    password: Annotated[str, Meta(min_length=1, max_length=64)]
    code: Digits


class PasswordReset(Body, frozen=True):
    email: Email
    code: Digits
    password: Password

    def conflicts(self) -> Iterator[FieldError]:
        yield from _weak(self.password)


class PasswordChange(Body, frozen=True):
    """``current``: the password until now."""

    current: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Password

    def conflicts(self) -> Iterator[FieldError]:
        yield from _weak(self.password)


class ProfileChange(Body, frozen=True):
    """What is not there stays as it is. ``picture``: an image's id or the path by which it is shown, "" for none."""

    name: PersonName | None = None
    picture: Annotated[str, Meta(max_length=MAX_URL)] | None = None

    def conflicts(self) -> Iterator[FieldError]:
        if self.name is None and self.picture is None:
            yield FieldError("/name", "required")


class PhoneChange(Body, frozen=True):
    """Any way to write a Korean or international number."""

    phone: Annotated[str, Meta(min_length=1, max_length=32)]

    def conflicts(self) -> Iterator[FieldError]:
        if not e164(self.phone):
            yield FieldError("/phone", "phone_number")


class CodeOnly(Body, frozen=True):
    code: Digits


class Denial(Body, frozen=True):
    """``note``: for the applicant to read."""

    reason: DenyReason
    note: Note = ""


class Suspension(Body, frozen=True):
    reason: SuspendReason
    note: Note = ""


class Restoration(Body, frozen=True):
    note: Note = ""
