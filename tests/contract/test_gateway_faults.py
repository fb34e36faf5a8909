"""The outside at its worst: time-outs, kills, faults by plan, and how an adapter names what it cannot know."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
import pytest
from aiohttp import web

from agents.payments.gateway import Gateway, Refused, Returns, State, Unavailable, Unknown, amount_of
from agents.payments.kakaopay import KakaoPay
from tests.contract.bench import SECRET, SandboxBench, checkout, free_port
from tests.contract.test_gateway import captured, paid


async def test_kill_9_between_capture_and_query_loses_nothing(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    reference = await captured(bench, gateway, order_id)
    bench.process.end()
    # The loop must hear that the kept connection is gone, or the next call would go out on it and be Unknown.
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await gateway.query(reference)
    bench.process.start()
    asked = await gateway.query(reference)
    assert (asked.state, asked.captured) == (State.CAPTURED, 39_000)
    assert await bench.books(order_id) == [(39_000, 0)]


async def test_kill_9_under_load_loses_no_answer(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    answered: list[str] = []

    async def buy(number: int) -> None:
        try:
            await captured(bench, gateway, f"{order_id}-{number}")
        except (Unknown, Unavailable, aiohttp.ClientError, AssertionError):
            return
        answered.append(f"{order_id}-{number}")

    buyers = [asyncio.create_task(buy(number)) for number in range(200)]
    while len(answered) < 20:
        await asyncio.sleep(0.001)
    bench.process.end()
    await asyncio.gather(*buyers)
    bench.process.start()
    assert 20 <= len(answered) < 200
    for one in answered:
        assert await bench.books(one) == [(39_000, 0)]


@pytest.mark.spec("order W-10", "order W-56")
async def test_a_capture_that_comes_after_the_time_out(bench: SandboxBench, order_id: str) -> None:
    async with bench.kakaopay(total_s=0.2) as gateway:
        ready, token = await paid(bench, gateway, order_id, "장미 [fault:approve=delay:600]")
        with pytest.raises(Unknown):
            await gateway.capture(ready.reference, order_id, "buyer-1", token)
        assert (await gateway.query(ready.reference)).state is State.OPEN
        await asyncio.sleep(0.8)
        assert (await gateway.query(ready.reference)).captured == 39_000


async def test_a_capture_after_the_fifteen_minutes(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    ready, token = await paid(bench, gateway, order_id, "장미 [fault:approve=expired]")
    with pytest.raises(Refused) as no:
        await gateway.capture(ready.reference, order_id, "buyer-1", token)
    assert no.value.code == "-723"
    assert await bench.books(order_id) == [(0, 0)]


async def test_the_callback_comes_twice(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def shop(request: web.BaseRequest) -> web.Response:
        seen.put_nowait(gateway.token_in(request.query))
        return web.Response()

    port = free_port()
    runner = web.ServerRunner(web.Server(shop))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        here = f"http://127.0.0.1:{port}"
        order = checkout(order_id, "장미 [fault:pay=double_callback]")
        order = msgspec.structs.replace(order, returns=Returns(f"{here}/approved", f"{here}/cancelled", f"{here}/failed"))
        ready = await gateway.ready(order)
        token = await bench.pay(gateway, ready)
        assert await asyncio.wait_for(seen.get(), 5) == token
        # A browser that repeats its own GET brings the same token too, and no further call of the sandbox.
        assert await bench.pay(gateway, ready) == token
        await asyncio.sleep(0.2)
        assert seen.empty()
    finally:
        await runner.cleanup()


async def test_faults_by_plan_follow_the_seed(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    rule = {"call": "order", "fault": "error_before", "probability": 0.5}
    reference = {f"{order_id}-{n}": (await gateway.ready(checkout(f"{order_id}-{n}"))).reference for n in range(30)}

    async def struck(seed: int, order: list[str]) -> set[str]:
        assert await bench.plan(rule, seed=seed) == 200
        hit = set()
        for one in order:
            try:
                await gateway.query(reference[one])
            except Unknown:
                hit.add(one)
        return hit

    once = await struck(1, list(reference))
    assert 5 < len(once) < 25
    assert await struck(1, list(reversed(reference))) == once
    assert await struck(2, list(reference)) != once
    assert await bench.plan() == 200
    assert (await gateway.query(reference[f"{order_id}-0"])).state is State.OPEN


async def test_a_plan_strikes_so_many_times(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    assert await bench.plan({"call": "ready", "fault": "error_before", "times": 2}) == 200
    for _ in range(2):
        with pytest.raises(Unknown):
            await gateway.ready(checkout(order_id))
    await gateway.ready(checkout(order_id))
    assert await bench.books(order_id) == [(0, 0)]


async def test_a_plan_with_a_typo_is_refused(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    assert await bench.plan({"call": "aprove", "fault": "reset"}) == 400
    with pytest.raises(Refused):
        await gateway.ready(checkout(order_id, "장미 [fault:aprove=reset]"))


async def test_the_journal_pages_through_changes(bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
    start = await bench.end_of_journal()
    first, second = [(await gateway.ready(checkout(f"{order_id}-{n}"))).reference for n in range(2)]
    page = await bench.journal(since=start, limit=1)
    assert [line["tid"] for line in page["payments"]] == [first]
    rest = await bench.journal(since=page["next"])
    assert [line["tid"] for line in rest["payments"]] == [second]
    reference = await captured(bench, gateway, f"{order_id}-2")
    await gateway.refund(reference, amount_of(9_000), 39_000)
    (line,) = (await bench.journal(since=rest["next"]))["payments"]
    assert (line["partner_order_id"], line["captured"], line["refunded"]) == (f"{order_id}-2", 39_000, 9_000)
    assert [(a["type"], a["amount"]) for a in line["actions"]] == [("PAYMENT", 39_000), ("CANCEL", 9_000)]


class TestWhatTheAdapterCannotKnow:
    async def test_a_wrong_key_is_no_refusal_of_the_order(self, bench: SandboxBench, order_id: str) -> None:
        async with KakaoPay(bench.url, "TC0ONETIME", "another-key-of-nobody") as stranger:
            with pytest.raises(Unavailable) as no:
                await stranger.ready(checkout(order_id))
        assert no.value.code == "401"
        assert SECRET not in repr(no.value)
        assert "another-key" not in repr(no.value)
        assert await bench.books(order_id) == []

    async def test_nobody_listens(self, order_id: str) -> None:
        async with KakaoPay(f"http://127.0.0.1:{free_port()}", "TC0ONETIME", SECRET) as gateway:
            with pytest.raises(Unavailable):
                await gateway.ready(checkout(order_id))

    @pytest.mark.parametrize(
        ("status", "body"),
        [(200, "<html>"), (200, '{"tid": 7}'), (404, "<html>"), (302, ""), (503, '{"error_code": -1}')],
    )
    async def test_an_answer_of_somebody_else(self, status: int, body: str, order_id: str) -> None:
        async def proxy(request: web.BaseRequest) -> web.Response:
            return web.Response(text=body, status=status)

        port = free_port()
        runner = web.ServerRunner(web.Server(proxy))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            async with KakaoPay(f"http://127.0.0.1:{port}", "TC0ONETIME", SECRET) as gateway:
                with pytest.raises(Unknown):
                    await gateway.ready(checkout(order_id))
        finally:
            await runner.cleanup()

    async def test_no_connection_is_free(self, bench: SandboxBench, order_id: str) -> None:
        async with bench.kakaopay(connections=1, connect_s=0.1) as gateway:
            slow = asyncio.create_task(gateway.ready(checkout(order_id, "장미 [fault:ready=delay:500]")))
            await asyncio.sleep(0.05)
            with pytest.raises(Unavailable):
                await gateway.ready(checkout(order_id))
            await slow
        assert await bench.books(order_id) == [(0, 0)]
