"""``python -m web``: one parent and ``BB_WEB_PROCESSES`` children, child ``i`` on ``BB_WEB_PORT`` + i.

A single one needs no parent and is the process itself.

The parent does nothing but keep its children: one that dies is started again, SIGTERM goes on to all and is waited for, SIGHUP
restarts them one after the other, each when the one before is ready. A child whose parent is gone ends by itself, gracefully.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import signal
import sys
import time

import structlog

from models import settings as common
from topics import logs
from web import child
from web import settings as own

log = structlog.get_logger("web")
GRACE = 20.0
"""Seconds that a child has to finish its requests."""
READY = 15.0
"""Seconds that a restarted child may take before the next one is restarted all the same."""


class Keeper:
    """Keeps the children."""

    def __init__(self, host: str, port: int, processes: int) -> None:
        self.host, self.port, self.processes = host, port, processes
        self.children: dict[int, asyncio.subprocess.Process] = {}
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; returns when all children have ended."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stopping.set)
        rolling: set[asyncio.Task[None]] = set()

        def roll() -> None:
            task = asyncio.create_task(self._roll())
            rolling.add(task)
            task.add_done_callback(rolling.discard)

        loop.add_signal_handler(signal.SIGHUP, roll)
        keepers = [asyncio.create_task(self._keep(number)) for number in range(self.processes)]
        await self.stopping.wait()
        for process in self.children.values():
            _signal(process, signal.SIGTERM)
        await asyncio.gather(*keepers)

    async def _keep(self, number: int) -> None:
        pause = 0.0
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.stopping.wait()
                    return
            begun = time.monotonic()
            process = await asyncio.create_subprocess_exec(sys.executable, "-m", "web.child", str(number))
            self.children[number] = process
            if self.stopping.is_set():
                _signal(process, signal.SIGTERM)
            code = await self._ended(process)
            if not self.stopping.is_set():
                log.warning("web_child_ended", number=number, code=code)
            # One that cannot start at all must not burn the machine.
            pause = 0.0 if time.monotonic() - begun > 5 else min(5.0, max(0.2, 2 * pause))

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        waiting = asyncio.create_task(process.wait())
        stop = asyncio.create_task(self.stopping.wait())
        await asyncio.wait((waiting, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not waiting.done():
            await asyncio.wait((waiting,), timeout=GRACE)
        if not waiting.done():
            log.error("web_child_killed", pid=process.pid)
            _signal(process, signal.SIGKILL)
        return await waiting

    async def _roll(self) -> None:
        for number in range(self.processes):
            before = self.children.get(number)
            if before is None or self.stopping.is_set():
                continue
            _signal(before, signal.SIGTERM)
            until = time.monotonic() + GRACE + READY
            while time.monotonic() < until:
                await asyncio.sleep(0.1)
                if self.children.get(number) is not before and await asyncio.to_thread(self._ready, number):
                    break

    def _ready(self, number: int) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port + number, timeout=1)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def main() -> None:
    """Run the parent, or the only process itself."""
    settings = common.read()
    # Children that cannot start would be started again and again.
    common.check_production(settings, own.read().unfit())
    if settings.web_processes == 1:
        child.run(0)
        return
    logs.configure("web/parent", child.QUIET)
    asyncio.run(Keeper(settings.web_host, settings.web_port, settings.web_processes).run())


if __name__ == "__main__":
    main()
