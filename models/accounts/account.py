"""What the row of an account, or of a claimed business number, holds. Instants in ms since the epoch (UTC)."""

from __future__ import annotations

import msgspec

from models.accounts import addresses
from models.accounts.address_messages import SavedAddress
from models.accounts.common_messages import Person, Provider
from models.accounts.messages import AccountPrivate
from models.accounts.tasks import Task

REGISTERING, ACTIVE, WITHDRAWN = "", "ACTIVE", "WITHDRAWN"
APPLIED, FAILED, PENDING, PERMITTED, DENIED = "APPLIED", "FAILED", "PENDING", "PERMITTED", "DENIED"
"""Of a seller. APPLIED: the business number is being claimed; FAILED: it is somebody else's, and nobody has filed anything."""


class Session(msgspec.Struct, frozen=True, array_like=True):
    """``secret``: hash of the refresh secret; ``before``: of the one that was exchanged for it at ``rotated_at``."""

    secret: str
    expires: int
    opened: int
    device: str = ""
    before: str = ""
    rotated_at: int = 0


class Code(msgspec.Struct, frozen=True, array_like=True):
    """Digits that were sent to ``target``; ``left``: how often they may be tried."""

    target: str
    check: str
    expires: int
    left: int


class Joining(msgspec.Struct, frozen=True):
    """What ``AccountJoined`` and ``AdminCreated`` carry for the row."""

    row: str
    person: Person
    subject: str = ""
    password_hash: str = ""
    totp: str = ""


class Application(msgspec.Struct, frozen=True):
    """What ``SellerApplied`` carries for the row. ``password_hash`` "": as it was."""

    row: str
    person: Person
    business_number: str
    document: str
    password_hash: str = ""


class Asked(msgspec.Struct, frozen=True):
    """What ``CodeRequested`` carries for the row."""

    code: Code | None
    task: Task
    sent: tuple[int, ...]


class Account(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """An account, or what will be one (``REGISTERING``: a seller's e-mail that is being verified).

    ``subject``: the identity provider's id, until it is unlinked. ``suspended``: the reason's code. ``sends``: of older rows,
    instead of ``sent``. ``ticket``: hash of what an applicant goes on with, until ``ticket_until``. ``before``: the seller's status
    before they applied. ``tasks``: calls to the outside. ``lapses``: when a registration is forgotten,
    or the licence of a denied applicant.
    ``sent``: when codes were sent within a day, by purpose; ``reads``: when licences were read. A registration that has lapsed
    keeps these two, and nothing else, until they count no more.
    """

    kind: str = ""
    row: str = ""
    generation: int = 0
    status: str = REGISTERING
    provider: Provider = "password"
    subject: str = ""
    person: Person = Person()
    suspended: str = ""
    withdrawn_at: int = 0
    sessions: dict[str, Session] = {}
    codes: dict[str, Code] = {}
    sends: tuple[int, ...] = ()
    password_hash: str = ""
    credential: int = 0
    totp: str = ""
    step: int = 0
    ticket: str = ""
    ticket_until: int = 0
    business_number: str = ""
    claim: str = ""
    document: str = ""
    before: str = ""
    reads: tuple[int, ...] = ()
    acts: int = 0
    notes: dict[str, str] = {}
    tasks: tuple[Task, ...] = ()
    attempts: int = 0
    lapses: int = 0
    sent: dict[str, tuple[int, ...]] = {}
    addresses: dict[str, SavedAddress] = {}

    @property
    def id(self) -> str:
        """The account id."""
        return f"{self.row}-{self.generation}"

    @property
    def exists(self) -> bool:
        """False before joining and after withdrawal."""
        return self.status not in (REGISTERING, WITHDRAWN)

    @property
    def role(self) -> str:
        """What its tokens say: buyer, seller (permitted), applicant (a seller who is not), admin."""
        if self.kind != "seller":
            return self.kind
        return "seller" if self.status == PERMITTED else "applicant"

    def personal(self) -> AccountPrivate:
        """The record for ``bb.accounts.private``."""
        return AccountPrivate(
            account=self.id,
            person=self.person,
            password_hash=self.password_hash,
            credential=self.credential,
            totp=self.totp,
            business_number=self.business_number,
            document=self.document,
            notes=self.notes,
            addresses=addresses.listed(self.addresses),
        )


class Claim(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A business number, and the account that has it."""

    account: str


ACCOUNTS_STATE = Account | Claim
NEW = Account()
