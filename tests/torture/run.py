"""One run: 16,000 messages while a schedule is carried out, then the verdict."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from models.settings import read
from tests.torture import toy
from tests.torture.audit import Verdict, audit
from tests.torture.bells import BellServer
from tests.torture.schedule import FIRST, JOINING, Action, Kind
from tests.torture.workers import Worker
from topics.catalogue import COMPACTED, DEAD, FOREVER, topic
from topics.envelope import decode_batch, encode, seal
from topics.partitions import partition_of

MESSAGES, SESSION = 16_000, 6.0
RATE = 250
"""Messages a second, whatever becomes of them."""
BURST = 0.04
SETTLE = 150.0
"""Seconds after the last message and the last action in which everything must be done, on a busy machine."""


class Outcome(msgspec.Struct):
    """``wait``: longest time (s) from a message in the inbox to its event; ``chain``: to the event of its bell, outside included.

    ``exits``: codes of the workers that ended themselves (75: replaced); ``stopped``: the longest SIGTERM (s).
    """

    seed: int
    load: bool
    actions: list[Action]
    verdict: Verdict
    wait: float
    chain: float
    seconds: float
    exits: list[int]
    stopped: float

    def good(self, messages: int) -> bool:
        return self.verdict.good(messages)


class Watch:
    """Reads what the chain says and when the broker appended it."""

    def __init__(self) -> None:
        self.sent: dict[int, int] = {}
        self.counted: dict[int, int] = {}
        self.rung: dict[int, int] = {}

    async def follow(self, bootstrap: str, prefix: str) -> None:
        """Until cancelled."""
        names = {topic(prefix, "tally", "events"): self.counted, topic(prefix, "bell", "events"): self.rung}
        consumer = AIOKafkaConsumer(*names, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
        await consumer.start()
        try:
            async for record in consumer:
                for event in decode_batch(record.value):
                    if event.type.endswith((".Counted.v1", ".Rung.v1")):
                        number = int(msgspec.json.decode(event.data)["number"])
                        names[record.topic].setdefault(number, record.timestamp)
        finally:
            await consumer.stop()

    def longest(self, said: dict[int, int]) -> float:
        """Seconds from the inbox to ``said`` of the message that waited longest."""
        return max((at - self.sent[number] for number, at in said.items()), default=0) / 1000


@contextlib.contextmanager
def burners(number: int) -> Iterator[None]:
    """``number`` processes that never rest."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


async def make_topics(bootstrap: str, prefix: str, partitions: int) -> list[str]:
    """The toy's topics, set as the catalogue's are; their names."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    new = [NewTopic(f"{prefix}-toy-__assignor-__leader", 1, 1), NewTopic(f"{prefix}.{DEAD}", partitions, 1, topic_configs=FOREVER)]
    for name in ("tally", "bell"):
        for kind, config in (("inbox", FOREVER), ("events", FOREVER), ("changelog", COMPACTED)):
            new.append(NewTopic(topic(prefix, name, kind), partitions, 1, topic_configs=dict(config)))
    try:
        await admin.create_topics(new)
    finally:
        await admin.close()
    return [one.name for one in new]


async def drop_topics(bootstrap: str, names: Sequence[str]) -> None:
    """Delete them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()


