"""What is asked of a request before anybody looks at what it wants: where it comes from, and which sites may read the answer.

Nothing that a client says of itself counts but its token (order W-39, auth 5). The address is the one that our proxy saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

from web.problems import Problem

LONGEST = 4096
"""Characters of a request's target (path and query)."""
SECURITY: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # aiohttp would say its version, and Python's.
    "Server": "blooming-blooms",
}
HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
"""Only where there is TLS: in production."""
TAKEN = "Accept-Language, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, X-CSRF, traceparent"
SHOWN = (
    "Content-Language, Location, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id"
)
PREFLIGHT = "600"
"""Seconds for which a browser may remember what it was allowed."""
CSRF = "X-CSRF"
"""A form of another site cannot send it, and a script of another site only after a preflight that we refuse."""


class Origins:
    """The sites whose pages may use the API with the reader's cookie: our own, and the front ends of the list."""

    def __init__(self, public_url: str, listed: Iterable[str] = ()) -> None:
        """Raises ``ValueError`` for a listed one that is not ``scheme://host[:port]``: neither ``*`` nor a path is an origin."""
        self.own = _origin(public_url)
        self.listed = frozenset(listed)
        if bad := [one for one in self.listed if one != _origin(one)]:
            raise ValueError(f"BB_CORS: no origin: {', '.join(sorted(bad))}")

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """What an answer says to a page of ``origin`` (``None``: the request names none)."""
        if not self.listed:
            return {}
        if origin not in self.listed:
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": SHOWN,
        }

    def preflight(self, origin: str | None, methods: Iterable[str]) -> Mapping[str, str] | None:
        """The answer's headers to a browser that asks whether a page of ``origin`` may; ``None``: it may not."""
        if origin not in self.listed:
            return None
        return {
            **self.headers(origin),
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": TAKEN,
            "Access-Control-Max-Age": PREFLIGHT,
        }

    def check(self, headers: Mapping[str, str]) -> None:
        """Let only our own pages use the cookie. Raises ``Problem`` 403 ``cross_site``.

        A browser says truly where a request comes from (``Origin``, ``Sec-Fetch-Site``); who says nothing is refused, since whoever
        holds the cookie in hand can say it too. The header of our own keeps out what a browser sends without a preflight.
        """
        origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
        known = origin == self.own or origin in self.listed
        if not headers.get(CSRF) or (origin is not None and not known) or (site is not None and site == "cross-site"):
            raise Problem(403, "cross_site")
        if not known and site != "same-origin":
            raise Problem(403, "cross_site")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.hostname else ""


def address(request: web.BaseRequest, proxies: frozenset[str]) -> str:
    """Who asks: what our own proxy saw, else the other end of the connection.

    ``X-Forwarded-For`` counts only where one of ``proxies`` sent it, and of it only the last word, which that proxy wrote itself.
    """
    peer = request.remote or ""
    if peer in proxies:
        said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return said or peer
    return peer
