"""What the processes of a whole stack say of themselves: one log line a saga, one connected trace, metrics, health."""

from __future__ import annotations

import asyncio
import functools
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.chaos.florists import ROSE, Florist, Product, open_store
from tests.chaos.public import Public, buyer
from tests.integration.conftest import DAEMONS, port_base, stack_name
from tests.integration.otlp import Receiver, Span, receiving

WAIT = 120.0
"""Seconds that anything here may take on a busy machine."""
PROCESSES = ("trade", "shop", "read", "auditor", "web", "sandbox")
BOUQUET = Product("bouquet", "장미 다발", 20_000, {ROSE: 10})
ORDERER = {"name": "김영희", "phone": "01011112222", "email": "younghee@example.com"}
ADDRESS = {"recipient": "이철수", "phone": "01033334444", "zipcode": "04524", "road": "세종대로 110", "detail": "1층"}


pytestmark = pytest.mark.timeout(600)
OTLP = 70
"""Distance of the receiver's port from the stack's."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving(port_base() + OTLP) as made:
        yield made


@pytest.fixture(scope="module")
def traced(receiver: Receiver) -> Iterator[Stack]:
    """The whole stack under supervisord; every request without a trace of its own begins a sampled one, sent within a second."""
    given = {"BB_OTLP_URL": receiver.url, "BB_TRACE_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "500", "BB_PAYMENT_WINDOW": "30000"}
    made = Stack(stack_name(), port_base(), overrides=given)
    made.start_daemons((*DAEMONS, "nginx"))
    made.run_steps("topics", "schemas")
    made.start_processes(PROCESSES)
    yield made
    made.stop_programs(PROCESSES)
    # Whatever comes next finds the stack as it was.
    Stack(stack_name(), port_base()).start_daemons(DAEMONS)


@pytest_asyncio.fixture
async def public(traced: Stack) -> AsyncIterator[Public]:
    async with Public(traced.env()) as made:
        yield made


async def until(done: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        await asyncio.sleep(0.05)


async def place(public: Public, florist: Florist) -> tuple[str, str, str]:
    """A placed order: its id, the trace of its request, the gateway's page."""
    body = {
        "stores": [{"store_id": florist.store_id, "lines": [{"product_id": florist.products[0].product_id, "quantity": 1}]}],
        "orderer": ORDERER,
        "address": ADDRESS,
        "expected_total": 23_000,
    }
    answer = await public.patiently(buyer("ann"), "POST", "/orders", body, wait=10)
    assert answer.status == 201, answer.body
    page = answer.body["redirects"]["pc"]
    return answer.body["order_id"], answer.headers["X-Request-Id"], page


def saga_lines(stack: Stack, order: str) -> list[dict[str, Any]]:
    """What the worker's log says of an order at info."""
    found = []
    for line in (stack.where.logs / "trade.log").read_text().splitlines():
        if order in line and line.startswith("{"):
            said = json.loads(line)
            if said["level"] == "info":
                found.append(said)
    return found


@pytest.mark.spec("order W-44")
async def test_a_saga_leaves_one_line_and_one_trace(traced: Stack, public: Public, receiver: Receiver) -> None:
    florist = await open_store(public, "obs", uuid.uuid4().hex, products=[BOUQUET], stock={ROSE: 100})
    forgotten, forgotten_trace, _ = await place(public, florist)
    paid, paid_trace, page = await place(public, florist)
    await public.return_to_shop(await public.press(page), wait=10)
    left, left_trace, page = await place(public, florist)
    await public.return_to_shop(await public.press(page, "cancel"), wait=10)

    # One line each, also for the one that nobody came back to, which a reminder ends.
    for order, trace, outcome, reason in (
        (paid, paid_trace, "CONFIRMED", ""),
        (left, left_trace, "CANCELLED", "payment_cancelled"),
        (forgotten, forgotten_trace, "CANCELLED", "expired"),
    ):
        await until(functools.partial(saga_lines, traced, order), f"{outcome} of {order} in the log")
        (line,) = saga_lines(traced, order)
        assert (line["event"], line["process"], line["order"], line["outcome"]) == ("saga", "trade", order, outcome)
        assert (line["reason"], line["total"], line["stores"]) == (reason, 23_000, 1)
        assert line["trace"] == trace
    log = (traced.where.logs / "trade.log").read_text()
    assert not [text for text in ("김영희", "1011112222", "younghee", "이철수", "세종대로") if text in log]

    wanted = {
        "POST /api/v1/orders", "orders PlaceOrder", "inventory Hold", "payments ReadyPayment", "payments ready",
        "payments ReadyDone", "orders Held", "orders PaymentReady", "orders project", "stock project",
    }  # fmt: skip
    await until(lambda: wanted <= {span.name for span in receiver.of(paid_trace).values()}, "the spans of the checkout")
    spans = receiver.of(paid_trace)
    (root,) = [span for span in spans.values() if not span.parent]
    assert (root.name, root.service, root.attributes["http.response.status_code"]) == ("POST /api/v1/orders", "web", "201")
    # Whatever else belongs to it hangs below something that belongs to it.
    await until(lambda: connected(receiver.of(paid_trace)), "the spans between")
    assert named(spans, "inventory Hold", "orders PlaceOrder").service == "trade"
    assert named(spans, "orders PlaceOrder", "POST /api/v1/orders").attributes["bb.key"] == paid
    assert named(spans, "payments ready", "payments ReadyPayment").attributes["bb.outcome"] == "done"
    assert named(spans, "orders project", "orders PlaceOrder").service == "read"
    # What the gateway records would hang below our calls.
    async with public.session.get(f"{public.gateway}/sandbox/calls") as answer:
        heard = {(one["call"], one["traceparent"]) for one in (await answer.json())["calls"]}
    assert ("ready", f"00-{paid_trace}-{named(spans, 'payments ready', 'payments ReadyPayment').id}-01") in heard
    assert {call for call, trace in heard if trace[3:35] == paid_trace} == {"ready", "approve"}
    assert all(span.begun <= span.ended and not span.error for span in spans.values())


