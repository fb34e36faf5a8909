"""What is measured: each scenario is a kind of load, run several times after a warm-up, on a stack that stays up."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import msgspec

from tests.bench import counts, hops
from tests.bench.figures import Run, figure
from tests.bench.load import Order, Plan
from tests.bench.profiles import Stacks, sample
from tests.bench.rig import FOLDER, SAGA, SHOP, Rig
from tests.bench.saga_load import SagaPlan
from tests.bench.shop import Shop
from topics import broker

FIRST_RATE, FIRST_ALONE = 200, 70
"""Orders a second that a run is prepared for at least, many buyers' and one's."""
LOAD, SAGA_LOAD = "tests.bench.load", "tests.bench.saga_load"


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A load of orders. ``buyers``: closed loop of so many; or ``share`` of the measured capacity comes by itself (open loop).

    ``stores``: florists in each cart.
    """

    name: str
    title: str
    buyers: int = 0
    share: float = 0.0
    stores: int = 1


BUYERS16, BUYER1, CAPACITY = "buyers16", "buyer1", "buyers64"
ORDERS: tuple[Scenario, ...] = (
    Scenario(name=BUYERS16, title="16 buyers", buyers=16),
    Scenario(name=BUYER1, title="1 buyer", buyers=1),
    Scenario(name=CAPACITY, title="64 buyers (capacity)", buyers=64),
    Scenario(name="open50", title="open loop, 50 % of capacity", share=0.5),
    Scenario(name="open80", title="open loop, 80 % of capacity", share=0.8),
    Scenario(name="florists2", title="16 buyers, two florists a cart", buyers=16, stores=2),
)
IDLE, SAGAS, EVENTS = "idle", "saga16", "events"
OTHERS = {IDLE: "idle, each second", SAGAS: "bare 4-step saga, 16 outstanding", EVENTS: "one-step messages, flooded"}
FLOOD = 20_000
"""Messages of a flood."""
NAMES = (*(one.name for one in ORDERS), *OTHERS)


class Market:
    """The shop under load: prepares orders, runs scenarios. ``seconds``: of a run; ``say``: one line of progress."""

    def __init__(self, rig: Rig, shop: Shop, seconds: float, say: Callable[[str], None]) -> None:
        self.rig, self.shop, self.seconds, self.say = rig, shop, seconds, say
        self.capacity = 0.0
        self._ready: dict[int, list[Order]] = {}
        self._rates: dict[str, float] = {}

    async def prepare(self, number: int, stores: int = 1) -> list[Order]:
        """``number`` orders whose coupons are claimed and shown; those left over from other runs first."""
        ready = self._ready.setdefault(stores, [])
        if (missing := number - len(ready)) > 0:
            ready += await self.shop.orders(missing, stores)
        self._ready[stores] = ready[number:]
        await counts.settled(self.rig.stack)
        return ready[:number]

    async def once(self, scenario: Scenario, seconds: float, seed: int = 0) -> Run:
        """One run of ``scenario``."""
        rate = scenario.share * self.capacity
        # A Poisson process strays by its root; a closed loop may get faster than the run before it. What is left is used later.
        first = FIRST_RATE if scenario.buyers > 1 else FIRST_ALONE
        number = seconds * (rate or max(1.7 * self._rates.get(scenario.name, 0.0), first))
        number += 6 * math.sqrt(number) + 2 * scenario.buyers
        orders = await self.prepare(math.ceil(number), scenario.stores)
        plan = Plan(self.rig.settings.public_url, seconds, orders, scenario.buyers, rate, seed)
        run, outcome = await self.rig.run(LOAD, plan)
        if outcome.unused:
            self._ready[scenario.stores] += orders[-outcome.unused :]
        self._rates[scenario.name] = max(run.rate, 1.0)
        return run

    async def profile(self, scenario: Scenario, programs: Iterable[str]) -> list[Stacks]:
        """``scenario`` once more, with each of ``programs`` (``web`` means all of them) being sampled one after the other."""
        stack = self.rig.stack
        await self.prepare(math.ceil(FIRST_RATE * self.seconds), scenario.stores)
        found = []
        for name in stack.expand(programs):
            sampling = asyncio.create_task(sample(name, stack.pid(name), self.seconds + 1.0, FOLDER))
            await self.once(scenario, self.seconds + 2.0)
            found.append(await sampling)
        return found

    async def trace(self, seconds: float) -> str:
        """Where the time of one buyer's orders goes, hop by hop."""
        orders = await self.prepare(math.ceil(FIRST_ALONE * seconds))
        before = await counts.ends(self.rig.settings)
        plan = Plan(self.rig.settings.public_url, seconds, orders, 1, marks=True)
        _, outcome = await self.rig.run(LOAD, plan)
        appended = await counts.records(self.rig.settings, before)
        if outcome.unused:
            self._ready[1] += orders[-outcome.unused :]
        return hops.report(hops.hops([*outcome.marks, *hops.marks(appended)]))

    async def warm(self, seconds: float) -> None:
        """Load that is not measured: a JVM that has just been started costs three times as much for its first 20 s."""
        run = await self.once(ORDERS[0], seconds)
        self.say(f"warm-up: {line(run)}")

    async def measure(self, scenario: Scenario, runs: int) -> list[Run]:
        """``runs`` runs of ``scenario``, the capacity found before if it needs one."""
        if scenario.share and not self.capacity:
            await self.measure(next(one for one in ORDERS if one.name == CAPACITY), 1)
        await self.once(scenario, min(3.0, self.seconds))
        found = []
        for number in range(runs):
            found.append(await self.once(scenario, self.seconds, seed=number))
            self.say(f"{scenario.title}, run {number + 1} of {runs}: {line(found[-1])}")
        if scenario.buyers and scenario.stores == 1:
            self.capacity = max(self.capacity, figure(run.rate for run in found).median)
        return found


