"""What a reader gets: Markdown tables, ready for ``docs/benchmarks.md``, and whether the floor was missed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tests.bench.figures import Run, figure, percentile, programs_of, summary, table

NONE = "–"
QUIET = 0.05
"""CPU-ms below which a program's part of an order is not shown."""


class Result(msgspec.Struct, frozen=True):
    """The runs of a scenario. ``unit``: what was done so often."""

    name: str
    title: str
    runs: list[Run]
    unit: str = "order"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A bound of the issue on the median of the runs. ``floor``: beyond it the work is not done; ``None``: there is none."""

    scenario: str
    what: str
    measure: Callable[[Run], float]
    aim: float
    floor: float | None = None
    least: bool = False
    unit: str = ""

    def reached(self, value: float, bound: float) -> bool:
        """Is ``value`` on the good side of ``bound``?"""
        return value >= bound if self.least else value <= bound


TARGETS: tuple[Target, ...] = (
    Target(scenario="buyers16", what="orders a second", measure=lambda run: run.rate, aim=150, floor=60, least=True, unit="/s"),
    Target(scenario="buyers16", what="p99", measure=lambda run: run.percentile(0.99), aim=300, unit=" ms"),
    Target(scenario="buyers16", what="CPU of an order", measure=lambda run: run.cpu_total, aim=12, floor=28, unit=" ms"),
    Target(scenario="buyer1", what="p50", measure=lambda run: run.percentile(0.5), aim=50, unit=" ms"),
    Target(scenario="idle", what="CPU of a second", measure=lambda run: run.cpu_total, aim=333, unit=" ms"),
    Target(scenario="saga16", what="sagas a second", measure=lambda run: run.rate, aim=250, least=True, unit="/s"),
)


def verdicts(results: Sequence[Result]) -> tuple[str, bool]:
    """The table of the targets that were measured, and whether no floor was missed and nothing failed."""
    rows, good = [], True
    for target in TARGETS:
        for result in results:
            if result.name != target.scenario:
                continue
            found = figure(target.measure(run) for run in result.runs)
            verdict = "reached" if target.reached(found.median, target.aim) else "missed"
            if target.floor is not None and not target.reached(found.median, target.floor):
                verdict, good = "NOT DONE", False
            sign = "≥" if target.least else "≤"
            floor = "" if target.floor is None else f"{sign} {target.floor:g}{target.unit}"
            rows.append([result.title, target.what, f"{sign} {target.aim:g}{target.unit}", floor, found.text(), verdict])
    good = good and not any(run.failed for result in results for run in result.runs)
    return table(["scenario", "what", "target", "floor", "measured", ""], rows), good


def main_table(results: Sequence[Result]) -> str:
    """A line a scenario."""
    rows = []
    for result in results:
        found = summary(result.runs)
        rows.append([
            result.title,
            str(len(result.runs)),
            found["rate"].text(),
            *(found[share].text(0) if any(result.runs[0].latencies) else NONE for share in ("p50", "p99")),
            found["cpu"].text(1 if found["cpu"].median >= 10 else 2),
            found["generator"].text(),
            found["others"].text(0),
            found["yardstick"].text(),
            found["failed"].text(0),
        ])  # fmt: skip
    head = ["scenario", "runs", "/s", "p50 ms", "p99 ms", "CPU-ms each", "generator", "disturbed %", "yardstick ms", "failed"]
    return table(head, rows)


def cpu_table(results: Sequence[Result]) -> str:
    """CPU-ms of every process and daemon for each order, the dearest first; what costs next to nothing is summed up."""
    names = programs_of([run for result in results for run in result.runs])
    shown = [name for name in names if any(_median(result, name) >= QUIET for result in results)]
    rest = [name for name in names if name not in shown]
    rows = [[name, *(_cpu(result, name) for result in results)] for name in shown]
    if rest:
        rows.append(["others", *(f"{sum(_median(result, name) for name in rest):.2f}" for result in results)])
    rows.append(["**sum**", *(figure(run.cpu_total for run in result.runs).text(1) for result in results)])
    return table(["CPU-ms each", *(result.title for result in results)], rows)


def counts_table(results: Sequence[Result]) -> str:
    """Records of each topic, steps of each domain, turns and batches, for each order."""
    names = sorted({name for result in results for run in result.runs for name in run.counts})
    rows = [[name, *(_count(result, name) for result in results)] for name in names]
    for kind in ("records", "steps", "turns", "batches"):
        chosen = [name for name in names if name.startswith(f"{kind} ")]
        if chosen:
            rows.append([f"**all {kind}**", *(_count(result, *chosen) for result in results)])
    return table(["for each", *(result.title for result in results)], rows)


def steps_table(results: Sequence[Result]) -> str:
    """How long each request of an order took: p50 / p99 ms, medians of the runs."""
    names = list(dict.fromkeys(name for result in results for run in result.runs for name in run.steps))
    rows = [[name, *(_step(result, name) for result in results)] for name in names]
    return table(["p50 / p99 ms", *(result.title for result in results)], rows) if rows else ""


def memory_table(memory: Mapping[str, float]) -> str:
    """Resident MB of each program."""
    rows = [[name, f"{megabytes:.0f}"] for name, megabytes in sorted(memory.items(), key=lambda one: -one[1])]
    return table(["program", "resident MB"], [*rows, ["**sum**", f"{sum(memory.values()):.0f}"]])


def text(results: Sequence[Result], memory: Mapping[str, float]) -> str:
    """The whole report."""
    orders = [result for result in results if result.unit == "order"]
    parts = [
        "Medians of the runs (lowest–highest). CPU-ms: of all processes and daemons for each order, the load generator apart; "
        "disturbed: share of all cores' time that programs outside the stack took; yardstick: CPU of a fixed piece of work "
        "before the run, which tells how fast the machine was.",
        main_table(results),
        *(core_line(result) for result in results if result.unit == "event"),
        steps_table(orders),
        cpu_table(results),
        counts_table(results),
        memory_table(memory) if memory else "",
        verdicts(results)[0],
    ]
    return "\n\n".join(part for part in parts if part)


def core_line(result: Result) -> str:
    """Events that a core of a worker carries: how many it made for each second of its own CPU."""
    found = figure(1000 / max(run.cpu("saga"), 1e-9) for run in result.runs)
    return f"A worker makes {found.text(0)} events for each second of a core's time."


def _median(result: Result, name: str) -> float:
    return figure(run.cpu(name) for run in result.runs).median


def _cpu(result: Result, name: str) -> str:
    if not any(name in run.cost.programs for run in result.runs):
        return NONE
    return figure(run.cpu(name) for run in result.runs).text(2)


def _count(result: Result, *names: str) -> str:
    found = figure(sum(run.counts.get(name, 0.0) for name in names) / max(run.done, 1) for run in result.runs)
    return found.text(2) if found.high else NONE


def _step(result: Result, name: str) -> str:
    found = [figure(percentile(run.steps.get(name, []), share) for run in result.runs) for share in (0.5, 0.99)]
    return " / ".join(f"{one.median:.0f}" for one in found)
