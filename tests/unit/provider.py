"""A provider on a port of its own: it writes down what it is asked, byte for byte, and answers what the test says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

LIBRARYS = {"host", "accept", "accept-encoding", "user-agent", "content-length"}
"""Headers that say nothing of us."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Asked(NamedTuple):
    """One request. ``headers``: in small letters, without those of the library; ``body``: decoded by its type."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Answer(NamedTuple):
    """What it says next. ``how``: ``say`` it, keep ``silent``, or ``break`` off."""

    status: int = 200
    body: bytes = b""
    how: str = "say"


class Provider:
    """``url``, what was ``asked``, and ``answers``: the next ones, of which the last is given again."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.answers: list[Answer] = [Answer()]

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Whatever the path is."""
        raw, kind = await request.read(), request.headers.get("Content-Type", "").partition(";")[0]
        body: Any = msgspec.json.decode(raw) if kind == JSON else dict(parse_qsl(raw.decode())) if kind == FORM else raw
        headers = {name.lower(): value for name, value in request.headers.items() if name.lower() not in LIBRARYS}
        self.asked.append(Asked(request.method, request.path_qs, headers, body))
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if said.how == "silent":
            await asyncio.sleep(60)
        if said.how == "break" and request.transport is not None:
            request.transport.close()
        # Whoever followed this would carry the secret to another door.
        return web.Response(status=said.status, body=said.body, headers={"Location": f"{self.url}/elsewhere"})


@contextlib.asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    """A running provider."""
    one = Provider()
    runner = web.ServerRunner(web.Server(one.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield one
    finally:
        await runner.cleanup()
