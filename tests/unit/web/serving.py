"""A web without a broker on a port of its own, for tests that ask it over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.unit.web.desk import Desk
from tests.unit.web.known import Known
from topics.client import Client, Unavailable
from web.app import App, server
from web.call import Shared
from web.limits import Rate, SharedBuckets, State
from web.routes import ROUTES
from web.rule import Rule


class Cut(Client):
    """A client that never reaches its broker: ``sent`` is what the web would have told actors, and each was answered 503."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:9", "bb", 4, "redis://127.0.0.1:9/0", "test")
        self.sent: list[msgspec.Struct] = []
        self.keys: list[tuple[str, str]] = []
        """(Domain, row key) of each."""

    async def send(self, domain: str, key: str, message: msgspec.Struct, **more: Any) -> None:
        self.sent.append(message)
        self.keys.append((domain, key))
        raise Unavailable("cut")


class Said(msgspec.Struct):
    """An answer. ``body``: decoded if it is JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """Of a problem."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Served:
    """The address, whoever signs, and what was ``sent`` to actors."""

    def __init__(self, url: str, http: aiohttp.ClientSession, desk: Desk, client: Cut, shared: Shared) -> None:
        self.url, self.http, self.desk, self.client, self.shared = url, http, desk, client, shared

    @property
    def sent(self) -> list[msgspec.Struct]:
        return self.client.sent

    async def ask(self, method: str, path: str, headers: Mapping[str, str] = {}, body: Any = None) -> Said:
        """Ask below ``/api/v1`` (or at a whole path) with just these headers."""
        url = self.url + (path if path.startswith("/api/") else "/api/v1" + path)
        data = None if body is None else msgspec.json.encode(body)
        kind = {"Content-Type": "application/json"} if body is not None else {}
        async with self.http.request(method, url, headers={**kind, **headers}, data=data, allow_redirects=False) as answer:
            raw = await answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return Said(answer.status, answer.headers, msgspec.json.decode(raw) if is_json else raw)


class Plenty(SharedBuckets):
    """Buckets without an end."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:9/0", "bb", b"s" * 32)

    async def take(self, buckets: Sequence[tuple[str, str, Rate]]) -> State:
        return State(buckets[0][2], 1, 1, 0)


@contextlib.asynccontextmanager
async def serving(
    desk: Desk, known: Known | None = None, *, public_url: str = "", rules: Iterable[Rule] = ROUTES, **given: Any
) -> AsyncIterator[Served]:
    """``rules``: a table of routes of the test's own; ``given``: settings of the web, and ``ended`` or ``buckets``."""
    client = Cut()
    shared = desk.shared(client, known, public_url=public_url, **{"buckets": Plenty(), **given})
    runner = web.ServerRunner(server(App(shared, rules)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (port,) = [address[1] for address in runner.addresses]
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Served(f"http://127.0.0.1:{port}", http, desk, client, shared)
    finally:
        await runner.cleanup()
