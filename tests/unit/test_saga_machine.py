"""Hypothesis drives the whole saga: any order across senders, repeats, delays, faults of the gateway, people at odds with it.

At least 10,000 steps in the default profile (issue Foundation §6). A failure prints the steps that lead to it.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from models.actor import MINUTE, SECOND
from models.inventory import messages as stock
from models.orders import messages as orders
from tests.unit.gateway_model import FAULTS
from tests.unit.saga_world import BUYERS, FLOWERS, World
from tests.unit.shop import ROSE

EXAMPLES, STEPS = 120, 100
TIMES = (*(100, SECOND, 2 * SECOND, 5 * SECOND, 20 * SECOND, MINUTE) * 3, 4 * MINUTE, 16 * MINUTE)
LOST = (("late",), ("late", "ok"), ("late", "ok", "refused"), ("late", "ok", "late"), ("after", "before"))
CARTS = (("bouquet",), ("plant",), ("basket",), ("bouquet", "basket"), ("bouquet", "plant", "basket"))
index = st.integers(0, 1_000)


def pick(things: list[Any], which: int) -> Any:
    """One of ``things``."""
    return things[which % len(things)]


class Saga(RuleBasedStateMachine):
    """The rules are what may happen next; ``World`` knows what must hold."""

    world: World

    @initialize()
    def begin(self) -> None:
        self.world = World()

    # -- people -------------------------------------------------------------------------------------------------------------

    @rule(
        buyer=st.sampled_from(BUYERS),
        cart=st.sampled_from(CARTS),
        quantity=st.sampled_from((1, 1, 1, 2, 3)),
        coupon=st.booleans(),
        off=st.sampled_from((0, 0, 0, 0, 0, 0, 1)),
    )
    def place(self, buyer: str, cart: tuple[str, ...], quantity: int, coupon: bool, off: int) -> None:
        if coupon:
            self.world.send("inventory", ROSE.store_id, stock.ClaimCoupon(coupon_id="c5000", buyer=buyer))
        self.world.place(buyer, cart, quantity, coupon and "basket" not in cart[:1], off)

    @rule(buyer=st.sampled_from(BUYERS), cart=st.sampled_from(CARTS), coupon=st.booleans())
    def buy(self, buyer: str, cart: tuple[str, ...], coupon: bool) -> None:
        """A checkout without a hitch, so that much else may follow it."""
        self.place(buyer, cart, 1, coupon, 0)
        self.world.settle()
        for order in self.world.in_status("AWAITING_PAYMENT"):
            self.world.send("orders", order, orders.ApprovePayment(nonce=f"nonce-{order}", pg_token="t1"))
        self.world.settle()

    @precondition(lambda self: self.world.in_status("AWAITING_PAYMENT"))
    @rule(which=index, twice=st.booleans())
    def pay(self, which: int, twice: bool) -> None:
        """A browser's GET may come twice, with two tokens even."""
        order = pick(self.world.in_status("AWAITING_PAYMENT"), which)
        for token in ("t1", "t2")[: 1 + twice]:
            self.world.send("orders", order, orders.ApprovePayment(nonce=f"nonce-{order}", pg_token=token))

    @precondition(lambda self: self.world.in_status("AWAITING_PAYMENT"))
    @rule(seed=st.integers(0, 99))
    def everybody_pays(self, seed: int) -> None:
        for order in self.world.in_status("AWAITING_PAYMENT"):
            self.world.send("orders", order, orders.ApprovePayment(nonce=f"nonce-{order}", pg_token="t1"))
        self.world.deliver(10, random.Random(seed))

    @precondition(lambda self: self.world.placed)
    @rule(which=index, how=st.sampled_from(("guess", "approve", "cancelled", "failed", "cancel", "stranger", "reminder")))
    def meddle(self, which: int, how: str) -> None:
        """People and clocks at odds with the order; a worker's clock may be ahead of the broker's."""
        order = pick(self.world.placed, which)
        match how:
            case "guess" | "approve":
                nonce = "guess" if how == "guess" else f"nonce-{order}"
                self.world.send("orders", order, orders.ApprovePayment(nonce=nonce, pg_token="t3"))
            case "cancelled" | "failed":
                self.world.send("orders", order, orders.AbandonPayment(nonce=f"nonce-{order}", outcome=how))
            case "cancel" | "stranger":
                state = self.world.memory.state("orders", order)
                buyer = state.buyer if state and how == "cancel" else "stranger"
                self.world.send("orders", order, orders.CancelOrder(buyer=buyer))
            case "reminder":
                self.world.memory.remind(0, "orders", order)

    @precondition(lambda self: self.world.in_status("CAPTURING"))
    @rule(which=index)
    def cancel_while_capturing(self, which: int) -> None:
        order = pick(self.world.in_status("CAPTURING"), which)
        self.world.send("orders", order, orders.CancelOrder(buyer=self.world.memory.state("orders", order).buyer))

    @precondition(lambda self: self.world.in_status("CONFIRMED"))
    @rule(which=index, begun=st.sampled_from((False, False, True)), every=st.booleans())
    def cancel_store(self, which: int, begun: bool, every: bool) -> None:
        """One part or every part; sometimes the florist has just begun."""
        confirmed = self.world.in_status("CONFIRMED")
        chosen, part = pick([pair for pair in self.world.store_orders if pair[0] in confirmed], which)
        if begun:
            self.world.begin(part)
        for order, other in self.world.store_orders:
            if other == part or (every and order == chosen):
                self.world.send("orders", order, orders.CancelStoreOrder(store_order_id=other))

    @rule(store=st.sampled_from(sorted(FLOWERS)), delta=st.integers(-40, 80))
    def change_stock(self, store: str, delta: int) -> None:
        self.world.send("inventory", store, stock.ChangeStock(flower_id=FLOWERS[store][0], by="owner", delta=delta))

    # -- the machine --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.world.memory.channels)
    @rule(count=st.integers(1, 12), seed=st.integers(0, 9))
    def deliver(self, count: int, seed: int) -> None:
        self.world.deliver(count, random.Random(seed))

    @rule(count=st.integers(5, 40), seed=st.integers(0, 999), faulty=st.booleans())
    def go_on(self, count: int, seed: int, faulty: bool) -> None:
        """Much happens before anyone does anything."""
        chance = random.Random(seed)
        for _ in range(count):
            calls = list(self.world.memory.calls.values())
            if calls and chance.random() < 0.4:
                self.world.finish(chance.choice(calls), chance.choice(FAULTS) if faulty else "ok")
            else:
                self.world.deliver(1, chance)

    @precondition(lambda self: self.world.memory.calls)
    @rule(which=index, fault=st.sampled_from(FAULTS), twice=st.booleans())
    def answer_call(self, which: int, fault: str, twice: bool) -> None:
        self.world.finish(pick(list(self.world.memory.calls.values()), which), fault, twice)

    @precondition(lambda self: self.world.memory.calls)
    @rule(which=index, happened=st.booleans())
    def worker_dies(self, which: int, happened: bool) -> None:
        self.world.abandon(pick(list(self.world.memory.calls.values()), which), happened)

    @rule(buyer=st.sampled_from(BUYERS), cart=st.sampled_from(CARTS), faults=st.sampled_from(LOST), seed=st.integers(0, 9))
    def capture_is_lost(self, buyer: str, cart: tuple[str, ...], faults: tuple[str, ...], seed: int) -> None:
        """The first capture is still on its way when a second is refused: it may yet take money that no order wants."""
        order = self.world.place(buyer, cart, 1, coupon=False, off=0)
        self.world.settle()
        self.world.send("orders", order, orders.ApprovePayment(nonce=f"nonce-{order}", pg_token="t1"))
        for fault in faults:
            self.world.deliver(30, random.Random(seed))
            for call in [call for call in self.world.memory.calls.values() if call.key == order]:
                self.world.finish(call, fault)
            self.world.deliver(30, random.Random(seed))
            self.time_passes(2 * SECOND)

    @precondition(lambda self: self.world.gateway.late)
    @rule(which=index)
    def late_call_arrives(self, which: int) -> None:
        self.world.gateway.arrive(which % len(self.world.gateway.late))

    @rule(ms=st.sampled_from(TIMES))
    def time_passes(self, ms: int) -> None:
        self.world.memory.now += ms
        for at, domain, key in self.world.memory.due(self.world.memory.now):
            self.world.memory.remind(at, domain, key)

    @invariant()
    def holds_always(self) -> None:
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.rest()
            self.world.check_at_rest()


