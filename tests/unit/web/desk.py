"""Who signs tokens in tests of the web, and what a web process shares there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.settings import Settings
from tests.unit.web.documents import (
    BUYER,
)
from tests.unit.web.known import Known
from topics.client import Client
from web.auth import Tokens
from web.call import Shared
from web.ended import Ended
from web.limits import Rate, SharedBuckets, State
from web.links import Links
from web.passwords import Passwords
from web.people import People
from web.settings import WebSettings
from web.tokens import ensure_keys, make


class Roomy(SharedBuckets):
    """Buckets that are never empty."""

    async def take(self, buckets: Sequence[tuple[str, str, Rate]]) -> State:
        return State(Rate(1, 1), 1, 0, 0)


PEOPLE = People(Settings(account_secret="a", code_secret="c", field_key="f"), Passwords(8, 1))
"""Passwords that are compared in no time."""


class Desk:
    """Keys in a folder, and the tokens that they sign."""

    def __init__(self, folder: Path) -> None:
        self.key, self.secret = folder / "token-key", folder / "web-secret"
        ensure_keys(self.key, self.secret)

    def token(
        self, account: str = BUYER, role: str = "buyer", stores: tuple[str, ...] = (), lifetime: int = 3600, session: str = ""
    ) -> str:
        return make(self.key, account, role, stores, lifetime, session)

    def headers(
        self, account: str = BUYER, role: str = "buyer", stores: tuple[str, ...] = (), *, key: str = "", **more: str
    ) -> dict[str, str]:
        """Headers of a signed request, with a key of its own or ``key``; ``more``: further ones, ``_`` for ``-``."""
        key = key or f"test-{time.monotonic_ns()}"
        more = {name.replace("_", "-"): value for name, value in more.items()}
        token = self.token(account, role, stores)
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Type": "application/json", **more}

    def shared(
        self,
        client: Client,
        known: Known | None = None,
        live: Any = None,
        *,
        public_url: str = "",
        ended: Ended | None = None,
        buckets: SharedBuckets | None = None,
        **settings: Any,
    ) -> Shared:
        """What a process shares. ``settings``: of the web."""
        own = WebSettings(token_key=self.key, web_secret=self.secret, **settings)
        tokens = Tokens.of_file(self.key)
        url = public_url or "http://shop.test"
        secret = self.secret.read_bytes()
        links = Links(Settings(s3_secret="s", s3_browser_url="http://shop.test"))
        counted = buckets or Roomy("redis://127.0.0.1:9/0", "bb", secret)
        return Shared(
            own, client, known or Known(), tokens, secret, url, live, ended=ended, buckets=counted, links=links, people=PEOPLE
        )
