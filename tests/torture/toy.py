"""A chain of two domains: ``tally`` counts numbers and tells ``bell``, which rings each number once at a server outside.

Neither protects itself: no command ids, no sets of what was seen. Counted twice shows as counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from models.actor import SECOND, Effect, EffectUnknown, Event, Message, Send

TALLIES = 160
"""Rows of ``tally``: a hundred numbers each."""
LIFE = 20
"""Numbers after which a tally ends: its row is deleted, and the next number begins another under the same key (docs/adr/0021)."""
CALL = 3 * SECOND
"""Time that a call of the server may take (ms)."""
LEASE = CALL + 5 * SECOND
KEYED, PLAIN, ASK = "keyed", "plain", "ask"
"""The effects: rung under an idempotency key; rung at every call; asked whether it was rung."""


class Count(Message, frozen=True):
    """Count this number. Not a command: the kernel remembers no id of it."""

    number: int


class Counted(Event, frozen=True):
    """``number`` is the ``nth`` of its row's life; the last one ends it."""

    number: int
    nth: int


class Ring(Message, frozen=True):
    """Ring this number outside."""

    must_succeed = True
    number: int


class RingDone(Message, frozen=True):
    """The server said that it rang; ``rung`` False: it says that it never did."""

    number: int
    attempt: int
    rung: bool = True


class RingWanted(Event, frozen=True):
    """An attempt of the effect ``effect`` begins, to be over by ``until`` (ms)."""

    number: int
    effect: str
    attempt: int
    until: int


class RingRepeated(Event, frozen=True):
    """``tally`` told us twice: never."""

    number: int


class Rung(Event, frozen=True):
    """The server has rung."""

    number: int
    attempts: int


class Tally(msgspec.Struct, frozen=True):
    """The numbers counted, in order."""

    numbers: list[int] = []


class Bell(msgspec.Struct, frozen=True):
    """One number and the attempt under way; ``done``: rung."""

    number: int
    effect: str
    attempt: int
    until: int
    done: bool = False


def tally_decide(state: Mapping[str, Any], message: Count, now: int) -> list[Event]:
    """Whatever comes is counted."""
    known = state[""] or Tally()
    return [Counted(number=message.number, nth=len(known.numbers) + 1)]


def tally_evolve(state: Mapping[str, Any], event: Counted) -> dict[str, Any]:
    """One number more, or the end."""
    if event.nth == LIFE:
        return {"": None}
    return {"": Tally([*(state[""] or Tally()).numbers, event.number])}


def tally_route(key: str, state: Mapping[str, Any], event: Counted) -> Iterable[Send]:
    """Each number has a bell of its own."""
    return [Send("bell", bell_key(event.number), Ring(number=event.number))]


def tally_key(number: int) -> str:
    """The row that counts ``number``."""
    return f"tally-{number % TALLIES}"


def bell_key(number: int) -> str:
    """The bell of ``number``."""
    return f"bell-{number}"


def bell_decide(state: Mapping[str, Any], message: Any, now: int) -> list[Event]:
    """Even numbers carry an idempotency key. Odd ones do not: after an unknown outcome the server is asked first."""
    bell: Bell | None = state[""]
    if isinstance(message, Ring):
        if bell is not None:
            return [RingRepeated(number=message.number)]
        effect = PLAIN if message.number % 2 else KEYED
        return [RingWanted(number=message.number, effect=effect, attempt=1, until=now + LEASE)]
    if bell is None or bell.done or message.attempt != bell.attempt:
        return []
    if isinstance(message, EffectUnknown):
        effect = KEYED if bell.effect == KEYED else ASK
    elif message.rung:
        return [Rung(number=bell.number, attempts=bell.attempt)]
    else:
        effect = PLAIN
    return [RingWanted(number=bell.number, effect=effect, attempt=bell.attempt + 1, until=now + LEASE)]


def bell_evolve(state: Mapping[str, Any], event: Any) -> dict[str, Any]:
    """The attempt under way, or done."""
    bell: Bell | None = state[""]
    if isinstance(event, RingWanted):
        return {"": Bell(event.number, event.effect, event.attempt, event.until)}
    assert bell is not None
    return {"": msgspec.structs.replace(bell, done=True)} if isinstance(event, Rung) else {}


def bell_pending(bell: Bell) -> Effect | None:
    """The call that is awaited."""
    return None if bell.done else Effect(bell.effect, bell.attempt, bell.until)
