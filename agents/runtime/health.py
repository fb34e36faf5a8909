"""``/health/live``, ``/health/ready`` and ``/metrics`` of a process, on its own small port (Faust's web server stays off).

A worker also takes an operator's ``POST /pause`` and ``/resume`` there; the port listens on this machine only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

LOOPBACK = "127.0.0.1"
OPERATOR = "X-Operator"
"""A header that a page in this machine's browser cannot send to another origin, unlike the POST itself."""

Why = Callable[[], str | None]
"""Says what is wrong, ``None`` if nothing is."""
Words = Mapping[str, Callable[[], None]]
"""What an operator may tell the process: word -> what it then does."""
NOTHING: Words = {}


def health_app(ready: Why, live: Why = lambda: None, words: Words = NOTHING) -> web.Application:
    """The three routes, and a POST for each of ``words``.

    ``ready``: why the process should get no work; ``live``: why it should be ended and started again.
    """

    async def is_live(request: web.Request) -> web.Response:
        why = live()
        return web.json_response({"live": why is None, "why": why}, status=200 if why is None else 503)

    async def is_ready(request: web.Request) -> web.Response:
        why = ready()
        return web.json_response({"ready": why is None, "why": why}, status=200 if why is None else 503)

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def told(request: web.Request) -> web.Response:
        word = request.match_info["word"]
        if word not in words:
            raise web.HTTPNotFound
        if OPERATOR not in request.headers:
            raise web.HTTPForbidden
        words[word]()
        return web.json_response({word: "done"})

    app = web.Application()
    app.add_routes([web.get("/health/live", is_live), web.get("/health/ready", is_ready), web.get("/metrics", metrics)])
    if words:
        app.add_routes([web.post("/{word}", told)])
    return app


async def serve_health(
    port: int, ready: Why, live: Why = lambda: None, host: str = LOOPBACK, words: Words = NOTHING
) -> web.AppRunner:
    """Serve until the process ends; raises ``OSError`` if the port is taken."""
    runner = web.AppRunner(health_app(ready, live, words), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