def connected(spans: dict[str, Span]) -> bool:
    """Is every span but the first below one that is there?"""
    return all(span.parent in spans for span in spans.values() if span.parent)


def named(spans: dict[str, Span], name: str, below: str) -> Span:
    """The span ``name`` right below one called ``below``."""
    return next(span for span in spans.values() if span.name == name and spans[span.parent].name == below)


class Figures:
    """What the processes said last at ``/metrics``."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession) -> None:
        processes = [one for one in stack.processes if one.name in stack.expand(PROCESSES) and one.name != "sandbox"]
        self.bases = {one.name: f"http://127.0.0.1:{one.ready.port}" for one in processes}
        self.http = http
        self.said: dict[str, str] = {}

    async def ask(self) -> None:
        """Ask all again."""
        for name, base in self.bases.items():
            async with self.http.get(f"{base}/metrics") as answer:
                self.said[name] = await answer.text()

    def value(self, process: str, name: str) -> float:
        """The sample ``name{labels}`` of a process. Raises AssertionError if it does not say it."""
        found = re.search(rf"^{re.escape(name)} ([0-9.e+-]+)$", self.said[process], re.MULTILINE)
        assert found, f"{process} says nothing of {name}"
        return float(found[1])


async def test_each_process_says_what_it_does(traced: Stack) -> None:
    """After the orders of the test above."""
    async with aiohttp.ClientSession() as http:
        figures = Figures(traced, http)
        value = figures.value
        for name, base in figures.bases.items():
            for page in ("live", "ready"):
                async with http.get(f"{base}/health/{page}") as answer:
                    assert (answer.status, (await answer.json())[page]) == (200, True), name

        def at_rest() -> bool:
            phases = ("RESERVING", "AWAITING_PAYMENT", "CAPTURING")
            ages = [value("trade", f'bb_saga_oldest_seconds{{domain="orders",phase="{phase}"}}') for phase in phases]
            lags = [value("trade", 'bb_inbox_lag{domain="orders"}'), value("read", 'bb_projector_lag{model="orders"}')]
            return not any(ages + lags)

        # Gauges are set twice a second.
        deadline = time.monotonic() + WAIT
        await figures.ask()
        while not at_rest():
            assert time.monotonic() < deadline, "the stack does not come to rest"
            await asyncio.sleep(0.2)
            await figures.ask()
    assert value("trade", "bb_ready") == value("read", "bb_ready") == value("web-0", "bb_web_ready") == 1
    assert value("web-0", "bb_web_hears_answers") == 1
    assert value("trade", 'bb_inputs_total{domain="orders",outcome="handled"}') >= 9
    assert value("trade", 'bb_parked_aggregates{domain="orders"}') == 0
    assert value("trade", 'bb_reminder_overdue_seconds{domain="orders"}') == 0
    assert value("trade", 'bb_row_bytes_max{domain="orders"}') > 500
    assert value("trade", 'bb_effect_seconds_count{domain="payments",effect="capture",outcome="done"}') == 1
    assert value("trade", "bb_turn_inputs_count") == value("trade", "bb_turn_seconds_count") > 0
