"""The auditor beside an installation: its command, its process, and what both say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.auditor.invariants import INVARIANTS
from deploy.local.layout import ROOT
from tests.integration.reading import WAIT

SAMPLE = re.compile(r'^bb_(invariant_violations|auditor_alarms|auditor_unseen)\{\w+="(\w+)"\} (\S+)$', re.MULTILINE)


class Verdict(NamedTuple):
    """What the command ended with: exit code, (invariant, id) of what it calls violated, and all of its words."""

    code: int
    violated: set[tuple[str, str]]
    text: str


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that has ``env`` and no other stack's variables."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("BB_")}
    return {**ours, **env, "PYTHONPATH": str(ROOT)}


async def audit(env: Mapping[str, str], *options: str) -> Verdict:
    """``python -m agents.commands audit``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agents.commands", "audit", *options, env=environment(env),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    text = (await process.communicate())[0].decode()
    lines = [line.split() for line in text.splitlines() if line.startswith("VIOLATED")]
    assert process.returncode is not None
    return Verdict(process.returncode, {(words[1], words[2]) for words in lines}, text)


class Watching:
    """The running process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process, self._port, self._log = process, port, log

    async def metrics(self) -> dict[str, float]:
        """Invariants and alarms by name; whether a look cannot be made as ``unseen_<look>``."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self._port}/metrics") as answer:
            samples = SAMPLE.findall(await answer.text())
        return {(f"unseen_{label}" if name == "auditor_unseen" else label): float(value) for name, label, value in samples}

    async def until(self, seconds: float = 2 * WAIT, **wanted: float) -> None:
        """Wait until each label of ``wanted`` has that number. Raises TimeoutError with what it has instead."""
        shown: dict[str, float] = {}
        try:
            async with asyncio.timeout(seconds):
                while any(shown.get(label) != number for label, number in wanted.items()):
                    await asyncio.sleep(0.2)
                    with contextlib.suppress(aiohttp.ClientError, OSError):
                        shown = await self.metrics()
        except TimeoutError:
            raise TimeoutError(f"{ {label: shown.get(label) for label in wanted} }, not {wanted}\n{self.log()}") from None

    async def violated(self) -> dict[str, float]:
        """Every invariant that is violated, and how many times."""
        return {label: number for label, number in (await self.metrics()).items() if label in INVARIANTS and number}

    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text()


@contextlib.asynccontextmanager
async def watching(env: Mapping[str, str], folder: Path, grace: float) -> AsyncIterator[Watching]:
    """``python -m agents.apps.auditor`` inside the block; it must end by SIGTERM with 0."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "auditor.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agents.apps.auditor", stdout=out, stderr=out,
            env=environment({**env, "BB_HEALTH_PORT": str(port), "BB_AUDIT_GRACE": str(grace)}),
        )  # fmt: skip
    try:
        yield Watching(process, port, log)
        assert process.returncode is None, log.read_text()
    finally:
        if process.returncode is None:
            process.terminate()
    assert await process.wait() == 0, log.read_text()


async def everything(kafka: str, topic: str, partitions: int) -> list[tuple[bytes | None, bytes | None]]:
    """Key and value of every record of a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        spots = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(spots)
        await consumer.seek_to_beginning(*spots)
        ends, found = await consumer.end_offsets(spots), []
        for tp in spots:
            while await consumer.position(tp) < ends[tp]:
                for records in (await consumer.getmany(tp, timeout_ms=500)).values():
                    found += [(record.key, record.value) for record in records]
        return found
    finally:
        await consumer.stop()
