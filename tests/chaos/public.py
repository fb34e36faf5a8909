"""The running stack as the world reaches it: public HTTP through nginx, the gateway's page and the gateway's own books.

Nothing here knows how the inside works, so that whoever judges by it judges independently of the code under test.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import msgspec

from models import settings
from models.actor import id_of
from web.tokens import ensure_keys, make

API = "/api/v1"
AWAY = (502, 503, 504)
"""What nginx or the web says while something behind it is away; the same request may be sent again."""
TIMEOUT = 15.0
"""Seconds that one request may take; longer than any ``Prefer: wait``."""
PAUSE = 0.25
"""Seconds between two tries, and between two looks."""


class Answer(NamedTuple):
    """One HTTP answer. ``body``: decoded JSON, or bytes."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Failure(NamedTuple):
    """A request through nginx that got a 5xx or no answer. ``at``: seconds since the epoch."""

    at: float
    request: str
    why: str


class GaveUp(Exception):
    """A patient caller's patience came to its end."""


class Person(msgspec.Struct, frozen=True):
    """Somebody with a token. ``stores``: the ids that a seller runs."""

    account: str
    role: str = "buyer"
    stores: tuple[str, ...] = ()


def buyer(*words: str) -> Person:
    """The buyer that ``words`` name: the same words, the same account."""
    return Person(id_of("account", *words))


def seller(store_id: str) -> Person:
    """The seller of one store."""
    return Person(id_of("seller", store_id), "seller", (store_id,))


ADMIN = Person(id_of("account", "admin"), "admin")


class Public:
    """Calls of people. Use as ``async with``. ``failures`` lists every request through nginx that failed."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """``env``: what ``Stack.env()`` says."""
        self.settings = settings.read(env)
        """For what no route does."""
        self.url, self.gateway = env["BB_PUBLIC_URL"], env["BB_SANDBOX_URL"]
        self._key, self._secret = Path(env["BB_TOKEN_KEY"]), Path(env["BB_WEB_SECRET"])
        self._tokens: dict[Person, str] = {}
        self._session: aiohttp.ClientSession | None = None
        self.failures: list[Failure] = []
        self.requests = 0

    async def __aenter__(self) -> Self:
        ensure_keys(self._key, self._secret)
        # No limit on connections and none of them shared between accounts' streams and requests: people have browsers of their own.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT, connect=3.0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._session is not None
        await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session. Raises RuntimeError outside of ``async with``."""
        if self._session is None:
            raise RuntimeError("use Public as an async context manager")
        return self._session

    def headers(self, who: Person | None) -> dict[str, str]:
        """What the person's browser sends with each request."""
        if who is None:
            return {}
        if who not in self._tokens:
            self._tokens[who] = make(self._key, who.account, who.role, who.stores)
        return {"Authorization": f"Bearer {self._tokens[who]}"}

    async def call(
        self, who: Person | None, method: str, path: str, body: Any = None, *, key: str = "", wait: float | None = None
    ) -> Answer:
        """One request, whatever comes of it. ``key``: its Idempotency-Key; a write without one gets a new one.

        ``wait``: ``Prefer: wait`` in seconds. ``path`` without ``/api/v1``, or a whole URL.
        Raises aiohttp.ClientError, TimeoutError.
        """
        headers = self.headers(who)
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        if wait is not None:
            headers["Prefer"] = f"wait={wait:g}"
        url = path if path.startswith("http") else self.url + (path if path.startswith(API) else API + path)
        data = None if body is None else msgspec.json.encode(body)
        ours = url.startswith(self.url)
        self.requests += ours
        try:
            async with self.session.request(method, url, data=data, headers=headers, allow_redirects=False) as answer:
                raw = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            if ours:
                self.failures.append(Failure(time.time(), f"{method} {_route(url)}", f"{type(error).__name__}: {error}"[:120]))
            raise
        if ours and answer.status >= 500:
            self.failures.append(Failure(time.time(), f"{method} {_route(url)}", str(answer.status)))
        is_json = "json" in answer.headers.get("Content-Type", "")
        return Answer(answer.status, answer.headers, msgspec.json.decode(raw) if is_json and raw else raw)

    async def patiently(
        self,
        who: Person | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        wait: float | None = None,
        patience: float = 60.0,
    ) -> Answer:
        """As ``call``, by somebody who sends the same request again, with the same key, until it is answered for good.

        A 202 is followed to its status resource. Raises GaveUp after ``patience`` seconds.
        """
        deadline, key = time.monotonic() + patience, key or str(uuid.uuid4())
        said = "nothing was tried"
        while time.monotonic() < deadline:
            try:
                answer = await self.call(who, method, path, body, key=key, wait=wait)
            except (aiohttp.ClientError, TimeoutError) as error:
                said = f"{type(error).__name__}: {error}"
            else:
                if answer.status == 202:
                    # From now on what became of the command is asked, as a good client does.
                    method, path, body = "GET", answer.headers["Location"], None
                elif answer.status == 404 and isinstance(answer.body, dict) and answer.body.get("code") == "command_unknown":
                    said = "command_unknown"
                elif answer.status not in AWAY:
                    return answer
                said = f"{answer.status}"
            await asyncio.sleep(PAUSE)
        raise GaveUp(f"{method} {_route(path)} after {patience:g} s: {said}")

    # -- the gateway's page and books ------------------------------------------------------------------------------------------

    async def press(self, page: str, verb: str = "pay") -> str:
        """Press ``pay``, ``cancel`` or ``fail`` on the gateway's page; answers where the browser is sent. Raises GaveUp if the
        gateway refuses (the payment has expired there, or was left), aiohttp.ClientError if it is away."""
        answer = await self.call(None, "GET", f"{page.rpartition('/')[0]}/{verb}")
        if answer.status != 302:
            raise GaveUp(f"the gateway's page says {answer.status}")
        return str(answer.headers["Location"])

    async def return_to_shop(self, address: str, wait: float | None = None) -> str:
        """The browser follows the gateway's redirect to the shop; answers where the shop sends it. Raises as ``call``, and GaveUp
        for any answer but a redirect."""
        answer = await self.call(None, "GET", address, wait=wait)
        if answer.status != 303:
            raise GaveUp(f"the callback says {answer.status}: {answer.body!r:.200}")
        return str(answer.headers["Location"])

    async def faults(self, rules: Sequence[Mapping[str, Any]] = (), seed: int = 0) -> None:
        """Put the gateway's faults in force (``deploy/sandbox/faults.py``); none by default."""
        answer = await self.call(None, "PUT", f"{self.gateway}/sandbox/faults", {"rules": list(rules), "seed": seed})
        if answer.status != 200:
            raise ValueError(f"the gateway does not take these faults: {answer.body}")

    async def books(self, order_id: str = "") -> list[dict[str, Any]]:
        """What the gateway has booked for one order, or for all, oldest change first."""
        if order_id:
            answer = await self.call(None, "GET", f"{self.gateway}/sandbox/books/{order_id}")
            payments: list[dict[str, Any]] = answer.body["payments"]
            return payments
        found: list[dict[str, Any]] = []
        since = 0
        while True:
            page = (await self.call(None, "GET", f"{self.gateway}/sandbox/books?since={since}")).body
            if not page["payments"]:
                return found
            found += page["payments"]
            since = page["next"]

    # -- lists and live streams --------------------------------------------------------------------------------------------------

    async def all_items(self, who: Person | None, path: str, patience: float = 60.0) -> list[dict[str, Any]]:
        """Every item of a list, page after page."""
        found: list[dict[str, Any]] = []
        cursor, joint = "", "&" if "?" in path else "?"
        while True:
            address = f"{path}{joint}limit=100" + (f"&cursor={cursor}" if cursor else "")
            answer = await self.patiently(who, "GET", address, patience=patience)
            if answer.status != 200:
                raise GaveUp(f"GET {path}: {answer.status} {answer.body}")
            found += answer.body["items"]
            cursor = answer.body.get("next", "")
            if not cursor:
                return found

    @asynccontextmanager
    async def live(self, who: Person, last: str = "", patience: float = 30.0) -> AsyncIterator[Live]:
        """The person's live stream, open inside the block. Opened again for ``patience`` seconds while the shop is away or thinks
        that the streams of before are still open (429). Raises GaveUp."""
        headers = self.headers(who) | ({"Last-Event-ID": last} if last else {})
        timeout = aiohttp.ClientTimeout(total=None, connect=3.0)
        deadline = time.monotonic() + patience
        while True:
            try:
                answer = await self.session.get(f"{self.url}{API}/events", headers=headers, timeout=timeout)
                said = str(answer.status)
                if answer.status == 200:
                    break
                answer.close()
            except (aiohttp.ClientError, TimeoutError) as error:
                said = type(error).__name__
            if time.monotonic() > deadline:
                raise GaveUp(f"GET /events: {said}")
            await asyncio.sleep(PAUSE)
        stream = Live()
        reading = asyncio.create_task(stream.read(answer.content))
        try:
            yield stream
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            answer.close()