Saga.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
TestSaga = Saga.TestCase


@pytest.mark.spec("store S4")
@pytest.mark.parametrize("seed", range(20))
def test_orders_over_the_same_florists_in_either_order_never_wait_for_each_other(seed: int) -> None:
    """Each florist decides alone and holds nothing for a while: nobody has to ask them in the same order, and none is stuck."""
    world, chance = World(), random.Random(seed)
    for at in range(30):
        world.place(BUYERS[at % 3], ("bouquet", "basket")[:: 1 - 2 * (at % 2)], 1, coupon=False, off=0)
    arrive(world, chance)
    assert [len(world.in_status(one)) for one in ("AWAITING_PAYMENT", "CANCELLED")] == [15, 15]
    assert shelf(world) == {"rose": (150, 150), "fern": (150, 30), "tulip": (150, 75)}
    paying = world.in_status("AWAITING_PAYMENT")
    for order in paying:
        world.send("orders", order, orders.ApprovePayment(nonce=f"nonce-{order}", pg_token="t1"))
    arrive(world, chance)
    assert world.in_status("CONFIRMED") == paying
    assert shelf(world) == {"rose": (0, 0), "fern": (120, 0), "tulip": (75, 0)}
    assert [sum(record.captured for record in world.gateway.of(order)) for order in paying] == [40_500] * 15
    world.rest()
    world.check_at_rest()


def arrive(world: World, chance: random.Random) -> None:
    """All that is on its way, in any order; the gateway is good."""
    memory = world.memory
    while memory.channels or memory.calls:
        if memory.calls and (not memory.channels or chance.random() < 0.1):
            world.finish(chance.choice(list(memory.calls.values())), "ok")
        world.deliver(chance.randint(1, 10), chance)
        world.check()


def shelf(world: World) -> dict[str, tuple[int, int]]:
    """Flower -> (stems on hand, stems promised)."""
    rows = (world.memory.state("inventory", store).flowers for store in FLOWERS)
    return {flower: (stems.on_hand, stems.held) for flowers in rows for flower, stems in flowers.items()}
