"""What the bench makes of its measurements: a wrong sum here would be believed."""

from __future__ import annotations

import msgspec
import pytest

from tests.bench import hops, profiles, report
from tests.bench.counts import Record
from tests.bench.figures import Cost, Run, figure, percentile
from tests.bench.hops import Mark
from tests.bench.report import Result
from topics.envelope import encode, seal


class Said(msgspec.Struct, frozen=True):
    """Any message."""


def run(rate: float, cpu: float, slowest: float, failed: int = 0) -> Run:
    """Ten seconds at ``rate``, of ``cpu`` CPU-ms each, with a p99 of ``slowest`` ms."""
    done = round(rate * 10)
    cost = Cost({"trade": done * cpu / 1000}, generator=0.5, others=1.0, wall=20.0)
    return Run(done, 10.0, [slowest] * done, cost, {"late": failed} if failed else {})


@pytest.mark.parametrize(("share", "wanted"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(share: float, wanted: int) -> None:
    assert percentile(list(range(1, 101)), share) == wanted
    assert percentile([], share) == 0


def test_a_run_says_what_each_thing_cost_and_who_disturbed() -> None:
    one = run(100, 12.5, 80)
    assert (one.rate, one.cpu_total, one.cpu("trade"), one.cpu_generator, one.disturbed) == (100, 12.5, 12.5, 0.5, 0.05)
    assert figure([3, 1, 2]).text() == "2.0 (1.0–3.0)"
    assert figure([3]).text(0) == "3"


@pytest.mark.parametrize(
    ("rate", "cpu", "failed", "good"),
    [(150, 12, 0, True), (60, 28, 0, True), (59.9, 12, 0, False), (150, 28.1, 0, False), (150, 12, 1, False)],
)
def test_the_floor_is_missed_below_60_a_second_above_28_ms_or_when_an_order_fails(
    rate: float, cpu: float, failed: int, good: bool
) -> None:
    table, verdict = report.verdicts([Result("buyers16", "16 buyers", [run(rate, cpu, 200, failed)])])
    assert verdict is good
    assert ("NOT DONE" in table) is (not good and not failed)


def test_the_median_of_the_runs_is_judged() -> None:
    runs = [run(200, 10, 299), run(151, 12, 300), run(40, 40, 900)]
    table, good = report.verdicts([Result("buyers16", "16 buyers", runs)])
    assert good
    assert [line.rstrip(" |").rpartition(" ")[2] for line in table.splitlines()[2:]] == ["reached"] * 3


def test_hops_are_counted_from_the_step_before() -> None:
    sealed = seal("orders", "o-1", Said(), id="1", source="/web", correlation="o-1")
    place = msgspec.structs.replace(sealed, type="bb.orders.PlaceOrder.v1")
    hold = msgspec.structs.replace(sealed, type="bb.inventory.Hold.v1", subject="store")
    placed = msgspec.structs.replace(sealed, type="bb.orders.OrderPlaced.v1")
    marks = hops.marks([
        Record("orders.inbox", b"o-1", encode(place), 1_004),
        Record("inventory.inbox", b"store", encode(hold), 1_009),
        Record("orders.events", b"o-1", encode([placed]), 1_010),
        # Said again: the first one counts. A row and a tombstone tell nothing.
        Record("orders.inbox", b"o-1", encode(place), 2_000),
        Record("orders.changelog", b"o-1", b"\x00", 1_006),
        Record("orders.private", b"o-1", None, 1_006),
    ])  # fmt: skip
    found = hops.hops([Mark("o-1", "buyer POST", 1_000), *marks, Mark("o-2", "orders.inbox PlaceOrder", 5)])
    assert {order: [(hop.what, hop.took) for hop in one] for order, one in found.items()} == {
        "o-1": [("orders.inbox PlaceOrder", 4), ("inventory.inbox Hold", 5), ("orders.events OrderPlaced", 6)]
    }
    assert "inventory.inbox Hold" in hops.report(found)


def test_samples_are_added_up_by_function_and_package() -> None:
    outer = "run (/usr/lib/python3.11/asyncio/runners.py:118);turn (agents/runtime/kernel.py:1)"
    samples = profiles.stacks(f"{outer};send (/v/site-packages/aiokafka/conn.py:2) 3\n{outer} 1\n")
    assert profiles.alone(samples) == {"aiokafka/conn.py send": 3, "agents/runtime/kernel.py turn": 1}
    assert profiles.within(samples)["agents/runtime/kernel.py turn"] == 4
    said = profiles.text(profiles.Stacks("trade", samples))
    assert "4 samples" in said
    assert "aiokafka 75 %, agents 25 %" in said
    assert "    75.0  aiokafka/conn.py send" in said
