"""Dispatch, and the routes for whoever runs the sandbox: health, faults, the last calls, books."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from deploy.sandbox.books import Books
from deploy.sandbox.faults import Faults, Plan
from deploy.sandbox.identity import Identity
from deploy.sandbox.kakaopay import answers
from deploy.sandbox.kakaopay.service import KakaoPay
from deploy.sandbox.letters import Letters
from deploy.sandbox.llm import service as llm
from deploy.sandbox.ocr import Ocr
from deploy.sandbox.options import Options

_log = logging.getLogger(__name__)
_decode_plan = msgspec.json.Decoder(Plan).decode
_VERBS = frozenset(("pc", "mobile", "app", "pay", "cancel", "fail"))
_PAGE_LIMIT = 1000


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    """The whole number ``name`` of the query. Raises ValueError if it is none or negative."""
    number = int(query.get(name, default))
    if number < 0:
        raise ValueError(f"{name} must not be negative")
    return number


class Sandbox:
    """All providers behind one port. A bare aiohttp server: its router and middlewares cost more than the work itself."""

    def __init__(self, options: Options) -> None:
        """Opens the books. Raises sqlite3.OperationalError if another sandbox holds them."""
        self.books = Books(options.folder)
        self.faults = Faults()
        self.llm = llm.Llm()
        self.kakaopay = KakaoPay(self.books, self.faults, options.kakaopay_secret, options.public_url)
        self.identity = Identity(self.faults, options.secret)
        self.letters = Letters(self.faults, options.secret)
        self.ocr = Ocr(self.faults, options.secret)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, whatever its provider."""
        path = request.raw_path
        if request.method == "POST" and path in self.kakaopay.calls:
            return await self.kakaopay.call(request)
        if request.method == "POST" and path == llm.PATH:
            return await self.llm.call(request)
        parts = path.partition("?")[0].split("/")
        for provider in (self.identity, self.letters, self.ocr):
            if parts[1] in provider.roots:
                return await provider.handle(request, parts[1:])
        match parts[1:]:
            case ["sandbox", "kakaopay", tid, verb] if verb in _VERBS and request.method in ("GET", "POST"):
                return await self.kakaopay.press(request, tid, verb)
            case ["sandbox", "health", "ready"]:
                return _json({"status": "ready"})
            case ["sandbox", "letters"] if request.method == "GET":
                return _json({"letters": self.letters.sent_to(request.query.get("to", ""))})
            case ["sandbox", "identities"] if request.method == "GET":
                return _json({"linked": sorted(self.identity.linked)})
            case ["sandbox", "faults"] if request.method == "PUT":
                return await self._replace_faults(request)
            case ["sandbox", "faults"] if request.method == "GET":
                return _json(self.faults.plan)
            case ["sandbox", "llm"] if request.method == "PUT":
                return await self.llm.put_plan(request)
            case ["sandbox", "llm"] if request.method == "GET":
                return self.llm.told()
            case ["sandbox", "calls"] if request.method == "GET":
                return _json({"calls": list(self.kakaopay.heard)})
            case ["sandbox", "books"] if request.method == "GET":
                return await self._list_books(request)
            case ["sandbox", "books", order_id] if request.method == "GET":
                rows = self.books.of_order(unquote(order_id))
                await self.books.committed()
                return _json({"payments": [answers.booked(payment, changed) for changed, payment in rows]})
        return _json({"error": "not found"}, 404)

    async def close(self) -> None:
        """Ends own calls, then commits and closes the books."""
        await self.kakaopay.close()
        self.books.close()

    async def _replace_faults(self, request: web.BaseRequest) -> web.Response:
        """``PUT /sandbox/faults`` {rules, seed}: replaces the plan and starts its counts anew."""
        try:
            self.faults.replace(_decode_plan(await request.read()))
        except msgspec.DecodeError as error:
            return _json({"error": str(error)}, 400)
        return _json(self.faults.plan)

    async def _list_books(self, request: web.BaseRequest) -> web.Response:
        """``GET /sandbox/books?since=&limit=``: payments changed after ``since``; ``next`` is the ``since`` of the next page."""
        try:
            since = _whole(request.query, "since", 0)
            limit = min(_whole(request.query, "limit", _PAGE_LIMIT), _PAGE_LIMIT)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        rows = self.books.since(since, limit)
        await self.books.committed()
        payments = [answers.booked(payment, changed) for changed, payment in rows]
        return _json({"payments": payments, "next": rows[-1][0] if rows else since})


async def serve(options: Options) -> None:
    """Listens until SIGTERM or SIGINT. Raises OSError if the port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    sandbox = Sandbox(options)
    # Clients keep idle connections for less than these 75 s, so it is they who close them and no request meets a closing one.
    runner = web.ServerRunner(web.Server(sandbox.handle, access_log=None, keepalive_timeout=75.0), access_log=None)
    try:
        await runner.setup()
        await web.TCPSite(runner, options.host, options.port, backlog=1024, shutdown_timeout=2.0).start()
        _log.info("sandbox listens on %s:%s", options.host, options.port)
        await stop.wait()
    finally:
        await runner.cleanup()
        await sandbox.close()
