"""An aggregate's history in a test: give it messages, look at what it answered, routed and became."""

from __future__ import annotations

from typing import Any

from agents.runtime.domain import Domain
from models.actor import Event, Message, Refusal, Send


class Actor:
    """One aggregate of ``domain`` under ``key``. ``now`` moves only when the test moves it."""

    def __init__(self, domain: Domain, key: str, now: int) -> None:
        self.domain, self.key, self.now = domain, key, now
        self.states: dict[str, Any] = {"": None}
        self.sends: list[Send] = []

    @property
    def state(self) -> Any:
        """The aggregate itself."""
        return self.states[""]

    def load(self, message: Message) -> dict[str, Any]:
        """The parts that ``message`` needs."""
        return {part: self.states.get(part) for part in ("", *self.domain.parts(message))}

    def decide(self, message: Message) -> list[Event] | Refusal:
        """What ``message`` would bring about; changes nothing."""
        states = self.load(message)
        before = dict(states)
        decision = self.domain.decide(states, message, self.now)
        assert states == before
        return decision

    def take(self, message: Message) -> list[Any]:
        """The events of ``message``, folded; what they route stands in ``sends``, of this message only."""
        decision = self.decide(message)
        assert not isinstance(decision, Refusal), decision
        states, self.sends = self.load(message), []
        for event in decision:
            states.update(self.domain.evolve(states, event))
            self.sends += self.domain.route(self.key, states, event)
        self.states.update(states)
        return decision

    def refuses(self, message: Message) -> tuple[str, int]:
        """Code and status of the refusal of ``message``."""
        decision = self.decide(message)
        assert isinstance(decision, Refusal), decision
        return decision.code, decision.status

    def wake(self) -> int:
        """When it wants to be woken (ms; 0: not)."""
        return self.domain.wake(self.state)
