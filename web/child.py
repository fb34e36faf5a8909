"""One process of the web: ``python -m web.child <number>``, started and kept by ``python -m web``."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import sys
import time

import structlog
import uvloop
from aiohttp import web

from models import settings as common
from topics import logs, tracing
from topics.client import Client
from web import settings as own
from web.app import App, server
from web.auth import Tokens
from web.call import Shared
from web.databases import Databases
from web.ended import Ended
from web.keys import ensure_keys
from web.limits import SharedBuckets
from web.links import Links
from web.people import People
from web.reads import Reads
from web.settings import SHORTEST
from web.sse import Hub

log = structlog.get_logger("web")
QUIET = ("aiokafka",)
"""A broker that is away would say so a hundred times a second; ``topics/client.py`` says it once."""
REACH = 5.0
"""Seconds that the broker has to be reached before the port is opened all the same: reads need no broker."""
LAST = 0.3
"""Seconds between closing the door and looking who is still inside."""
FINISH = 12.0
"""Seconds that requests in progress have at the end; more than ``Prefer`` allows (10 s)."""


async def serve(number: int, reads: Reads, *, kept: bool) -> None:
    """Serve until SIGTERM, then finish what has begun: no request that was accepted is dropped.

    Raises ``NotForProduction``, or ``OSError`` if the port stays taken.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    settings, web_settings = common.read(), own.read()
    common.check_production(settings, web_settings.unfit())
    if not web_settings.production:
        ensure_keys(web_settings.token_key, web_settings.web_secret)
    process = f"{os.getpid()}-{secrets.token_hex(4)}"
    client = Client(
        settings.kafka, settings.prefix, settings.partitions, settings.redis_url, process, timeout=web_settings.broker_timeout
    )
    secret = web_settings.web_secret.read_bytes().strip()
    if len(secret) < SHORTEST:
        raise ValueError(f"{web_settings.web_secret} is too short for a secret")
    ended = Ended(settings.redis_url, settings.prefix, web_settings.deaf_after, settings.partitions)
    people = People(settings)
    hub = Hub(settings.redis_url, settings.prefix, process, web_settings.sse_streams)
    shared = Shared(
        web_settings,
        client,
        reads,
        Tokens.of_file(web_settings.token_key, strict=web_settings.production),
        secret,
        settings.public_url,
        hub,
        links=Links(settings),
        ended=ended,
        buckets=SharedBuckets(settings.redis_url, settings.prefix, secret),
        people=people,
    )
    tracing.configure("web", settings.otlp_url, settings.trace_ratio)
    await client.start()
    ended.start()
    await reads.start()
    await people.start()
    app = App(shared)
    runner = web.ServerRunner(server(app), shutdown_timeout=FINISH)
    await runner.setup()
    await _reached(client, ended, stop)
    await _listen(runner, settings.web_host, settings.web_port + number)
    # What lives as long as the process need not be looked at by every collection.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    orphan = asyncio.create_task(_orphaned(stop)) if kept else None
    await stop.wait()
    if orphan is not None:
        orphan.cancel()
    # From now on every answer closes its connection, so that whoever keeps connections open lets go of them by himself.
    shared.stopping.set()
    await hub.stop()
    await asyncio.sleep(web_settings.drain)
    for site in list(runner.sites):
        await site.stop()
    # A connection that was accepted last may not have been read yet; ``cleanup`` would take it for an idle one and close it.
    await asyncio.sleep(LAST)
    await runner.cleanup()
    await client.stop()
    await ended.stop()
    await shared.limiter.stop()
    await people.stop()
    await reads.stop()
    await shared.links.close()
    await asyncio.to_thread(tracing.shut)


async def _reached(client: Client, ended: Ended, stop: asyncio.Event) -> None:
    """Wait for the broker, and to know which sessions have ended.

    A proxy sends requests as soon as the port is open, and in a rolling restart none of them may fail.
    """
    until = time.monotonic() + REACH
    while not (client.connected and ended.ready.is_set()) and not stop.is_set() and time.monotonic() < until:
        await asyncio.sleep(0.02)


async def _listen(runner: web.ServerRunner, host: str, port: int) -> None:
    """Take the port; one that the predecessor still has becomes free within its own time to finish."""
    for attempt in range(100):
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
            return
        except OSError:
            if attempt == 99:
                raise
            await asyncio.sleep(0.2)


async def _orphaned(stop: asyncio.Event) -> None:
    """End when the parent has been killed: its successor starts children of its own on the same ports."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    stop.set()


def run(number: int, *, kept: bool = False) -> None:
    """Serve on the ``number``-th port until SIGTERM. ``kept``: by a parent, without which it ends."""
    logs.configure(f"web/{number}", QUIET)
    uvloop.run(serve(number, Databases(common.read()), kept=kept))


if __name__ == "__main__":
    run(int(sys.argv[1]), kept=True)