def line(run: Run) -> str:
    """A run in one line."""
    failed = "".join(f"; {number} x {what}" for what, number in run.failed.items())
    return (
        f"{run.rate:.1f}/s, p50 {run.percentile(0.5):.0f} ms, p99 {run.percentile(0.99):.0f} ms, {run.cpu_total:.1f} CPU-ms each, "
        f"generator {run.cpu_generator:.1f}, disturbed {100 * run.disturbed:.0f} %, yardstick {run.yardstick:.1f} ms{failed}"
    )


async def sagas(rig: Rig, seconds: float, runs: int, warm: float, say: Callable[[str], None]) -> list[Run]:
    """The bare saga, 16 outstanding. The shop's processes stand still meanwhile."""
    plan = SagaPlan(SAGA, seconds, outstanding=16)
    await _bare(rig, msgspec.structs.replace(plan, seconds=warm))
    return await _several(rig, plan, OTHERS[SAGAS], runs, say)


async def events(rig: Rig, runs: int, say: Callable[[str], None]) -> list[Run]:
    """Messages of one step, as many as can be, each of which makes an event: what a core of a worker carries."""
    plan = SagaPlan(SAGA, 0.0, flood=FLOOD)
    await _bare(rig, plan)
    return await _several(rig, plan, OTHERS[EVENTS], runs, say)


async def _bare(rig: Rig, plan: SagaPlan) -> None:
    """Only the bench's own worker, warm."""
    await broker.create(rig.settings.kafka, SAGA, rig.settings.partitions)
    await rig.only(SAGA)
    await rig.run(SAGA_LOAD, plan, SAGA)


async def _several(rig: Rig, plan: SagaPlan, title: str, runs: int, say: Callable[[str], None]) -> list[Run]:
    found = []
    for number in range(runs):
        found.append((await rig.run(SAGA_LOAD, plan, SAGA))[0])
        say(f"{title}, run {number + 1} of {runs}: {line(found[-1])}")
    return found


@contextlib.asynccontextmanager
async def market(rig: Rig, seconds: float, say: Callable[[str], None]) -> AsyncIterator[Market]:
    """The shop of ``rig``, with its florists in business."""
    await rig.only(*SHOP)
    env = rig.stack.env()
    async with rig.client() as client:
        shop = Shop(client, Path(env["BB_TOKEN_KEY"]), Path(env["BB_WEB_SECRET"]))
        await shop.open()
        await counts.settled(rig.stack)
        yield Market(rig, shop, seconds, say)
