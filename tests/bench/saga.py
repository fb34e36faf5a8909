"""The bare saga: what a durable saga engine does and nothing else, so that its cost can be told apart from the shop's.

Begin (command) -> Hold -> Held -> Commit -> Committed: four messages between an order and a store, each decided, logged and
acknowledged before the next leaves; the command is answered by the last. Pure, like every domain's ``decide``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from models.actor import Command, Event, Message, Refusal, Send, State

ENDED = "ended"
STOCK = 1_000_000_000


class Begin(Command, frozen=True):
    """To an order: buy ``count`` stems of ``store``; answered when they are committed."""

    store: str
    count: int

    def awaits(self) -> str:
        return ENDED


class Held(Message, frozen=True):
    """To an order: its store holds the stems."""


class Committed(Message, frozen=True):
    """To an order: its store has given the stems away."""


class Begun(Event, frozen=True):
    """An order has begun."""

    store: str
    count: int


class CommitAsked(Event, frozen=True):
    """An order goes through."""

    store: str


class Ended(Event, frozen=True):
    """An order is done."""

    def answers(self) -> tuple[str, ...]:
        return (ENDED,)


class Order(msgspec.Struct, frozen=True, tag=True):
    """State of an order."""

    store: str
    count: int
    status: str = "HOLDING"


class Hold(Message, frozen=True):
    """To a store: set stems aside for ``order``."""

    order: str
    count: int


class Commit(Message, frozen=True):
    """To a store: what is held for ``order`` is given away."""

    order: str


class Add(Message, frozen=True):
    """To a store: ``count`` stems more; the message of which events per core are counted."""

    count: int


class StemsHeld(Event, frozen=True):
    """A store holds stems for an order."""

    order: str
    count: int


class StemsCommitted(Event, frozen=True):
    """A store has given away what it held for an order."""

    order: str
    count: int


class StemsAdded(Event, frozen=True):
    """A store has more stems."""

    count: int


class Store(msgspec.Struct, frozen=True, tag=True):
    """State of a store. Its holds are rows of their own."""

    stock: int = STOCK


class Kept(msgspec.Struct, frozen=True, tag=True):
    """State of a hold."""

    count: int


def decide_order(state: State, message: Any, now: int) -> list[Event] | Refusal:
    """See ``models/actor.py``."""
    order: Order | None = state[""]
    if isinstance(message, Begin):
        return [Begun(store=message.store, count=message.count)] if order is None else []
    if isinstance(message, Held):
        return [CommitAsked(store=order.store)] if order is not None and order.status == "HOLDING" else []
    return [Ended()] if order is not None and order.status == "COMMITTING" else []


def evolve_order(state: State, event: Any) -> dict[str, Any]:
    """See ``models/actor.py``."""
    if isinstance(event, Begun):
        return {"": Order(event.store, event.count)}
    status = "COMMITTING" if isinstance(event, CommitAsked) else "ENDED"
    return {"": msgspec.structs.replace(state[""], status=status)}


def route_order(key: str, state: State, event: Any) -> Iterable[Send]:
    """See ``models/actor.py``."""
    if isinstance(event, Begun):
        yield Send("inventory", event.store, Hold(order=key, count=event.count))
    elif isinstance(event, CommitAsked):
        yield Send("inventory", event.store, Commit(order=key))


def decide_store(state: State, message: Any, now: int) -> list[Event] | Refusal:
    """See ``models/actor.py``."""
    store: Store = state[""] or Store()
    if isinstance(message, Add):
        return [StemsAdded(count=message.count)]
    kept: Kept | None = state[message.order]
    if isinstance(message, Hold):
        if message.count > store.stock:
            return Refusal("out_of_stock")
        return [StemsHeld(order=message.order, count=message.count)] if kept is None else []
    return [StemsCommitted(order=message.order, count=kept.count)] if kept is not None else []


def evolve_store(state: State, event: Any) -> dict[str, Any]:
    """See ``models/actor.py``."""
    store: Store = state[""] or Store()
    if isinstance(event, StemsAdded):
        return {"": Store(store.stock + event.count)}
    if isinstance(event, StemsHeld):
        return {"": Store(store.stock - event.count), event.order: Kept(event.count)}
    return {"": store, event.order: None}


def route_store(key: str, state: State, event: Any) -> Iterable[Send]:
    """See ``models/actor.py``."""
    if isinstance(event, StemsHeld):
        yield Send("orders", event.order, Held())
    elif isinstance(event, StemsCommitted):
        yield Send("orders", event.order, Committed())


def parts_store(message: Any) -> Iterable[str]:
    """See ``models/actor.py``."""
    return () if isinstance(message, Add) else (message.order,)
