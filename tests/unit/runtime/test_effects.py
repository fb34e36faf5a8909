"""Calls to the outside: leases, the pool, and what a successor does (design §5.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from agents.runtime.domain import Domain
from agents.runtime.effects import LEASE_ROOM, Effects, now_ms
from models.actor import Effect, EffectUnknown, Message
from models.effects import PortKind
from tests.unit.runtime.toy import TOY, Counter, Grant
from topics.tracing import OUTGOING


class Outside:
    """Counts calls, and ends them when told to."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.traces: list[str] = []
        self.now = self.most = 0
        self.end = asyncio.Event()
        self.error: Exception | None = None

    async def perform(self, key: str, state: Any, effect: Effect) -> Message:
        self.calls.append(effect.attempt)
        self.traces.append(OUTGOING.get())
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.end.wait()
        finally:
            self.now -= 1
        if self.error:
            raise self.error
        return Grant()


class Bench:
    """``Effects`` of the toy with a lease of ``lease`` ms from now, and what they told the inbox."""

    def __init__(self, kind: PortKind = PortKind.KEYED, lease: int = LEASE_ROOM + 5_000, concurrency: int = 64) -> None:
        self.outside = Outside()
        self.said: list[Message] = []
        self.ids: list[str] = []
        self.refuse = 0
        until = now_ms() + lease
        domain: Domain = msgspec.structs.replace(
            TOY,
            pending=lambda state: Effect("call", state.attempt, until) if state.open else None,
            perform=self.outside.perform,
            kinds={"call": kind},
            concurrency=concurrency,
        )
        self.effects = Effects(domain, self.tell)

    async def tell(self, domain: str, key: str, message: Message, ident: str) -> None:
        if self.refuse:
            self.refuse -= 1
            raise ConnectionError
        self.said.append(message)
        self.ids.append(ident)

    def start(self, key: str = "a", attempt: int = 1, trace: str = "", taken_over: bool = False) -> None:
        self.effects.start(key, Counter(open=True, attempt=attempt), trace, taken_over=taken_over)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


async def test_an_effect_is_made_once_and_its_outcome_told() -> None:
    bench = Bench()
    bench.start()
    bench.start()
    await until(lambda: bench.outside.calls == [1])
    bench.outside.end.set()
    await until(lambda: bench.said == [Grant()])
    # The row does not know yet: it is not made again.
    bench.start()
    await asyncio.sleep(0.02)
    assert (bench.outside.calls, bench.said) == ([1], [Grant()])


async def test_the_next_attempt_is_another_effect_and_a_row_that_waits_no_more_is_forgotten() -> None:
    bench = Bench()
    bench.outside.end.set()
    bench.start()
    bench.start(attempt=2)
    await until(lambda: len(bench.said) == 2)
    bench.effects.start("a", None)
    assert bench.effects.running == {}
    bench.start(attempt=2)
    await until(lambda: bench.outside.calls == [1, 2, 2])


async def test_no_more_calls_than_the_pool_has_room_for() -> None:
    bench = Bench(concurrency=3)
    for number in range(10):
        bench.start(f"k{number}")
    await until(lambda: bench.outside.now == 3)
    await asyncio.sleep(0.05)
    assert bench.outside.most == 3
    bench.outside.end.set()
    await until(lambda: len(bench.said) == 10)
    assert bench.outside.most == 3


@pytest.mark.parametrize("apart", [True, False])
async def test_of_providers_apart_one_that_hangs_stops_no_other(apart: bool) -> None:
    bench, names = Bench(concurrency=1), {1: "hangs", 2: "other"}
    bench.effects.domain = msgspec.structs.replace(
        bench.effects.domain,
        pending=lambda state: Effect(names[state.attempt], state.attempt, now_ms() + LEASE_ROOM + 5_000),
        kinds=dict.fromkeys(names.values(), PortKind.KEYED),
        apart=apart,
    )
    bench.start("a", attempt=1)
    bench.start("b", attempt=2)
    await until(lambda: len(bench.outside.calls) == 1 + apart)
    await asyncio.sleep(0.02)
    assert bench.outside.calls == [1, 2][: 1 + apart]
    bench.effects.close()


async def test_a_call_goes_out_under_its_own_span_and_one_that_is_not_sampled_under_what_came() -> None:
    bench, plain, sampled = Bench(), f"00-{'a' * 32}-{'b' * 16}-00", f"00-{'c' * 32}-{'d' * 16}-01"
    bench.outside.end.set()
    for key, trace in (("none", ""), ("plain", plain), ("sampled", sampled), ("another", sampled)):
        bench.start(key, trace=trace)
    await until(lambda: len(bench.said) == 4)
    none, as_it_came, own, other = bench.outside.traces
    assert (none, as_it_came) == ("", plain)
    assert own != other
    for span in (own, other):
        assert (span[:36], span[52:]) == (sampled[:36], "-01")
        assert span[36:52] != sampled[36:52]
    assert OUTGOING.get() == ""


