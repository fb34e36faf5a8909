"""Contract of the accounts domain: signing in, and sessions. Instants are ms (UTC); hashes of secrets are in no event."""

from __future__ import annotations

from models.accounts.common_messages import AllEndCause, EndCause, Once, Person, Provider
from models.actor import Event
from models.kept import Keeping


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


class RejoinRefused(Keeping, frozen=True):
    """Whoever left came back before ``until`` (ms), and has linked themselves at their provider by coming: that is undone."""

    until: int

    def answers(self) -> tuple[str, ...]:
        return ("session",)


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

    The secret before the current one is taken for 90 s after the exchange (two tabs, a lost answer): the web makes the next
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
    """All sessions of the account that were open then, at most 20. ``sessions``: their ids; older events name none, and only the
    time tells which tokens they end."""

    account: str
    cause: AllEndCause
    sessions: tuple[str, ...] = ()
