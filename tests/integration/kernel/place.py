"""An installation of the toy on the real broker: its topics, workers as processes, and an audit of all its logs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter as Counts
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientError, ClientSession
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faust.types import TP

from agents.runtime.letters import Letter, letters
from agents.runtime.rows import LEDGER, NIL, Ledger, Logged, Row, at_of, split_key, unpack_ledger, unpack_row
from agents.runtime.table import read_range
from deploy.local.layout import ROOT
from models.actor import Message
from tests.integration.kernel.outside import Service
from tests.integration.kernel.toy import Empty, Ledgered, Pay, Ring, Till, Wake
from topics.envelope import Envelope, decode_batch, encode, seal
from topics.partitions import partition_of

PARTITIONS = 2
SESSION = 20.0
"""Seconds; a busy machine may let a process stand still for several."""
PATIENCE = 60.0
DOMAINS = ("tills", "books")
TOY = "tests.integration.kernel.app"
KINDS = ("keyed", "conditional", "askable", "repeatable", "neither")
STATES = {"tills": Till, "books": Ledgered}


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def until(true: Callable[[], Awaitable[Any]], seconds: float = PATIENCE, what: str = "") -> Any:
    """Wait until ``true`` answers something true, and answer that. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not (found := await true()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what or true}"
        await asyncio.sleep(0.1)
    return found


class Worker:
    """A worker process. ``log`` holds what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.process.wait(PATIENCE)

    def stands_still(self) -> bool:
        """Is it stopped by SIGSTOP?"""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def said(self, event: str) -> list[dict[str, Any]]:
        """Its log lines of ``event``."""
        # Faust puts a head of its own before each line.
        lines = [line[line.index("{") :] for line in self.log.read_text().splitlines() if f'"event": "{event}"' in line]
        return [msgspec.json.decode(line) for line in lines]

    async def get(self, path: str) -> tuple[int, str]:
        """(Status, text) of its health page, 0 if it does not answer."""
        try:
            async with ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, await answer.text()
        except (ClientError, OSError):
            return 0, ""

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        _, text = await self.get("/metrics")
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{")))

    async def ready(self) -> None:
        async def is_ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            return (await self.get("/health/ready"))[0] == 200

        await until(is_ready, what=f"ready: {self.log}")

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once it has ended."""

        async def has_ended() -> bool:
            return self.process.poll() is not None

        await until(has_ended, seconds, f"the end of {self.log}")
        assert self.process.returncode is not None
        return self.process.returncode