async def test_a_call_that_outlasts_its_time_is_cut_off_and_unknown() -> None:
    bench = Bench(lease=LEASE_ROOM + 50)
    bench.start()
    await until(lambda: bench.said == [EffectUnknown(effect="call", attempt=1, error="TimeoutError")])
    assert bench.outside.now == 0


async def test_a_call_that_fails_is_unknown() -> None:
    bench = Bench()
    bench.outside.error = ValueError("with a name in it")
    bench.outside.end.set()
    bench.start()
    await until(lambda: bench.said == [EffectUnknown(effect="call", attempt=1, error="ValueError")])


async def test_an_attempt_whose_lease_is_nearly_over_does_not_begin() -> None:
    """A successor may believe that nobody is at it any more."""
    bench = Bench(lease=LEASE_ROOM)
    bench.start()
    await until(lambda: bench.said == [EffectUnknown(effect="call", attempt=1, error="lease ran out")])
    assert bench.outside.calls == []


async def test_calls_that_came_too_late_together_come_again_apart() -> None:
    """A worker that was away finds only leases that have run out; what it asks for anew must not run out in its own inbox."""
    number, inbox = 400, asyncio.Queue[tuple[str, int, int]]()
    calls: list[str] = []
    leases: dict[str, int] = {}

    async def perform(key: str, state: Any, effect: Effect) -> Message:
        calls.append(key)
        return Grant()

    async def tell(domain: str, key: str, message: Message, ident: str) -> None:
        if isinstance(message, EffectUnknown):
            inbox.put_nowait((key, message.attempt + 1, now_ms() + LEASE_ROOM + 100))

    def pending(state: Counter) -> Effect:
        return Effect("call", state.attempt, leases[state.text])

    domain: Domain = msgspec.structs.replace(TOY, pending=pending, perform=perform, kinds={"call": PortKind.KEYED})
    effects = Effects(domain, tell)
    for one in range(number):
        inbox.put_nowait((f"k{one}", 1, now_ms()))
    async with asyncio.timeout(20):
        while len(calls) < number:
            key, attempt, leases[key] = await inbox.get()
            effects.start(key, Counter(open=True, attempt=attempt, text=key))
            # A millisecond each: all of them take four times as long as one may wait.
            await asyncio.sleep(0.001)
    assert sorted(calls) == sorted(leases)


@pytest.mark.parametrize("kind", [PortKind.KEYED, PortKind.REPEATABLE])
async def test_a_successor_repeats_at_once_what_may_be_repeated(kind: PortKind) -> None:
    bench = Bench(kind)
    bench.outside.end.set()
    bench.start(taken_over=True)
    await until(lambda: bench.said == [Grant()])
    assert bench.outside.calls == [1]


@pytest.mark.parametrize("kind", [PortKind.ASKABLE, PortKind.CONDITIONAL, PortKind.NEITHER])
async def test_a_successor_waits_the_lease_of_anything_else_out_and_then_it_is_unknown(kind: PortKind) -> None:
    bench = Bench(kind, lease=300)
    began = now_ms()
    bench.start(taken_over=True)
    await asyncio.sleep(0.05)
    assert bench.said == []
    await until(lambda: bool(bench.said))
    assert now_ms() - began >= 290
    assert bench.said == [EffectUnknown(effect="call", attempt=1, error="its worker ended")]
    assert bench.outside.calls == []


async def test_an_outcome_is_told_until_the_broker_takes_it() -> None:
    bench = Bench()
    bench.refuse = 2
    bench.outside.end.set()
    bench.start()
    await until(lambda: bench.said == [Grant()])
    assert bench.outside.calls == [1]


async def test_the_same_outcome_has_the_same_id_on_any_worker() -> None:
    benches = [Bench(lease=LEASE_ROOM), Bench(lease=LEASE_ROOM)]
    for bench in benches:
        bench.start()
    await until(lambda: all(bench.said for bench in benches))
    assert benches[0].ids == benches[1].ids


async def test_a_worker_that_ends_says_nothing_of_what_was_under_way() -> None:
    bench = Bench()
    bench.start()
    await until(lambda: bench.outside.now == 1)
    bench.effects.close()
    await until(lambda: not bench.effects.tasks)
    assert (bench.said, bench.outside.now) == ([], 0)
