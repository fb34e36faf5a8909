"""A tiny domain, one message for each thing that the kernel does with a domain, and a partition of it in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from agents.runtime.decider import Decider
from agents.runtime.domain import Domain
from agents.runtime.rows import LEDGER, Ledger, Row, row_key, unpack_ledger, unpack_row
from agents.runtime.turn import Input, Turn
from models.actor import Command, Effect, Event, Message, Refusal, Reminder, Send, id_of
from models.kept import ERASE
from topics.answers import Answer
from topics.dead import Dead
from topics.envelope import Envelope, decode_batch, decode_envelope, encode, seal

NOW = 1_800_000_000_000


class Add(Command, frozen=True):
    """Add ``amount``; refused if it is negative. With ``box`` that part counts it too and remembers the command."""

    amount: int
    box: str = ""

    def remembered_in(self) -> str:
        return self.box


class Wish(Command, frozen=True):
    """Answered once ``Grant`` comes."""

    def awaits(self) -> str:
        return "wish"


class Grant(Message, frozen=True):
    """Decides every ``Wish``."""


class Must(Message, frozen=True):
    """May not be refused; adds 1. ``fails``: refuse or raise."""

    must_succeed: ClassVar[bool] = True
    fails: str = ""


class Boom(Command, frozen=True):
    """``decide`` fails on it."""

    text: str = "boom"


class Grow(Message, frozen=True):
    """The state holds a text of ``size``, each of ``sends`` messages and the event one of ``out``."""

    size: int = 0
    out: int = 0
    sends: int = 0


class Call(Message, frozen=True):
    """Open an effect, or (``done``) close it."""

    done: bool = False


class Later(Message, frozen=True):
    """Wake me ``at``."""

    at: int


class Tell(Message, frozen=True):
    """Personal data for the private topic; empty: erase it."""

    name: str = ""


class Close(Message, frozen=True):
    """Delete the aggregate, or ``box``."""

    box: str = ""


class Nothing(Command, frozen=True):
    """Accepted without an event."""


class Renamed(Message, frozen=True):
    """``by`` was called ``number`` in version 1, and was an ``offset`` from 1 in version 2."""

    major: ClassVar[int] = 3
    by: int

    @classmethod
    def upcast(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        if version == 1:
            return {"type": data["type"], "offset": data["number"] - 1}
        if version == 2:
            return {"type": data["type"], "by": data["offset"] + 1}
        return super().upcast(version, data)


class Changed(Event, frozen=True):
    """Everything that may happen, so that the toy stays small."""

    kind: str
    amount: int = 0
    box: str = ""
    text: str = ""
    sends: int = 0

    def answers(self) -> tuple[str, ...]:
        return ("wish",) if self.kind == "granted" else ()


class Counter(msgspec.Struct, frozen=True):
    """State of the aggregate and of its boxes."""

    total: int = 0
    text: str = ""
    attempt: int = 0
    open: bool = False
    wake: int = 0


INBOX = Add | Wish | Grant | Must | Boom | Grow | Call | Later | Tell | Close | Nothing | Renamed | Reminder


def decide(state: Mapping[str, Any], message: Any, now: int) -> list[Event] | Refusal:
    match message:
        case Add(amount=amount) if amount < 0:
            return Refusal("negative", 422, {"amount": amount})
        case Add(amount=amount, box=box):
            return [Changed(kind="added", amount=amount, box=box)]
        case Wish():
            return [Changed(kind="wished")]
        case Grant():
            return [Changed(kind="granted")]
        case Must(fails="refuse"):
            return Refusal("must_not")
        case Must(fails=""):
            return [Changed(kind="added", amount=1)]
        case Boom(text=text) | Must(fails=text):
            raise ValueError(text)
        case Grow(size=size, out=out, sends=sends):
            return [Changed(kind="grown", amount=size, text="x" * out, sends=sends)]
        case Call(done=done):
            return [Changed(kind="done" if done else "called")]
        case Later(at=at):
            return [Changed(kind="later", amount=at)]
        case Tell(name=name):
            return [Changed(kind="told", text=name)]
        case Close(box=box):
            return [Changed(kind="closed", box=box)]
        case Renamed(by=by):
            return [Changed(kind="added", amount=by)]
        case Reminder():
            return [Changed(kind="woken")]
    return []


def evolve(state: Mapping[str, Any], event: Any) -> Mapping[str, Any]:
    counter = state.get("") or Counter()
    replace = msgspec.structs.replace
    match event.kind:
        case "added":
            box = state.get(event.box) or Counter()
            boxed = {event.box: replace(box, total=box.total + event.amount)} if event.box else {}
            return {"": replace(counter, total=counter.total + event.amount), **boxed}
        case "grown":
            return {"": replace(counter, text="x" * event.amount)}
        case "called":
            return {"": replace(counter, open=True, attempt=counter.attempt + 1)}
        case "done":
            return {"": replace(counter, open=False)}
        case "later":
            return {"": replace(counter, wake=event.amount)}
        case "woken":
            return {"": replace(counter, wake=0, total=counter.total + 1000)}
        case "closed":
            return {event.box: None}
    return {"": counter}


def route(key: str, state: Mapping[str, Any], event: Any) -> list[Send]:
    if event.kind == "grown":
        return [Send("other", f"to{number}", Grow(out=0)) for number in range(event.sends)]
    return [Send("other", f"of-{key}", Add(amount=event.amount))] if event.kind == "added" else []


class Person(msgspec.Struct, frozen=True):
    """What the private topic holds."""

    name: str


def private(key: str, state: Mapping[str, Any], event: Any) -> msgspec.Struct | None:
    if event.kind != "told":
        return None
    return Person(event.text) if event.text else ERASE


def parts(message: Any) -> tuple[str, ...]:
    return (message.box,) if isinstance(message, Close) and message.box else ()


TOY = Domain(
    name="toy",
    inbox=INBOX,
    events=Changed,
    state=Counter,
    decide=decide,
    evolve=evolve,
    route=route,
    parts=parts,
    private=private,
    pending=lambda state: Effect("call", state.attempt, NOW + 1) if state.open else None,
    wake=lambda state: state.wake,
    answer=lambda key, state, event: {"total": state[""].total if state[""] else 0},
)


class World:
    """One partition of a domain: rows and ledger as the log holds them. Each ``say`` is a turn of its own."""

    def __init__(self, domain: Domain = TOY) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.decider = Decider(domain, 0, "bb", self.rows.get)
        self.offset, self.now, self.turns = -1, NOW, 0

    @property
    def ledger(self) -> Ledger:
        return unpack_ledger(self.rows.get(LEDGER))

    def item(self, message: Message | None, id: str = "", key: str = "a", **envelope: Any) -> Input:
        """The next input of the inbox. ``id`` "": a new one; ``raw``: the record's value as it is."""
        self.offset += 1
        raw = envelope.pop("raw", None)
        if raw is None:
            assert message is not None
            subject = envelope.pop("subject", key)
            changes = {name: envelope.pop(name) for name in ("type",) if name in envelope}
            sealed = seal("toy", subject, message, id=id or f"m{self.offset}", source="/test", **envelope)
            raw = encode(msgspec.structs.replace(sealed, **changes))
        return Input(self.offset, self.now, key, raw)

    def take(self, *items: Input) -> Turn:
        """A turn over ``items``, which all fit, written."""
        turn = Turn(self.ledger)
        for item in items:
            assert self.decider.take(turn, item)
        self.write(turn)
        return turn

    def write(self, turn: Turn) -> None:
        """What the kernel does with a turn."""
        for key, value in turn.batch() if turn.dirty else ():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value

    def say(self, message: Message | None, id: str = "", key: str = "a", **envelope: Any) -> Turn:
        """A turn of one input."""
        return self.take(self.item(message, id, key, **envelope))

    def row(self, key: str = "a", part: str = "") -> Row | None:
        raw = self.rows.get(row_key(key, part))
        return unpack_row(raw) if raw else None

    def state(self, key: str = "a", part: str = "") -> Counter | None:
        row = self.row(key, part)
        return self.decider._raw_state(row) if row else None


def events(turn: Turn) -> list[Envelope]:
    """What the turn says in public."""
    return [one for out in turn.outputs if out.topic == "bb.toy.events" for one in decode_batch(out.value or b"[]")]


def kinds(turn: Turn) -> list[str]:
    """The kinds of its events."""
    return [msgspec.json.decode(one.data, type=Changed).kind for one in events(turn)]


def sent(turn: Turn) -> list[Envelope]:
    """What it sends to other actors."""
    return [decode_envelope(out.value or b"") for out in turn.outputs if out.topic.endswith(".inbox")]


def dead(turn: Turn) -> list[Dead]:
    """What it could not handle."""
    return [msgspec.json.decode(out.value or b"", type=Dead) for out in turn.outputs if out.topic == "bb.dead"]


def answers(turn: Turn) -> list[tuple[str, Answer]]:
    """(Channel, answer)."""
    return [(reply.channel, reply.answer) for reply in turn.replies]


def codes(turn: Turn) -> list[tuple[int, str]]:
    """(Status, code) of its answers."""
    return [(answer.status, answer.code) for _, answer in answers(turn)]


__all__ = ["NOW", "TOY", "World", "id_of"]
