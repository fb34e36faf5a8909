"""What the accounts domain asks of the outside, and how it can go wrong. One adapter a provider stands beside this file.

``PortError``: ``Refused`` is a definite no to this call, for ever; ``Unknown`` is anything else, and the call is made again. All
calls are *repeatable* (design §5.7): a second mail, SMS or unlink does no harm.
"""

from __future__ import annotations

from typing import Protocol

import msgspec


class PortError(Exception):
    """``code``: the provider's own word, or one of ours; never a secret or an address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(PortError):
    """The same call would be refused again."""


class Unknown(PortError):
    """It may have happened, or not: no answer, a broken one, or a door that is closed for now."""


class Letter(msgspec.Struct, frozen=True):
    """A mail in plain text."""

    subject: str
    text: str


class Document(msgspec.Struct, frozen=True):
    """An uploaded picture. ``kind``: jpg, png or pdf."""

    data: bytes
    kind: str


class Mailer(Protocol):
    """Sends mail."""

    async def mail(self, to: str, letter: Letter) -> None:
        """Raises ``PortError``."""


class Texter(Protocol):
    """Sends SMS."""

    async def text(self, phone: str, text: str) -> None:
        """``phone`` in E.164. Raises ``PortError``."""


class Unlinker(Protocol):
    """Undoes a buyer's consent at the identity provider."""

    async def unlink(self, subject: str) -> None:
        """One that is not linked (any more) is no error. Raises ``PortError``."""


class Reader(Protocol):
    """Reads what is printed on a picture."""

    async def read(self, document: Document) -> list[str]:
        """The texts on it, from the top. Raises ``PortError``."""


class Documents(Protocol):
    """The private bucket of applicants' documents."""

    async def fetch(self, key: str) -> Document:
        """The object. Raises ``Refused`` if there is none, ``Unknown``."""


class Outside(msgspec.Struct, frozen=True):
    """Everything outside that the domain calls."""

    mailer: Mailer
    texter: Texter
    unlinker: Unlinker
    reader: Reader
    documents: Documents
