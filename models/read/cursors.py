"""Keyset cursors: where a page ended, opaque to clients."""

from __future__ import annotations

import base64
import binascii

DIGITS = 18
"""Of a number in a cursor, at most: any instant and count, and no database is asked for more than it can hold."""


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


def number(text: str, digits: int = DIGITS) -> int:
    """A part of a cursor that is a number of at most so many ASCII ``digits``. Raises ``BadCursor``."""
    if not (text.isascii() and text.isdecimal() and len(text) <= digits):
        raise BadCursor
    return int(text)
