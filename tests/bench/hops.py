"""Where an order's time goes: when the broker appended each of its records, between what its buyer did.

Inboxes and events are stamped by the broker (``LogAppendTime``), the buyer's requests by the generator's wall clock, all on one
machine and to the millisecond. A hop is the time since the step before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tests.bench.counts import Record
from tests.bench.figures import percentile, table
from topics.envelope import decode_envelope, events_of


class Mark(msgspec.Struct, frozen=True):
    """Something about an order that happened at an instant (ms since the epoch)."""

    order: str
    what: str
    at: float


class Hop(msgspec.Struct, frozen=True):
    """``what`` came so many ms after ``after``."""

    what: str
    after: str
    took: float


AFTER: Mapping[str, str] = {
    "orders.inbox PlaceOrder": "buyer POST",
    "inventory.inbox Hold": "orders.inbox PlaceOrder",
    "payments.inbox ReadyPayment": "orders.inbox PlaceOrder",
    "orders.events OrderPlaced": "orders.inbox PlaceOrder",
    "orders.inbox Held": "inventory.inbox Hold",
    "payments.inbox ReadyDone": "payments.inbox ReadyPayment",
    "orders.inbox PaymentReady": "payments.inbox ReadyDone",
    "orders.events PaymentAwaited": "orders.inbox PaymentReady",
    "buyer placed": "orders.events PaymentAwaited",
    "buyer paid": "buyer placed",
    "orders.inbox ApprovePayment": "buyer paid",
    "payments.inbox CapturePayment": "orders.inbox ApprovePayment",
    "payments.inbox CaptureDone": "payments.inbox CapturePayment",
    "orders.inbox PaymentCaptured": "payments.inbox CaptureDone",
    "orders.events OrderConfirmed": "orders.inbox PaymentCaptured",
    "buyer called back": "orders.events OrderConfirmed",
    "buyer saw": "buyer called back",
}
"""What each step follows. What depends on two steps (the payment is awaited once held and ready) follows the later one."""


def marks(records: Iterable[Record]) -> list[Mark]:
    """When each message and event about an order was appended."""
    found: list[Mark] = []
    for record in records:
        if record.value is not None and record.topic.endswith(("inbox", "events")):
            said = events_of(record.value) if record.topic.endswith("events") else [decode_envelope(record.value)]
            found += [Mark(one.correlationid, f"{record.topic} {one.type.split('.')[2]}", record.at) for one in said]
    return found


def hops(marks: Iterable[Mark]) -> dict[str, list[Hop]]:
    """The hops of each order, in the order of ``AFTER``."""
    orders: dict[str, dict[str, float]] = {}
    for mark in marks:
        orders.setdefault(mark.order, {}).setdefault(mark.what, mark.at)
    return {
        order: [Hop(what, after, at[what] - at[after]) for what, after in AFTER.items() if what in at and after in at]
        for order, at in orders.items()
        if "buyer POST" in at
    }


def report(found: Mapping[str, Sequence[Hop]], worst: int = 5) -> str:
    """Percentiles of each hop, and the slowest orders with the hops that made them slow."""
    lists: dict[tuple[str, str], list[float]] = {}
    for sequence in found.values():
        for hop in sequence:
            lists.setdefault((hop.after, hop.what), []).append(hop.took)
    rows = []
    for (after, what), took in lists.items():
        took.sort()
        rows.append([after, what, *(f"{percentile(took, share):.0f}" for share in (0.5, 0.9, 0.99)), f"{took[-1]:.0f}"])
    lines = [table(["after", "came", "p50 ms", "p90", "p99", "most"], rows), "", f"The slowest of {len(found)} orders:"]
    for order, sequence in sorted(found.items(), key=lambda one: -sum(hop.took for hop in one[1]))[:worst]:
        slow = sorted(sequence, key=lambda hop: -hop.took)[:4]
        lines.append(f"- {order}: " + ", ".join(f"{hop.what} {hop.took:.0f} ms after {hop.after}" for hop in slow))
    return "\n".join(lines)
