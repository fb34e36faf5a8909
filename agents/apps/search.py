"""The process ``search``: ``python -m agents.apps.search``. One on each machine that runs web processes (ADR 0015)."""

from __future__ import annotations

import asyncio
import gc
import signal
import sqlite3
import sys

import structlog
import uvloop
from aiohttp import web

from agents.runtime.health import health_app
from agents.search.model import OpenAI
from agents.search.morphemes import Analyser
from agents.search.serve import Searching
from agents.search.understand import Understanding
from models import settings as common
from models.read.databases import Databases
from models.settings import LOOPBACK
from topics import logs
from topics.envelope import NewerVersion

log = structlog.get_logger(__name__)
FAILED, TOO_OLD = 70, 78
"""Exit codes: something that should not be; a message of a newer major version came."""
SWITCH = 0.0005
"""Seconds after which a thread that waits for the interpreter gets it: a list must not wait for the writer of the index."""


async def serve() -> int:
    """Feed and answer until SIGTERM; the exit code. Raises ``NotForProduction``."""
    settings = common.read()
    common.check_production(settings)
    try:
        searching = Searching(settings)
    except (ValueError, sqlite3.Error, OSError):
        log.critical("search_folder_unreadable", folder=settings.search_dir, exc_info=True)
        return FAILED
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, searching.stop)
    app = health_app(searching.why_not_ready, searching.why_not_live, {"rebuild": searching.rebuild})
    app.add_routes(searching.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, settings.health_port or common.port("search", settings.port_base)).start()
    databases = Databases(settings, connections=8)
    model = OpenAI(settings.llm_url, settings.llm_key, settings.llm_model) if settings.llm_url else None
    loading = asyncio.create_task(_understand(searching, databases, model))
    try:
        await searching.run()
        if loading.done():
            loading.result()
    except NewerVersion as error:
        log.critical("newer_version", error=str(error))
        return TOO_OLD
    except Exception:
        log.critical("search_failed", exc_info=True)
        return FAILED
    finally:
        loading.cancel()
        await runner.cleanup()
        if model is not None:
            await model.close()
        await databases.close()
    return 0


async def _understand(searching: Searching, databases: Databases, model: OpenAI | None) -> None:
    analyse = await asyncio.to_thread(Analyser)
    searching.understanding = Understanding(model, databases, analyse, lambda: searching.names)
    # What lives as long as the process need not be looked at by every collection.
    gc.collect()
    gc.freeze()


def main() -> None:
    """Run until told to stop."""
    logs.configure("search", quiet=("aiokafka", "httpx"))
    sys.setswitchinterval(SWITCH)
    sys.exit(uvloop.run(serve()))


if __name__ == "__main__":
    main()
