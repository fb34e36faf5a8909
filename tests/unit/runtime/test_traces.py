"""Traces through actors: where they come from, that they connect, and that whoever is not sampled pays nothing."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest

from agents import facts
from agents.orders import ORDERS
from agents.runtime.decider import Decider
from agents.runtime.domain import Domain
from agents.runtime.rows import Ledger, unpack_row
from agents.runtime.turn import Input, Turn
from models.actor import Message, Reminder
from models.inventory.messages import SetLowStockThreshold
from models.read.facts import EVENTS, Spot
from tests.unit.orders.given import BOTH, DEADLINE, HELD_ROSE, HELD_TULIP, READY
from tests.unit.shop import NOW, ORDER
from topics import tracing
from topics.envelope import decode_batch, decode_envelope, encode, seal

PLAIN = f"00-{'a' * 32}-{'b' * 16}-00"
SAMPLED = f"00-{'c' * 32}-{'d' * 16}-01"


def turn(domain: Domain, *messages: tuple[Message, str, int]) -> Turn:
    """One turn over ``messages`` with their ``traceparent`` and time."""
    taken, decider = Turn(Ledger()), Decider(domain, 0, "bb", lambda key: None)
    for offset, (message, trace, now) in enumerate(messages):
        sealed = seal(domain.name, ORDER, message, id=f"m{offset}", source="/test", traceparent=trace)
        assert decider.take(taken, Input(offset, now, ORDER, encode(sealed)))
    return taken


def traces(done: Turn) -> list[str]:
    """The ``traceparent`` of each output."""
    said = []
    for out in done.outputs:
        value = out.value or b""
        envelopes = decode_batch(value) if out.topic.endswith(".events") else [decode_envelope(value)]
        said += [envelope.traceparent for envelope in envelopes]
    return said


@pytest.mark.parametrize(
    ("traceparent", "yes"), [(SAMPLED, True), (PLAIN, False), ("", False), (f"{SAMPLED[:-1]}3", True), (f"{SAMPLED[:-1]}2", False)]
)
def test_the_flag_says_who_is_sampled(traceparent: str, yes: bool) -> None:
    assert tracing.sampled(traceparent) is yes


def test_without_a_receiver_no_trace_begins_sampled_and_nothing_is_loaded() -> None:
    assert not any(tracing.sampled(tracing.new()) for _ in range(100))
    tracing.record("x", SAMPLED, "", 0, 1, tracing.SERVER, {})
    assert "opentelemetry.exporter.otlp.proto.http.trace_exporter" not in sys.modules


def test_the_ratio_is_of_traces() -> None:
    tracing.configure("test", "http://127.0.0.1:9", 0.25)
    try:
        chosen = sum(tracing.sampled(tracing.new()) for _ in range(4_000))
    finally:
        tracing.shut()
    assert 800 < chosen < 1_200


def test_a_trace_that_is_not_sampled_goes_through_as_it_came() -> None:
    done = turn(ORDERS, (BOTH, PLAIN, NOW))
    assert set(traces(done)) == {PLAIN}
    assert done.spans == []


def test_a_sampled_step_is_a_span_between_its_cause_and_its_outputs() -> None:
    done = turn(ORDERS, (BOTH, SAMPLED, NOW))
    (span,) = done.spans
    assert (span.name, span.parent, span.key, span.offset, span.outcome, span.appended) == (
        "PlaceOrder", SAMPLED, ORDER, 0, "handled", NOW,
    )  # fmt: skip
    assert set(traces(done)) == {span.trace}
    assert span.trace[:36] == SAMPLED[:36]
    assert span.trace[36:52] != SAMPLED[36:52]
    # Handled again after a crash, it is the same span.
    assert turn(ORDERS, (BOTH, SAMPLED, NOW)).spans == done.spans


def test_what_the_kernel_says_to_an_order_belongs_to_the_request_that_placed_it() -> None:
    done = turn(ORDERS, (BOTH, SAMPLED, NOW), (Reminder(due=DEADLINE), "", DEADLINE))
    placed, reminded = done.spans
    assert (reminded.name, reminded.parent) == ("Reminder", placed.trace)
    assert done.summaries == [
        {"order": ORDER, "outcome": "CANCELLED", "total": 62_500, "stores": 2, "reason": "expired", "took_ms": DEADLINE - NOW,
         "trace": "c" * 32, "at": DEADLINE}
    ]  # fmt: skip


def test_an_order_whose_trace_is_sampled_draws_other_requests_in() -> None:
    done = turn(ORDERS, (BOTH, SAMPLED, NOW), (HELD_ROSE, PLAIN, NOW))
    assert [span.parent for span in done.spans] == [SAMPLED, done.spans[0].trace]


def test_the_line_of_a_saga_names_the_request_that_placed_it() -> None:
    other = PLAIN.replace("a", "e")
    messages: list[Any] = [HELD_ROSE, HELD_TULIP, READY]
    done = turn(ORDERS, (BOTH, PLAIN, NOW), *((message, PLAIN, NOW) for message in messages), (Reminder(due=0), other, DEADLINE))
    assert [line["trace"] for line in done.summaries] == ["a" * 32]


def test_a_store_which_many_requests_change_keeps_nobodys_trace() -> None:
    from agents.inventory import INVENTORY

    done = turn(INVENTORY, (SetLowStockThreshold(threshold=3), PLAIN, NOW))
    assert unpack_row(done.rows[ORDER.encode()] or b"").trace == ""
    assert unpack_row(turn(ORDERS, (BOTH, PLAIN, NOW)).rows[ORDER.encode()] or b"").trace == PLAIN


def test_read_models_see_sampled_traces_only() -> None:
    for trace, seen in ((PLAIN, {""}), (SAMPLED, {turn(ORDERS, (BOTH, SAMPLED, NOW)).spans[0].trace})):
        (events,) = [out.value for out in turn(ORDERS, (BOTH, trace, NOW)).outputs if out.topic == "bb.orders.events"]
        assert {fact.trace for fact in facts.decode(Spot("orders", EVENTS, 0), b"k", events, NOW).facts} == seen


def test_a_row_of_an_older_worker_has_no_trace() -> None:
    old = msgspec.msgpack.encode([None, 3, {}, 0, 1])
    assert unpack_row(b"\x00" * 17 + old).trace == ""
