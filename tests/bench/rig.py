"""The bench's own stack, what runs on it, and what it counts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from models.settings import Settings, read
from tests.bench import counts, cpu
from tests.bench.figures import Run
from tests.bench.load import Outcome
from topics.client import Client

NAME, BASE = "bench", 21_000
OWN = ("BB_BENCH_STACK", "BB_BENCH_PORT_BASE")
SHOP = ("trade", "shop", "read", "search", "web", "sandbox")
"""What an order costs: every sale is indexed anew."""
SAGA = "saga"
"""A worker of the bench with topics of its own; the name is also the prefix of these."""
FOLDER = ROOT / ".local" / "bench-run"
READY_WAIT = 400.0
"""Seconds until everything is ready, on a machine whose cores others keep busy."""
CALM = 0.1
"""Share of all cores' time that strangers may take without disturbing a run."""


def knobs() -> dict[str, str]:
    """``BB_BENCH_X`` becomes the stack's ``BB_X``: whatever can be set can be tried."""
    prefix = "BB_BENCH_"
    return {f"BB_{key[len(prefix) :]}": value for key, value in os.environ.items() if key.startswith(prefix) and key not in OWN}


def procfile() -> Path:
    """The product's Procfile and the worker of the bench, which is started only where it is measured."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "Procfile"
    command = f"{sys.executable} -m faust --loop uvloop -A tests.bench.saga_worker worker --without-web -l warn"
    file.write_text((ROOT / "Procfile").read_text() + f"{SAGA}: env BB_PREFIX={SAGA} BB_WORKER_ID={SAGA} {command}\n")
    return file


class Rig:
    """The stack and everything that a scenario needs of it. ``say``: tells one line of progress."""

    def __init__(self, say: Callable[[str], None] = print, patience: float = 0.0) -> None:
        """``patience``: seconds that a run may wait for calm cores."""
        self.say, self.patience = say, patience
        name, base = os.environ.get("BB_BENCH_STACK", NAME), int(os.environ.get("BB_BENCH_PORT_BASE", BASE))
        self.stack = Stack(name, base, overrides=knobs(), procfile=procfile(), say=lambda line: None)
        self.settings: Settings = read(self.stack.env())

    async def up(self, *, fresh: bool) -> None:
        """Start the shop; ``fresh``: with empty databases."""
        stack = self.stack

        def start() -> None:
            if fresh:
                stack.reset()
            stack.start_daemons()
            stack.run_steps("topics", "schemas")
            stack.start_processes(SHOP, wait=False)
            stack.wait_ready(SHOP, READY_WAIT)

        began = time.monotonic()
        await asyncio.to_thread(start)
        self.settings = read(stack.env())
        self.say(f"stack {stack.where.name} is ready after {time.monotonic() - began:.1f} s")

    async def only(self, *names: str) -> None:
        """Stop every process that is not named, start those that are."""
        stack = self.stack
        wanted = set(stack.expand(names))
        rest = [process.name for process in stack.processes if process.name not in wanted]
        await asyncio.to_thread(stack.stop_programs, rest)
        await asyncio.to_thread(lambda: stack.start_processes(sorted(wanted), wait=False))
        await asyncio.to_thread(stack.wait_ready, sorted(wanted), READY_WAIT)

    async def down(self) -> None:
        """Stop everything."""
        await asyncio.to_thread(self.stack.stop)

    @contextlib.asynccontextmanager
    async def client(self, prefix: str = "") -> AsyncIterator[Client]:
        """A sender of commands that hears the answers."""
        settings = self.settings
        process = f"bench-{os.getpid()}"
        client = Client(settings.kafka, prefix or settings.prefix, settings.partitions, settings.redis_url, process, timeout=20)
        await client.start()
        async with asyncio.timeout(20):
            await client.listening.wait()
            while not client.connected:
                await asyncio.sleep(0.05)
        try:
            yield client
        finally:
            await client.stop()

    async def calm(self, seconds: float) -> None:
        """Wait until strangers leave the cores alone, for ``seconds`` at most: a run next to a busy neighbour says little."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = cpu.now(self.stack)
            await asyncio.sleep(1.0)
            cost = cpu.between(before, cpu.now(self.stack), 0.0)
            if cost.others < CALM * cost.wall:
                return

    async def idle(self, seconds: int) -> Run:
        """What the stack uses while nobody asks for anything, for each second."""
        await counts.settled(self.stack)
        await self.calm(self.patience)
        yardstick, before, began = cpu.yardstick(), cpu.now(self.stack), time.perf_counter()
        await asyncio.sleep(seconds)
        cost = cpu.between(before, cpu.now(self.stack), 0.0)
        return Run(seconds, time.perf_counter() - began, [], cost, yardstick=yardstick)

    # -- a run -----------------------------------------------------------------------------------------------------------------

    async def run(self, module: str, plan: msgspec.Struct, prefix: str = "") -> tuple[Run, Outcome]:
        """Let the generator ``module`` do ``plan``; count what everybody uses meanwhile. Raises RuntimeError if it ends badly."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        file = FOLDER / "plan.json"
        file.write_bytes(msgspec.json.encode(plan))
        await self.calm(self.patience)
        ends, said = await counts.ends(self.settings, prefix), await counts.metrics(self.stack)
        env = {**self.stack.full_env(), "PYTHONUNBUFFERED": "1"}
        generator = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, str(file), env=env, cwd=ROOT, limit=1 << 26,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert generator.stdin is not None
        assert generator.stdout is not None
        if await generator.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{module} did not get ready: it ended with {await generator.wait()}")
        yardstick, before = cpu.yardstick(), cpu.now(self.stack)
        generator.stdin.write(b"go\n")
        line = await generator.stdout.readline()
        after = cpu.now(self.stack)
        generator.stdin.close()
        if await generator.wait() or not line:
            raise RuntimeError(f"{module} ended with {generator.returncode}")
        outcome = msgspec.json.decode(line, type=Outcome)
        await asyncio.sleep(0.7)
        counted = counts.grown(ends, await counts.ends(self.settings, prefix))
        counted |= counts.steps(said, await counts.metrics(self.stack))
        cost = cpu.between(before, after, outcome.cpu)
        done = len(outcome.latencies)
        run = Run(done, outcome.seconds, outcome.latencies, cost, outcome.failed, outcome.steps, counted, yardstick)
        return run, outcome
