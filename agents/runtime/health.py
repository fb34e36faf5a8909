"""``/health/live``, ``/health/ready`` and ``/metrics`` of a process, on its own small port (Faust's web server stays off)."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

LOOPBACK = "127.0.0.1"


def health_app(ready: Callable[[], str | None]) -> web.Application:
    """The three routes; ``ready`` says why the process is not ready, ``None`` if it is."""

    async def live(request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def is_ready(request: web.Request) -> web.Response:
        why = ready()
        return web.json_response({"ready": why is None, "why": why}, status=200 if why is None else 503)

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/health/live", live), web.get("/health/ready", is_ready), web.get("/metrics", metrics)])
    return app


async def serve_health(port: int, ready: Callable[[], str | None], host: str = LOOPBACK) -> web.AppRunner:
    """Serve until the process ends; raises ``OSError`` if the port is taken."""
    runner = web.AppRunner(health_app(ready), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
