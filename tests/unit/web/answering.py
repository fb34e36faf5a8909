"""A web whose actors agree to everything at once, for tests of what handlers send and answer."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from models.actor import Command
from tests.unit.web.desk import Desk
from tests.unit.web.documents import SELLER, STORE
from tests.unit.web.known import Known
from topics.answers import Answer
from topics.client import Client
from web.app import App, server
from web.routes import API


class Agreeing(Client):
    """Answers every command with ``body`` and remembers what was ``sent``: (domain, row key, message)."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:9", "bb", 4, "redis://127.0.0.1:9/0", "test")
        self.sent: list[tuple[str, str, msgspec.Struct]] = []
        self.body: dict[str, Any] = {}

    async def ask(self, domain: str, key: str, message: Command, *, id: str, wait: float, **more: Any) -> Answer | None:
        self.sent.append((domain, key, message))
        return Answer(id, domain, key, 1, 200, "", self.body) if wait else None

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        return Answer(command, domain, key, 0, 404, "command_unknown")

    async def projected(self, model: str, key: str, seq: int, wait: float) -> bool:
        return True


class Remembering(Agreeing):
    """Answers each command with the ``body`` of when it first came, as the row does that remembers it."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[tuple[str, str, str, str], Answer] = {}

    async def ask(
        self, domain: str, key: str, message: Command, *, id: str, wait: float, fingerprint: str = "", **more: Any
    ) -> Answer | None:
        self.sent.append((domain, key, message))
        answer = Answer(id, domain, key, 1, 200, "", self.body, fingerprint)
        return self.remembered.setdefault((domain, key, message.remembered_in(), id), answer)

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        found = self.remembered.get((domain, key, part, command))
        return found or await super().inquire(domain, key, command, wait, part)


class Page:
    """One visitor's browser, with or without cookies."""

    def __init__(self, url: str, http: aiohttp.ClientSession, desk: Desk, client: Agreeing, known: Known) -> None:
        self.url, self.http, self.desk, self.client, self.known = url, http, desk, client, known

    @property
    def sent(self) -> list[tuple[str, str, msgspec.Struct]]:
        """What actors were told."""
        return self.client.sent

    async def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, list[str]]:
        """Status, decoded body, cookies that were set. Without ``headers`` nobody is signed in."""
        given = headers if headers is not None else {"Idempotency-Key": f"key-{len(self.sent)}-0000"}
        data = None if body is None else msgspec.json.encode(body)
        given = {"Content-Type": "application/json", **given}
        async with self.http.request(
            method, self.url + (path if path.startswith(API) else API + path), data=data, headers=given
        ) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers.getall("Set-Cookie", [])


@contextlib.asynccontextmanager
async def page(folder: Path, client: Agreeing | None = None, **settings: Any) -> AsyncIterator[Page]:
    """A running web without a broker. ``client``: one that answers otherwise."""
    desk, client, known = Desk(folder), client or Agreeing(), Known()
    runner = web.ServerRunner(server(App(desk.shared(client, known, **settings))))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (port,) = [address[1] for address in runner.addresses]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Page(f"http://127.0.0.1:{port}", http, desk, client, known)
    await runner.cleanup()


def seller(shop: Page, account: str = SELLER, store: str = STORE) -> dict[str, str]:
    """Headers of the seller of ``store``."""
    return shop.desk.headers(account, "seller", (store,))
