"""Decides what has arrived at one partition, in order, in memory (design §5.2 to §5.6).

Nothing here awaits or reads a clock: the same store and the same records give the same turn on any worker at any time.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from agents.runtime.domain import Domain
from agents.runtime.memos import Memos, full, prune
from agents.runtime.rows import (
    MAX_ROW,
    NIL,
    OPEN,
    PARKED,
    UNFINISHED,
    Memo,
    Output,
    Row,
    encode,
    header,
    pack_row,
    row_key,
    unpack_row,
)
from agents.runtime.turn import MAX_BYTES, MAX_INPUTS, Draft, Input, Step, TooLarge, Turn
from models.actor import DAY, Command, Inquire, Message, Refusal, Reminder, id_of
from models.kept import Tombstone
from topics.catalogue import DEAD, topic
from topics.dead import Dead
from topics.envelope import OUTPUTS_PER_INPUT, Envelope, NewerVersion, Opener, Undecodable, decode_envelope, seal
from topics.envelope import encode as encode_json
from topics.tracing import sampled, under

STACK, CAUSE = 8_000, 2_000
"""Characters that a letter to ``bb.dead`` has of the stack (its end) and of the error's text."""


def _is_row_key(key: str) -> bool:
    """False for what would be the key of a part, or of the ledger."""
    return bool(key) and "\x00" not in key


