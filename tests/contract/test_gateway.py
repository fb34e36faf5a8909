"""The contract of the port ``Gateway``: every implementation, against its provider really running (design §5.7)."""

from __future__ import annotations

import time

import pytest

from agents.payments.gateway import (
    AlreadyCaptured,
    Amount,
    ConditionFailed,
    Device,
    Gateway,
    Ready,
    Refused,
    State,
    Unknown,
    amount_of,
    part_of,
)
from models.effects import PortKind
from tests.contract.bench import SandboxBench, checkout
from topics.tracing import OUTGOING

TOTAL = Amount(39_000, 0, 3_545)
NOTHING = Amount(0, 0, 0)


async def paid(bench: SandboxBench, gateway: Gateway, order_id: str, name: str = "장미 꽃다발") -> tuple[Ready, str]:
    """A payment that the buyer has said yes to, and the token."""
    ready = await gateway.ready(checkout(order_id, name))
    return ready, await bench.pay(gateway, ready)


async def captured(bench: SandboxBench, gateway: Gateway, order_id: str, name: str = "장미 꽃다발") -> str:
    """The reference of a payment whose money was taken."""
    ready, token = await paid(bench, gateway, order_id, name)
    await gateway.capture(ready.reference, order_id, "buyer-1", token)
    return ready.reference


