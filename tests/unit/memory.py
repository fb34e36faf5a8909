"""The kernel's contract in memory: deciders wired by their routes, with every freedom that the real one has (design §5).

Messages from one partition to another keep their order; across senders any interleaving may happen. A repeat is dropped by
its sender's position. Outcomes of effects and reminders carry no position, so ``decide`` must tell a repeat. Time is virtual.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from agents.runtime.domain import Domain
from models.actor import Command, Effect, Event, Message, Refusal, Reminder, id_of

PARTITIONS = 2
MAX_ROW = 64 * 1024


class Letter(NamedTuple):
    """A message on its way. ``sender`` "": from nobody who counts (web, effect, reminder). ``id``: of a web command."""

    domain: str
    key: str
    message: Message
    sender: str = ""
    position: int = -1
    id: str = ""


class Said(NamedTuple):
    """An event of an aggregate, as the log holds it."""

    domain: str
    key: str
    event: Any
    at: int


class Call(NamedTuple):
    """An effect under way, with the state that started it."""

    domain: str
    key: str
    effect: Effect
    state: Any


def partition(domain: str, key: str) -> str:
    """Where an aggregate lives."""
    return f"{domain}/{zlib.crc32(key.encode()) % PARTITIONS}"


def run(call: Awaitable[Message]) -> Message:
    """The result of a coroutine that never waits."""
    steps = call.__await__()
    try:
        next(steps)
    except StopIteration as done:
        message: Message = done.value
        return message
    raise AssertionError("a model of the outside may not wait")


class Memory:
    """All actors of ``domains``. ``now``: ms since the epoch, moved by the test."""

    def __init__(self, domains: Iterable[Domain], now: int) -> None:
        self.domains = {domain.name: domain for domain in domains}
        self.now = now
        self.pushed = 0
        self.channels: dict[tuple[str, str], deque[Letter]] = {}
        self.heard: dict[tuple[str, str], int] = {}
        self.sent: dict[str, int] = {}
        self.rows: dict[tuple[str, str], dict[str, bytes]] = {}
        self.log: list[Said] = []
        self.lines: list[str] = []
        self.delivered: list[Letter] = []
        self.calls: dict[tuple[str, str], Call] = {}
        self.started: dict[tuple[str, str], int] = {}
        self.routed: set[tuple[str, str, str, str]] = set()
        self.waiting: dict[tuple[str, str], dict[str, str]] = {}
        self.answers: dict[str, dict[str, Any] | Refusal] = {}
        self.private: dict[tuple[str, str], Any] = {}
        self._decoders = {d.name: msgspec.json.Decoder(d.inbox | Reminder) for d in self.domains.values()}
        self._states = {d.name: msgspec.msgpack.Decoder(d.state) for d in self.domains.values()}

    # -- sending ----------------------------------------------------------------------------------------------------------

    def command(self, domain: str, key: str, message: Message, id: str) -> None:
        """The web (``id`` names a command) sends ``message``; nothing orders it against anything."""
        self._push(Letter(domain, key, message, id=id))

    def tell(self, domain: str, key: str, message: Message) -> None:
        """An outcome or a reminder."""
        self._push(Letter(domain, key, message))

    def _push(self, letter: Letter) -> None:
        self.pushed += 1
        sender = letter.sender or f"nobody/{self.pushed}"
        receiver = partition(letter.domain, letter.key)
        self.channels.setdefault((sender, receiver), deque()).append(letter)

    def repeat(self, letter: Letter) -> None:
        """``letter`` once more, at a new offset: what a restarted sender does."""
        self._push(letter)

    # -- receiving --------------------------------------------------------------------------------------------------------

    def deliver(self, channel: tuple[str, str]) -> None:
        """The first message of ``channel`` reaches its actor."""
        letter = self.channels[channel].popleft()
        if not self.channels[channel]:
            del self.channels[channel]
        self.delivered.append(letter)
        if letter.sender:
            if letter.position <= self.heard.get(channel, -1):
                return
            self.heard[channel] = letter.position
        elif letter.id in self.answers or letter.id in self.waiting.get((letter.domain, letter.key), {}):
            return
        self.now += 1
        self._handle(letter)

    def state(self, domain: str, key: str, part: str = "") -> Any:
        """The state of a part, decoded from its row; None if there is none."""
        raw = self.rows.get((domain, key), {}).get(part)
        return None if raw is None else self._states[domain].decode(raw)

    def parts(self, domain: str, key: str) -> dict[str, Any]:
        """All parts of an aggregate."""
        return {part: self.state(domain, key, part) for part in self.rows.get((domain, key), {})}

    def _handle(self, letter: Letter) -> None:
        domain, key = self.domains[letter.domain], letter.key
        message = self._decoders[domain.name].decode(msgspec.json.encode(letter.message))
        states = {part: self.state(domain.name, key, part) for part in ("", *domain.parts(message))}
        before = dict(states)
        events = domain.decide(states, message, self.now)
        assert states == before, "decide may not change what it is given"
        if isinstance(events, Refusal):
            assert not message.must_succeed, f"{message} was refused: {events}"
            if isinstance(message, Command) and letter.id:
                self.answers[letter.id] = events
            return
        if isinstance(message, Command) and letter.id:
            self.waiting.setdefault((domain.name, key), {})[letter.id] = message.awaits()
        for event in events:
            self._apply(domain, key, states, event)
        waiting = self.waiting.get((domain.name, key), {})
        if letter.id in waiting and not (waiting[letter.id] and events):
            del waiting[letter.id]
            self.answers[letter.id] = domain.answer(key, states, None)
        self._store(domain, key, states)
        self._start(domain, key, states[""])

    def _apply(self, domain: Domain, key: str, states: dict[str, Any], event: Event) -> None:
        states.update(domain.evolve(states, event))
        self.log.append(Said(domain.name, key, event, self.now))
        self.lines.append(msgspec.json.encode(event).decode())
        for send in domain.route(key, states, event):
            me = partition(domain.name, key)
            self.sent[me] = self.sent.get(me, 0) + 1
            self.routed.add((domain.name, type(event).__name__, send.domain, type(send.message).__name__))
            self._push(Letter(send.domain, send.key, send.message, me, self.sent[me]))
        record = domain.private(key, states, event)
        if record is not None:
            self.private[(domain.name, key)] = record
        waiting = self.waiting.get((domain.name, key), {})
        for command in [command for command, wish in waiting.items() if wish in event.answers()]:
            del waiting[command]
            self.answers[command] = domain.answer(key, states, event)

    def _store(self, domain: Domain, key: str, states: Mapping[str, Any]) -> None:
        rows = self.rows.setdefault((domain.name, key), {})
        for part, state in states.items():
            if state is None:
                rows.pop(part, None)
                continue
            rows[part] = msgspec.msgpack.encode(state)
            assert len(rows[part]) < MAX_ROW

    # -- the outside and time ---------------------------------------------------------------------------------------------

    def _start(self, domain: Domain, key: str, state: Any) -> None:
        effect = None if state is None else domain.pending(state)
        if effect is None:
            return
        where = (domain.name, key)
        if self.started.get(where, 0) < effect.attempt:
            assert effect.attempt == self.started.get(where, 0) + 1, "attempts are counted one by one"
            self.started[where] = effect.attempt
            self.calls[(id_of(*where), str(effect.attempt))] = Call(domain.name, key, effect, state)

    def due(self, horizon: int) -> list[tuple[int, str, str]]:
        """(when, domain, key) of the aggregates that want to be woken by ``horizon`` (ms), soonest first."""
        wanted = []
        for (name, key), rows in self.rows.items():
            if "" in rows and (at := self.domains[name].wake(self._states[name].decode(rows[""]))) and at <= horizon:
                wanted.append((at, name, key))
        return sorted(wanted)

    def remind(self, at: int, domain: str, key: str) -> None:
        """The worker's reminder."""
        self.tell(domain, key, Reminder(due=at))

    # -- what the log says ------------------------------------------------------------------------------------------------

    def events(self, domain: str, kind: type[Any]) -> list[Said]:
        """All events of a kind, oldest first."""
        return [said for said in self.log if said.domain == domain and isinstance(said.event, kind)]
