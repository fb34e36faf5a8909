"""Who calls: a signed token (EdDSA over Ed25519, no other algorithm) that names account, role and stores.

Verifying costs 0.1 ms, so what was verified is kept, by the token's own text, until it runs out.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from pathlib import Path
from typing import Literal

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

ALGORITHM, ISSUER = "EdDSA", "blooming-blooms"
KEPT = 10_000
"""Verified tokens that are remembered."""
MAX_TOKEN = 4096
"""Characters of a token; a longer one is not looked at."""

Role = Literal["buyer", "seller", "admin"]
GUEST: Literal["guest"] = "guest"
"""Role of who has not signed in; no token carries it, only the cookie of ``web/guests.py``."""


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Whoever the token speaks for. ``stores``: the ids of the stores that a seller runs; ``until``: seconds since the epoch."""

    account: str
    role: Role | Literal["guest"]
    stores: tuple[str, ...] = ()
    until: float = 0.0


class _Claims(msgspec.Struct, frozen=True):
    sub: str
    role: Role
    exp: int
    stores: tuple[str, ...] = ()


class BadToken(Exception):
    """The token is none of ours, was changed, or has run out."""


class Tokens:
    """Verifies tokens with a public key."""

    def __init__(self, public_pem: bytes) -> None:
        """Raises ``ValueError`` if ``public_pem`` is no Ed25519 public key."""
        key = load_pem_public_key(public_pem)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("tokens are verified with an Ed25519 public key")
        self._key = key
        self._verified: OrderedDict[str, Caller] = OrderedDict()

    @classmethod
    def of_file(cls, token_key: Path) -> Tokens:
        """``token_key`` is the private key's file; only the public half beside it is read. Raises ``OSError``: it is missing."""
        return cls(public_file(token_key).read_bytes())

    def caller(self, token: str) -> Caller:
        """Whom the token speaks for. Raises ``BadToken``."""
        known = self._verified.get(token)
        if known is not None:
            if known.until > time.time():
                return known
            del self._verified[token]
            raise BadToken("expired")
        if len(token) > MAX_TOKEN:
            raise BadToken("too long")
        try:
            claims = msgspec.convert(
                jwt.decode(token, self._key, algorithms=[ALGORITHM], issuer=ISSUER, options={"require": ["exp", "sub", "iss"]}),
                _Claims,
            )
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise BadToken(type(error).__name__) from error
        caller = Caller(claims.sub, claims.role, claims.stores, claims.exp)
        self._verified[token] = caller
        if len(self._verified) > KEPT:
            self._verified.popitem(last=False)
        return caller


def public_file(token_key: Path) -> Path:
    """Where the public half of the key in ``token_key`` lies."""
    return token_key.with_name(token_key.name + ".pub")
