"""Applicants' documents in the private bucket (``agents/images/objects.py``), as the OCR takes them."""

from __future__ import annotations

from agents.accounts.ports import Document, Refused
from agents.images.objects import Objects

KINDS = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"%PDF", "pdf"))
"""How a file begins, and what CLOVA calls it."""


class Bucket:
    """A ``Documents``."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def fetch(self, key: str) -> Document:
        """See ``Documents.fetch``. A store that does not answer raises what its driver raises: the call is made again."""
        try:
            data = await self._objects.document(key)
        except LookupError:
            raise Refused("no_document") from None
        kind = next((kind for mark, kind in KINDS if data.startswith(mark)), "")
        if not kind:
            raise Refused("kind")
        return Document(data, kind)
