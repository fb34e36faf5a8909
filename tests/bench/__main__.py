"""``make bench`` = ``python -m tests.bench``: throughput, latency and cost of an order on this machine.

Brings up a stack of its own (``bench`` at port base 21000; ``BB_BENCH_STACK`` and ``BB_BENCH_PORT_BASE`` name another, any other
``BB_BENCH_X`` becomes its ``BB_X``), with empty databases unless told to keep them. Prints Markdown and writes the same figures,
with every latency, to ``.local/bench-run/<time>.json``. Exit code: 1 if a floor of the issue was missed or an order failed.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec
import uvloop

from deploy.local.layout import ROOT
from tests.bench import cpu, profiles, report
from tests.bench.report import Result
from tests.bench.rig import FOLDER, Rig, knobs
from tests.bench.scenarios import EVENTS, IDLE, NAMES, ORDERS, OTHERS, SAGAS, events, market, sagas


class Record(msgspec.Struct, frozen=True):
    """What is kept of a bench. ``machine``: where; ``revision``: of what; ``knobs``: what was set otherwise than by default."""

    at: str
    revision: str
    machine: dict[str, str]
    knobs: dict[str, str]
    seconds: float
    results: list[Result]
    memory: dict[str, float]


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__, formatter_class=raw)
    names = f"one of {', '.join(NAMES)}; may be repeated"
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=names)
    parser.add_argument("--runs", type=int, default=3, help="runs of each scenario (default 3)")
    parser.add_argument("--seconds", type=float, default=15.0, help="seconds of a run (default 15)")
    parser.add_argument("--warm", type=float, default=25.0, help="seconds of load before anything is measured (default 25)")
    patience = "seconds that each run may wait until other programs leave the cores alone (default 0)"
    parser.add_argument("--patience", type=float, default=0.0, help=patience)
    parser.add_argument("--trace", action="store_true", help="then tell where the time of one buyer's orders goes, hop by hop")
    profile = "then run the first scenario once more and tell where PROGRAM spends its CPU (trade, read, web, ...); may be repeated"
    parser.add_argument("--profile", action="append", default=[], metavar="PROGRAM", help=profile)
    parser.add_argument("--quick", action="store_true", help="1 run of 5 seconds after a short warm-up: a look, not a figure")
    parser.add_argument("--keep-data", action="store_true", help="go on with the data of the last bench")
    parser.add_argument("--stay-up", action="store_true", help="leave the stack running")
    chosen = parser.parse_args(argv)
    if chosen.quick:
        chosen.runs, chosen.seconds, chosen.warm = 1, 5.0, 6.0
    return chosen


def revision() -> str:
    """The commit that is measured, ``-dirty`` if the tree differs from it."""
    said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return said.stdout.strip()


def say(text: str) -> None:
    """Progress, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


async def bench(chosen: argparse.Namespace) -> Record:
    """Measure what was asked for."""
    rig = Rig(say, chosen.patience)
    results: list[Result] = []
    memory: dict[str, float] = {}
    names = chosen.only or list(NAMES)
    await rig.up(fresh=not chosen.keep_data)
    try:
        orders = [scenario for scenario in ORDERS if scenario.name in names]
        if orders or IDLE in names:
            async with market(rig, chosen.seconds, say) as shop:
                await shop.warm(chosen.warm)
                results += [Result(one.name, one.title, await shop.measure(one, chosen.runs)) for one in orders]
                memory = cpu.memory(rig.stack)
                if IDLE in names:
                    found = [await rig.idle(round(chosen.seconds)) for _ in range(chosen.runs)]
                    results.append(Result(IDLE, OTHERS[IDLE], found, "second"))
                if chosen.trace:
                    print(await shop.trace(chosen.seconds), end="\n\n")
                for stacks in await shop.profile((orders or ORDERS)[0], chosen.profile):
                    print(profiles.text(stacks), end="\n\n")
        if SAGAS in names:
            found = await sagas(rig, chosen.seconds, chosen.runs, chosen.warm, say)
            results.append(Result(SAGAS, OTHERS[SAGAS], found, "saga"))
        if EVENTS in names:
            results.append(Result(EVENTS, OTHERS[EVENTS], await events(rig, chosen.runs, say), "event"))
    finally:
        if not chosen.stay_up:
            await rig.down()
    return Record(
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        revision=revision(),
        machine={"cores": str(os.cpu_count()), "python": platform.python_version(), "system": platform.platform()},
        knobs=knobs(),
        seconds=chosen.seconds,
        results=results,
        memory=memory,
    )


def main() -> int:
    """See the module's text."""
    chosen = arguments()
    record = uvloop.run(bench(chosen))
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{record.at.replace(':', '')}.json"
    file.write_bytes(msgspec.json.encode(record))
    print(f"{record.at}, revision {record.revision}, {record.machine['cores']} cores, Python {record.machine['python']}, ", end="")
    print(f"runs of {record.seconds:g} s\n\n{report.text(record.results, record.memory)}")
    say(f"all figures: {file.relative_to(ROOT)}")
    return 0 if report.verdicts(record.results)[1] else 1


if __name__ == "__main__":
    sys.exit(main())
