"""What a buyer leaves in aggregates that are not theirs (questions, alerts), so that it is found when they leave. Pure.

Each domain that has such things keeps rows under the buyer's account id: ``traces/<bucket>`` the ids of the aggregates, ``left``
that the account is withdrawn. The aggregate tells the buyer's rows of what it keeps; they tell it to forget. Whatever order the
messages come in, nothing stays: who has left is asked for what is said to be theirs afterwards. Nor is anything kept that is not
known here: of more than a bucket can hold, the oldest are told to forget at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from models.actor import Event, Message, Send, State

BUCKETS = 16
"""Part rows over which a buyer's traces are spread."""
MOST = 900
"""Traces of a bucket: with ids of 64 characters, the longest that a path may hold, they stay below the row's 64 KB. 16 buckets make
some 14,000, which only a script ever has."""
AT_ONCE = 200
"""Aggregates that one message of the buyer's rows reaches; the rest follow by the next one."""


class KeepTrace(Message, frozen=True):
    """To the buyer's rows: the aggregate ``item`` of this domain keeps something of theirs."""

    must_succeed: ClassVar[bool] = True
    item: str


class DropTrace(Message, frozen=True):
    """To the buyer's rows: ``item`` keeps nothing of theirs any more."""

    must_succeed: ClassVar[bool] = True
    item: str


class ForgetTraces(Message, frozen=True):
    """To the buyer's rows: the account is withdrawn. Sent on by themselves until nothing is left."""

    must_succeed: ClassVar[bool] = True


class TraceKept(Event, frozen=True):
    item: str


class TraceDropped(Event, frozen=True):
    item: str


class TracesCrowdedOut(Event, frozen=True):
    """There is no room for more than what is kept by now, so each of ``items``, the oldest, is told to forget the buyer."""

    items: tuple[str, ...] = ()


class TracesForgotten(Event, frozen=True):
    """The buyer has left, so each of ``items`` is told to forget them."""

    items: tuple[str, ...] = ()


class Traces(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A bucket, the oldest first."""

    items: tuple[str, ...] = ()


class Left(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The account is withdrawn."""


TRACE_INBOX = KeepTrace | DropTrace | ForgetTraces
TRACE_EVENTS = TraceKept | TraceDropped | TracesForgotten | TracesCrowdedOut
TRACE_STATE = Traces | Left


def _bucket(item: str) -> str:
    return f"traces/{zlib.crc32(item.encode()) % BUCKETS}"


def parts(message: TRACE_INBOX) -> Iterator[str]:
    """The part rows that ``message`` needs."""
    yield "left"
    if isinstance(message, ForgetTraces):
        yield from (f"traces/{number}" for number in range(BUCKETS))
    else:
        yield _bucket(message.item)


def decide(state: State, message: TRACE_INBOX) -> list[Event]:
    """What ``message`` brings about; said again, nothing."""
    match message:
        case KeepTrace(item=item):
            if state["left"] is not None:
                return [TracesForgotten(items=(item,))]
            return _kept(_items(state, _bucket(item)), item)
        case DropTrace(item=item):
            return [TraceDropped(item=item)] if item in _items(state, _bucket(item)) else []
        case ForgetTraces():
            items = [item for part in parts(message) if part != "left" for item in _items(state, part)]
            if not items and state["left"] is not None:
                return []
            return [TracesForgotten(items=tuple(items[:AT_ONCE]))]


def _kept(items: tuple[str, ...], item: str) -> list[Event]:
    """``item`` is one of the bucket's ``items`` from now on."""
    if item in items:
        return []
    # One at a time, but for a bucket from before there was a bound.
    crowded = items[: max(0, len(items) + 1 - MOST)][:AT_ONCE]
    return [*([TracesCrowdedOut(items=crowded)] if crowded else []), TraceKept(item=item)]


def _items(state: State, part: str) -> tuple[str, ...]:
    kept: Traces | None = state[part]
    return kept.items if kept is not None else ()


def evolve(state: State, event: TRACE_EVENTS) -> Mapping[str, Any]:
    """The part rows that ``event`` changes."""
    match event:
        case TraceKept(item=item):
            part = _bucket(item)
            return {part: Traces((*_items(state, part), item))}
        case TraceDropped(item=item):
            return _without(state, (item,))
        case TracesCrowdedOut(items=items):
            return _without(state, items)
        case TracesForgotten(items=items):
            return {"left": Left(), **_without(state, items)}


def _without(state: State, gone: Iterable[str]) -> dict[str, Traces | None]:
    changed: dict[str, Traces | None] = {}
    for part in dict.fromkeys(map(_bucket, gone)):
        if state.get(part) is not None:
            kept = tuple(item for item in _items(state, part) if item not in gone)
            changed[part] = Traces(kept) if kept else None
    return changed


def route(domain: str, key: str, state: State, event: TRACE_EVENTS, forget: Message) -> Iterator[Send]:
    """``forget``: what each aggregate is told; ``key``: the buyer's account; ``state``: after the event."""
    if isinstance(event, TracesForgotten | TracesCrowdedOut):
        yield from (Send(domain, item, forget) for item in event.items)
    if isinstance(event, TracesForgotten) and any(isinstance(kept, Traces) for kept in state.values()):
        yield Send(domain, key, ForgetTraces())