class Run:
    """``python -m tests.torture`` makes several, the test one."""

    def __init__(self, stack: Stack, seed: int, actions: list[Action], *, load: bool, messages: int = MESSAGES) -> None:
        self.stack, self.seed, self.actions, self.load, self.messages = stack, seed, actions, load, messages
        self.prefix = f"t{uuid.uuid4().hex[:8]}"
        self.folder = ROOT / ".local" / stack.where.name / "torture" / self.prefix
        self.settings = read(stack.env())
        self.watch = Watch()

    async def go(self) -> Outcome:
        """Carry it out. The folder with the workers' logs stays if the verdict is bad."""
        bootstrap, partitions = self.settings.kafka, self.settings.partitions
        names = await make_topics(bootstrap, self.prefix, partitions)
        self.folder.mkdir(parents=True)
        began = time.monotonic()
        async with AsyncExitStack() as around:
            bells = await around.enter_async_context(BellServer())
            if self.load:
                around.enter_context(burners(2))
            workers = await self._workers(around, bells)
            follow = asyncio.create_task(self.watch.follow(bootstrap, self.prefix))
            around.callback(follow.cancel)
            await self._during(workers)
            await self._settled(follow, bells)
            await asyncio.gather(*(worker.end(signal.SIGTERM) for worker in workers.values()))
            verdict = await audit(bootstrap, self.prefix, partitions, bells, self.folder)
        stopped = max((max(worker.stopped, default=0.0) for worker in workers.values()), default=0.0)
        exits = [code for worker in workers.values() for code in worker.exits]
        longest = self.watch.longest
        outcome = Outcome(
            seed=self.seed, load=self.load, actions=self.actions, verdict=verdict, wait=longest(self.watch.counted),
            chain=longest(self.watch.rung), seconds=time.monotonic() - began, exits=exits, stopped=stopped,
        )  # fmt: skip
        if outcome.good(self.messages):
            await drop_topics(bootstrap, names)
            shutil.rmtree(self.folder, ignore_errors=True)
        return outcome

    async def _workers(self, around: AsyncExitStack, bells: BellServer) -> dict[str, Worker]:
        environment = {
            **self.stack.full_env(),
            "BB_PREFIX": self.prefix,
            "BB_DATA_DIR": str(self.folder),
            "BB_SESSION_TIMEOUT": str(SESSION),
            "BB_TORTURE_BELLS": bells.url,
        }
        workers = {}
        for name in (*FIRST, *JOINING):
            log = self.folder / f"{name}.log"
            workers[name] = await around.enter_async_context(Worker(name, environment, self.settings.kafka, log))
        for name in FIRST:
            workers[name].start()
        return workers

    async def _during(self, workers: dict[str, Worker]) -> None:
        """Send everything and do everything."""
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            for action in self.actions:
                group.create_task(self._act(action, began, workers))

    async def _send(self) -> None:
        """At a steady rate; each message once (idempotent), however long the broker is away."""
        async with _producer(self.settings.kafka) as producer:
            began, acknowledgements = asyncio.get_running_loop().time(), []
            name, partitions = topic(self.prefix, "tally", "inbox"), self.settings.partitions
            for number in range(self.messages):
                key = toy.tally_key(number)
                words = seal("tally", key, toy.Count(number=number), id=f"count-{number}", source="/torture")
                acknowledgements.append(
                    await producer.send(name, key=key.encode(), value=encode(words), partition=partition_of(key, partitions))
                )
                ahead = began + number / RATE - asyncio.get_running_loop().time()
                if ahead > BURST:
                    await asyncio.sleep(ahead)
            for number, acknowledgement in enumerate(acknowledgements):
                self.watch.sent[number] = (await acknowledgement).timestamp

    async def _act(self, action: Action, began: float, workers: dict[str, Worker]) -> None:
        await asyncio.sleep(began + action.at - asyncio.get_running_loop().time())
        worker = workers.get(action.worker)
        match action.kind:
            case Kind.BROKER_TERM | Kind.BROKER_KILL:
                number = signal.SIGTERM if action.kind is Kind.BROKER_TERM else signal.SIGKILL
                await asyncio.to_thread(self.stack.wait_ready, ["kafka"])
                await asyncio.to_thread(self.stack.kill, "kafka", number)
                return
        assert worker is not None
        match action.kind:
            case Kind.JOIN:
                worker.start()
            case Kind.TERM | Kind.KILL:
                await worker.end(signal.SIGTERM if action.kind is Kind.TERM else signal.SIGKILL)
                await asyncio.sleep(action.seconds)
                worker.start()
            case Kind.FREEZE:
                worker.signal(signal.SIGSTOP)
                await asyncio.sleep(action.seconds)
                worker.signal(signal.SIGCONT)
            case Kind.CUT:
                worker.proxy.cut()
                await asyncio.sleep(action.seconds)
                worker.proxy.mend()

    async def _settled(self, follow: asyncio.Task[None], bells: BellServer) -> None:
        """Wait until everything is done, or nothing more will be: the verdict tells what is missing."""
        await asyncio.to_thread(self.stack.wait_ready, ["kafka"])
        deadline = asyncio.get_running_loop().time() + SETTLE
        while len(self.watch.rung) < self.messages or len(self.watch.counted) < self.messages:
            if follow.done():
                follow.result()
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.1)
        # What is done twice would come a little later.
        await asyncio.sleep(2.0)


@contextlib.asynccontextmanager
async def _producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=120_000, linger_ms=5
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


def logs(run: Run) -> list[Path]:
    """The workers' logs."""
    return sorted(run.folder.glob("*.log"))
