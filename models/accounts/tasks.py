"""A row's queue of calls to the outside: one is under way at a time, and none waits for a provider that is another's. Pure.

Only the first of the queue may be under way (``until``). One that had no outcome keeps its place and waits until ``again_at``;
meanwhile those of other lanes are made.
"""

from __future__ import annotations

import msgspec

_replace = msgspec.structs.replace


class Task(msgspec.Struct, frozen=True, array_like=True):
    """A call to the outside. ``name``: mail, sms, unlink or ocr; ``what``: which text or purpose; ``target``: whom or which object.

    ``until`` 0: its turn has not come, or it waits until ``again_at``. ``salt``: of the digits that it carries; ``note``: what an
    admin wrote about the act that it tells of. ``expires``: it is worth nothing from then on; 0: it is owed, however late.
    """

    name: str
    what: str = ""
    target: str = ""
    salt: str = ""
    attempt: int = 0
    until: int = 0
    again_at: int = 0
    tries: int = 0
    note: str = ""
    expires: int = 0


Tasks = tuple[Task, ...]


def lane(task: Task) -> tuple[str, str]:
    """Calls of one lane are made one after another: what tells of acts in their order, each purpose's codes for themselves."""
    return task.name, task.what if task.expires else ""


def queued(tasks: Tasks, task: Task, attempt: int) -> Tasks:
    """With ``task``, which is made at once, as ``attempt``, if it need not wait. A code that it replaces is not sent any more."""
    kept = tuple(one for one in tasks if one.until or not one.expires or lane(one) != lane(task))
    if any(one.until or lane(one) == lane(task) for one in kept):
        return (*kept, _replace(task, until=0))
    return (_replace(task, attempt=attempt), *kept)


def started(tasks: Tasks, task: Task, attempt: int, until: int) -> Tasks:
    """``task`` is made: it comes first."""
    return (_replace(task, attempt=attempt, until=until, again_at=0), *without(tasks, task))


def postponed(tasks: Tasks, again_at: int) -> Tasks:
    """The one under way waits where it is, before those of its lane."""
    first = tasks[0]
    return (_replace(first, until=0, again_at=again_at, tries=first.tries + 1), *tasks[1:])


def without(tasks: Tasks, task: Task) -> Tasks:
    """Without ``task``, the first one that is like it. Raises ``ValueError``: there is none."""
    at = tasks.index(task)
    return tasks[:at] + tasks[at + 1 :]


def over(tasks: Tasks, now: int) -> Tasks:
    """Those that wait and are worth nothing any more."""
    return tuple(task for task in tasks if not task.until and 0 < task.expires <= now)


def _heads(tasks: Tasks) -> Tasks:
    """The first of each lane, unless a call is under way."""
    return () if tasks and tasks[0].until else tuple({lane(task): task for task in reversed(tasks)}.values())[::-1]


def following(tasks: Tasks, now: int) -> Task | None:
    """The call to make now: the first of a lane that does not wait for its time; ``None``: none, or one is under way."""
    return next((task for task in _heads(tasks) if task.again_at <= now), None)


def due(tasks: Tasks) -> int:
    """When the next postponed call is to be made again; 0: none is, or one is under way."""
    return min((task.again_at for task in _heads(tasks) if task.again_at), default=0)
