"""The process ``search`` inside a test: its index on the log of an installation, and the web's client of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from agents.runtime.health import health_app
from agents.search.serve import Searching
from models.read import search
from models.read.search import Search
from tests.integration.reading import Reading, until


@contextlib.asynccontextmanager
async def searching(reading: Reading, folder: Path) -> AsyncIterator[tuple[Searching, Search]]:
    """The process's parts in this one, caught up, and the web's client of it, as patient as a busy machine wants it: speed is
    never a reason to fail."""
    settings = msgspec.structs.replace(reading.settings, search_dir=str(folder))
    made = Searching(settings)
    app = health_app(made.why_not_ready, made.why_not_live, {"rebuild": made.rebuild})
    app.add_routes(made.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = Search(f"http://127.0.0.1:{runner.addresses[0][1]}")
    task = asyncio.create_task(made.run())
    patience = pytest.MonkeyPatch()
    patience.setattr(search, "LIST", 30.0)
    try:
        await until(lambda: task.done() or made.feed.caught_up)
        assert not task.done(), task.result()
        yield made, client
        assert not task.done(), task.result()
    finally:
        patience.undo()
        made.stop()
        await client.close()
        await asyncio.wait_for(task, 20)
        await runner.cleanup()
