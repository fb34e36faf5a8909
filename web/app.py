"""The server: bare aiohttp with a router of our own; aiohttp's application and middlewares cost as much as a whole request.

Every request passes here once: route -> who may (``web/access.py``) -> handler -> answer or problem. What the table of routes does
not name cannot be reached.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterable, Mapping

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from topics import tracing
from topics.client import Unavailable
from web import guests
from web.access import Who, refusal
from web.auth import GUEST, BadToken, Caller
from web.call import MAX_BODY, NOTHING, Call, Shared, trace_of
from web.edge import LONGEST, address
from web.limits import State, network
from web.problems import Problem, language
from web.reads import BadCursor, ReadsAway
from web.routes import ROUTES
from web.rule import Rule
from web.wire import Server

log = structlog.get_logger("web")
_SEGMENT = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")
_SECONDS = Histogram(
    "bb_web_seconds", "Requests, from their head to their answer", ["route"], buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1, 3, 10)
)
_ANSWERS = Counter("bb_web_answers_total", "Answers by route and status", ["route", "status"])
_READY = Gauge("bb_web_ready", "1 while this process should get requests")
_ANSWERING = Gauge("bb_web_hears_answers", "1 while answers of actors can arrive; 0: Redis is away, and writes are answered 202")
GUESTS = (Who.SHOPPER, Who.SENDER)
"""Routes on which the cookie of a guest counts."""
RETRY_AFTER = {"Retry-After": "1"}


class Route:
    """One line of the access table with its handler."""

    def __init__(self, rule: Rule) -> None:
        method, template = rule.method, rule.path
        self.method, self.template, self.who, self.handler = method, template, rule.who, rule.handler
        self.bucket, self.cookie, self.endless = rule.bucket, rule.cookie, rule.endless
        self.segments = tuple(template.strip("/").split("/"))
        self.names = tuple(part[1:-1] if part.startswith("{") else "" for part in self.segments)
        self.seconds = _SECONDS.labels(f"{method} {template}")
        self._answers: dict[int, Counter] = {}

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """The ids in the path, or ``None``: it is another route's."""
        params = {}
        for part, segment, name in zip(parts, self.segments, self.names, strict=True):
            if name:
                if not _SEGMENT.match(part):
                    return None
                params[name] = part
            elif part != segment:
                return None
        return params

    def count(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.seconds.observe(seconds)
        counter = self._answers.get(status)
        if counter is None:
            counter = self._answers[status] = _ANSWERS.labels(f"{self.method} {self.template}", str(status))
        counter.inc()


class Router:
    """Finds routes by the number of their segments; one without placeholders goes before one with."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.routes = [Route(rule) for rule in rules]
        self._by_length: dict[int, list[Route]] = {}
        for route in sorted(self.routes, key=lambda route: sum(map(bool, route.names))):
            self._by_length.setdefault(len(route.segments), []).append(route)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the ids in ``path``. Raises ``Problem`` 404 or 405."""
        parts = path[1:].split("/")
        for route in self._by_length.get(len(parts), ()):
            if route.method == method and (params := route.match(parts)) is not None:
                return route, params
        if allowed := self.methods(path):
            raise Problem(405, "method_not_allowed", headers={"Allow": ", ".join(allowed)})
        raise Problem(404, "not_found")

    def methods(self, path: str) -> list[str]:
        """The methods with which ``path`` can be asked."""
        parts = path[1:].split("/")
        return list(dict.fromkeys(route.method for route in self._by_length.get(len(parts), ()) if route.match(parts) is not None))


class App:
    """Answers requests of one process."""

    def __init__(self, shared: Shared, rules: Iterable[Rule] = ROUTES) -> None:
        self.shared = shared
        self.router = Router(rules)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, whatever it is."""
        begun = time.perf_counter()
        path = request.raw_path.partition("?")[0]
        if not path.startswith("/api/"):
            return await self._inside(request, path)
        given = request.headers.get("traceparent", "")
        trace, above = trace_of(given), ""
        if tracing.sampled(trace) and trace == given:
            above, trace = given, tracing.under(given, secrets.token_hex(8))
        route: Route | None = None
        # A handler that counts a further bucket says so here, for its answer as for its refusal.
        told = dict(self.shared.origins.headers(request.headers.get("Origin")))
        try:
            if len(request.raw_path) > LONGEST:
                raise Problem(414, "target_too_long")
            if request.method == "OPTIONS" and (allowed := self._preflight(request, path)) is not None:
                return allowed
            route, params = self.router.find(request.method, path)
            caller, why = self._caller(request, route)
            if caller is None and not why and route.who in GUESTS:
                caller = guests.caller_of(self.shared.secret, request)
            state, where = await self._counted(request, route, caller)
            told.update(state.headers())
            why = why or refusal(route.who, caller, params.get("store_id", ""))
            if why:
                raise _denied(why)
            if route.cookie:
                self.shared.origins.check(request.headers)
            who = language(request.headers.get("Accept-Language", ""))
            call = Call(self.shared, request, path, params, caller, who, trace, bucket=route.bucket, address=where, told=told)
            response = await self._answered(route, call)
        except Problem as problem:
            response = self._problem(request, problem, trace, told)
        except BadCursor:
            response = self._problem(request, Problem(400, "bad_cursor"), trace, told)
        except (Unavailable, ReadsAway) as error:
            log.warning("unavailable", route=_name(route), why=str(error), trace=trace[3:35])
            response = self._problem(request, Problem(503, "unavailable", headers=RETRY_AFTER), trace, told)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            # Neither path nor body are logged: both may name persons.
            log.error("request_failed", route=_name(route), trace=trace[3:35], exc_info=True)
            response = self._problem(request, Problem(500, "internal_error"), trace, told)
        if self.shared.stopping.is_set() and not response.prepared:
            response.force_close()
        took = time.perf_counter() - begun
        if route is not None:
            route.count(response.status, took)
        if tracing.sampled(trace):
            _span(route, request.method, response.status, trace, above, took)
        if took > self.shared.settings.slow and not response.prepared:
            log.info("slow_request", route=_name(route), status=response.status, seconds=round(took, 3), trace=trace[3:35])
        return response

    def _caller(self, request: web.BaseRequest, route: Route) -> tuple[Caller | None, str]:
        """Whom the token speaks for, ``None`` without one, and why it does not count.

        Nothing else of the request says who calls (order W-39, auth 5).
        """
        header = request.headers.get("Authorization")
        if header is None or route.cookie:
            return None, ""
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer":
            return None, "unauthenticated"
        try:
            caller = self.shared.tokens.caller(token)
        except BadToken:
            return None, "unauthenticated"
        why = self.shared.ended.why_not(caller) if self.shared.ended is not None else ""
        if why:
            # While nobody knows who is signed in, nobody is; what is for everybody is still there.
            return None, "" if why == "unavailable" and route.who is Who.PUBLIC else why
        return caller, ""

    async def _counted(self, request: web.BaseRequest, route: Route, caller: Caller | None) -> tuple[State, str]:
        """What the bucket of this request says, and from where it comes. Raises ``Problem`` 429, or 503: nobody can count now."""
        limiter = self.shared.limiter
        # Anybody may have as many guests' cookies as they like.
        account = caller.account if caller is not None and caller.role != GUEST else ""
        where = network(address(request, self.shared.proxies))
        state = limiter.local(route.bucket, account, where) or await limiter.shared(route.bucket, account, where)
        if state.retry:
            raise state.problem()
        return state, where

    async def _answered(self, route: Route, call: Call) -> web.StreamResponse:
        """What the handler says, in time."""
        if route.endless:
            return await route.handler(call)
        try:
            async with asyncio.timeout(self.shared.settings.request_timeout) as limit:
                return await route.handler(call)
        except TimeoutError:
            if not limit.expired():
                raise
            # A command that was sent meanwhile is the same command when it is sent again.
            log.warning("request_timeout", route=_name(route), trace=call.traceparent[3:35])
            raise Problem(503, "unavailable", headers=RETRY_AFTER) from None

    def _preflight(self, request: web.BaseRequest, path: str) -> web.Response | None:
        """The answer to a browser that asks whether a page of another site may; ``None``: no such question, or it may not."""
        if "Access-Control-Request-Method" not in request.headers:
            return None
        said = self.shared.origins.preflight(request.headers.get("Origin"), self.router.methods(path))
        return None if said is None else web.Response(status=204, headers={**self.shared.security, **said})

    def _problem(self, request: web.BaseRequest, problem: Problem, trace: str, told: Mapping[str, str] = NOTHING) -> web.Response:
        headers = {**self.shared.security, "X-Request-Id": trace[3:35], "traceparent": trace, **told}
        return problem.response(language(request.headers.get("Accept-Language", "")), headers)

    async def _inside(self, request: web.BaseRequest, path: str) -> web.Response:
        """Health and figures for whoever runs the process; to whoever comes through a proxy they do not exist."""
        if "X-Forwarded-For" in request.headers:
            return self._problem(request, Problem(404, "not_found"), trace_of(""))
        if path == "/health/live":
            return web.json_response({"live": True})
        if path == "/health/ready":
            why = self.not_ready()
            return web.json_response({"ready": not why, "why": why}, status=503 if why else 200)
        if path == "/metrics":
            _READY.set(not self.not_ready())
            _ANSWERING.set(self.shared.client.listening.is_set())
            return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
        return self._problem(request, Problem(404, "not_found"), trace_of(""))

    def not_ready(self) -> str:
        """Why this process should get no requests; ``""``: it should. Redis may be away: what is for everybody goes on."""
        if self.shared.stopping.is_set():
            return "stopping"
        return "" if self.shared.client.connected else "the broker has not been reached yet"


def _span(route: Route | None, method: str, status: int, trace: str, above: str, took: float) -> None:
    ended = time.time_ns()
    attributes = {"http.request.method": method, "http.route": route.template if route else "", "http.response.status_code": status}
    error = str(status) if status >= 500 else ""
    begun = ended - int(took * 1e9)
    tracing.record(_name(route) or method, trace, above, begun, ended, tracing.SERVER, attributes, error)


def _denied(why: str) -> Problem:
    if why in ("unauthenticated", "session_ended"):
        return Problem(401, why, headers={"WWW-Authenticate": 'Bearer realm="blooming-blooms"'})
    if why == "unavailable":
        return Problem(503, why, headers=RETRY_AFTER)
    return Problem(403, why)


def _name(route: Route | None) -> str:
    return f"{route.method} {route.template}" if route else ""


def server(app: App) -> Server:
    """The server to be run; bodies end at ``MAX_BODY`` and are never unpacked, heads at 8 KiB a line and 64 lines."""
    loop = asyncio.get_running_loop()

    def request(message: object, payload: object, protocol: object, writer: object, task: object) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)  # type: ignore[arg-type]

    return Server(
        app.handle,
        request_factory=request,
        handler_cancellation=False,
        access_log=None,
        keepalive_timeout=75,
        max_headers=64,
        lingering_time=2,
        # Of what is not read either, which aiohttp takes in before it closes.
        auto_decompress=False,
    )
