"""Worker processes of a run: each with a wire of its own to the broker, started again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local.layout import ROOT
from tests.torture.proxy import Proxy

AGAIN = 0.3
"""Seconds after which a worker that died by itself is started again."""


class Worker:
    """``exits``: how it ended when nobody had told it to. ``stopped``: seconds that each SIGTERM took."""

    def __init__(self, name: str, environment: Mapping[str, str], broker: str, log: Path) -> None:
        self.name, self.log = name, log
        self.proxy = Proxy(broker)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self.exits: list[int] = []
        self.stopped: list[float] = []

    async def __aenter__(self) -> Worker:
        await self.proxy.__aenter__()
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._wanted = False
        self._keeper.cancel()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        await self.proxy.__aexit__()

    @property
    def pid(self) -> int:
        """0: it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def start(self) -> None:
        """Start it and keep it running."""
        self._wanted = True
        environment = {**self._environment, "BB_KAFKA": self.proxy.address, "BB_WORKER_ID": self.name}
        argv = [sys.executable, "-m", "faust", "--loop", "uvloop", "-A", "tests.torture.worker"]
        argv += ["worker", "--without-web", "-l", "warn"]
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)

    async def end(self, number: signal.Signals) -> None:
        """Send SIGTERM or SIGKILL and wait for the end; it stays ended."""
        self._wanted = False
        began = time.monotonic()
        if self.pid:
            os.kill(self.pid, number)
            while self.pid:
                await asyncio.sleep(0.02)
                if time.monotonic() - began > 90:
                    raise TimeoutError(f"{self.name} does not end: see {self.log}")
            if number is signal.SIGTERM:
                self.stopped.append(time.monotonic() - began)

    def signal(self, number: signal.Signals) -> None:
        """Send ``number`` if it runs."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            if self._wanted and self._process is not None and self._process.poll() is not None:
                self.exits.append(self._process.returncode)
                await asyncio.sleep(AGAIN)
                if self._wanted:
                    self.start()
