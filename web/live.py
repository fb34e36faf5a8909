"""Where an account's live entries lie in Redis and what they hold; written by the projector of ``models/read``."""

from __future__ import annotations


def key(prefix: str, account: str) -> str:
    """The account's Redis stream."""
    return f"{prefix}:live:{account}"


def said(fields: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    """(kind, JSON) of an entry."""
    return fields.get(b"kind", b"message"), fields.get(b"data", b"{}")
