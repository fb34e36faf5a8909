"""What a row remembers of clients' commands, and whom it answers (design §5.3, §5.4).

Every command leaves a ``Memo`` in its row, or in the part that it names, for a day: whose words it had, the answer or the wish
that it waits for. Replies go into the step; rows are the decider's to store.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agents.runtime.domain import Domain
from agents.runtime.rows import NIL, Memo, Row, encode
from agents.runtime.turn import Draft, Input, Reply
from models.actor import DAY, HOUR, Command, Inquire, Message, Refusal
from topics.answers import Answer
from topics.envelope import Envelope

COMMANDS = 64
"""Commands of clients that one row remembers, or it would grow without end. Beyond them the oldest goes that is ``SURE`` old."""
SURE = HOUR
"""Ms for which every command is remembered, however many follow; more than ``COMMANDS`` within it are refused (docs/adr/0018)."""
WAITING = 8
"""Web processes that one row tells of an answer; a further one asks again."""

decode_answer = msgspec.msgpack.Decoder(Answer).decode


def prune(row: Row, now: int) -> bool:
    """Forget the commands of more than a day ago. ``now``: ms. True: there were any."""
    old = [command for command, memo in row.commands.items() if memo.at < now - DAY]
    for command in old:
        del row.commands[command]
    return bool(old)


def full(row: Row, now: int) -> bool:
    """Is there no room for one more command, not even in the place of an old one that was answered? ``now``: ms."""
    if len(row.commands) < COMMANDS or prune(row, now):
        return False
    old = [(memo.at, command) for command, memo in row.commands.items() if memo.answer != NIL and memo.at < now - SURE]
    if not old:
        return True
    del row.commands[min(old)[1]]
    return False


class Memos:
    """Of one domain. ``memory``: the row that remembers the command, ``row``: the aggregate's own; they may be the same."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain

    def again(self, step: Draft, key: str, memory: Row, envelope: Envelope, memo: Memo) -> bool:
        """A known command id: only its answer again, or a refusal if the client's words differ. True: ``memory`` has changed."""
        step.outcome = "repeated"
        if memo.fingerprint != envelope.fingerprint:
            answer = Answer(envelope.id, self.domain.name, key, memory.seq, 422, "idempotency_key_reused")
        elif memo.answer != NIL:
            answer = decode_answer(memo.answer)
        elif envelope.replyto and envelope.replyto not in memo.replyto and len(memo.replyto) < WAITING:
            memo.replyto.append(envelope.replyto)
            return True
        else:
            return False
        self._reply(step, envelope.replyto, answer, envelope.fingerprint)
        return False

    def accepted(
        self,
        step: Draft,
        key: str,
        row: Row,
        memory: Row,
        item: Input,
        envelope: Envelope,
        message: Message,
        states: dict[str, Any],
        events: list[Any],
    ) -> None:
        """Remember an accepted command; answer it unless it waits for a later event."""
        awaits = message.awaits() if isinstance(message, Command) else ""
        answering = next((event for event in events if awaits in event.answers()), None) if awaits else None
        waits = bool(awaits) and bool(events) and answering is None
        memo = Memo(item.now, envelope.fingerprint, awaits if waits else "", [envelope.replyto] if envelope.replyto else [])
        if not waits:
            said = self.domain.answer(key, states, answering)
            answer = self._answer(envelope.id, key, row, said, unchanged=not events)
            memo.answer = msgspec.Raw(encode(answer))
            self._reply(step, envelope.replyto, answer, envelope.fingerprint)
        prune(memory, item.now)
        self._keep(memory, envelope, message, memo)

    def refused(
        self, step: Draft, key: str, row: Row, memory: Row, item: Input, envelope: Envelope, message: Message, refusal: Refusal
    ) -> None:
        """A refused command leaves id, fingerprint and answer for 24 h."""
        answer = self._answer(envelope.id, key, row, refusal)
        prune(memory, item.now)
        self._keep(memory, envelope, message, Memo(item.now, envelope.fingerprint, "", [], msgspec.Raw(encode(answer))))
        self._reply(step, envelope.replyto, answer, envelope.fingerprint)

    def happened(self, step: Draft, key: str, row: Row, states: dict[str, Any], event: Any) -> None:
        """An event decides wishes: every command of this aggregate that waits for one of them is answered."""
        for wish in event.answers():
            for command, memo in row.commands.items():
                if memo.answer == NIL and memo.awaits == wish:
                    answer = self._answer(command, key, row, self.domain.answer(key, states, event))
                    memo.answer = msgspec.Raw(encode(answer))
                    for channel in memo.replyto:
                        self._reply(step, channel, answer, memo.fingerprint)

    def inquired(self, step: Draft, key: str, row: Row, memory: Row, envelope: Envelope, message: Inquire) -> None:
        """Tell what became of a command, and whose words it had."""
        memo = memory.commands.get(message.command)
        if memo is None:
            answer = Answer(message.command, self.domain.name, key, row.seq, 404, "command_unknown")
        elif memo.answer == NIL:
            answer = Answer(message.command, self.domain.name, key, row.seq, 0)
        else:
            answer = decode_answer(memo.answer)
        step.outcome = "inquired"
        self._reply(step, envelope.replyto, answer, "" if memo is None else memo.fingerprint)

    def too_many(self, step: Draft, key: str, row: Row, envelope: Envelope) -> None:
        """The row is ``full``: the command is refused and not remembered."""
        step.outcome = "refused"
        answer = Answer(envelope.id, self.domain.name, key, row.seq, 429, "too_many_commands", {"an_hour": COMMANDS})
        self._reply(step, envelope.replyto, answer, envelope.fingerprint)

    def failed(self, step: Draft, key: str, row: Row, envelope: Envelope) -> None:
        """The command could not be handled: its client hears so, and may send it again."""
        answer = Answer(envelope.id, self.domain.name, key, row.seq, 500, "internal_error")
        self._reply(step, envelope.replyto, answer, envelope.fingerprint)

    def _keep(self, memory: Row, envelope: Envelope, message: Message, memo: Memo) -> None:
        memory.commands[envelope.id] = memo
        if envelope.replay and isinstance(message, Command):
            # Under its client's id too: the client may still ask, and other letters of it may be replayed.
            memory.commands[envelope.causationid] = memo

    def _answer(self, command: str, key: str, row: Row, said: dict[str, Any] | Refusal, unchanged: bool = False) -> Answer:
        if isinstance(said, Refusal):
            return Answer(command, self.domain.name, key, row.seq, said.status, said.code, said.details)
        return Answer(command, self.domain.name, key, row.seq, 200, "", said, unchanged=unchanged)

    def _reply(self, step: Draft, channel: str, answer: Answer, fingerprint: str = "") -> None:
        """Tell whoever waits on ``channel`` for the answer to a command with these words."""
        if channel:
            step.replies.append(Reply(channel, msgspec.structs.replace(answer, fingerprint=fingerprint) if fingerprint else answer))
