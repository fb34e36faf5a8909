"""The bench's own stack, what runs on it, and what it counts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path

import aiohttp
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from models.settings import Settings, read
from tests.bench import cpu
from tests.bench.figures import Run
from tests.bench.load import Outcome
from topics import catalogue
from topics.client import Client

NAME, BASE = "bench", 21_000
OWN = ("BB_BENCH_STACK", "BB_BENCH_PORT_BASE")
SHOP = ("trade", "fulfilment", "shop", "read", "web", "sandbox")
SAGA = "saga"
"""A worker of the bench with topics of its own; the name is also the prefix of these."""
FOLDER = ROOT / ".local" / "bench-run"
READY_WAIT = 400.0
"""Seconds until everything is ready, on a machine whose cores others keep busy."""
CALM = 0.1
"""Share of all cores' time that strangers may take without disturbing a run."""
_SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? ([0-9.eE+-]+)$", re.MULTILINE)


def knobs() -> dict[str, str]:
    """``BB_BENCH_X`` becomes the stack's ``BB_X``: whatever can be set can be tried."""
    prefix = "BB_BENCH_"
    return {f"BB_{key[len(prefix):]}": value for key, value in os.environ.items() if key.startswith(prefix) and key not in OWN}


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

    # -- what is counted -------------------------------------------------------------------------------------------------------

    async def ends(self, prefix: str = "") -> dict[TopicPartition, int]:
        """Records ever appended to each partition of each topic."""
        prefix = prefix or self.settings.prefix
        names = [topic.name for topic in catalogue.topics(prefix)]
        spots = [TopicPartition(name, number) for name in names for number in range(self.settings.partitions)]
        consumer = AIOKafkaConsumer(bootstrap_servers=self.settings.kafka)
        await consumer.start()
        try:
            return dict(await consumer.end_offsets(spots))
        finally:
            await consumer.stop()

    async def metrics(self, names: Iterable[str] = ()) -> dict[str, dict[str, float]]:
        """What each running process (or each of ``names``) says of itself: ``name{labels}`` -> value."""
        running = {name for name, status in self.stack.statuses().items() if status.state == "RUNNING"}
        wanted = running & set(self.stack.expand(names)) if names else running
        found: dict[str, dict[str, float]] = {}
        async with aiohttp.ClientSession() as http:
            for program in self.stack.processes:
                if program.name not in wanted or program.name == "sandbox":
                    continue
                async with http.get(f"http://127.0.0.1:{program.ready.port}/metrics") as answer:
                    text = await answer.text()
                found[program.name] = {
                    f"{name}{{{labels}}}" if labels else name: float(value) for name, labels, value in _SAMPLE.findall(text)
                }
        return found

    async def settled(self, seconds: float = 300.0) -> None:
        """Wait until all that was sent is decided and shown."""
        lags = ("bb_inbox_lag", "bb_projector_lag")
        deadline, calm = time.monotonic() + seconds, 0
        while calm < 3:
            said = await self.metrics()
            behind = {
                name: value for program in said.values() for name, value in program.items() if name.startswith(lags) and value
            }
            calm = 0 if behind else calm + 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"still behind: {behind}")
            await asyncio.sleep(0.4)

    async def idle(self, seconds: int) -> Run:
        """What the stack uses while nobody asks for anything, for each second."""
        await self.settled()
        await self.calm(self.patience)
        before, began = cpu.now(self.stack), time.perf_counter()
        await asyncio.sleep(seconds)
        return Run(seconds, time.perf_counter() - began, [], cpu.between(before, cpu.now(self.stack), 0.0))

    # -- a run -----------------------------------------------------------------------------------------------------------------

    async def run(self, module: str, plan: msgspec.Struct, prefix: str = "") -> tuple[Run, Outcome]:
        """Let the generator ``module`` do ``plan``; count what everybody uses meanwhile. Raises RuntimeError if it ends badly."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        file = FOLDER / "plan.json"
        file.write_bytes(msgspec.json.encode(plan))
        await self.calm(self.patience)
        ends, said = await self.ends(prefix), await self.metrics()
        env = {**self.stack.full_env(), "PYTHONUNBUFFERED": "1"}
        generator = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, str(file), env=env, cwd=ROOT, limit=1 << 26,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert generator.stdin is not None
        assert generator.stdout is not None
        if await generator.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{module} did not get ready: it ended with {await generator.wait()}")
        before = cpu.now(self.stack)
        generator.stdin.write(b"go\n")
        line = await generator.stdout.readline()
        after = cpu.now(self.stack)
        generator.stdin.close()
        if await generator.wait() or not line:
            raise RuntimeError(f"{module} ended with {generator.returncode}")
        outcome = msgspec.json.decode(line, type=Outcome)
        await asyncio.sleep(0.7)
        counts = _grown(ends, await self.ends(prefix)) | _steps(said, await self.metrics())
        cost = cpu.between(before, after, outcome.cpu)
        run = Run(len(outcome.latencies), outcome.seconds, outcome.latencies, cost, outcome.failed, outcome.steps, counts)
        return run, outcome


def _grown(before: Mapping[TopicPartition, int], after: Mapping[TopicPartition, int]) -> dict[str, float]:
    """Records appended meanwhile to each topic, by ``domain.kind`` (``dead`` alone)."""
    found: dict[str, float] = {}
    for spot, end in after.items():
        if end != before[spot]:
            name = f"records {spot.topic.partition('.')[2]}"
            found[name] = found.get(name, 0.0) + end - before[spot]
    return found


def _steps(before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Inputs decided by each domain, turns, and batches of each read model."""
    found: dict[str, float] = {}
    kinds = {"bb_inputs_total": "steps", "bb_turn_seconds_count": "turns", "bb_projector_batch_seconds_count": "batches"}
    for program, said in after.items():
        for name, value in said.items():
            kind = kinds.get(name.partition("{")[0])
            more = value - before.get(program, {}).get(name, 0.0)
            if kind and more:
                label = re.search(r'(?:domain|model)="([^"]*)"', name)
                key = f"{kind} {label.group(1) if label else program}"
                found[key] = found.get(key, 0.0) + more
    return found
