"""What the sandbox takes from its environment; read here only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

FAKE_SECRET = "sandbox-key-that-opens-nothing"
"""Visibly no key of anybody; a real one never comes near a sandbox."""


class Options(msgspec.Struct, frozen=True):
    """Where the sandbox listens and keeps its books.

    ``secret``: taken as the key of every provider but the gateway.
    ``public_url``: what the browser is sent to, without a slash at the end; ``""``: whatever host the caller asked for.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 17020
    kakaopay_secret: str = FAKE_SECRET
    secret: str = FAKE_SECRET
    public_url: str = ""


def read(environ: Mapping[str, str] = os.environ) -> Options:
    """The options that ``BB_*`` variables give.

    Raises ValueError if the port is no number, KeyError if ``BB_SANDBOX_DIR`` is missing: books without a place would be lost.
    """
    return Options(
        folder=Path(environ["BB_SANDBOX_DIR"]),
        host=environ.get("BB_SANDBOX_HOST", "127.0.0.1"),
        port=int(environ.get("BB_SANDBOX_PORT", "17020")),
        kakaopay_secret=environ.get("BB_KAKAOPAY_SECRET") or FAKE_SECRET,
        secret=environ.get("BB_SANDBOX_SECRET") or FAKE_SECRET,
        public_url=environ.get("BB_SANDBOX_PUBLIC_URL", "").rstrip("/"),
    )
