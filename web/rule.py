"""One line of the table of routes: who may, who answers, what goes in and what comes out (``web/routes/__init__.py``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from web.access import Who

API = "/api/v1"
Handler = Callable[[Any], Awaitable[web.StreamResponse]]
"""Takes a ``web.call.Call``."""


class Rule(msgspec.Struct, frozen=True):
    """A route. ``template``: the path below ``API``, ids in braces. ``body``/``answer``: for the OpenAPI document.

    ``status``: of the good answer. ``query``: names of its parameters. ``keyed``: a write that takes an ``Idempotency-Key``; False
    for the few that send no command. ``limit``: how often (``web/limits.py``), "": ``read`` or ``write``. ``cookie``: it acts on
    the refresh cookie, so only pages of our own sites may call it, and a token is not even read. ``endless``: a stream, which no
    time limit ends.
    """

    method: str
    template: str
    who: Who
    handler: Handler
    body: type[msgspec.Struct] | None = None
    answer: type[msgspec.Struct] | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    keyed: bool = True
    limit: str = ""
    cookie: bool = False
    endless: bool = False

    @property
    def path(self) -> str:
        """The whole path, with braces."""
        return API + self.template

    @property
    def writes(self) -> bool:
        """True if it sends a command, and so takes a key."""
        return self.keyed and self.method != "GET"

    @property
    def bucket(self) -> str:
        """The name of its limit."""
        return self.limit or ("read" if self.method == "GET" else "write")
