"""Applicants' documents: in the private bucket, or, where there is none, the object is its own key."""

from __future__ import annotations

from typing import Protocol

from agents.accounts.ports import Document, Refused

KINDS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}
"""Content type -> what a reader calls it."""


class Store(Protocol):
    """As much of the object store (``agents/images/objects.py``) as is needed here."""

    async def document(self, key: str) -> tuple[bytes, str]:
        """A checked document and its content type. Raises ``LookupError`` if there is none."""


class Bucket:
    """A ``Documents``: what an upload of purpose ``licence`` became, by its image id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def fetch(self, key: str) -> Document:
        """See ``Documents.fetch``; what the store raises beside means that nothing is known."""
        try:
            data, content_type = await self._store.document(key)
        except LookupError:
            raise Refused("document_missing") from None
        return Document(data, KINDS[content_type])


class NoBucket:
    """A ``Documents``."""

    async def fetch(self, key: str) -> Document:
        """See ``Documents.fetch``."""
        return Document(key.encode(), "png")
