"""Applicants' documents in the private bucket (``agents/images/objects.py``), as the OCR takes them."""

from __future__ import annotations

from agents.accounts.ports import Document, Refused
from agents.images.objects import Objects

KINDS = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf"}
"""What CLOVA calls each; it takes no WebP."""


class Bucket:
    """A ``Documents``."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def fetch(self, key: str) -> Document:
        """See ``Documents.fetch``. A store that does not answer raises what its driver raises: the call is made again."""
        try:
            data, content_type = await self._objects.document(key)
        except LookupError:
            raise Refused("no_document") from None
        if content_type not in KINDS:
            raise Refused("kind")
        return Document(data, KINDS[content_type])
