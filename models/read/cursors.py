"""Keyset cursors: where a page ended, opaque to clients."""

from __future__ import annotations

import base64
import binascii


class BadCursor(Exception):
    """The cursor is none that we gave out."""


def pack(*parts: str) -> str:
    """The cursor after an entry with these sort keys."""
    return base64.urlsafe_b64encode("\x1f".join(parts).encode()).decode().rstrip("=")


def unpack(cursor: str, parts: int) -> list[str]:
    """The sort keys of ``pack``. Raises ``BadCursor``."""
    try:
        found = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode().split("\x1f")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadCursor from None
    if len(found) != parts:
        raise BadCursor
    return found
