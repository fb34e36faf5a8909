"""What the kernel knows of a domain: its wiring, about ten lines in ``agents/<domain>.py`` (design §5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec

from models.actor import Effect, Event, Message, Phase, Refusal, Send, State
from models.effects import PortKind

Decide = Callable[[State, Any, int], "list[Event] | Refusal"]
Evolve = Callable[[State, Any], Mapping[str, Any]]


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """Pure functions and types; see ``models/actor.py`` for what each gets and gives.

    ``inbox``/``state``/``events``: unions of tagged structs. ``parts``: which part rows a message needs, from the message
    alone. ``wake``: the instant (ms) at which the aggregate (part ``""``) wants a ``Reminder``, 0: none. ``answer``: what a
    command gets once it is decided (``event`` is the one that answers it, or ``None`` when ``decide`` did); a dict or a
    ``Refusal``. ``private``: the aggregate's record for ``bb.<domain>.private`` after an event, ``ERASE``, or ``None``: no change;
    ``record``: under which key it is kept there, the row key unless an aggregate has several records: of each key the last remains.
    ``summary``: the one log line of a saga, when the event ends it. ``unfinished``: the phase of a saga and since when (ms) it is
    in it, ``None``: it has ended; ``limits``: phase -> ms after which a person should look at it.
    ``perform``: makes the effect of a state and says what came of it, as a message to the own inbox; whatever it raises
    counts as ``EffectUnknown``. ``kinds``: effect name -> kind, which tells what a successor may do (design §5.7). At most
    ``concurrency`` effects are under way on a worker; ``apart``: of each name, as each has a provider of its own, which may hang.
    """

    name: str
    inbox: Any
    events: Any
    state: Any
    decide: Decide
    evolve: Evolve
    route: Callable[[str, State, Any], Iterable[Send]] = lambda key, state, event: ()
    parts: Callable[[Any], Iterable[str]] = lambda message: ()
    pending: Callable[[Any], Effect | None] = lambda state: None
    wake: Callable[[Any], int] = lambda state: 0
    answer: Callable[[str, State, Event | None], dict[str, Any] | Refusal] = lambda key, state, event: {}
    private: Callable[[str, State, Any], msgspec.Struct | None] = lambda key, state, event: None
    record: Callable[[str, Any], str] = lambda key, event: key
    summary: Callable[[str, State, Any], dict[str, Any] | None] = lambda key, state, event: None
    unfinished: Callable[[Any], Phase | None] = lambda state: None
    limits: Mapping[str, int] = {}
    perform: Callable[[str, Any, Effect], Awaitable[Message]] | None = None
    kinds: Mapping[str, PortKind] = {}
    concurrency: int = 64
    apart: bool = False