class Decider:
    """Decides the inputs of one domain on one partition. ``get(key)`` reads the local store."""

    def __init__(self, domain: Domain, partition: int, prefix: str, get: Callable[[bytes], bytes | None]) -> None:
        self.domain, self.prefix, self.get = domain, prefix, get
        self.memos = Memos(domain)
        self.partition = partition
        self.me = f"{domain.name}/{partition}"
        self.opener = Opener(domain.inbox | Inquire | Reminder)
        self.decode_state = msgspec.msgpack.Decoder(domain.state).decode
        self.takes_reminders = Reminder in getattr(domain.inbox, "__args__", (domain.inbox,))
        self.keeps_trace = self.takes_reminders or domain.perform is not None

    def take(self, turn: Turn, item: Input) -> bool:
        """Decide ``item`` into ``turn``. False: it does not fit any more and begins the next turn.

        Raises ``NewerVersion``: this process is too old and must stop.
        """
        step = Draft()
        envelope: Envelope | None = None
        try:
            envelope = decode_envelope(item.value)
            if envelope.sender and turn.ledger.heard.get(envelope.sender, -1) >= envelope.position:
                step.outcome = "repeated"
            else:
                self._handle(turn, step, item, envelope)
            if step.size() > MAX_BYTES // 2:
                raise TooLarge(f"{step.size()} bytes")
        except NewerVersion:
            raise
        except Exception as error:
            step = self._dead(turn, item, envelope, error)
        if turn.inputs and (turn.inputs >= MAX_INPUTS or turn.size + step.size() > MAX_BYTES):
            return False
        self._merge(turn, step, item, envelope)
        return True

    # -- one input ----------------------------------------------------------------------------------------------------

    def _handle(self, turn: Turn, step: Draft, item: Input, envelope: Envelope) -> None:
        message = self.opener.open(envelope)
        if envelope.subject != item.key:
            raise Undecodable(f"subject {envelope.subject!r} under record key {item.key!r}")
        if not _is_row_key(item.key):
            raise Undecodable(f"{item.key!r} is no row key")
        key, row = item.key, self._row(turn, item.key)
        self._traced(step, item, envelope, row, message)
        if isinstance(message, Inquire):
            memory = self._row(turn, key, message.part) if message.part else row
            return self.memos.inquired(step, key, row, memory, envelope, message)
        if isinstance(message, Reminder) and self._forget(turn, step, message, item):
            return None
        # An operator's replay is remembered like a client's command: said twice, it happens once. Another actor's command is
        # told from its repeat by its position.
        remembered = bool(envelope.replay) or (isinstance(message, Command) and not envelope.sender)
        part = message.remembered_in() if isinstance(message, Command) else ""
        memory = self._row(turn, key, part) if part else row
        if remembered and (memo := memory.commands.get(envelope.id)) is not None:
            if self.memos.again(step, key, memory, envelope, memo):
                self._store(step, key, part, memory, self._raw_state(memory), item)
            return None
        if row.parked and not envelope.replay:
            return self._follow(turn, step, item, envelope, row, message)
        if envelope.replay and (memo := memory.commands.get(envelope.causationid)) is not None:
            return self._replayed_otherwise(step, key, part, row, memory, item, envelope, memo)
        if remembered and envelope.replyto and full(memory, item.now):
            return self.memos.too_many(step, key, row, envelope)
        states = self._load(turn, key, (*self.domain.parts(message), *((part,) if part else ())))
        before = dict(states)
        events = self.domain.decide(states, message, item.now)
        if isinstance(events, Refusal):
            if message.must_succeed:
                raise RuntimeError(f"{type(message).__name__} was refused: {events.code} {events.details}")
            step.outcome = "refused"
            if remembered:
                self._refuse(step, key, part, row, memory, item, envelope, message, before, events)
            return None
        begins = turn.ledger.gone if events and not row.seq else 0
        sends, published, private = self._apply(step, key, row, states, events, begins, item)
        if envelope.replay and row.parked:
            row.parked -= 1
        if remembered:
            self.memos.accepted(step, key, row, memory, item, envelope, message, states, events)
        prune(row, item.now)
        if events or remembered:
            self._store(step, key, "", row, states[""], item)
            for name, state in states.items():
                if name and (name == part or before.get(name) is not state):
                    self._store(step, key, name, memory if name == part else self._row(turn, key, name), state, item)
        step.outputs += self._outputs(key, item, envelope, step.trace, sends, published, private, begins)
        return None

    def _traced(self, step: Draft, item: Input, envelope: Envelope, row: Row, message: Message) -> None:
        """Of which trace this step is: the message's, or where it has none (the kernel's own) or is not sampled, the row's."""
        trace = envelope.traceparent
        if self.keeps_trace and row.trace and (not trace or (sampled(row.trace) and not sampled(trace))):
            trace = row.trace
        if sampled(trace):
            step.name, step.parent = type(message).__name__, trace
            trace = under(trace, self.me, str(item.offset))
        if self.keeps_trace and not row.seq:
            row.trace = trace
        step.trace = trace

    def _apply(
        self, step: Draft, key: str, row: Row, states: dict[str, Any], events: list[Any], begins: int, item: Input
    ) -> tuple[list[tuple[str, str, Message]], list[tuple[int, Any]], tuple[str, msgspec.Struct] | None]:
        """Fold the events into ``states``: messages to send, events with their ``seq``, the new private record under its key.

        ``begins``: the ``seq`` from which a new row counts on, 0: it begins at 1, or is none.
        """
        domain = self.domain
        row.seq = row.seq or begins
        sends: list[tuple[str, str, Message]] = []
        published: list[tuple[int, Any]] = []
        private: tuple[str, msgspec.Struct] | None = None
        for event in events:
            row.seq += 1
            was = states[""]
            states.update(domain.evolve(states, event))
            row.ended = was is not None and states[""] is None
            sends += [(send.domain, send.key, send.message) for send in domain.route(key, states, event)]
            published.append((row.seq, event))
            if (kept := domain.private(key, states, event)) is not None:
                private = (domain.record(key, event), kept)
            self.memos.happened(step, key, row, states, event)
            if (summary := domain.summary(key, states, event)) is not None:
                step.summaries.append({**summary, "trace": (row.trace or step.trace)[3:35], "at": item.now})
        return sends, published, private

    def _outputs(
        self,
        key: str,
        item: Input,
        cause: Envelope,
        trace: str,
        sends: list[tuple[str, str, Message]],
        published: list[tuple[int, Any]],
        private: tuple[str, msgspec.Struct] | None,
        begins: int,
    ) -> Iterable[Output]:
        """Messages to other inboxes, then the events as one batch, then the private record; each with its position.

        Where an aggregate's first event is not its number 1 (``begins``), it says so (``first``).
        """
        first = item.offset * OUTPUTS_PER_INPUT
        correlation = cause.correlationid or key
        common: dict[str, Any] = {
            "source": f"/{self.me}",
            "sender": self.me,
            "causation": cause.id,
            "correlation": correlation,
            "traceparent": trace,
        }
        outputs = []
        if len(sends) + 2 > OUTPUTS_PER_INPUT:
            raise TooLarge(f"{len(sends)} messages from one input")
        for number, (to, to_key, message) in enumerate(sends):
            sealed = seal(to, to_key, message, id=id_of(cause.id, str(number)), position=first + number, **common)
            outputs.append(Output(topic(self.prefix, to, "inbox"), to_key, encode_json(sealed)))
        if published:
            position = first + len(sends)
            batch = [
                seal(self.domain.name, key, event, id=id_of(self.domain.name, key, str(seq)), seq=seq, position=position, **common)
                for seq, event in published
            ]
            if begins:
                batch[0] = msgspec.structs.replace(batch[0], first=True)
            outputs.append(Output(topic(self.prefix, self.domain.name, "events"), key, encode_json(batch)))
        if private is not None:
            record, kept = private
            value = None
            if not isinstance(kept, Tombstone):
                seq = published[-1][0]
                ident = id_of(self.domain.name, key, str(seq), "private")
                position = first + len(sends) + 1
                value = encode_json(seal(self.domain.name, key, kept, id=ident, seq=seq, position=position, **common))
            outputs.append(Output(topic(self.prefix, self.domain.name, "private"), record, value, key if record != key else ""))
        return outputs

    # -- commands: refused, replayed ------------------------------------------------------------------------------------

    def _replayed_otherwise(
        self, step: Draft, key: str, part: str, row: Row, memory: Row, item: Input, envelope: Envelope, memo: Memo
    ) -> None:
        """A client that sent its command again while the aggregate was parked left several letters of it: one is handled."""
        step.outcome = "repeated"
        row.parked = max(0, row.parked - 1)
        memory.commands[envelope.id] = memo
        self._store(step, key, "", row, self._raw_state(row), item)
        if part:
            self._store(step, key, part, memory, self._raw_state(memory), item)

    def _refuse(
        self,
        step: Draft,
        key: str,
        part: str,
        row: Row,
        memory: Row,
        item: Input,
        envelope: Envelope,
        message: Message,
        states: dict[str, Any],
        refusal: Refusal,
    ) -> None:
        """A refused command leaves what is remembered of it, and nothing else. A replay no longer holds others up."""
        self.memos.refused(step, key, row, memory, item, envelope, message, refusal)
        if envelope.replay and row.parked:
            row.parked -= 1
            self._store(step, key, "", row, states[""], item)
        self._store(step, key, part, memory, states[part], item)

    # -- rows -----------------------------------------------------------------------------------------------------------

    def _row(self, turn: Turn, key: str, part: str = "") -> Row:
        """The row as this turn left it; a copy that a step may change (it is thrown away if the step fails)."""
        raw_key = row_key(key, part)
        raw = turn.rows[raw_key] if raw_key in turn.rows else self.get(raw_key)
        return unpack_row(raw) if raw else Row()

    def _raw_state(self, row: Row) -> Any:
        return self.decode_state(row.state) if row.state != NIL else None

    def _load(self, turn: Turn, key: str, parts: Iterable[str]) -> dict[str, Any]:
        return {part: self._raw_state(self._row(turn, key, part)) for part in ("", *parts)}

    def _forget(self, turn: Turn, step: Draft, message: Reminder, item: Input) -> bool:
        """A reminder to a row that holds nothing but old answers: forget them. False: the domain wants the reminder."""
        memory = self._row(turn, item.key, message.part)
        if memory.state == NIL and prune(memory, item.now):
            self._store(step, item.key, message.part, memory, None, item)
            return True
        return bool(message.part) or memory.state == NIL or not self.takes_reminders

    def _store(self, step: Draft, key: str, part: str, row: Row, state: Any, item: Input) -> None:
        """Encode the row; one that holds nothing, no state, no memory and no history that goes on, is deleted."""
        raw_key = row_key(key, part)
        row.state = NIL if state is None else msgspec.Raw(encode(state))
        flags = PARKED if row.parked else 0
        wake_at = 0
        if not part and state is not None:
            flags |= OPEN if self.domain.pending(state) is not None else 0
            wake_at = self.domain.wake(state)
            phase = step.phases[raw_key] = self.domain.unfinished(state)
            flags |= UNFINISHED if phase is not None else 0
        if state is None and row.commands and not row.counts:
            # Nobody may ever write this row again: it asks for its own end.
            wake_at = max(memo.at for memo in row.commands.values()) + DAY + 1000
        if state is None and not row.commands and not row.counts and not row.parked:
            step.rows[raw_key] = None
            step.gone = max(step.gone, row.seq)
            return
        packed = pack_row(row, flags, item.offset, wake_at)
        if len(packed) > MAX_ROW:
            raise TooLarge(f"row {key!r}{part!r} of {len(packed)} bytes")
        step.rows[raw_key] = packed

    # -- what cannot be handled -------------------------------------------------------------------------------------------

    def _park(self, turn: Turn, step: Draft, item: Input, row: Row) -> None:
        """One message more waits for an operator. The state stays as it lies: it may be what cannot be decoded."""
        raw_key = row_key(item.key)
        raw = turn.rows[raw_key] if raw_key in turn.rows else self.get(raw_key)
        flags, _, wake_at = header(raw) if raw else (0, -1, 0)
        row.parked += 1
        step.rows[raw_key] = pack_row(row, flags | PARKED, item.offset, wake_at)

    def _follow(self, turn: Turn, step: Draft, item: Input, envelope: Envelope, row: Row, message: Message) -> None:
        """The aggregate is parked: this message waits behind the one that could not be handled."""
        step.outcome = "parked"
        if isinstance(message, Reminder):
            # It comes again until the row has had it; a letter of each would bury the others.
            return
        self._park(turn, step, item, row)
        step.outputs.append(self._letter(item, "the aggregate is parked", "", row.seq, True))
        self.memos.failed(step, item.key, row, envelope)

    def _dead(self, turn: Turn, item: Input, envelope: Envelope | None, error: Exception) -> Draft:
        """A poison value never stops the partition; one that may not be refused parks its aggregate."""
        step = Draft()
        step.outcome = "dead"
        stack = "".join(traceback.format_exception(error))[-STACK:]
        row, park = Row(), False
        if envelope is not None and envelope.subject == item.key and _is_row_key(item.key):
            row = self._row(turn, item.key)
            try:
                park = self.opener.open(envelope).must_succeed and not envelope.replay
            except Exception:
                park = False
        if park:
            self._park(turn, step, item, row)
        # A replay that failed again still holds the aggregate.
        holds = park or bool(envelope is not None and envelope.replay and row.parked)
        step.outputs.append(self._letter(item, f"{type(error).__name__}: {error}"[:CAUSE], stack, row.seq, holds))
        if envelope is not None:
            self.memos.failed(step, item.key, row, envelope)
        return step

    def _letter(self, item: Input, cause: str, stack: str, seq: int, parked: bool) -> Output:
        inbox = topic(self.prefix, self.domain.name, "inbox")
        text = item.value.decode("utf-8", "backslashreplace")
        letter = Dead(inbox, self.partition, item.offset, item.key, cause, stack, seq, parked, text)
        return Output(f"{self.prefix}.{DEAD}", item.key, encode_json(letter))

    def _merge(self, turn: Turn, step: Draft, item: Input, envelope: Envelope | None) -> None:
        turn.inputs += 1
        turn.size += step.size()
        turn.rows.update(step.rows)
        turn.outputs += step.outputs
        turn.replies += step.replies
        turn.summaries += step.summaries
        turn.phases.update(step.phases)
        if step.name:
            turn.spans.append(Step(step.name, step.trace, step.parent, item.key, item.offset, step.outcome, item.now))
        turn.outcomes[step.outcome] = turn.outcomes.get(step.outcome, 0) + 1
        turn.ledger.at = item.offset
        turn.ledger.gone = max(turn.ledger.gone, step.gone)
        if envelope is not None and envelope.sender and envelope.position > turn.ledger.heard.get(envelope.sender, -1):
            turn.ledger.heard[envelope.sender] = envelope.position
            turn.dirty = True
        turn.dirty = turn.dirty or bool(step.rows or step.outputs)
