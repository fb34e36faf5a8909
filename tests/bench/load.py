"""The load generator: a process of its own, so that what it costs is not counted as the shop's.

Reads a ``Plan`` (JSON) from the file that its argument names, says ``ready`` on stdout, waits for a line on stdin, runs, and prints
an ``Outcome``. In an open loop an order's time begins when it was meant to be sent, whether or not it could be sent then.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import time
import uuid
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import uvloop

from tests.bench.hops import Mark
from tests.bench.http import Pool, get, post, split

ORDERS = "/api/v1/orders"


class Order(msgspec.Struct, frozen=True):
    """One checkout: whose, and the body of its request as it is sent."""

    token: str
    body: str


class Plan(msgspec.Struct, frozen=True):
    """``buyers``: that many one after the other (closed loop); or ``rate``: that many orders a second come by themselves
    (open loop, a Poisson process of ``seed``). For ``seconds``. ``marks``: tell when each order's buyer did what."""

    url: str
    seconds: float
    orders: list[Order]
    buyers: int = 0
    rate: float = 0.0
    seed: int = 0
    marks: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """``latencies``: ms of each confirmed order; ``steps``: ms of each of its requests; ``failed``: how often what went wrong.

    ``seconds``: from the start to the last answer. ``cpu``: seconds of this process in that time. ``unused``: orders not begun.
    """

    latencies: list[float]
    steps: dict[str, list[float]]
    failed: dict[str, int]
    seconds: float
    cpu: float
    unused: int
    marks: list[Mark] = []


class Unexpected(Exception):
    """The shop answered otherwise than a buyer hopes."""


class Placed(msgspec.Struct, frozen=True):
    """What of the answer to ``POST /orders`` a buyer needs."""

    order_id: str
    redirects: dict[str, str]


class Seen(msgspec.Struct, frozen=True):
    """What of an order a buyer looks at."""

    status: str


_placed = msgspec.json.Decoder(Placed).decode
_seen = msgspec.json.Decoder(Seen).decode


class Buyers:
    """Everybody who orders in one run."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.pool = plan, Pool()
        self.shop, _ = split(plan.url)
        self.latencies: list[float] = []
        self.steps: dict[str, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()
        self.marks: list[Mark] = []

    async def order(self, order: Order, begun: float) -> None:
        """From the basket to the confirmed order in the history; ``begun``: when it was meant to begin."""
        marks = [("buyer POST", time.time())]
        try:
            last = time.perf_counter()
            answer = await self.pool.ask(self.shop, post(self.shop, ORDERS, order.body.encode(), order.token, uuid.uuid4().hex))
            last = self._took("place", last)
            marks.append(("buyer placed", time.time()))
            if answer.status != 201:
                raise Unexpected(f"POST /orders: {answer.status} {answer.body[-160:].decode(errors='replace')}")
            # The buyer presses "pay" on the gateway's page, which lies beside its buttons.
            placed = _placed(answer.body)
            gateway, page = split(placed.redirects["pc"])
            answer = await self.pool.ask(gateway, post(gateway, f"{page.rpartition('/')[0]}/pay", b""))
            last = self._took("pay", last)
            marks.append(("buyer paid", time.time()))
            if answer.status != 302:
                raise Unexpected(f"pay: {answer.status}")
            shop, callback = split(answer.location)
            answer = await self.pool.ask(shop, get(shop, callback))
            last = self._took("callback", last)
            marks.append(("buyer called back", time.time()))
            if answer.status != 303:
                raise Unexpected(f"callback: {answer.status} {answer.body[-160:].decode(errors='replace')}")
            answer = await self.pool.ask(self.shop, get(self.shop, answer.location, order.token))
            self._took("look", last)
            marks.append(("buyer saw", time.time()))
            if answer.status != 200 or _seen(answer.body).status != "CONFIRMED":
                raise Unexpected(f"GET order: {answer.status} {_seen(answer.body).status if answer.status == 200 else ''}")
            self.latencies.append(1000 * (time.perf_counter() - begun))
            if self.plan.marks:
                self.marks += [Mark(placed.order_id, what, 1000 * at) for what, at in marks]
        except (Unexpected, OSError, ValueError, KeyError, msgspec.MsgspecError) as error:
            self.failed[f"{type(error).__name__}: {error}"[:220]] += 1

    async def closed(self) -> int:
        """``plan.buyers`` who each begin the next order when the last one is done; the number of orders begun."""
        orders = iter(self.plan.orders)
        stop, begun = time.perf_counter() + self.plan.seconds, 0

        async def buyer() -> None:
            nonlocal begun
            for order in orders:
                begun += 1
                await self.order(order, time.perf_counter())
                if time.perf_counter() >= stop:
                    return
            raise RuntimeError("the plan has too few orders")

        await asyncio.gather(*(buyer() for _ in range(self.plan.buyers)))
        return begun

    async def open(self) -> int:
        """Orders as they come, whether or not those before them are done."""
        draw = random.Random(self.plan.seed)
        start = meant = time.perf_counter()
        running, begun = set(), 0
        for order in self.plan.orders:
            meant += draw.expovariate(self.plan.rate)
            if meant - start >= self.plan.seconds:
                break
            if (wait := meant - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self.order(order, meant))
            running.add(task)
            task.add_done_callback(running.discard)
            begun += 1
        else:
            raise RuntimeError("the plan has too few orders")
        await asyncio.gather(*running)
        return begun

    async def warm(self) -> None:
        """Open the connections that a closed loop needs."""
        look = get(self.shop, "/api/v1/stores?limit=1")
        await asyncio.gather(*(self.pool.ask(self.shop, look) for _ in range(self.plan.buyers)))

    def _took(self, step: str, since: float) -> float:
        now = time.perf_counter()
        self.steps[step].append(1000 * (now - since))
        return now


async def go() -> None:
    """Say that this generator is ready, and wait for the word: what it has made so far is not looked through again meanwhile."""
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


def tell(outcome: Outcome) -> None:
    """Hand it to the bench, as the last line."""
    sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
    sys.stdout.flush()


async def main(file: str) -> None:
    """See the module's text."""
    plan = msgspec.json.decode(Path(file).read_bytes(), type=Plan)
    buyers = Buyers(plan)
    await buyers.warm()
    await go()
    began, cpu = time.perf_counter(), time.process_time()
    begun = await (buyers.closed() if plan.buyers else buyers.open())
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    steps = {name: sorted(found) for name, found in buyers.steps.items()}
    unused = len(plan.orders) - begun
    outcome = Outcome(sorted(buyers.latencies), steps, dict(buyers.failed), seconds, cpu, unused, buyers.marks)
    tell(outcome)
    buyers.pool.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
