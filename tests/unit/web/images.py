"""A web whose catalog decides by itself, for uploads and for what other domains do with pictures."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from agents.catalog import CATALOG
from models.actor import Command, Refusal
from tests.unit.history import Actor
from tests.unit.shop import NOW
from tests.unit.web.desk import Desk
from tests.unit.web.documents import IMAGE
from tests.unit.web.known import Known
from topics.answers import Answer
from topics.client import Client
from web.app import App, server
from web.rule import API

URLS = {width: f"/images/{IMAGE}/{'d' * 32}-{width}.webp" for width in ("320", "640", "1280")}
"""Where ``IMAGE`` is to be seen once it is ready."""


class Rows(Client):
    """A client that asks the catalog's own ``decide``; ``sent`` is what it was asked."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:9", "bb", 4, "redis://127.0.0.1:9/0", "test")
        self.sent: list[tuple[str, str, msgspec.Struct]] = []
        self.rows: dict[str, Actor] = {}
        self.known: dict[str, Answer] = {}

    async def ask(self, domain: str, key: str, message: Command, *, id: str, wait: float, **more: Any) -> Answer | None:
        self.sent.append((domain, key, message))
        row = self.rows.setdefault(key, Actor(CATALOG, key, NOW))
        if id not in self.known:
            decision = row.decide(message)
            if not isinstance(decision, Refusal):
                row.take(message)
            said = decision if isinstance(decision, Refusal) else CATALOG.answer(key, row.states, None)
            if isinstance(said, Refusal):
                self.known[id] = Answer(id, domain, key, 1, said.status, said.code, said.details)
            else:
                self.known[id] = Answer(id, domain, key, 1, 200, "", said)
        return self.known[id]

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        return self.known.get(command) or Answer(command, domain, key, 0, 404, "command_unknown")

    async def projected(self, model: str, key: str, seq: int, wait: float) -> bool:
        return model == "images"


class Served:
    def __init__(self, url: str, http: aiohttp.ClientSession, desk: Desk, rows: Rows, known: Known) -> None:
        self.url, self.http, self.desk, self.rows, self.known = url, http, desk, rows, known

    async def call(self, method: str, path: str, body: Any = None, **who: Any) -> tuple[int, dict[str, Any]]:
        async with self.http.request(method, self.url + API + path, json=body, headers=self.desk.headers(**who)) as answer:
            return answer.status, await answer.json(content_type=None)


@contextlib.asynccontextmanager
async def serving(tmp_path: Path) -> AsyncIterator[Served]:
    desk, rows, known = Desk(tmp_path), Rows(), Known()
    shared = desk.shared(rows, known)
    runner = web.ServerRunner(server(App(shared)))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (port,) = [address[1] for address in runner.addresses]
    async with aiohttp.ClientSession() as http:
        yield Served(f"http://127.0.0.1:{port}", http, desk, rows, known)
    await runner.cleanup()
    await shared.links.close()
