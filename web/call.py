"""One request as handlers see it, and what all of them share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from models.settings import Settings
from topics import tracing
from topics.client import Client
from web import idempotency
from web.auth import Caller, Tokens
from web.cookies import Cookies
from web.edge import HSTS, SECURITY, Origins
from web.ended import Ended
from web.keys import Signer
from web.limits import Limiter, SharedBuckets, State, limits
from web.links import Links
from web.people import People
from web.problems import Problem
from web.reads import Reads
from web.remembered import Pictures
from web.settings import WebSettings
from web.terms import Terms
from web.texts import Language
from web.validation import Body, Invalid, Malformed, Parser

MAX_BODY = 64 * 1024
PAGE, MAX_PAGE = 20, 100
"""Items of a page: default and most."""
_IDENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*\Z")
_TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
NOTHING: Mapping[str, str] = {}
_encode = msgspec.json.Encoder().encode
B = TypeVar("B", bound=Body)


class Shared:
    """What lives as long as the process. ``secret`` signs nonces and addresses; ``callback`` is where the gateway sends buyers.

    ``ended`` None: sessions are not looked at; ``buckets`` None: what all processes must count together is refused (tests).
    """

    def __init__(
        self,
        settings: WebSettings,
        client: Client,
        reads: Reads,
        tokens: Tokens,
        secret: bytes,
        public_url: str,
        live: Any = None,
        *,
        links: Links | None = None,
        ended: Ended | None = None,
        buckets: SharedBuckets | None = None,
        people: People | None = None,
    ) -> None:
        """Raises ``ValueError``: a limit or an origin in the settings is none."""
        self.settings, self.client, self.reads, self.tokens, self.secret = settings, client, reads, tokens, secret
        self.terms = Terms(reads, settings.terms_age, client.hearing)
        self.ended = ended
        client.on_projected = self._heard
        self.callback = f"{public_url}/api/v1/payments/callback"
        self.public_url = public_url
        self.people = people or People(Settings())
        self.live = live
        self.links = links or Links(Settings())
        self.pictures = Pictures(client.hearing)
        self.signer = Signer(settings.token_key, settings.access_seconds)
        """Makes the access tokens of sign-ins."""
        self.cookies = Cookies(secret, secure=public_url.startswith("https:"))
        self.origins = Origins(public_url, filter(None, settings.cors.split(",")))
        self.limiter = Limiter(limits(settings.limits), settings.limit_shares, buckets)
        self.proxies = frozenset(settings.proxies.split(","))
        self.security: Mapping[str, str] = {**SECURITY, **(HSTS if settings.production else {}), "Cache-Control": "no-store"}
        """What every answer carries. Personal ones are never stored; public ones say so themselves."""
        self.stopping = asyncio.Event()
        """Set when the process is about to end: streams close, connections are not kept."""

    def _heard(self, model: str, seen: Mapping[str, int]) -> None:
        self.terms.changed(model, seen)
        if model == "images":
            self.pictures.changed(seen)
        if self.ended is not None:
            self.ended.heard(model, seen)


class Call:
    """One request. ``params``: the ids in its path; ``caller``: checked, ``None`` only on public routes.

    ``bucket``: the name of its limit; ``address``: from where it comes, as far as a limit is concerned; ``told``: headers of its
    limit and for the page that asks.
    """

    __slots__ = ("_body", "_caller", "address", "bucket", "language", "params", "path", "request", "shared", "told", "traceparent")

    def __init__(
        self,
        shared: Shared,
        request: web.BaseRequest,
        path: str,
        params: Mapping[str, str],
        caller: Caller | None,
        language: Language,
        traceparent: str,
        *,
        bucket: str = "",
        address: str = "",
        told: dict[str, str] | None = None,
    ) -> None:
        self.shared, self.request, self.path, self.params = shared, request, path, params
        self._caller, self.language, self.traceparent = caller, language, traceparent
        self.bucket, self.address, self.told = bucket, address, {} if told is None else told
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
        """The body's bytes, at most ``MAX_BODY``, within the time that a body may take. Raises ``Problem`` 400, 408, 413 or 415."""
        if self._body is None:
            kind = self.request.content_type
            if self.request.body_exists and kind not in ("application/json", "application/octet-stream"):
                raise Problem(415, "not_json")
            if any(said.strip().lower() != "identity" for said in self.request.headers.getall("Content-Encoding", ())):
                # Nothing here unpacks: a thousand bytes may become a million.
                raise Problem(415, "encoded_body")
            try:
                async with asyncio.timeout(self.shared.settings.body_timeout):
                    self._body = await self.request.read()
            except TimeoutError:
                raise Problem(408, "request_timeout", headers={"Connection": "close"}) from None
            except web.HTTPRequestEntityTooLarge:
                raise Problem(413, "body_too_large", headers={"Connection": "close"}) from None
            except (web.RequestPayloadError, BadHttpMessage):
                raise Problem(400, "malformed_request", headers={"Connection": "close"}) from None
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

    def command_id(self, whose: str = "") -> str:
        """The id of the command that this request sends; ``whose``: the row that somebody writes to who is not signed in.

        Raises ``Problem`` 400 without a good ``Idempotency-Key``.
        """
        key = self.request.headers.get("Idempotency-Key", "")
        if not idempotency.key_is_good(key):
            raise Problem(400, "idempotency_key_required")
        return idempotency.command_id(whose or self.caller.account, self.request.method, self.path, key)

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

    def page(self) -> tuple[int, str]:
        """How many items, and the cursor to go on from: ``?limit=&cursor=``; that it is none is found out by whoever reads it."""
        return self.limit(), self.query("cursor", 1000)

    def one_of(self, name: str, *values: str) -> str:
        """The parameter ``name``, the first of ``values`` if it is not there. Raises ``Problem`` 400 if it is none of them."""
        said = self.query(name, 32) or values[0]
        if said not in values:
            raise Problem(400, "bad_parameter", {"name": name, "values": [value for value in values if value]})
        return said

    def answer(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
        """``value`` as JSON."""
        return web.Response(
            body=_encode(value), status=status, headers={**self.headers(), "Content-Type": "application/json", **(headers or {})}
        )

    def headers(self) -> dict[str, str]:
        """What every answer carries."""
        trace = self.traceparent
        return {**self.shared.security, "X-Request-Id": trace[3:35], "traceparent": trace, **self.told}

    def count_guest(self) -> None:
        """Count a guest who begins, by the address. Raises ``Problem`` 429."""
        state = self.shared.limiter.local("guest", "", self.address)
        assert state is not None, "it is counted in each process"
        self._tell(state)

    async def throttle(self, account: str) -> None:
        """Count a try against ``account``, for which somebody wants to sign in or a code, and tell which bucket holds least.

        ``account``: its row key, whether there is such an account or not. The name of the limit is the route's. Raises ``Problem``
        429, or 503 while Redis is away.
        """
        self._tell(await self.shared.limiter.shared(self.bucket, account, self.address))

    def _tell(self, state: State) -> None:
        """Tell of a further bucket if it holds less than the route's. Raises ``Problem`` 429: it holds nothing."""
        if state.retry:
            raise state.problem()
        if state.left <= int(self.told.get("RateLimit-Remaining", state.left)):
            self.told.update(state.headers())


def trace_of(header: str) -> str:
    """The caller's W3C trace, or a new one."""
    return header if header and _TRACE.match(header) else tracing.new()
