"""Calls to the outside: a queue in the row, one under way at a time; what is not known is tried again, more and more rarely."""

from __future__ import annotations

from models.accounts.account import Account, Task
from models.accounts.messages import CallDone, CallFinished, CallPostponed, CallRefused, CallStarted
from models.accounts.seller_messages import LicenceRead
from models.actor import HOUR, SECOND, EffectUnknown, Event

LEASE = 20 * SECOND
"""An attempt's time-out (15 s) and 5 s more (design §5.7)."""
TRIES = {"mail": 8, "sms": 5, "ocr": 2, "unlink": 40}
"""How often a call is made until it is given up; an unlinking never is, but somebody is told after so many (bb_calls_in_vain)."""


def begun(task: Task, now: int) -> Task:
    """``task`` as it is queued: if it is the first, it is made at once."""
    return Task(task.name, task.what, task.target, task.salt, until=now + LEASE, note=task.note)


def outcome(account: Account, message: CallDone | CallRefused | EffectUnknown, now: int) -> list[Event]:
    """What became of a call; a word about an attempt that is not the one under way changes nothing."""
    first = account.tasks[0] if account.tasks else None
    if first is None or (first.name, first.attempt) != (message.effect, message.attempt) or not first.until:
        return []
    if isinstance(message, EffectUnknown):
        # Whoever has left is owed it, however long the other side is away.
        if first.name == "unlink" or first.tries + 1 < TRIES[first.name]:
            again_at = now + min(5 * SECOND << min(first.tries, 20), HOUR)
            return [CallPostponed(effect=first.name, attempt=first.attempt, again_at=again_at)]
        return _finished(account, "given_up", "", now)
    if isinstance(message, CallRefused):
        return _finished(account, "refused", "", now)
    return _finished(account, "done", message.found, now)


def again(account: Account, now: int) -> list[Event]:
    """The time has come to make the postponed call again."""
    first = account.tasks[0] if account.tasks else None
    return [_started(first, account.attempts, now)] if first is not None and 0 < first.again_at <= now else []


def _finished(account: Account, how: str, found: str, now: int) -> list[Event]:
    first, rest = account.tasks[0], account.tasks[1:]
    events: list[Event] = [CallFinished(effect=first.name, attempt=first.attempt, outcome=how)]
    if first.name == "ocr":
        events.append(LicenceRead(found=bool(found), account=account.id if account.exists else "").keeping(found))
    if rest:
        events.append(_started(rest[0], account.attempts, now))
    return events


def _started(task: Task, attempts: int, now: int) -> CallStarted:
    return CallStarted(effect=task.name, attempt=attempts + 1, until=now + LEASE)
