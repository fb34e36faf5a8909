"""What every domain is made of: commands, events, refusals, and the few messages that the kernel itself sends (design §1, §5).

A domain is four pure functions over these types, called by ``agents/runtime`` and by the unit tests in just the same way:

``decide(state, message, now) -> list[Event] | Refusal``
    ``state`` maps the name of a part to its state or ``None``; ``""`` is the aggregate itself. ``now`` is the time at which
    the broker appended the message, in milliseconds since the epoch (UTC). No I/O, no clock, no random numbers.
``evolve(state, event) -> dict[str, State | None]``
    The parts that the event changes; ``None`` deletes a part, and of ``""`` ends the aggregate: its row goes with what it
    remembers of commands (docs/adr/0021). The kernel lays the answer over ``state``.
``route(key, state, event) -> Iterable[Send]``
    Who must act on the event; ``state`` is the state after it.
``pending(state) -> Effect | None``
    The call to the outside that the aggregate (part ``""``) waits for.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import msgspec

NAMESPACE = uuid.UUID("6b0f3c5e-2f0e-5d51-9c0a-6d1f2a4b8c77")
"""Root of all ids that are made from what caused them."""

_root = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
"""Durations in milliseconds, the unit of every instant in messages and rows."""


def id_of(*causes: str) -> str:
    """The id of what ``causes`` (in this order) bring about: the same causes give the same UUID (version 5) everywhere."""
    digest = _root.copy()
    digest.update("\x1f".join(causes).encode())
    text = digest.hexdigest()
    # As ``str(uuid.uuid5(...))``, which takes five times as long; an order needs thirty of them.
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


class Message(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, kw_only=True):
    """What travels to or from an actor. Its type on the wire is ``bb.<domain>.<ClassName>.v<major>``.

    ``major``: the version of the struct; a worker that meets a newer one than its own stops with an alarm.
    ``must_succeed``: the message may not be refused (commit, release, captured): if ``decide`` fails on it, the aggregate is
    parked and an operator looks at it (design §5.6).
    """

    major: ClassVar[int] = 1
    must_succeed: ClassVar[bool] = False

    @classmethod
    def upcast(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        """``data`` of the older ``version`` as this class reads it now. Raises ``LookupError``: that version is not known."""
        raise LookupError(f"{cls.__name__} has no upcaster from version {version}")


class Command(Message, frozen=True):
    """Imperative: a wish that the addressee may refuse."""

    def awaits(self) -> str:
        """What must happen until the sender is answered; ``""``: the answer is that of ``decide``. See ``Event.answers``."""
        return ""

    def remembered_in(self) -> str:
        """The part whose row remembers this command's id for 24 h: another one than ``""`` where many command one aggregate."""
        return ""


class Event(Message, frozen=True):
    """Past tense: a fact about one aggregate. In ``bb.<domain>.events``, so without personal data and without free text."""

    def answers(self) -> tuple[str, ...]:
        """The wishes (``Command.awaits``) that this event decides."""
        return ()


class Refusal(msgspec.Struct, frozen=True):
    """A command that changes nothing. ``code`` is stable and public, ``status`` the HTTP status that the web gives it.

    ``details`` name what was refused and why, in ids, codes and amounts (never personal data).
    """

    code: str
    status: int = 409
    details: dict[str, Any] = {}


class Effect(msgspec.Struct, frozen=True):
    """A call to the outside, named in the row before it is made.

    ``name``: which call of the domain's port. ``attempt``: counts the calls of this aggregate, so that an answer tells what
    it answers. ``until``: the instant (ms) at which nobody can still be executing this attempt (time-out + 5 s).
    """

    name: str
    attempt: int
    until: int


class Phase(msgspec.Struct, frozen=True):
    """Where an unfinished saga stands, e.g. CAPTURING, and since when (ms)."""

    name: str
    since: int


class EffectUnknown(Message, frozen=True):
    """The outcome of an effect is not known: no answer in time, a broken connection, or its worker died (design §5.7)."""

    effect: str
    attempt: int
    error: str = ""


class Reminder(Message, frozen=True):
    """It is now ``due`` or later, as the aggregate asked by its ``wake_at`` (design §5.8)."""

    due: int
    part: str = ""


class Inquire(Message, frozen=True):
    """Ask the row what became of a command. Answered by the kernel, changes nothing.

    ``part``: where the row remembers it (``Command.remembered_in``).
    """

    command: str
    part: str = ""


class Send(NamedTuple):
    """A message for the inbox of another domain."""

    domain: str
    key: str
    message: Message


State = Mapping[str, Any]
"""Part name -> state. ``""`` is the aggregate."""
