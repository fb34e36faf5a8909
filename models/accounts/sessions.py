"""Sessions: opened, exchanged, ended. They lie in the account's own row, so status and session are one decision (auth 14, 16)."""

from __future__ import annotations

from models.accounts.account import APPLIED, FAILED, Account
from models.accounts.common_messages import AllEndCause
from models.accounts.session_messages import (
    EndSession,
    EndSessions,
    OpenSession,
    RefreshSession,
    SessionEnded,
    SessionOpened,
    SessionRefreshed,
    SessionsEnded,
)
from models.actor import DAY, HOUR, SECOND, Event, Refusal

LIFETIME = {"buyer": 30 * DAY, "seller": 30 * DAY, "admin": 12 * HOUR}
"""Ms for which a session lives without being used."""
AT_MOST = {"buyer": 180 * DAY, "seller": 180 * DAY, "admin": DAY}
"""Ms after which it ends however much it is used: a stolen one that goes on unnoticed does not go on for ever."""
GRACE = 90 * SECOND
"""How long the secret before the current one is still taken: two tabs exchange it at once, or an answer was lost.

Longer than a restart of the worker and a browser's retries together: all of them lie in the inbox then, each with its own time.
Whoever stole the secret gains little: both sides get the same next one, so the theft shows when the second of them exchanges that.
"""
MOST = 20
"""Sessions of an account; the one unused for longest makes room."""


def opened(account: Account, session: str, secret_hash: str, device: str, now: int, step: int = 0) -> list[Event]:
    """The events of a new session of ``account`` (as it will be); what has run out or is too many ends."""
    events: list[Event] = []
    alive = {}
    for name, one in account.sessions.items():
        if one.expires <= now:
            events.append(SessionEnded(account=account.id, session=name, cause="expired"))
        else:
            alive[name] = one
    if len(alive) >= MOST:
        oldest = min(alive, key=lambda name: (alive[name].expires, name))
        events.append(SessionEnded(account=account.id, session=oldest, cause="too_many"))
    expires = now + LIFETIME[account.kind]
    event = SessionOpened(account=account.id, session=session, device=device, until=expires, step=step)
    return [*events, event.keeping((secret_hash, now))]


def open_session(account: Account, message: OpenSession, now: int) -> list[Event] | Refusal:
    """A seller or an admin, whose password fits. One code of an admin's second factor opens one session."""
    if not account.exists or account.kind == "buyer" or account.status in (APPLIED, FAILED):
        return Refusal("sign_in_failed", 401)
    if message.credential != account.credential or (account.kind == "admin" and message.step <= account.step):
        return Refusal("sign_in_failed", 401)
    if account.suspended:
        return Refusal("account_suspended", 403, {"reason": account.suspended})
    return opened(account, message.session, message.secret_hash, message.device, now, message.step)


def refresh(account: Account, message: RefreshSession, now: int) -> list[Event] | Refusal:
    """Exchange the secret. A secret that was exchanged before is stolen by one of two: the session ends."""
    one = account.sessions.get(message.session)
    if one is None:
        return Refusal("session_ended", 401)
    end = one.opened + AT_MOST[account.kind]
    # A session that was opened before there was an end may have been promised more.
    if min(one.expires, end) <= now:
        return Refusal("session_ended", 401)
    expires = min(now + LIFETIME[account.kind], end)
    event = SessionRefreshed(account=account.id, session=message.session, until=expires)
    if message.presented == one.secret:
        return [event.keeping((message.next, now))]
    if message.presented == one.before and now - one.rotated_at <= GRACE:
        repeated = SessionRefreshed(account=account.id, session=message.session, until=one.expires, repeated=True)
        return [repeated.keeping(())]
    return [SessionEnded(account=account.id, session=message.session, cause="reuse")]


def end(account: Account, message: EndSession) -> list[Event]:
    """End one."""
    one = account.sessions.get(message.session)
    if one is None or message.presented not in ("", one.secret, one.before):
        return []
    return [SessionEnded(account=account.id, session=message.session, cause="signed_out" if message.presented else "ended")]


def end_others(account: Account, keep: str) -> list[Event]:
    """End all but ``keep``."""
    return [SessionEnded(account=account.id, session=name, cause="ended") for name in account.sessions if name != keep]


def end_all(account: Account, cause: AllEndCause) -> SessionsEnded:
    """End all, by their names: a token that is signed while this travels is of a session that has ended, whatever its time says."""
    return SessionsEnded(account=account.id, cause=cause, sessions=tuple(account.sessions))


def end_many(account: Account, message: EndSessions) -> list[Event]:
    """See ``EndSessions``."""
    return end_others(account, message.keep)
