"""A browser's view of the marketplace: public HTTP, the live stream, and the buttons of the gateway's page."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import msgspec

from models.actor import Command, id_of
from models.settings import Settings
from topics.client import Client
from web.tokens import ensure_keys, make

API = "/api/v1"
AWAY = (502, 503, 504)
PATIENCE = 60.0
"""Seconds for which a request that nobody answers is sent again, with the same key."""
REACH = 15.0
"""Seconds that broker and Redis have to be reached."""
ANSWER = 30.0
"""Seconds that an actor has to answer, and that what it did has to be seen."""


class Person(NamedTuple):
    """Somebody with a token. ``stores``: the ids that a seller runs."""

    account: str
    role: str = "buyer"
    stores: tuple[str, ...] = ()


def person(name: str) -> Person:
    """The buyer whose token ``make token NAME=<name>`` prints."""
    return Person(id_of("account", name))


class Answer(NamedTuple):
    """``body``: decoded JSON, ``{}`` where there is none."""

    status: int
    body: Any
    location: str = ""

    def expect(self, *statuses: int) -> Self:
        """Itself. Raises Unexpected for any other status."""
        if self.status not in statuses:
            code = self.body.get("code", "") if isinstance(self.body, dict) else ""
            raise Unexpected(f"answered {self.status} {code}, not {' or '.join(map(str, statuses))}")
        return self


class Unexpected(Exception):
    """The marketplace did not do what it should."""


class Told(NamedTuple):
    """One server-sent event."""

    kind: str
    data: dict[str, Any]


class Shop:
    """The marketplace at ``url``. ``token_key``, ``secret``: the files with which the stack's web signs."""

    def __init__(self, url: str, token_key: Path, secret: Path) -> None:
        ensure_keys(token_key, secret)
        self.url, self._key = url.rstrip("/"), token_key
        self._tokens: dict[Person, str] = {}
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=30, connect=3)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()

    async def call(
        self, who: Person | None, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str = "", wait: int = 10
    ) -> Answer:
        """The answer to one request; a 202 is followed until it is known what became of the command.

        ``path``: below ``/api/v1``, or a whole address. ``key``: its ``Idempotency-Key``, by default a new one; ``wait``: seconds
        of ``Prefer: wait``. Raises Unexpected if nobody answers for ``PATIENCE`` seconds.
        """
        headers = {"Prefer": f"wait={wait}", **self._token(who)}
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        url = path if path.startswith("http") else self.url + (path if path.startswith(API) else API + path)
        data = None if body is None else msgspec.json.encode(body)
        deadline, said = time.monotonic() + PATIENCE, ""
        while time.monotonic() < deadline:
            try:
                async with self._session.request(method, url, data=data, headers=headers, allow_redirects=False) as answer:
                    raw, status, location = await answer.read(), answer.status, answer.headers.get("Location", "")
                    is_json = "json" in answer.headers.get("Content-Type", "")
            except (aiohttp.ClientError, TimeoutError) as error:
                status, said = 0, type(error).__name__
            if status == 202:
                method, url, data = "GET", self.url + location, None
            elif status and status not in AWAY:
                return Answer(status, msgspec.json.decode(raw) if is_json and raw else {}, location)
            await asyncio.sleep(0.2)
        raise Unexpected(f"{method} {path}: no answer for {PATIENCE:.0f} s {said}")

    async def every(self, who: Person | None, path: str) -> list[dict[str, Any]]:
        """Every item of a list, page after page."""
        found: list[dict[str, Any]] = []
        joint, cursor = "&" if "?" in path else "?", ""
        while True:
            page = (await self.call(who, "GET", f"{path}{joint}limit=100" + (f"&cursor={cursor}" if cursor else ""))).expect(200)
            found += page.body["items"]
            cursor = page.body.get("next", "")
            if not cursor:
                return found

    async def press(self, page: str, button: str) -> str:
        """Press ``pay``, ``cancel`` or ``fail`` on the gateway's page, follow the browser home, answer where that ends."""
        sent = (await self.call(None, "POST", f"{page.rpartition('/')[0]}/{button}")).expect(302, 303)
        return (await self.call(None, "GET", sent.location)).expect(303).location

    async def live(self, who: Person) -> AsyncIterator[Told | None]:
        """The person's live stream: ``None`` once it is open, then every event. Broken, it goes on after the last one."""
        last = ""
        timeout = aiohttp.ClientTimeout(total=None, connect=3, sock_read=40)
        while True:
            headers = self._token(who) | ({"Last-Event-ID": last} if last else {})
            try:
                async with self._session.get(f"{self.url}{API}/events", headers=headers, timeout=timeout) as answer:
                    if answer.status == 200:
                        yield None
                        fields: dict[str, str] = {}
                        async for raw in answer.content:
                            name, _, value = raw.decode().rstrip("\n").partition(": ")
                            if name:
                                fields[name] = value
                            elif "data" in fields:
                                last = fields.get("id", last)
                                yield Told(fields["event"], json.loads(fields["data"]))
                                fields = {}
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.2)

    def _token(self, who: Person | None) -> dict[str, str]:
        if who is None:
            return {}
        if who not in self._tokens:
            self._tokens[who] = make(self._key, who.account, who.role, who.stores)
        return {"Authorization": f"Bearer {self._tokens[who]}"}


def only_to_play(given: Settings) -> None:
    """Raises ``Unexpected`` where made-up florists, orders and tokens would come among real ones."""
    if given.production:
        raise Unexpected("is a real one (BB_ENV=production): nothing is played there")


@asynccontextmanager
async def inboxes(given: Settings) -> AsyncIterator[Client]:
    """A way to the actors' inboxes. Raises ``Unexpected`` if broker or Redis is not reached."""
    client = Client(given.kafka, given.prefix, given.partitions, given.redis_url, f"demo-{os.getpid()}")
    await client.start()
    try:
        try:
            async with asyncio.timeout(REACH):
                await client.listening.wait()
                while not client.connected:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise Unexpected("is not there: make up") from None
        yield client
    finally:
        await client.stop()


async def tell(client: Client, domain: str, key: str, message: Command, word: str) -> None:
    """Send a command, once for each ``word``, and see that it is accepted, or was before (409). Raises ``Unexpected``."""
    answer = await client.ask(domain, key, message, id=id_of("demo", "tell", key, word), wait=ANSWER)
    if answer is None:
        raise Unexpected(f"does not answer {type(message).__name__} in {ANSWER:.0f} s")
    if answer.status >= 400 and answer.status != 409:
        raise Unexpected(f"refused {type(message).__name__}: {answer.code} {answer.body}")


async def seen(shop: Shop, path: str) -> None:
    """Wait until everybody sees it. Raises ``Unexpected``."""
    until = time.monotonic() + ANSWER
    while (await shop.call(None, "GET", path)).status != 200:
        if time.monotonic() > until:
            raise Unexpected(f"does not show {path} in {ANSWER:.0f} s")
        await asyncio.sleep(0.2)


async def listed(shop: Shop, store_id: str, ids: Collection[str]) -> None:
    """Wait until everybody finds the store's products ``ids`` in lists. Raises ``Unexpected``."""
    until = time.monotonic() + ANSWER
    while not {one["product_id"] for one in await shop.every(None, f"/products?store={store_id}")}.issuperset(ids):
        if time.monotonic() > until:
            raise Unexpected(f"does not list the products of {store_id} in {ANSWER:.0f} s")
        await asyncio.sleep(0.2)
