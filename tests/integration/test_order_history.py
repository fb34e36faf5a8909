"""When an order is put into DynamoDB: at once if somebody waits for it, else with the next settlement. Nothing is lost between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.facts import decode
from deploy.local.stack import Stack
from models.orders.messages import StoreCancelRequested
from models.read import dynamo, orders
from models.read.facts import EVENTS, PRIVATE, Batch, Fact, Outrun, Poison, Position, Spot
from tests.integration.reading import Reading, installation

STEPS = ("OrderPlaced", "StoreHeld", "PaymentAwaited", "CaptureRequested", "OrderConfirmed")


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        await orders.create(made.databases, 1)
        yield made


def said(reading: Reading) -> list[Fact]:
    """What the log says of one order that is paid for, in the order in which it was said."""
    log = reading.log
    log.shop()
    log.place("order", "ann")
    log.pay("order")
    found: list[Fact] = []
    for at, record in enumerate(log.records):
        kind = record.topic.rpartition(".")[2]
        if record.topic in (f"{log.prefix}.orders.{EVENTS}", f"{log.prefix}.orders.{PRIVATE}"):
            found += decode(Spot("orders", kind, record.partition), record.key.encode(), record.value, 1_000 + at).facts
    return found


def batch(*facts: Fact) -> Batch:
    """Positions play no part here."""
    return Batch(list(facts), {}, {})


def steps(facts: list[Fact]) -> dict[str, Fact]:
    """Events by name; private records as ``placed`` and ``redirects``."""
    found = {type(fact.body).__name__: fact for fact in facts if not fact.private}
    private = [fact for fact in facts if fact.private]
    assert tuple(found) == STEPS
    return {**found, "placed": private[0], "redirects": private[1]}


async def shown(reading: Reading) -> tuple[str, list[str]]:
    """Status and timeline as stored; ("", []): nothing is."""
    item = await dynamo.one(reading.databases, orders.table_name(reading.databases, 1), "order")
    if item is None:
        return "", []
    order = orders.entry_of(item).order
    assert order is not None
    return order.status, [one.event for one in order.timeline]


async def test_only_what_somebody_waits_for_is_put_at_once(reading: Reading) -> None:
    facts = steps(said(reading))
    store = orders.MODEL.store(reading.databases, 1)
    assert await store.store(batch(facts["OrderPlaced"], facts["placed"])) == {}
    assert await store.store(batch(facts["StoreHeld"])) == {}
    assert await shown(reading) == ("", [])
    # The event says that the buyer may pay, the private record where: nobody is told before both are there.
    assert await store.store(batch(facts["PaymentAwaited"])) == {}
    assert await shown(reading) == ("", [])
    assert await store.store(batch(facts["redirects"])) == {"order": 3}
    assert await shown(reading) == ("AWAITING_PAYMENT", list(STEPS[:3]))
    assert await store.store(batch(facts["CaptureRequested"])) == {}
    assert await shown(reading) == ("AWAITING_PAYMENT", list(STEPS[:3]))
    assert await store.store(batch(facts["OrderConfirmed"])) == {"order": 5}
    assert await shown(reading) == ("CONFIRMED", list(STEPS))


async def test_a_settlement_puts_what_was_put_off(reading: Reading) -> None:
    facts = steps(said(reading))
    store = orders.MODEL.store(reading.databases, 1)
    await store.store(batch(facts["OrderPlaced"], facts["placed"], facts["StoreHeld"]))
    assert await shown(reading) == ("", [])
    spot = Spot("orders", EVENTS, 0)
    await store.settle({spot: Position(7)})
    assert await shown(reading) == ("RESERVING", list(STEPS[:2]))
    assert await store.positions() == {spot: Position(7)}


async def test_a_write_that_fails_loses_nothing_that_was_put_off(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = steps(said(reading))
    store = orders.MODEL.store(reading.databases, 1)
    put, tries = dynamo.put, []

    async def away(*given: Any) -> None:
        tries.append(given)
        raise ConnectionResetError("DynamoDB is away")

    await store.store(batch(facts["OrderPlaced"], facts["placed"]))
    await store.store(batch(facts["StoreHeld"]))
    monkeypatch.setattr(dynamo, "put", away)
    last = batch(facts["PaymentAwaited"], facts["redirects"])
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            await store.store(last)
    assert len(tries) == 2
    monkeypatch.setattr(dynamo, "put", put)
    assert await store.store(last) == {"order": 3}
    assert await shown(reading) == ("AWAITING_PAYMENT", list(STEPS[:3]))


async def test_a_poisonous_fact_takes_nothing_with_it(reading: Reading) -> None:
    facts = steps(said(reading))
    store = orders.MODEL.store(reading.databases, 1)
    await store.store(batch(facts["OrderPlaced"], facts["placed"]))
    nowhere = StoreCancelRequested(buyer="ann", store_order_id="nowhere", store_id="nobody's", by="buyer")
    poison = Fact("orders", "order", 2, 2, 1, "poison", nowhere)
    with pytest.raises(Poison):
        await store.store(batch(poison, facts["StoreHeld"]))
    await store.store(batch(facts["StoreHeld"], facts["PaymentAwaited"], facts["redirects"]))
    assert await shown(reading) == ("AWAITING_PAYMENT", list(STEPS[:3]))


@pytest.mark.spec("store Q5")
async def test_who_took_an_order_for_new_that_was_not_reads_it_and_changes_nothing(reading: Reading) -> None:
    facts = steps(said(reading))
    slow, quick = (orders.MODEL.store(reading.databases, 1) for _ in range(2))
    await slow.store(batch(facts["OrderPlaced"], facts["placed"]))
    assert await quick.store(batch(*(facts[name] for name in STEPS[:3]), facts["placed"], facts["redirects"])) == {"order": 3}
    await slow.settle({Spot("orders", EVENTS, 0): Position(7)})
    assert await shown(reading) == ("AWAITING_PAYMENT", list(STEPS[:3]))


@pytest.mark.spec("store Q5")
async def test_whoever_was_overtaken_while_it_put_something_off_says_so(reading: Reading) -> None:
    facts = steps(said(reading))
    slow, quick = (orders.MODEL.store(reading.databases, 1) for _ in range(2))
    assert await slow.store(batch(*(facts[name] for name in STEPS[:3]), facts["placed"], facts["redirects"])) == {"order": 3}
    assert await slow.store(batch(facts["CaptureRequested"])) == {}
    assert await quick.store(batch(facts["CaptureRequested"], facts["OrderConfirmed"])) == {"order": 5}
    with pytest.raises(Outrun):
        await slow.settle({Spot("orders", EVENTS, 0): Position(7)})
    assert await shown(reading) == ("CONFIRMED", list(STEPS))
