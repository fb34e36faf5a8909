"""What is made of measurements: percentiles, medians with their spread, tables. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

import msgspec


class Cost(msgspec.Struct, frozen=True):
    """CPU seconds: of each program of the stack, of the load generator, and of everything else on the machine meanwhile."""

    programs: dict[str, float]
    generator: float
    others: float
    wall: float

    @property
    def total(self) -> float:
        """All processes and daemons; the generator and strangers apart."""
        return sum(self.programs.values())


class Run(msgspec.Struct, frozen=True):
    """One measured run. ``latencies``: milliseconds of each thing done, sorted; ``failed``: how often what went wrong.

    ``steps``: milliseconds of each request of an order, by its name, sorted. ``counts``: whatever else was counted, in all.
    ``yardstick``: CPU ms of a fixed piece of work just before the run: what the machine was worth.
    """

    done: int
    seconds: float
    latencies: list[float]
    cost: Cost
    failed: dict[str, int] = {}
    steps: dict[str, list[float]] = {}
    counts: dict[str, float] = {}
    yardstick: float = 0.0

    @property
    def rate(self) -> float:
        """Things done a second."""
        return self.done / self.seconds if self.seconds else 0.0

    def cpu(self, program: str) -> float:
        """CPU milliseconds of ``program`` for each thing done."""
        return 1000 * self.cost.programs.get(program, 0.0) / max(self.done, 1)

    @property
    def cpu_total(self) -> float:
        """CPU milliseconds of all processes and daemons for each thing done."""
        return 1000 * self.cost.total / max(self.done, 1)

    @property
    def cpu_generator(self) -> float:
        """CPU milliseconds of the load generator for each thing done."""
        return 1000 * self.cost.generator / max(self.done, 1)

    def percentile(self, share: float) -> float:
        """Milliseconds within which ``share`` of the things were done."""
        return percentile(self.latencies, share)

    @property
    def disturbed(self) -> float:
        """Share of all cores' time that strangers took: a run next to a busy neighbour says little."""
        return self.cost.others / max(self.cost.wall, 1e-9)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of ``ordered`` that at least ``share`` of them do not exceed; 0 for none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, -(-round(share * 10_000) * len(ordered) // 10_000) - 1))]


class Figure(msgspec.Struct, frozen=True):
    """The median of several runs, with the lowest and the highest."""

    median: float
    low: float
    high: float

    def text(self, digits: int = 1) -> str:
        """``12.3 (11.0–14.2)``; one run has no spread."""
        if self.low == self.high:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


def figure(values: Iterable[float]) -> Figure:
    """Median and spread. Raises ValueError for no values."""
    found = sorted(values)
    if not found:
        raise ValueError("no runs")
    return Figure(statistics.median(found), found[0], found[-1])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned so that a terminal can show it as it is."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in padded)


def programs_of(runs: Sequence[Run]) -> list[str]:
    """Every program that used CPU in ``runs``, the dearest first."""
    names = {name for run in runs for name in run.cost.programs}
    return sorted(names, key=lambda name: -statistics.median(run.cpu(name) for run in runs))


def summary(runs: Sequence[Run]) -> dict[str, Figure]:
    """The figures that every scenario has, over its ``runs``."""
    return {
        "rate": figure(run.rate for run in runs),
        "p50": figure(run.percentile(0.5) for run in runs),
        "p99": figure(run.percentile(0.99) for run in runs),
        "cpu": figure(run.cpu_total for run in runs),
        "generator": figure(run.cpu_generator for run in runs),
        "others": figure(100 * run.disturbed for run in runs),
        "yardstick": figure(run.yardstick for run in runs),
        "failed": figure(float(sum(run.failed.values())) for run in runs),
    }
