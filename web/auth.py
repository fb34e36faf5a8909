"""Who calls: a signed token (EdDSA over Ed25519, no other algorithm) that names account, role, stores and session.

Verifying costs 0.1 ms, so what was verified is kept, by the token's own text, until it runs out. Whether its session has been
ended meanwhile is asked at each request (``web/ended.py``).
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from pathlib import Path
from typing import Annotated, Literal

import jwt
import msgspec
from msgspec import Meta

from web.keys import ACCESS, ALGORITHM, ISSUER, Ring, folder_of

KEPT = 10_000
"""Verified tokens that are remembered."""
MAX_TOKEN = 4096
"""Characters of a token; a longer one is not looked at."""
_SHAPE = re.compile(r"[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]{85}[AQgw]")
"""Decoders skip characters that are no base64, and the last four bits of a signature's text: one token would have many texts."""

Role = Literal["buyer", "seller", "applicant", "admin"]
"""``applicant``: a seller whom no admin has permitted (yet, or any more)."""
GUEST: Literal["guest"] = "guest"
"""Role of who has not signed in; no token carries it, only the cookie of ``web/guests.py``."""


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Whoever the token speaks for.

    ``stores``: the ids of the stores that a seller runs. ``until``, ``since``: when the token runs out and was signed, seconds
    since the epoch. ``session``: "" for a token that was made by hand, which only counts outside production.
    """

    account: str
    role: Role | Literal["guest"]
    stores: tuple[str, ...] = ()
    until: float = 0.0
    session: str = ""
    since: float = 0.0


class _Claims(msgspec.Struct, frozen=True):
    sub: Annotated[str, Meta(min_length=1, max_length=128)]
    role: Role
    exp: int
    iat: float
    stores: tuple[str, ...] = ()
    sid: Annotated[str, Meta(max_length=64)] = ""


class BadToken(Exception):
    """The token is none of ours, was changed, or has run out."""


SKEW = 5.0
"""Seconds by which the clock that signed may be ahead of ours: hosts differ, and a clock that is set back would refuse what it has
just signed. Sessions that have ended are named, so this lets none of them live longer."""


class Tokens:
    """Verifies tokens with the keys of a ring."""

    def __init__(self, ring: Ring, *, strict: bool = False) -> None:
        """``strict``: only tokens of a session count, as in production."""
        self._ring, self._strict = ring, strict
        self._verified: OrderedDict[str, Caller] = OrderedDict()

    @classmethod
    def of_file(cls, token_key: Path, *, strict: bool = False) -> Tokens:
        """``token_key`` is the signing key's file; only the folder beside it is read. Raises ``OSError``, ``ValueError``."""
        return cls(Ring(folder_of(token_key)), strict=strict)

    def caller(self, token: str) -> Caller:
        """Whom the token speaks for. Raises ``BadToken``."""
        known = self._verified.get(token)
        if known is not None:
            if known.until > time.time():
                return known
            del self._verified[token]
            raise BadToken("expired")
        if len(token) > MAX_TOKEN or not _SHAPE.fullmatch(token):
            raise BadToken("shape")
        if self._ring.refreshed():
            # What a key that is gone has signed counts no more.
            self._verified.clear()
        claims = self._claims(token)
        if claims.sid:
            if claims.exp - claims.iat > ACCESS:
                raise BadToken("lives too long")
        elif self._strict:
            raise BadToken("no session")
        caller = Caller(claims.sub, claims.role, claims.stores, claims.exp, claims.sid, claims.iat)
        self._verified[token] = caller
        if len(self._verified) > KEPT:
            self._verified.popitem(last=False)
        return caller

    def _claims(self, token: str) -> _Claims:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._ring.key(kid) if isinstance(kid, str) else None
            if key is None:
                raise BadToken("unknown key")
            # When it began is looked at here, as PyJWT gives beginning and end the same tolerance.
            options = {"require": ["exp", "iat", "sub", "iss"], "verify_iat": False}
            said = jwt.decode(token, key, algorithms=[ALGORITHM], issuer=ISSUER, options=options)  # type: ignore[arg-type]
            claims = msgspec.convert(said, _Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError, RecursionError) as error:
            raise BadToken(type(error).__name__) from error
        if claims.iat > time.time() + SKEW:
            raise BadToken("not begun")
        return claims
