"""HTTP below the routes: what is no request is answered as every other refusal is, and of it nothing but its kind is logged.

aiohttp would log the line that it could not read, with whatever code or token stands in it, and answer in plain text.
"""

from __future__ import annotations

import sys
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod

from web.edge import SECURITY
from web.problems import Problem, language

log = structlog.get_logger("web")


class Connection(web.RequestHandler):
    """One connection of a client."""

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what could not be read (400), or to an error that nobody caught (500); the connection closes."""
        if not isinstance(exc, BadHttpMethod):
            # That is what a TLS greeting or a scanner looks like: not worth a line each.
            self.log_exception("bad_http", exc_info=exc)
        if request.writer is not None and request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        problem = Problem(status, "malformed_request" if status < 500 else "internal_error")
        accepted = request.headers.get("Accept-Language", "")
        response = problem.response(language(accepted), {**SECURITY, "Cache-Control": "no-store"})
        response.force_close()
        return response

    def log_exception(self, *args: Any, **given: Any) -> None:
        """Neither the exception's text, which may hold the request, nor the address."""
        error = given.get("exc_info") or sys.exc_info()[1]
        log.warning("bad_http", error=type(error).__name__)


class Server(web.Server):
    """Serves with connections of our own."""

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)
