"""What a buyer leaves behind is found when they leave, in whatever order they are told of."""

from __future__ import annotations

from typing import Any

import pytest

from agents.catalog import CATALOG
from agents.runtime.domain import Domain
from agents.stores import STORES
from models.actor import Message, Send
from models.catalog.messages import CancelRestock
from models.stores.messages import ForgetAsker
from models.traces import AT_ONCE, BUCKETS, DropTrace, ForgetTraces, KeepTrace, TraceDropped, TraceKept, TracesForgotten
from tests.unit.history import Actor
from tests.unit.shop import NOW

DOMAINS = [(STORES, ForgetAsker(buyer="ann")), (CATALOG, CancelRestock(buyer="ann"))]
each = pytest.mark.parametrize(("domain", "forget"), DOMAINS, ids=["stores", "catalog"])


def rows(actor: Actor) -> dict[str, Any]:
    return {part: kept for part, kept in actor.states.items() if kept is not None}


@each
def test_what_is_kept_is_known_until_it_is_dropped(domain: Domain, forget: Message) -> None:
    actor = Actor(domain, "ann", NOW)
    assert actor.take(KeepTrace(item="a")) == [TraceKept(item="a")]
    assert actor.take(KeepTrace(item="a")) == []
    assert actor.take(DropTrace(item="b")) == []
    dropped = TraceDropped(item="a")
    assert actor.take(DropTrace(item="a")) == [dropped]
    assert (actor.sends, rows(actor)) == ([], {})
    assert domain.private("ann", actor.states, dropped) is None


@each
def test_whoever_leaves_is_forgotten_by_all_that_is_theirs(domain: Domain, forget: Message) -> None:
    actor = Actor(domain, "ann", NOW)
    items = [f"item-{number}" for number in range(AT_ONCE + 3)]
    for item in items:
        actor.take(KeepTrace(item=item))
    assert len(rows(actor)) == BUCKETS
    (first,) = actor.take(ForgetTraces())
    *told, again = actor.sends
    assert (len(first.items), again) == (AT_ONCE, Send(domain.name, "ann", ForgetTraces()))
    (second,) = actor.take(ForgetTraces())
    assert len(second.items) == 3
    assert sorted(send.key for send in (*told, *actor.sends)) == sorted(items)
    assert [send for send in (*told, *actor.sends) if (send.domain, send.message) != (domain.name, forget)] == []
    assert list(rows(actor)) == ["left"]
    assert actor.take(ForgetTraces()) == []


@each
def test_what_is_said_to_be_theirs_afterwards_forgets_them_too(domain: Domain, forget: Message) -> None:
    actor = Actor(domain, "ann", NOW)
    assert actor.take(ForgetTraces()) == [TracesForgotten()]
    assert actor.sends == []
    assert actor.take(KeepTrace(item="late")) == [TracesForgotten(items=("late",))]
    assert actor.sends == [Send(domain.name, "late", forget)]
    assert actor.take(DropTrace(item="late")) == []
    assert list(rows(actor)) == ["left"]
