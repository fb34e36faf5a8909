"""``python -m tests.torture --seed 1 --runs 10 [--load]``: run, print a Markdown table; 1 if anything was lost or doubled."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections import Counter

from deploy.local.stack import Stack
from tests.torture.run import MESSAGES, SESSION, Outcome, Run
from tests.torture.schedule import schedule

HEAD = (
    "| seed | cores | schedule (s: what) | lost | doubled | effects missing | effects doubled | events unequal"
    " | longest wait s | whole chain s | ended themselves |"
)


def line(outcome: Outcome) -> str:
    """One row of the table."""
    verdict = outcome.verdict
    others = f" (unfinished {verdict.unfinished}, dead {verdict.dead}, stores {verdict.stores})"
    codes = ", ".join(f"{number} x {code}" for code, number in sorted(Counter(outcome.exits).items())) or "-"
    cells = [
        str(outcome.seed), "loaded" if outcome.load else "free", "; ".join(map(str, outcome.actions)), str(verdict.lost),
        str(verdict.doubled), str(verdict.missing), str(verdict.twice),
        str(verdict.unequal) + (others if verdict.unfinished + verdict.dead + verdict.stores else ""),
        f"{outcome.wait:.1f}", f"{outcome.chain:.1f}", codes,
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


async def torture(stack: Stack, seeds: range, loads: list[bool], messages: int) -> bool:
    """All runs; True if all were good."""
    print(HEAD)
    print("|" + "---|" * (HEAD.count("|") - 1), flush=True)
    good = True
    for seed in seeds:
        for load in loads:
            run = Run(stack, seed, schedule(seed, SESSION), load=load, messages=messages)
            outcome = await run.go()
            print(line(outcome), flush=True)
            print(
                f"seed {seed}: {outcome.seconds:.0f} s, longest SIGTERM {outcome.stopped:.1f} s, "
                f"events said again {outcome.verdict.again}",
                file=sys.stderr,
                flush=True,
            )
            if not outcome.good(messages):
                good = False
                print(f"seed {seed} is bad: {outcome.verdict}; look at {run.folder}", file=sys.stderr, flush=True)
    return good


def main() -> int:
    """Parse, run, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--load", action="store_true", help="with both cores kept busy")
    parser.add_argument("--messages", type=int, default=MESSAGES)
    given = parser.parse_args()
    # A broker that is away is no news here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    stack = Stack(os.environ.get("BB_STACK", "torture"), int(os.environ.get("BB_PORT_BASE", "28500")))
    stack.start_daemons(["kafka", "redis"])
    seeds = range(given.seed, given.seed + given.runs)
    return 0 if asyncio.run(torture(stack, seeds, [given.load], given.messages)) else 1


if __name__ == "__main__":
    sys.exit(main())
