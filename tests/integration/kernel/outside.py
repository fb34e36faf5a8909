"""The outside of the toy: a small HTTP service with a port of each kind, which keeps books of what happened; and its client."""

from __future__ import annotations

import asyncio
from types import TracebackType

from aiohttp import ClientSession, web


class Outside:
    """The client that the toy's effects use. Raises on anything but 200."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Outside:
        self.session = ClientSession()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.session.close()

    async def ring(self, kind: str, key: str, attempt: int) -> None:
        """A call of ``kind`` for ``key``."""
        async with self.session.post(f"{self.url}/{kind}/{key}/{attempt}") as answer:
            answer.raise_for_status()

    async def happened(self, key: str) -> bool:
        """Did a call for ``key`` happen?"""
        async with self.session.get(f"{self.url}/{key}") as answer:
            answer.raise_for_status()
            return bool((await answer.json())["happened"])


class Service:
    """The service itself. ``calls``: (kind, key, attempt) as they came; ``done``: key -> how often it really happened.

    *keyed*: the key happens once. *conditional*: expects that nothing happened yet and is refused otherwise (409).
    *askable*, *neither*: a second call would happen a second time. *repeatable*: as often as it likes.
    ``hold``: while cleared, calls happen but are not answered.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, int]] = []
        self.asked: list[str] = []
        self.done: dict[str, int] = {}
        self.hold = asyncio.Event()
        self.hold.set()
        self.now = self.most = 0
        app = web.Application()
        app.add_routes([web.post("/{kind}/{key}/{attempt}", self._ring), web.get("/{key}", self._asked)])
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start(self) -> str:
        """Serve; its address."""
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def _ring(self, request: web.Request) -> web.Response:
        kind, key, attempt = (request.match_info[name] for name in ("kind", "key", "attempt"))
        self.calls.append((kind, key, int(attempt)))
        known = key in self.done
        if kind == "conditional" and known:
            return web.Response(status=409)
        if not (kind == "keyed" and known):
            self.done[key] = self.done.get(key, 0) + 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.hold.wait()
        finally:
            self.now -= 1
        return web.Response()

    async def _asked(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        self.asked.append(key)
        return web.json_response({"happened": key in self.done})
