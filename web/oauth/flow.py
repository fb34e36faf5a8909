"""The way to an identity provider and back: ``state`` and PKCE's verifier wait in a signed cookie (auth 23)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time

from aiohttp import web

from web.idempotency import sign, signed

LASTS = 600
"""Seconds that somebody may take at the provider's page."""
PATH = "/api/v1/auth"
_TEXT = re.compile(r"([0-9A-Za-z_-]{43})\.([0-9A-Za-z_-]{43})\.([0-9]{10})\.([0-9A-Za-z_-]{43})")


class Flow:
    """The cookie of one provider. ``secret``: the web's; ``secure``: there is TLS."""

    def __init__(self, provider: str, secret: bytes, *, secure: bool) -> None:
        self._provider, self._secret, self._secure = provider, secret, secure
        self._name = f"{'__Secure-' if secure else ''}bb-oauth-{provider}"

    def begin(self, response: web.StreamResponse) -> tuple[str, str]:
        """Lay the cookie on ``response``; (state, challenge) for the provider's page."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        until = str(int(time.time()) + LASTS)
        signature = sign(self._secret, "oauth", self._provider, state, verifier, until)
        response.headers.add("Set-Cookie", self._said(f"{state}.{verifier}.{until}.{signature}", LASTS))
        return state, challenge_of(verifier)

    def verifier(self, request: web.BaseRequest, state: str) -> str:
        """The verifier that goes with ``state``; ``""``: this browser never began, began something else, or too long ago."""
        found = _TEXT.fullmatch(request.cookies.get(self._name, ""))
        if found is None:
            return ""
        known, verifier, until, signature = found.groups()
        if not signed(self._secret, signature, "oauth", self._provider, known, verifier, until):
            return ""
        same = hmac.compare_digest(known.encode(), state.encode("utf-8", "replace"))
        return verifier if same and int(until) > time.time() else ""

    def end(self, response: web.StreamResponse) -> None:
        """The state counts once."""
        response.headers.add("Set-Cookie", self.none)

    @property
    def none(self) -> str:
        """The ``Set-Cookie`` that lets the browser forget it."""
        return self._said("", 0)

    def _said(self, value: str, age: int) -> str:
        # Lax, as the browser comes back from another site.
        secure = "; Secure" if self._secure else ""
        return f"{self._name}={value}; Path={PATH}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"


def challenge_of(verifier: str) -> str:
    """PKCE S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
