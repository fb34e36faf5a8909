"""Two tiny domains that use everything the kernel offers: tills take money and book it, ring the outside, and ask to be woken.

Money goes till -> book -> till, so that sums over three hops must agree; ``Ring`` makes an effect of any port kind.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from agents.runtime.domain import Domain
from agents.runtime.effects import LEASE_ROOM
from models.actor import Command, Effect, EffectUnknown, Event, Message, Refusal, Reminder, Send
from models.effects import PortKind
from tests.integration.kernel.outside import Outside

TIMEOUT = int(os.environ.get("BB_TOY_TIMEOUT", "500"))
"""Ms that a call to the outside may take."""
KINDS = {kind.value: kind for kind in PortKind}
BROKEN = os.environ.get("BB_TOY_BROKEN") == "1"
"""This release of the toy has a defect: it fails on every ``Settle``."""


class Pay(Command, frozen=True):
    """Put ``amount`` into the till and into its ``box``, and book it in ``book``."""

    amount: int
    book: str
    box: str = "coins"


class Booked(Message, frozen=True):
    """The book has it."""

    must_succeed: ClassVar[bool] = True
    amount: int


class Ring(Command, frozen=True):
    """Call the outside by a port of ``kind``."""

    kind: str

    def awaits(self) -> str:
        return "rung"


class Rang(Message, frozen=True):
    """Outcome of a call."""

    attempt: int


class Asked(Message, frozen=True):
    """Outcome of the question whether the call before happened."""

    attempt: int
    happened: bool


class Wake(Command, frozen=True):
    """Remind me ``at`` (ms)."""

    at: int


class Settle(Message, frozen=True):
    """May not be refused; see ``BROKEN``."""

    must_succeed: ClassVar[bool] = True
    amount: int


class Empty(Command, frozen=True):
    """Delete the box; refused if there is none."""

    box: str


class Book(Message, frozen=True):
    """To a book: ``amount`` of ``till``."""

    must_succeed: ClassVar[bool] = True
    amount: int
    till: str


class Happened(Event, frozen=True):
    """The one event of the tills."""

    what: str
    amount: int = 0
    book: str = ""
    box: str = ""
    kind: str = ""
    until: int = 0

    def answers(self) -> tuple[str, ...]:
        return ("rung",) if self.what in ("rung", "lost") else ()


class Entered(Event, frozen=True):
    """The one event of the books."""

    amount: int
    till: str


class Till(msgspec.Struct, frozen=True):
    """A till; its boxes are parts and use ``total`` only."""

    total: int = 0
    booked: int = 0
    settled: int = 0
    kind: str = ""
    attempt: int = 0
    until: int = 0
    ring: str = ""
    wake: int = 0
    woken: int = 0


class Ledgered(msgspec.Struct, frozen=True):
    """A book."""

    total: int = 0
    entries: int = 0


def decide(state: Mapping[str, Any], message: Any, now: int) -> list[Event] | Refusal:
    till: Till = state.get("") or Till()
    until = now + TIMEOUT + LEASE_ROOM
    match message:
        case Pay(amount=amount) if amount <= 0:
            return Refusal("nothing_to_pay", 422)
        case Pay(amount=amount, book=book, box=box):
            return [Happened(what="paid", amount=amount, book=book, box=box)]
        case Empty(box=box):
            return [Happened(what="emptied", box=box)] if state.get(box) else Refusal("no_box", 404)
        case Booked(amount=amount):
            return [Happened(what="booked", amount=amount)]
        case Settle(amount=amount):
            if BROKEN:
                raise ZeroDivisionError("this release cannot settle")
            return [Happened(what="settled", amount=amount)]
        case Ring(kind=kind):
            return [Happened(what="ringing", kind=kind, until=until)]
        case Rang(attempt=attempt) if till.ring in ("open", "ask", "lost") and attempt <= till.attempt:
            return [Happened(what="rung")]
        case EffectUnknown(attempt=attempt) if till.ring in ("open", "ask") and attempt == till.attempt:
            return [_unknown(till, until)]
        case Asked(attempt=attempt, happened=happened) if till.ring == "ask" and attempt == till.attempt:
            return [Happened(what="rung") if happened else Happened(what="ringing", kind=till.kind, until=until)]
        case Wake(at=at):
            return [Happened(what="asleep", until=at)]
        case Reminder() if till.wake and now >= till.wake:
            return [Happened(what="woken")]
    return []


def _unknown(till: Till, until: int) -> Happened:
    """What to do when nobody knows what a call did: by its kind."""
    if till.ring == "ask":
        return Happened(what="asking", until=until)
    match KINDS[till.kind]:
        case PortKind.KEYED | PortKind.REPEATABLE:
            return Happened(what="ringing", kind=till.kind, until=until)
        case PortKind.ASKABLE | PortKind.CONDITIONAL:
            return Happened(what="asking", until=until)
    return Happened(what="lost")


def evolve(state: Mapping[str, Any], event: Any) -> Mapping[str, Any]:
    till: Till = state.get("") or Till()
    replace = msgspec.structs.replace
    match event.what:
        case "paid":
            box: Till = state.get(event.box) or Till()
            return {
                "": replace(till, total=till.total + event.amount),
                event.box: replace(box, total=box.total + event.amount),
            }
        case "emptied":
            return {event.box: None}
        case "booked":
            return {"": replace(till, booked=till.booked + event.amount)}
        case "settled":
            return {"": replace(till, settled=till.settled + event.amount)}
        case "ringing":
            return {"": replace(till, kind=event.kind, ring="open", attempt=till.attempt + 1, until=event.until)}
        case "asking":
            return {"": replace(till, ring="ask", attempt=till.attempt + 1, until=event.until)}
        case "rung" | "lost":
            return {"": replace(till, ring=event.what)}
        case "asleep":
            return {"": replace(till, wake=event.until)}
        case "woken":
            return {"": replace(till, wake=0, woken=till.woken + 1)}
    return {}


def parts(message: Any) -> tuple[str, ...]:
    return (message.box,) if isinstance(message, Pay | Empty) else ()


def pending(till: Till) -> Effect | None:
    if till.ring not in ("open", "ask"):
        return None
    return Effect("ask" if till.ring == "ask" else till.kind, till.attempt, till.until)


def route(key: str, state: Mapping[str, Any], event: Any) -> list[Send]:
    return [Send("books", event.book, Book(amount=event.amount, till=key))] if event.what == "paid" else []


def tills(outside: Outside) -> Domain:
    """The tills, ringing ``outside``."""

    async def perform(key: str, till: Till, effect: Effect) -> Message:
        if effect.name == "ask":
            return Asked(attempt=effect.attempt, happened=await outside.happened(key))
        await outside.ring(effect.name, key, effect.attempt)
        return Rang(attempt=effect.attempt)

    return Domain(
        name="tills",
        inbox=Pay | Booked | Ring | Rang | Asked | Wake | Settle | Empty | EffectUnknown | Reminder,
        events=Happened,
        state=Till,
        decide=decide,
        evolve=evolve,
        route=route,
        parts=parts,
        pending=pending,
        wake=lambda till: till.wake,
        answer=lambda key, state, event: {"total": state[""].total if state[""] else 0, "ring": state[""].ring},
        perform=perform,
        kinds={**KINDS, "ask": PortKind.REPEATABLE},
        concurrency=int(os.environ.get("BB_TOY_CONCURRENCY", "8")),
    )


BOOKS = Domain(
    name="books",
    inbox=Book,
    events=Entered,
    state=Ledgered,
    decide=lambda state, message, now: [Entered(amount=message.amount, till=message.till)],
    evolve=lambda state, event: {
        "": Ledgered((state[""].total if state[""] else 0) + event.amount, (state[""].entries if state[""] else 0) + 1)
    },
    route=lambda key, state, event: [Send("tills", event.till, Booked(amount=event.amount))],
)
