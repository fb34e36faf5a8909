"""How long a killed worker takes to be ready again with a million rows: ``python -m tests.bench.recover [--rows N] [--runs N]``.

The worker is the product's ``trade`` under a prefix of its own; its changelogs are filled in the kernel's row format. Bounds
(issue §2): 10 s from exec to ready with its folder warm, 20 s with the folder deleted, both after ``kill -9``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from agents.runtime.rows import LEDGER, Ledger, Memo, Row, encode, pack_ledger, pack_row
from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from models.actor import DAY
from models.settings import read
from topics.broker import create
from topics.catalogue import WORKERS, topic
from topics.partitions import partition_of

WORKER = "trade"
ROWS, ROW_BYTES = 1_000_000, 500
BATCH = 900_000
WARM, COLD = 10.0, 20.0
"""The bounds (s)."""
AWAKE = 50
"""One row in so many asks to be woken, tomorrow."""


class Start(msgspec.Struct, frozen=True):
    """Seconds from exec to ready, those of CPU among them, and the resident memory then (MB)."""

    seconds: float
    cpu: float
    megabytes: float


def row(number: int, size: int = ROW_BYTES) -> bytes:
    """A row of ``size`` bytes: a state that nothing decodes, one command remembered."""
    memo = {f"00000000-0000-5000-8000-{number:012}": Memo(1, "f" * 32, "", [])}
    bare = len(pack_row(Row(msgspec.Raw(encode("")), 9, memo), 0, number, 0))
    state = msgspec.Raw(encode("s" * max(0, size - bare - 2)))
    wake_at = int(time.time() * 1000) + DAY if number % AWAKE == 0 else 0
    return pack_row(Row(state, 9, memo), 0, number, wake_at)


class Recovery:
    """A worker's topics, filled once, and its starts."""

    def __init__(self, stack: Stack, rows: int, prefix: str = "recover") -> None:
        self.stack, self.rows, self.prefix = stack, rows, prefix
        self.settings = read(stack.env())
        self.folder = ROOT / ".local" / stack.where.name / "recover"
        self.log = self.folder / "worker.log"
        self.port = self.settings.port_base + 58

    async def fill(self) -> float:
        """Make the topics anew and write the rows, each domain of the worker its share; the seconds that it took."""
        await self.drop()
        await create(self.settings.kafka, self.prefix, self.settings.partitions)
        await asyncio.sleep(1)
        began = time.monotonic()
        producer = AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka, acks="all", max_batch_size=BATCH + 100_000, request_timeout_ms=60_000
        )
        await producer.start()
        try:
            domains = WORKERS[WORKER]
            for index, domain in enumerate(domains):
                await self._fill(producer, domain, range(index, self.rows, len(domains)))
        finally:
            await producer.stop()
        return time.monotonic() - began

    async def _fill(self, producer: AIOKafkaProducer, domain: str, numbers: range) -> None:
        name, partitions = topic(self.prefix, domain, "changelog"), self.settings.partitions
        sending: dict[int, asyncio.Future[object]] = {}
        batches: dict[int, list[tuple[bytes, bytes]]] = {number: [] for number in range(partitions)}
        sizes = dict.fromkeys(batches, 0)

        async def flush(number: int) -> None:
            """A turn's batch, the ledger first."""
            builder = producer.create_batch()
            ledger = pack_ledger(Ledger(at=self.rows))
            for key, value in [(LEDGER, ledger), *batches[number]]:
                if builder.append(key=key, value=value, timestamp=None) is None:
                    raise ValueError("a batch is too large")
            builder.close()
            if number in sending:
                await sending[number]
            sending[number] = await producer.send_batch(builder, name, partition=number)
            batches[number], sizes[number] = [], 0

        for at in numbers:
            key = f"{domain}-{at:08}"
            number, value = partition_of(key, partitions), row(at)
            batches[number].append((key.encode(), value))
            sizes[number] += len(key) + len(value) + 40
            if sizes[number] > BATCH:
                await flush(number)
        for number in batches:
            await flush(number)
        await asyncio.gather(*sending.values())

    async def drop(self) -> None:
        """Delete topics and folder."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka)
        await admin.start()
        try:
            existing = set(await admin.list_topics())
            gone = [name for name in existing if name.startswith((f"{self.prefix}.", f"{self.prefix}-"))]
            if gone:
                await admin.delete_topics(gone)
                while existing & set(gone):
                    await asyncio.sleep(0.2)
                    existing = set(await admin.list_topics())
        finally:
            await admin.close()
        self.forget()

    def forget(self) -> None:
        """Delete the worker's folder."""
        shutil.rmtree(self.folder / "tables", ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)

    def start(self, limit: float = 120.0, environment: dict[str, str] | None = None) -> Start:
        """Exec, wait for ready, kill -9. Raises ``TimeoutError``."""
        given = {
            **self.stack.full_env(),
            "BB_PREFIX": self.prefix,
            "BB_DATA_DIR": str(self.folder / "tables"),
            "BB_HEALTH_PORT": str(self.port),
            "BB_WORKER_ID": "recover",
            **(environment or {}),
        }
        argv = [sys.executable, "-m", "faust", "--loop", "uvloop", "-A", f"agents.apps.{WORKER}", "worker"]
        began = time.monotonic()
        with self.log.open("ab") as out:
            process = subprocess.Popen([*argv, "--without-web", "-l", "warn"], cwd=ROOT, env=given, stdout=out, stderr=out)
        try:
            while not self._ready():
                if process.poll() is not None:
                    raise ChildProcessError(f"the worker ended with {process.returncode}: see {self.log}")
                if time.monotonic() - began > limit:
                    raise TimeoutError(f"not ready after {limit:.0f} s: see {self.log}")
                time.sleep(0.02)
            seconds = time.monotonic() - began
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            used = sum(map(int, Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
            return Start(seconds, used / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def said(name: str, starts: list[Start], bound: float) -> str:
    """A row of the table."""
    seconds = [one.seconds for one in starts]
    largest = max(one.megabytes for one in starts)
    cpu = statistics.median(one.cpu for one in starts)
    cells = [name, f"{statistics.median(seconds):.1f}", f"{max(seconds):.1f}", f"{bound:.0f}", f"{cpu:.1f}", f"{largest:.0f}"]
    return f"| {' | '.join(cells)} | {len(starts)} |"


def main() -> int:
    """Fill, kill, measure; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recover")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="use the rows of the last time")
    given = parser.parse_args()
    stack = Stack(os.environ.get("BB_BENCH_STACK", "bench"), int(os.environ.get("BB_BENCH_PORT_BASE", "21000")))
    stack.start_daemons(["kafka", "redis"])
    recovery = Recovery(stack, given.rows)
    if not given.keep:
        print(f"{given.rows} rows of {len(row(1))} bytes written in {asyncio.run(recovery.fill()):.1f} s", flush=True)
    cold, warm = [], []
    for _ in range(given.runs):
        recovery.forget()
        cold.append(recovery.start())
        warm.append(recovery.start())
    print("| folder | median s | worst s | bound s | CPU s | RSS MB | starts |\n|---|---|---|---|---|---|---|")
    print(said("cold", cold, COLD))
    print(said("warm", warm, WARM))
    if not given.keep:
        asyncio.run(recovery.drop())
    return 0 if max(one.seconds for one in cold) <= COLD and max(one.seconds for one in warm) <= WARM else 1


if __name__ == "__main__":
    sys.exit(main())
