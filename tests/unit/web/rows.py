"""A web behind which the real decider of accounts answers, and remembers commands with their words as the kernel does."""

from __future__ import annotations

from typing import Any

import msgspec

from models.actor import Command, Refusal
from tests.unit.accounts.given import ACCOUNTS
from tests.unit.history import Actor
from tests.unit.web.answering import Agreeing
from topics.answers import Answer


class Row(Agreeing):
    """A client to one row of the accounts. ``remembered``: command id -> its answer, with the fingerprint of its words."""

    def __init__(self, actor: Actor) -> None:
        super().__init__()
        self.actor = actor
        self.remembered: dict[str, Answer] = {}

    async def ask(
        self, domain: str, key: str, message: Command, *, id: str, wait: float, fingerprint: str = "", **more: Any
    ) -> Answer | None:
        self.sent.append((domain, key, message))
        assert (domain, key) == ("accounts", self.actor.key)
        if id not in self.remembered:
            self.remembered[id] = msgspec.structs.replace(self._answer(id, message), fingerprint=fingerprint)
        answer = self.remembered[id]
        return answer if answer.fingerprint == fingerprint else self._said(id, 422, "idempotency_key_reused")

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        assert (domain, key) == ("accounts", self.actor.key)
        assert part in ("", f"once/{command}")
        return self.remembered.get(command) or self._said(command, 404, "command_unknown")

    def _answer(self, id: str, message: Command) -> Answer:
        said: Any = self.actor.decide(message)
        if not isinstance(said, Refusal):
            events = self.actor.take(message)
            awaits = message.awaits()
            event = next((one for one in events if awaits in one.answers()), None) if awaits else None
            said = ACCOUNTS.answer(self.actor.key, self.actor.states, event)
        return self._said(id, said.status, said.code, said.details) if isinstance(said, Refusal) else self._said(id, 200, "", said)

    def _said(self, id: str, status: int, code: str, body: dict[str, Any] | None = None) -> Answer:
        return Answer(id, "accounts", self.actor.key, 1, status, code, body or {})
