"""Contract of the accounts domain: florists from the code in their mail to an admin's word, and whose a business number is."""

from __future__ import annotations

from models.accounts.common_messages import Once
from models.actor import Command, Event, Message
from models.kept import Keeping


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


class RegistrationLapsed(Event, frozen=True):
    """Nobody went on with a registration: what was known of it is forgotten, but for when codes were sent and licences read.

    ``account`` "": there was none yet. ``document``: the image id of its licence, "": none.
    """

    account: str = ""
    document: str = ""


class CountsForgotten(Event, frozen=True):
    """A day after the last code or licence of a registration that has lapsed: nothing is left of it."""


class LicenceErased(Event, frozen=True):
    """A denied applicant has not tried again for long: the image ``document`` of the licence is let go of."""

    account: str
    document: str


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
    """For the first time or again; ``claim``: the row of the business number that is wanted now.

    ``document``: the image id of the licence. ``replaced``: that of the one submitted before, "": none, or the same.
    """

    account: str
    claim: str
    replaced: str = ""
    document: str = ""


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


class SellerPermitted(Keeping, frozen=True):
    """``store``: the id that the seller's one store has or will have; ``act``: the number of the act, as in ``AccountPrivate``."""

    account: str
    by: str
    store: str
    act: int = 0


class SellerDenied(Keeping, frozen=True):
    """``claim``: the business number that is free again. ``until``: ms, as long as the licence is kept unless they try again."""

    account: str
    by: str
    reason: str
    claim: str
    act: int = 0
    until: int = 0


class BusinessNumberClaimed(Event, frozen=True):
    account: str


class BusinessNumberRefused(Event, frozen=True):
    """To ``account``, because another has it."""

    account: str


class BusinessNumberReleased(Event, frozen=True):
    account: str
