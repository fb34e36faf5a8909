"""One request as handlers see it, and what all of them share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from topics import tracing
from topics.client import Client
from web import idempotency
from web.auth import Caller, Tokens
from web.problems import Problem
from web.reads import Reads
from web.settings import WebSettings
from web.terms import Terms
from web.texts import Language
from web.validation import Body, Invalid, Malformed, Parser

MAX_BODY = 64 * 1024
PAGE, MAX_PAGE = 20, 100
"""Items of a page: default and most."""
SECURITY: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_IDENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*\Z")
_TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
_encode = msgspec.json.Encoder().encode
B = TypeVar("B", bound=Body)


class Shared:
    """What lives as long as the process. ``secret`` signs nonces and addresses; ``callback`` is where the gateway sends buyers."""

    def __init__(
        self, settings: WebSettings, client: Client, reads: Reads, tokens: Tokens, secret: bytes, public_url: str, live: Any = None
    ) -> None:
        self.settings, self.client, self.reads, self.tokens, self.secret = settings, client, reads, tokens, secret
        self.terms = Terms(reads, settings.terms_age, client.hearing)
        client.on_projected = self.terms.changed
        self.callback = f"{public_url}/api/v1/payments/callback"
        self.live = live
        self.stopping = asyncio.Event()
        """Set when the process is about to end: streams close, connections are not kept."""


class Call:
    """One request. ``params``: the ids in its path; ``caller``: checked, ``None`` only on public routes."""

    __slots__ = ("_body", "_caller", "language", "params", "path", "request", "shared", "traceparent")

    def __init__(
        self,
        shared: Shared,
        request: web.BaseRequest,
        path: str,
        params: Mapping[str, str],
        caller: Caller | None,
        language: Language,
        traceparent: str,
    ) -> None:
        self.shared, self.request, self.path, self.params = shared, request, path, params
        self._caller, self.language, self.traceparent = caller, language, traceparent
        self._body: bytes | None = None

    @property
    def caller(self) -> Caller:
        """Who calls. Raises ``Problem`` 401 where nobody is signed in."""
        if self._caller is None:
            raise Problem(401, "unauthenticated")
        return self._caller

    @property
    def signed_in(self) -> Caller | None:
        """Who calls, ``None`` where nobody has said so."""
        return self._caller

    def speak_for(self, caller: Caller) -> None:
        """From here on the request is that of ``caller``: a guest who was nobody until now."""
        self._caller = caller

    async def body(self) -> bytes:
        """The body's bytes, at most ``MAX_BODY``, within the time that a body may take. Raises ``Problem`` 408, 413 or 415."""
        if self._body is None:
            kind = self.request.content_type
            if self.request.body_exists and kind not in ("application/json", "application/octet-stream"):
                raise Problem(415, "not_json")
            try:
                async with asyncio.timeout(self.shared.settings.body_timeout):
                    self._body = await self.request.read()
            except TimeoutError:
                raise Problem(408, "request_timeout", headers={"Connection": "close"}) from None
            except web.HTTPRequestEntityTooLarge:
                raise Problem(413, "body_too_large", headers={"Connection": "close"}) from None
        return self._body

    async def parsed(self, parser: Parser[B]) -> B:
        """The body as its Struct. Raises ``Problem`` 400 or, naming every bad field, 422."""
        body = await self.body()
        try:
            return parser.parse(body or b"{}")
        except Invalid as error:
            raise Problem(422, "validation_failed", errors=error.errors) from None
        except Malformed:
            raise Problem(400, "malformed_json") from None

    def command_id(self) -> str:
        """The id of the command that this request sends. Raises ``Problem`` 400 without a good ``Idempotency-Key``."""
        key = self.request.headers.get("Idempotency-Key", "")
        if not idempotency.key_is_good(key):
            raise Problem(400, "idempotency_key_required")
        return idempotency.command_id(self.caller.account, self.request.method, self.path, key)

    def query(self, name: str, most: int = 200) -> str:
        """A parameter of the address, ``""`` if it is not there. Raises ``Problem`` 400 if it is too long."""
        value = self.request.query.get(name, "")
        if len(value) > most:
            raise Problem(400, "bad_parameter", {"name": name})
        return value

    def ident(self, name: str) -> str:
        """A parameter of the address that is an id, "" if it is not there. Raises ``Problem`` 400."""
        value = self.query(name, 64)
        if value and not _IDENT.match(value):
            raise Problem(400, "bad_parameter", {"name": name})
        return value

    def limit(self) -> int:
        """How many items the client wants on a page, ``?limit=``. Raises ``Problem`` 400 if it is no number from 1 to 100."""
        said = self.query("limit", 4) or str(PAGE)
        if not said.isdecimal() or not said.isascii() or not 1 <= int(said) <= MAX_PAGE:
            raise Problem(400, "bad_parameter", {"name": "limit", "most": MAX_PAGE})
        return int(said)

    def answer(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
        """``value`` as JSON."""
        return web.Response(
            body=_encode(value), status=status, headers={**self.headers(), "Content-Type": "application/json", **(headers or {})}
        )

    def headers(self) -> dict[str, str]:
        """What every answer carries. Personal ones are never stored; public ones say so themselves."""
        return {**SECURITY, "Cache-Control": "no-store", "X-Request-Id": self.traceparent[3:35], "traceparent": self.traceparent}


def trace_of(header: str) -> str:
    """The caller's W3C trace, or a new one."""
    return header if header and _TRACE.match(header) else tracing.new()
