"""Signed links to the object store: made here without asking it, good for one key, one use and some minutes (design §2, S3).

A browser sends an upload straight to the store, which checks what the signature fixes: key, content type, length. Nobody reads an
upload by a link, and a document only an admin (auth 18, product W31).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import msgspec
from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]

from models.settings import Settings, s3_credentials

UPLOAD = 10 * 60
"""Seconds in which an upload must begin."""
DOCUMENT = 5
"""Minutes for which an admin's link opens a document."""


class Upload(msgspec.Struct, frozen=True):
    """How to send the bytes. ``headers`` exactly as they are; ``expires``: ms since the epoch."""

    url: str
    method: str
    headers: dict[str, str]
    expires: int


class Links:
    """One per process. The client is made at the first link."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = None
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def upload(self, key: str, content_type: str, size: int) -> Upload:
        """A link that takes ``size`` bytes of ``content_type`` as ``key``, and nothing else."""
        client = await self._connected()
        fixed = {"Bucket": self._settings.s3_uploads, "Key": key, "ContentType": content_type, "ContentLength": size}
        url = await client.generate_presigned_url("put_object", Params=fixed, ExpiresIn=UPLOAD)
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        return Upload(url, "PUT", headers, int((time.time() + UPLOAD) * 1000))

    async def document(self, key: str, minutes: int = DOCUMENT) -> str:
        """A link that opens a seller's document for ``minutes``, to be saved and not shown."""
        client = await self._connected()
        fixed = {"Bucket": self._settings.s3_documents, "Key": key, "ResponseContentDisposition": "attachment"}
        return str(await client.generate_presigned_url("get_object", Params=fixed, ExpiresIn=minutes * 60))

    async def close(self) -> None:
        """Let go of the client."""
        await self._stack.aclose()
        self._client = None

    async def _connected(self) -> Any:
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await self._stack.enter_async_context(self._made())
        return self._client

    def _made(self) -> Any:
        given = self._settings
        return get_session().create_client(
            "s3",
            region_name=given.aws_region,
            # Browsers name this host, so it is the one to be signed.
            endpoint_url=given.s3_browser_url or None,
            **s3_credentials(given, given.s3_browser_url),
            config=AioConfig(
                signature_version="s3v4",
                # "auto" would sign the host of all regions, which sends browsers on from a new bucket: with a wrong signature.
                s3={"addressing_style": "path" if given.s3_browser_url else "virtual"},
                # Otherwise the link would demand a checksum header that no browser sends.
                request_checksum_calculation="when_required",
            ),
        )
