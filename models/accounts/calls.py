"""Calls to the outside: what is not known is tried again, more and more rarely, for as long as it is worth something."""

from __future__ import annotations

from models.accounts import tasks
from models.accounts.account import Account
from models.accounts.messages import CallDone, CallFinished, CallPostponed, CallRefused, CallStarted
from models.accounts.seller_messages import LicenceRead
from models.accounts.tasks import Task, Tasks
from models.actor import HOUR, MINUTE, SECOND, EffectUnknown, Event

LEASE = 20 * SECOND
"""An attempt's time-out (15 s) and 5 s more (design §5.7)."""
FIRST = 5 * SECOND
"""From the first attempt that had no outcome to the second; each following wait is twice as long, up to ``RARELY``."""
RARELY = HOUR
RARELY_CODE = MINUTE
"""Of a code somebody waits for: it comes within so long after its provider does."""
READINGS = 2
"""How often a licence is read until nothing was found on it: an applicant waits, and can type the number."""
IN_VAIN = {"mail": 8, "sms": 5, "ocr": READINGS, "unlink": 40}
"""After so many attempts without an outcome somebody is told (bb_calls_in_vain_total), at each one."""


def begun(task: Task, now: int) -> Task:
    """``task`` as it is queued: if it need not wait, it is made at once."""
    return Task(task.name, task.what, task.target, task.salt, until=now + LEASE, note=task.note, expires=task.expires)


def outcome(account: Account, message: CallDone | CallRefused | EffectUnknown, now: int) -> list[Event]:
    """What became of a call; a word about an attempt that is not the one under way changes nothing."""
    first = account.tasks[0] if account.tasks else None
    if first is None or (first.name, first.attempt) != (message.effect, message.attempt) or not first.until:
        return []
    if isinstance(message, EffectUnknown):
        if again_at := _again_at(first, now):
            put_off = CallPostponed(effect=first.name, attempt=first.attempt, again_at=again_at)
            return [put_off, *_go_on(tasks.postponed(account.tasks, again_at), account.attempts, now)]
        return _finished(account, "given_up", "", now)
    if isinstance(message, CallRefused):
        return _finished(account, "refused", "", now)
    return _finished(account, "done", message.found, now)


def _again_at(task: Task, now: int) -> int:
    """When to make a call again of which nothing is known; 0: it would be worth nothing then, so it is given up.

    What tells of an act and what whoever has left is owed goes on without end, however long the other side is away.
    """
    at = now + min(FIRST << min(task.tries, 20), RARELY_CODE if task.expires else RARELY)
    late = task.expires and at >= task.expires
    return 0 if late or (task.name == "ocr" and task.tries + 1 >= READINGS) else at


def again(account: Account, now: int) -> list[Event]:
    """The time may have come to make a postponed call again."""
    return _go_on(account.tasks, account.attempts, now)


def _finished(account: Account, how: str, found: str, now: int) -> list[Event]:
    first, rest = account.tasks[0], account.tasks[1:]
    events: list[Event] = [CallFinished(effect=first.name, attempt=first.attempt, outcome=how).keeping(first)]
    if first.name == "ocr":
        events.append(LicenceRead(found=bool(found), account=account.id if account.exists else "").keeping(found))
    return events + _go_on(rest, account.attempts, now)


def _go_on(waiting: Tasks, attempts: int, now: int) -> list[Event]:
    """Let go of what has run out, and make the next call."""
    events: list[Event] = []
    for task in tasks.over(waiting, now):
        events.append(CallFinished(effect=task.name, attempt=task.attempt, outcome="given_up").keeping(task))
        waiting = tasks.without(waiting, task)
    if (following := tasks.following(waiting, now)) is not None:
        events.append(CallStarted(effect=following.name, attempt=attempts + 1, until=now + LEASE).keeping(following))
    return events
