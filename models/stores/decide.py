"""The stores domain: whose aggregate a message is about, and nothing else. Pure.

Stores, questions and notices have rows, keys and rules of their own: see ``store``, ``questions`` and ``notices``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from models import traces
from models.actor import Event, Refusal, Send, State
from models.stores import notices, questions, store
from models.stores.messages import (
    NOTICE_EVENTS,
    NOTICE_INBOX,
    QUESTION_EVENTS,
    QUESTION_INBOX,
    STORES_EVENTS,
    STORES_INBOX,
    ForgetAsker,
    StoreSaved,
)
from models.stores.notices import Notice
from models.stores.questions import Question
from models.stores.store import Store
from models.traces import TRACE_EVENTS, TRACE_INBOX, TRACE_STATE

STORES_STATE = Store | Question | Notice | TRACE_STATE
OTHER_KIND = Refusal("not_found", 404)
"""Under this key lies something else, which the message may neither change nor replace."""


def parts(message: STORES_INBOX) -> Iterable[str]:
    """The part rows that ``message`` needs."""
    return traces.parts(message) if isinstance(message, TRACE_INBOX) else ()


def decide(state: State, message: STORES_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message``, appended at ``now`` (ms), brings about."""
    found = state[""]
    if isinstance(message, TRACE_INBOX):
        return traces.decide(state, message)
    if isinstance(message, QUESTION_INBOX):
        return questions.decide(found, message, now) if isinstance(found, Question | None) else OTHER_KIND
    if isinstance(message, NOTICE_INBOX):
        return notices.decide(found, message, now) if isinstance(found, Notice | None) else OTHER_KIND
    return store.decide(found, message, now) if isinstance(found, Store | None) else OTHER_KIND


def evolve(state: State, event: STORES_EVENTS) -> Mapping[str, Any]:
    """The aggregate after ``event``; ``None``: it is deleted."""
    if isinstance(event, TRACE_EVENTS):
        return traces.evolve(state, event)
    if isinstance(event, QUESTION_EVENTS):
        return {"": questions.evolve(state[""], event)}
    if isinstance(event, NOTICE_EVENTS):
        return {"": notices.evolve(state[""], event)}
    return {"": store.evolve(state[""], event)}


def route(key: str, state: State, event: STORES_EVENTS) -> Iterable[Send]:
    """The store's inventory takes the threshold over, its images are kept; a buyer's rows know their questions."""
    if isinstance(event, StoreSaved):
        yield from store.route(key, event)
    elif isinstance(event, QUESTION_EVENTS):
        yield from questions.route(key, event)
    elif isinstance(event, TRACE_EVENTS):
        yield from traces.route("stores", key, state, event, ForgetAsker(buyer=key))


def answer(key: str, state: State, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: the aggregate that it changed."""
    match state[""]:
        case Store():
            return {"store_id": key}
        case Question():
            return {"question_id": key}
        case Notice():
            return {"notice_id": key}
        case _:
            return {}


def private(key: str, state: State, event: STORES_EVENTS) -> msgspec.Struct | None:
    """The texts after ``event`` for ``bb.stores.private``, with each event, so that the two can be joined by their number."""
    if isinstance(event, TRACE_EVENTS):
        return None
    if isinstance(event, QUESTION_EVENTS):
        return questions.private(state[""])
    if isinstance(event, NOTICE_EVENTS):
        return notices.private(state[""])
    return store.private(state[""])
