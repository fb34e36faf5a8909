"""The world outside of the toy chain: a server that counts how often each number was rung."""

from __future__ import annotations

from collections import Counter

from aiohttp import web


class BellServer:
    """``times``: rings that happened; ``asked``: calls for them. Serves while entered; ``url`` from then on."""

    def __init__(self) -> None:
        self.times: Counter[int] = Counter()
        self.asked: Counter[int] = Counter()
        self.url = ""

    async def __aenter__(self) -> BellServer:
        app = web.Application()
        app.add_routes([web.post("/bells/{number}", self._ring), web.get("/bells/{number}", self._tell)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        server = site._server
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _ring(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        self.asked[number] += 1
        if not (request.headers.get("Idempotency-Key") and self.times[number]):
            self.times[number] += 1
        return web.json_response({"times": self.times[number]})

    async def _tell(self, request: web.Request) -> web.Response:
        return web.json_response({"times": self.times[int(request.match_info["number"])]})