class Place:
    """See the module's text."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.folder = folder
        self.kafka, self.redis = env["BB_KAFKA"], env["BB_REDIS_URL"]
        self.prefix = f"toy{uuid.uuid4().hex[:8]}"
        (folder / "tables").mkdir()
        self.workers: list[Worker] = []
        self.service = Service()
        self.sent: list[tuple[str, str, Message]] = []
        self.number = 0

    async def open(self, changelog: Mapping[str, str], apps: tuple[str, ...]) -> None:
        """Create topics, ``changelog``: settings of the changelogs; start the outside."""
        stamped = {"message.timestamp.type": "LogAppendTime"}
        new = [NewTopic(f"{self.prefix}.dead", PARTITIONS, 1, topic_configs=stamped)]
        for domain in DOMAINS:
            names = [f"{self.prefix}.{domain}.{kind}" for kind in ("inbox", "events")]
            new += [NewTopic(name, PARTITIONS, 1, topic_configs=stamped) for name in names]
            config = {"cleanup.policy": "compact", **changelog}
            new.append(NewTopic(f"{self.prefix}.{domain}.changelog", PARTITIONS, 1, topic_configs=config))
        new += [NewTopic(f"{self.prefix}-{app}-__assignor-__leader", 1, 1) for app in apps]
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            await admin.create_topics(new)
        finally:
            await admin.close()
        self.producer = AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all")
        await self.producer.start()
        self.url = await self.service.start()

    async def close(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait(PATIENCE)
        self.service.hold.set()
        await self.service.runner.cleanup()
        await self.producer.stop()
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(self.prefix)])
        finally:
            await admin.close()

    # -- workers -----------------------------------------------------------------------------------------------------------

    def start(self, ident: str = "w0", app: str = TOY, **env: str) -> Worker:
        """A worker under the name ``ident``, with more ``env``; ``app``: the module of its Faust app."""
        port = free_port()
        log = self.folder / f"{ident}-{len(self.workers)}.log"
        whole = {key: value for key, value in os.environ.items() if not key.startswith("BB_")}
        whole |= {
            "PYTHONPATH": str(ROOT),
            "BB_KAFKA": self.kafka,
            "BB_REDIS_URL": self.redis,
            "BB_PREFIX": self.prefix,
            "BB_PARTITIONS": str(PARTITIONS),
            "BB_DATA_DIR": str(self.folder / "tables"),
            "BB_SESSION_TIMEOUT": str(SESSION),
            "BB_HEALTH_PORT": str(port),
            "BB_WORKER_ID": ident,
            "BB_TOY_URL": self.url,
            **env,
        }
        command = [sys.executable, "-m", "faust", "--loop", "uvloop", "-A", app]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, "worker", "--without-web", "-l", "warn"], env=whole, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
            )
        worker = Worker(process, port, log)
        self.workers.append(worker)
        return worker

    async def started(self, ident: str = "w0", app: str = TOY, **env: str) -> Worker:
        """A worker that is ready."""
        worker = self.start(ident, app, **env)
        await worker.ready()
        return worker

    def cli(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """``python -m agents.commands words``."""
        whole = {key: value for key, value in os.environ.items() if not key.startswith("BB_")}
        whole |= {"BB_KAFKA": self.kafka, "BB_PREFIX": self.prefix, "BB_PARTITIONS": str(PARTITIONS), **env}
        return subprocess.run(
            [sys.executable, "-m", "agents.commands", *words], env=whole, cwd=ROOT, capture_output=True, text=True, timeout=90
        )

    # -- sending -------------------------------------------------------------------------------------------------------------

    async def say(self, domain: str, key: str, message: Message, id: str = "", **envelope: Any) -> str:
        """Append ``message`` to an inbox; its id. It counts for ``audit``."""
        self.number += 1
        ident = id or f"{self.prefix}-{self.number}"
        sealed = seal(domain, key, message, id=ident, source="/test", **envelope)
        await self.raw(domain, key.encode(), encode(sealed), partition_of(key, PARTITIONS))
        self.sent.append((domain, key, message))
        return ident

    async def raw(self, domain: str, key: bytes | None, value: bytes | None, partition: int, kind: str = "inbox") -> int:
        """Append a record as it is; its offset."""
        where = f"{self.prefix}.{domain}.{kind}"
        return int((await self.producer.send_and_wait(where, key=key, value=value, partition=partition)).offset)

    # -- reading ---------------------------------------------------------------------------------------------------------------

    async def log(self, domain: str, kind: str, number: int) -> list[Logged]:
        """A partition, whole."""
        tp = TP(f"{self.prefix}.{domain}.{kind}", number)
        return [record async for records in read_range(self.kafka, tp, 0) for record in records]

    async def events(self, domain: str) -> list[Envelope]:
        """Every event, repeats included."""
        found: list[Envelope] = []
        for number in range(PARTITIONS):
            for record in await self.log(domain, "events", number):
                found += decode_batch(record.value or b"[]")
        return found

    async def rows(self, domain: str) -> dict[tuple[str, str], Row]:
        """(Key, part) -> the last row of the log, which has to be the newest of its key too."""
        found: dict[tuple[str, str], Row] = {}
        for number in range(PARTITIONS):
            for key, record in (await self.last(domain, number)).items():
                if key != LEDGER and record.value is not None:
                    found[split_key(key)] = unpack_row(record.value)
        return found

    async def last(self, domain: str, number: int) -> dict[bytes, Logged]:
        """Key -> its last record: what compaction keeps."""
        return {record.key: record for record in await self.log(domain, "changelog", number)}

    async def ledger(self, domain: str, number: int) -> Ledger:
        """The last ledger of a partition."""
        record = (await self.last(domain, number)).get(LEDGER)
        return unpack_ledger(record.value if record else None)

    async def states(self, domain: str, part: str = "") -> dict[str, Any]:
        """Key -> state of its row or part."""
        decoder = msgspec.msgpack.Decoder(STATES[domain])
        rows = await self.rows(domain)
        return {key: decoder.decode(row.state) for (key, name), row in rows.items() if name == part and row.state != NIL}

    async def letters(self) -> list[Letter]:
        """The dead letters."""
        return await letters(self.kafka, self.prefix, PARTITIONS)

    async def finished(self, group: str = "toy") -> bool:
        """Has the worker committed everything that the inboxes hold?"""
        inboxes = [TopicPartition(f"{self.prefix}.{name}.inbox", n) for name in DOMAINS for n in range(PARTITIONS)]
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, enable_auto_commit=False)
        await admin.start()
        await consumer.start()
        try:
            ends = await consumer.end_offsets(inboxes)
            done = await admin.list_consumer_group_offsets(f"{self.prefix}-{group}", partitions=inboxes)
            return all(max(0, done[tp].offset if tp in done else 0) >= end for tp, end in ends.items())
        finally:
            await consumer.stop()
            await admin.close()

    # -- the audit ---------------------------------------------------------------------------------------------------------------

    def paid(self) -> dict[str, int]:
        """Key -> what was paid into the till."""
        sums: Counts[str] = Counts()
        for _, key, message in self.sent:
            if amount := getattr(message, "amount", 0):
                sums[key] += amount
        return dict(sums)

    async def done(self) -> bool:
        """Is everything that was sent done, as the rows say?"""
        states = await self.states("tills")
        for key, amount in self.paid().items():
            till = states.get(key)
            if till is None or not till.total == till.booked == amount:
                return False
        for _, key, message in self.sent:
            till = states.get(key)
            if isinstance(message, Ring) and (till is None or till.ring not in ("rung", "lost")):
                return False
            if isinstance(message, Wake) and (till is None or not till.woken):
                return False
        return True

    async def audit(self, dead: int = 0) -> None:
        """Wait until everything is done, then: nothing lost, nothing doubled, nothing wrong. ``dead``: letters expected."""
        await until(self.done, what="everything done")
        await until(self.finished, what="everything committed")
        tills, books = await self.states("tills"), await self.states("books")
        paid = self.paid()
        assert {key: (till.total, till.booked) for key, till in tills.items() if till.total} == {
            key: (amount, amount) for key, amount in paid.items()
        }
        assert sum(book.total for book in books.values()) == sum(paid.values())
        assert sum(book.entries for book in books.values()) == sum(1 for _, _, said in self.sent if hasattr(said, "book"))
        await self._audit_boxes()
        for key, till in tills.items():
            assert till.woken == sum(1 for _, to, said in self.sent if to == key and isinstance(said, Wake))
        for domain in DOMAINS:
            await self._audit_events(domain)
            for number in range(PARTITIONS):
                await self._audit_changelog(domain, number)
        self._audit_outside(tills)
        assert len(await self.letters()) == dead

    async def _audit_boxes(self) -> None:
        """Each box holds what was paid into it since it was last emptied; one that was emptied is gone."""
        wanted: dict[tuple[str, str], int] = {}
        for _, key, message in self.sent:
            if isinstance(message, Pay):
                wanted[key, message.box] = wanted.get((key, message.box), 0) + message.amount
            elif isinstance(message, Empty):
                wanted.pop((key, message.box), None)
        boxes = {name for _, name in await self.rows("tills") if name}
        found = {(key, name): box.total for name in boxes for key, box in (await self.states("tills", name)).items()}
        assert found == wanted

    async def _audit_events(self, domain: str) -> None:
        """An event that is there twice is equal, and each aggregate counts its own without a gap."""
        by_id: dict[str, Envelope] = {}
        seqs: dict[str, set[int]] = {}
        for event in await self.events(domain):
            assert by_id.setdefault(event.id, event) == event
            seqs.setdefault(event.subject, set()).add(event.seq)
        assert all(found == set(range(1, len(found) + 1)) for found in seqs.values())
        assert len(by_id) == sum(map(len, seqs.values()))
        rows = await self.rows(domain)
        assert {key: row.seq for (key, part), row in rows.items() if not part} == {key: len(found) for key, found in seqs.items()}

    async def _audit_changelog(self, domain: str, number: int) -> None:
        """The last record of each key is its newest."""
        newest: dict[bytes, int] = {}
        for record in await self.log(domain, "changelog", number):
            newest[record.key] = max(newest.get(record.key, -1), at_of(record.value))
        for key, record in (await self.last(domain, number)).items():
            if record.value is not None:
                assert at_of(record.value) == newest[key], (domain, number, key)

    def _audit_outside(self, tills: Mapping[str, Till]) -> None:
        """What really happened, by the promise of each port."""
        for _, key, message in self.sent:
            if not isinstance(message, Ring):
                continue
            happened, ring = self.service.done.get(key, 0), tills[key].ring
            match message.kind:
                case "repeatable":
                    assert (happened >= 1, ring) == (True, "rung"), key
                case "neither":
                    assert (happened, ring) in ((1, "rung"), (1, "lost"), (0, "lost")), key
                case _:
                    assert (happened, ring) == (1, "rung"), key
