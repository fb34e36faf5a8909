"""``python -m tests.chaos``: blow after blow at a running stack full of buyers, then a verdict. 0 only for a good one."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from tests.chaos.blows import BLOWS, Blow
from tests.chaos.run import WINDOW, Result, Run, table


def audit(stack: Stack) -> list[str]:
    """What the auditor finds wrong in the logs and the read models."""
    said = subprocess.run(
        [sys.executable, "-m", "agents.commands", "audit"], env=stack.full_env(), cwd=ROOT, capture_output=True, text=True
    )
    return [] if said.returncode == 0 else [f"auditor: {line}" for line in (said.stdout + said.stderr).splitlines() if line]


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print the table and the verdict; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="replays a run: wills, faults and moments")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long buyers come in around each blow")
    parser.add_argument("--only", action="append", default=[], help="blows whose name begins so; may be repeated")
    parser.add_argument("--keep", action="store_true", help="leave the stack running")
    given = parser.parse_args(argv)
    blows = [blow for blow in BLOWS if not given.only or blow.name.startswith(tuple(given.only))]
    if not blows:
        parser.error(f"there are: {', '.join(blow.name for blow in BLOWS)}")
    stack = Stack(
        os.environ.get("BB_STACK", "chaos"),
        int(os.environ.get("BB_PORT_BASE", "26000")),
        overrides={"BB_PAYMENT_WINDOW": str(int(WINDOW * 1000))},
    )
    stack.start_daemons()
    stack.run_steps("topics", "schemas")
    stack.start_processes()
    # A group that is not empty yet is said at every try.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    print(f"seed {given.seed}; {len(blows)} blows", flush=True)
    try:
        results = asyncio.run(_all(stack, given.seed, given.seconds, blows))
        wrong = audit(stack)
    finally:
        if not given.keep:
            stack.stop()
    print("\n" + table(results))
    for line in wrong:
        print(line)
    good = not wrong and all(not result.findings for result in results)
    print(f"\nVerdict for seed {given.seed}: {'everything adds up' if good else 'NOT GOOD'}")
    return 0 if good else 1


async def _all(stack: Stack, seed: int, seconds: float, blows: Sequence[Blow]) -> list[Result]:
    async with Run(stack, seed, seconds) as run:
        for blow in blows:
            await run.strike(blow)
        return await run.verdict()


if __name__ == "__main__":
    sys.exit(main())
