"""The cookie that holds the refresh secret: no script reads it, no other site sends it, no route but those of sign-in sees it.

Its text is ``<account>.<session>.<secret>.<signature>``: account and session say which row to ask, the secret is 256 random bits of
which the row keeps the hash. The account is the one with its generation. The signature is ours over all three: what was made up is
refused here, since each command to a row lies in the log for ever, whoever sent it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple

from aiohttp import web

from models.accounts.secrets import hashed, row_of
from web.idempotency import sign

PATH = "/api/v1/auth"
AGE = 30 * 86_400
"""Seconds for which a browser keeps the cookie; the row says until when the secret counts."""
_TEXT = re.compile(r"([0-9a-f]{32}-[0-9]{1,9})\.([0-9A-Za-z-]{1,64})\.([0-9A-Za-z_-]{43})\.([0-9A-Za-z_-]{22})")
_SIGNED = 22
"""Characters of a signature: 132 bits of it, as the cookie goes along with each request of sign-in."""


class Refresh(NamedTuple):
    """What the cookie says. ``account``: the account id, with its generation."""

    account: str
    session: str
    secret: str

    @property
    def row(self) -> str:
        """The row key of the account."""
        return row_of(self.account)

    @property
    def hash(self) -> str:
        """What the row knows of the secret."""
        return hashed(self.secret)


def fresh() -> str:
    """A new secret: 43 characters."""
    return secrets.token_urlsafe(32)


def following(key: bytes, refresh: Refresh) -> str:
    """The secret for which ``refresh`` is exchanged.

    It follows from the one before, so two tabs that exchange it at once, and one that does it again since the answer was lost, get
    the same. Whoever has only the old one cannot make it: ``key`` is the web's.
    """
    return sign(key, "refresh", *refresh)


def hash_of(secret: str) -> str:
    """What the row knows of a secret."""
    return hashed(secret)


class Cookies:
    """``secure``: there is TLS; only without it, on a machine of one's own, the cookie goes over plain HTTP. ``key``: the web's."""

    def __init__(self, key: bytes, *, secure: bool) -> None:
        self._key, self.secure = key, secure
        self.name = "__Secure-bb-refresh" if secure else "bb-refresh"

    def give(self, response: web.StreamResponse, refresh: Refresh) -> None:
        """Let the browser keep ``refresh``."""
        response.headers.add("Set-Cookie", self._said(self.text(refresh), AGE))

    def text(self, refresh: Refresh) -> str:
        """What the cookie of ``refresh`` holds."""
        return ".".join((*refresh, self._signature(refresh)))

    def _signature(self, refresh: Refresh) -> str:
        return sign(self._key, "cookie", *refresh)[:_SIGNED]

    def take_away(self, response: web.StreamResponse) -> None:
        """Let the browser forget it."""
        response.headers.add("Set-Cookie", self.none)

    @property
    def none(self) -> str:
        """The ``Set-Cookie`` that lets the browser forget it."""
        return self._said("", 0)

    def read(self, request: web.BaseRequest) -> Refresh | None:
        """What the browser sent; ``None``: nothing, or nothing of ours."""
        jar = SimpleCookie()
        try:
            jar.load(request.headers.get("Cookie", "")[:8192])
        except CookieError:
            return None
        found = _TEXT.fullmatch(jar[self.name].value) if self.name in jar else None
        if found is None:
            return None
        account, session, secret, signature = found.groups()
        refresh = Refresh(account, session, secret)
        return refresh if hmac.compare_digest(self._signature(refresh), signature) else None

    def _said(self, value: str, age: int) -> str:
        secure = "; Secure" if self.secure else ""
        return f"{self.name}={value}; Path={PATH}; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"
