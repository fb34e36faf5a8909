"""What a buyer leaves behind is found when they leave, in whatever order they are told of."""

from __future__ import annotations

import zlib
from itertools import count, islice
from typing import Any

import pytest

from agents.catalog import CATALOG
from agents.runtime.decider import Decider
from agents.runtime.domain import Domain
from agents.runtime.rows import MAX_ROW, Ledger, row_key, unpack_row
from agents.runtime.turn import Input, Turn
from agents.stores import STORES
from models.actor import Message, Send
from models.catalog.messages import CancelRestock
from models.stores.messages import ForgetAsker
from models.traces import (
    AT_ONCE,
    BUCKETS,
    MOST,
    DropTrace,
    ForgetTraces,
    KeepTrace,
    TraceDropped,
    TraceKept,
    Traces,
    TracesCrowdedOut,
    TracesForgotten,
)
from tests.unit.history import Actor
from tests.unit.shop import NOW
from topics.envelope import decode_envelope, encode, seal, type_of

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


# -- more than a row holds ----------------------------------------------------------------------------------------------------


def crowd(number: int) -> list[str]:
    """So many ids of one bucket, each as long as a path allows."""
    return list(islice((one for at in count() if zlib.crc32((one := f"{at:064}").encode()) % BUCKETS == 0), number))


@each
def test_a_full_bucket_forgets_the_oldest_and_never_outgrows_its_row(domain: Domain, forget: Message) -> None:
    """By the kernel itself: a row that is too large would be a dead letter, and the withdrawal would follow it."""
    items, rows = crowd(MOST + 200), dict[bytes, bytes]()
    decider = Decider(domain, 0, "bb", rows.get)
    told: list[str] = []
    for offset, item in enumerate(items):
        turn = Turn(Ledger())
        sealed = seal(domain.name, "ann", KeepTrace(item=item), id=f"m{offset}", source="/test")
        assert decider.take(turn, Input(offset, NOW, "ann", encode(sealed)))
        assert turn.outcomes == {"handled": 1}
        rows |= {key: value for key, value in turn.rows.items() if value is not None}
        inbox = [decode_envelope(out.value or b"") for out in turn.outputs if out.topic.endswith(".inbox")]
        told += [one.subject for one in inbox if one.type == type_of(domain.name, type(forget))]
    assert told == items[:200]
    assert max(map(len, rows.values())) < MAX_ROW
    kept = decider.decode_state(unpack_row(rows[row_key("ann", "traces/0")]).state)
    assert kept == Traces(tuple(items[200:]))


@each
def test_only_what_is_new_crowds_out(domain: Domain, forget: Message) -> None:
    actor, items = Actor(domain, "ann", NOW), crowd(MOST + 1)
    actor.states["traces/0"] = Traces(tuple(items[:MOST]))
    assert actor.take(KeepTrace(item=items[0])) == []
    assert actor.take(KeepTrace(item=items[-1])) == [TracesCrowdedOut(items=(items[0],)), TraceKept(item=items[-1])]
    assert actor.sends == [Send(domain.name, items[0], forget)]
    # What was told to forget says that it has.
    assert actor.take(DropTrace(item=items[0])) == []
    assert rows(actor) == {"traces/0": Traces(tuple(items[1:]))}


@each
def test_a_bucket_from_before_there_was_a_bound_shrinks_to_it(domain: Domain, forget: Message) -> None:
    actor, items = Actor(domain, "ann", NOW), crowd(MOST + AT_ONCE + 12)
    old, new = items[:-2], items[-2:]
    actor.states["traces/0"] = Traces(tuple(old))
    crowded, _ = actor.take(KeepTrace(item=new[0]))
    assert (crowded, len(actor.sends)) == (TracesCrowdedOut(items=tuple(old[:AT_ONCE])), AT_ONCE)
    actor.take(KeepTrace(item=new[1]))
    assert rows(actor) == {"traces/0": Traces(tuple(items[-MOST:]))}
