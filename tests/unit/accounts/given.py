"""Accounts as tests know them: the outside played, and the messages that most tests begin with."""

from __future__ import annotations

from typing import Any

from agents.accounts.domain import accounts_domain
from agents.accounts.ports import Document, Letter, Outside, PortError
from models.accounts.common_messages import Person
from models.accounts.messages import CallDone, CreateAdmin, RequestCode
from models.accounts.secrets import check, digits, hashed, row_key
from models.accounts.seller_messages import ApplyAsSeller, BusinessNumberGranted, ConfirmRegistration, PermitSeller
from models.accounts.session_messages import OpenSession, SignIn
from tests.unit.history import Actor
from tests.unit.shop import NOW

SECRET, CODES = "account secret", "code secret"
BUYER = row_key(SECRET, "kakao", "4242")
SELLER = row_key(SECRET, "seller", "florist@example.com")
ADMIN = row_key(SECRET, "admin", "mina")
NUMBER, CLAIM = "1234567891", row_key(SECRET, "business", "1234567891")
PERSON = Person(name="김꽃님", email="flower@example.com", phone="+821012345678", picture="")
EMAIL = "florist@example.com"
SALT = "salt-1"


class Played:
    """The outside: ``sent`` is what it was asked for; ``fails`` is raised by the next calls."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.fails: list[PortError] = []
        self.texts: list[str] = []

    def _asked(self, *what: Any) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append(what)

    async def mail(self, to: str, letter: Letter) -> None:
        self._asked("mail", to, letter)

    async def text(self, phone: str, text: str) -> None:
        self._asked("sms", phone, text)

    async def unlink(self, subject: str) -> None:
        self._asked("unlink", subject)

    async def read(self, document: Document) -> list[str]:
        self._asked("ocr", document)
        return self.texts

    async def fetch(self, key: str) -> Document:
        return Document(key.encode(), "png")


PLAYED = Played()
ACCOUNTS = accounts_domain(Outside(PLAYED, PLAYED, PLAYED, PLAYED, PLAYED), CODES)


def sign_in(row: str = BUYER, session: str = "s1", **more: Any) -> SignIn:
    """A buyer comes from Kakao."""
    given: dict[str, Any] = {"provider": "kakao", "subject": "4242", "person": PERSON, "secret_hash": hashed("secret 0")}
    return SignIn(once=f"in-{session}", row=row, session=session, **{**given, **more})


def code(purpose: Any, target: str, *, account: str = "", row: str = SELLER, salt: str = SALT) -> RequestCode:
    """A code is asked for, as the web does it."""
    return RequestCode(
        once=f"code-{salt}", purpose=purpose, target=target, salt=salt, account=account,
        check=check(CODES, row, purpose, digits(CODES, row, salt)),
    )  # fmt: skip


def right(purpose: str, row: str = SELLER, salt: str = SALT) -> str:
    """The check of the right digits."""
    return check(CODES, row, purpose, digits(CODES, row, salt))


def application(**more: Any) -> ApplyAsSeller:
    """The form of a florist."""
    given: dict[str, Any] = {
        "row": SELLER, "ticket_hash": hashed("ticket"), "email": EMAIL, "name": "이꽃집", "password_hash": "argon",
        "business_number": NUMBER, "claim": CLAIM, "document": "documents/1",
    }  # fmt: skip
    return ApplyAsSeller(**{**given, **more})


def buyer(session: str = "s1") -> Actor:
    """Somebody who has joined, with a session."""
    actor = Actor(ACCOUNTS, BUYER, NOW)
    actor.take(sign_in(session=session))
    return actor


def verified() -> Actor:
    """A florist whose e-mail is verified; the code's mail was sent."""
    actor = Actor(ACCOUNTS, SELLER, NOW)
    actor.take(code("registration", EMAIL))
    actor.take(done(actor))
    actor.take(ConfirmRegistration(once="c1", check=right("registration"), ticket_hash=hashed("ticket")))
    return actor


def applied() -> Actor:
    """A florist whose application waits for an admin."""
    actor = verified()
    actor.take(application())
    actor.take(BusinessNumberGranted(claim=CLAIM))
    return actor


def seller() -> Actor:
    """A florist who may sell; the mail was sent."""
    actor = applied()
    actor.take(PermitSeller(once="p", account=f"{SELLER}-1", by="admin-1"))
    actor.take(done(actor))
    return actor


def admin() -> Actor:
    """An admin."""
    actor = Actor(ACCOUNTS, ADMIN, NOW)
    actor.take(CreateAdmin(once="a", row=ADMIN, name="mina", password_hash="argon", totp="sealed", by="operator"))
    return actor


def opening(session: str = "s1", credential: int = 1, step: int = 0) -> OpenSession:
    """The password was right."""
    return OpenSession(once=f"o-{session}", session=session, secret_hash=hashed("secret 0"), credential=credential, step=step)


def done(actor: Actor, found: str = "") -> Any:
    """The call that is under way comes through."""
    effect = ACCOUNTS.pending(actor.state)
    assert effect is not None
    return CallDone(effect=effect.name, attempt=effect.attempt, found=found)