class TestTheWay:
    async def test_from_ready_to_the_last_refund(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        ready, token = await paid(bench, gateway, order_id)
        opened = await gateway.query(ready.reference)
        assert (opened.state, opened.order_id, opened.captured, opened.refunded, opened.left, opened.captured_at) == (
            State.OPEN, order_id, 0, 0, NOTHING, 0)  # fmt: skip
        assert await bench.books(order_id) == [(0, 0)]

        outcome = await gateway.capture(ready.reference, order_id, "buyer-1", token)
        assert (outcome.reference, outcome.amount, outcome.method) == (ready.reference, TOTAL, "MONEY")
        assert abs(outcome.captured_at - time.time() * 1000) < 60_000
        assert await bench.books(order_id) == [(39_000, 0)]

        part = part_of(TOTAL, 10_000)
        first = await gateway.refund(ready.reference, part, 39_000)
        assert (first.amount, first.refunded, first.left) == (Amount(10_000, 0, 909), 10_000, Amount(29_000, 0, 2_636))
        assert (await gateway.query(ready.reference)).state is State.PART_REFUNDED

        last = await gateway.refund(ready.reference, part_of(first.left, 29_000), 29_000)
        assert (last.amount, last.refunded, last.left) == (Amount(29_000, 0, 2_636), 39_000, NOTHING)
        end = await gateway.query(ready.reference)
        assert (end.state, end.captured, end.refunded, end.left) == (State.REFUNDED, 39_000, 39_000, NOTHING)
        assert (end.captured_at, end.refund_ids) == (outcome.captured_at, (first.refund_id, last.refund_id))
        assert await bench.books(order_id) == [(39_000, 39_000)]

    async def test_each_call_says_of_which_trace_it_is(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        before = len(await bench.calls())
        trace = f"00-{'c' * 32}-{'d' * 16}-01"
        ready, token = await paid(bench, gateway, order_id)
        outside = OUTGOING.set(trace)
        try:
            await gateway.capture(ready.reference, order_id, "buyer-1", token)
            await gateway.query(ready.reference)
            await gateway.refund(ready.reference, TOTAL, 39_000)
        finally:
            OUTGOING.reset(outside)
        assert (await bench.calls())[before:] == [("ready", ""), ("approve", trace), ("order", trace), ("cancel", trace)]

    @pytest.mark.spec("order W-15")
    async def test_tax_free_part(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        ready = await gateway.ready(checkout(order_id, total=30_000, tax_free=8_000))
        outcome = await gateway.capture(ready.reference, order_id, "buyer-1", await bench.pay(gateway, ready))
        assert outcome.amount == Amount(30_000, 8_000, 2_000)
        assert (await gateway.refund(ready.reference, Amount(8_000, 8_000, 0), 30_000)).left == Amount(22_000, 0, 2_000)

    @pytest.mark.spec("order W-15")
    async def test_each_device_has_a_page(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        ready = await gateway.ready(checkout(order_id, name="장미 <b>&</b> 안개꽃"))
        for device in Device:
            async with bench.http.get(ready.redirects.url_for(device)) as answer:
                text = await answer.text()
                assert answer.status == 200
                assert "39,000원" in text
                assert "결제하기" in text
                assert "장미 &lt;b&gt;&amp;&lt;/b&gt; 안개꽃" in text
        assert len({ready.redirects.url_for(device) for device in Device}) == 3
        assert ready.redirects.android_scheme.startswith("kakaotalk://")

    async def test_a_name_too_long_is_clipped(self, gateway: Gateway, order_id: str) -> None:
        assert len((await gateway.ready(checkout(order_id, name="꽃" * 101))).reference) == 20

    @pytest.mark.parametrize(("verb", "back"), [("cancel", "/cancelled"), ("fail", "/failed")])
    async def test_the_buyer_leaves(self, bench: SandboxBench, gateway: Gateway, verb: str, back: str, order_id: str) -> None:
        ready, token = await paid(bench, gateway, order_id)
        status, url = await bench.press(ready, verb)
        assert status == 302
        assert url.endswith(back)
        assert (await bench.press(ready, "pay"))[0] == 409
        with pytest.raises(Refused):
            await gateway.capture(ready.reference, order_id, "buyer-1", token)
        assert (await gateway.query(ready.reference)).state is State.FAILED
        assert await bench.books(order_id) == [(0, 0)]


class TestDefiniteNo:
    async def test_a_second_capture(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        ready, token = await paid(bench, gateway, order_id)
        await gateway.capture(ready.reference, order_id, "buyer-1", token)
        with pytest.raises(AlreadyCaptured):
            await gateway.capture(ready.reference, order_id, "buyer-1", token)
        assert await bench.books(order_id) == [(39_000, 0)]

    @pytest.mark.parametrize(
        ("suffix", "buyer_id", "token"),
        [("", "buyer-1", "0" * 20), ("", "buyer-2", ""), ("other", "buyer-1", ""), ("", "buyer-1", "-")],
        ids=["wrong token", "other buyer", "other order", "not the buyer's"],
    )
    async def test_a_capture_that_does_not_fit(
        self, bench: SandboxBench, gateway: Gateway, suffix: str, buyer_id: str, token: str, order_id: str
    ) -> None:
        ready, right = await paid(bench, gateway, order_id)
        with pytest.raises(Refused) as no:
            await gateway.capture(ready.reference, order_id + suffix, buyer_id, token or right)
        assert type(no.value) is Refused
        assert right not in str(no.value)
        assert await bench.books(order_id) == [(0, 0)]

    async def test_a_capture_before_the_buyer_paid(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        ready = await gateway.ready(checkout(order_id))
        with pytest.raises(Refused):
            await gateway.capture(ready.reference, order_id, "buyer-1", "")
        assert await bench.books(order_id) == [(0, 0)]

    async def test_more_than_is_left(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        reference = await captured(bench, gateway, order_id)
        await gateway.refund(reference, amount_of(30_000), 39_000)
        with pytest.raises(Refused) as no:
            await gateway.refund(reference, amount_of(9_001), 9_000)
        assert type(no.value) is Refused
        assert await bench.books(order_id) == [(39_000, 30_000)]

    async def test_a_refund_of_what_was_not_captured(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        ready, _ = await paid(bench, gateway, order_id)
        with pytest.raises(Refused):
            await gateway.refund(ready.reference, TOTAL, 39_000)
        assert await bench.books(order_id) == [(0, 0)]

    async def test_an_unknown_payment(self, gateway: Gateway) -> None:
        with pytest.raises(Refused):
            await gateway.query("T" + "0" * 19)

    async def test_an_impossible_amount(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        with pytest.raises(Refused):
            await gateway.ready(checkout(order_id, total=1_000, tax_free=2_000))
        assert await bench.books(order_id) == []


class TestKinds:
    async def test_ready_is_repeatable(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        assert PortKind.REPEATABLE in gateway.kinds.ready
        unused = await gateway.ready(checkout(order_id))
        ready, token = await paid(bench, gateway, order_id)
        assert unused.reference != ready.reference
        with pytest.raises(Refused):
            await gateway.capture(unused.reference, order_id, "buyer-1", token)
        await gateway.capture(ready.reference, order_id, "buyer-1", token)
        assert await bench.books(order_id) == [(0, 0), (39_000, 0)]

    @pytest.mark.parametrize("fault", ["lost_answer", "error_after"])
    @pytest.mark.spec("order W-10")
    async def test_capture_is_askable_when_it_happened(
        self, bench: SandboxBench, gateway: Gateway, fault: str, order_id: str
    ) -> None:
        assert PortKind.ASKABLE in gateway.kinds.capture
        ready, token = await paid(bench, gateway, order_id, f"장미 [fault:approve={fault}]")
        with pytest.raises(Unknown):
            await gateway.capture(ready.reference, order_id, "buyer-1", token)
        asked = await gateway.query(ready.reference)
        assert (asked.state, asked.captured) == (State.CAPTURED, 39_000)
        with pytest.raises(AlreadyCaptured):
            await gateway.capture(ready.reference, order_id, "buyer-1", token)
        assert await bench.books(order_id) == [(39_000, 0)]

    @pytest.mark.parametrize("fault", ["reset", "error_before"])
    async def test_capture_is_askable_when_it_did_not_happen(
        self, bench: SandboxBench, gateway: Gateway, fault: str, order_id: str
    ) -> None:
        ready, token = await paid(bench, gateway, order_id, f"장미 [fault:approve={fault}]")
        with pytest.raises(Unknown):
            await gateway.capture(ready.reference, order_id, "buyer-1", token)
        asked = await gateway.query(ready.reference)
        assert (asked.state, asked.captured) == (State.OPEN, 0)
        assert (await gateway.capture(ready.reference, order_id, "buyer-1", token)).amount == TOTAL
        assert await bench.books(order_id) == [(39_000, 0)]

    async def test_query_is_repeatable(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        assert PortKind.REPEATABLE in gateway.kinds.query
        reference = await captured(bench, gateway, order_id, "장미 [fault:order=lost_answer*2]")
        for _ in range(2):
            with pytest.raises(Unknown):
                await gateway.query(reference)
        assert (await gateway.query(reference)) == (await gateway.query(reference))
        assert await bench.books(order_id) == [(39_000, 0)]

    async def test_refund_is_conditional(self, bench: SandboxBench, gateway: Gateway, order_id: str) -> None:
        assert PortKind.CONDITIONAL in gateway.kinds.refund
        reference = await captured(bench, gateway, order_id)
        before = await gateway.query(reference)
        for wrong in (38_999, 39_001, 1_000):
            with pytest.raises(ConditionFailed):
                await gateway.refund(reference, amount_of(1_000), wrong)
        assert await gateway.query(reference) == before
        assert await bench.books(order_id) == [(39_000, 0)]

    @pytest.mark.parametrize("fault", ["lost_answer", "error_after"])
    @pytest.mark.spec("order W-8")
    async def test_a_refund_with_a_lost_answer_happens_once(
        self, bench: SandboxBench, gateway: Gateway, fault: str, order_id: str
    ) -> None:
        reference = await captured(bench, gateway, order_id, f"장미 [fault:cancel={fault}]")
        with pytest.raises(Unknown):
            await gateway.refund(reference, amount_of(10_000), 39_000)
        with pytest.raises(ConditionFailed):
            await gateway.refund(reference, amount_of(10_000), 39_000)
        asked = await gateway.query(reference)
        assert (asked.refunded, asked.left.total, len(asked.refund_ids)) == (10_000, 29_000, 1)
        assert await bench.books(order_id) == [(39_000, 10_000)]

    async def test_a_ready_with_a_lost_answer_leaves_an_unused_payment(
        self, bench: SandboxBench, gateway: Gateway, order_id: str
    ) -> None:
        name = "장미 [fault:ready=lost_answer]"
        with pytest.raises(Unknown):
            await gateway.ready(checkout(order_id, name))
        await captured(bench, gateway, order_id, name)
        assert await bench.books(order_id) == [(0, 0), (39_000, 0)]