class Told(NamedTuple):
    """One server-sent event; ``reset`` has no id."""

    id: str
    kind: str
    data: dict[str, Any]


class Live:
    """What a live stream has said so far."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.ended = False
        """Nothing more will come."""

    async def read(self, content: aiohttp.StreamReader) -> None:
        """Until the stream ends or breaks off."""
        try:
            await self._read(content)
        except (aiohttp.ClientError, TimeoutError):
            pass
        finally:
            self.ended = True

    async def _read(self, content: aiohttp.StreamReader) -> None:
        fields: dict[str, str] = {}
        async for raw in content:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                self.told.append(Told(fields.get("id", ""), fields["event"], json.loads(fields["data"])))
                fields = {}

    def about(self, key: str) -> list[Told]:
        """What was told of the aggregate ``key``."""
        return [one for one in self.told if one.data.get("key") == key]

    async def until(self, kind: str, key: str = "", number: int = 1, seconds: float = 20.0) -> None:
        """Wait until ``number`` events ``kind`` (about ``key``) were told. Raises TimeoutError with what was told instead."""
        deadline = time.monotonic() + seconds
        while sum(one.kind == kind and key in ("", one.data.get("key")) for one in self.told) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {kind}; told were {[one.kind for one in self.told]}")
            await asyncio.sleep(0.02)


def _route(url: str) -> str:
    """The address without host, nonce, signature and token, for a report that anybody may read."""
    path = url.partition("?")[0].partition(API)[2] or url.partition("?")[0]
    return "/".join("…" if len(part) > 30 else part for part in path.split("/"))
