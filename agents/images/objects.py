"""The object store as workers use it: uploads come in, pictures and documents stay (S3; s3proxy on one machine).

Whatever goes wrong is an exception of botocore's or aiohttp's: the call may be made again. Keys are image ids, so no name that a
client gave ever reaches the store.
"""

from __future__ import annotations

import asyncio
import importlib
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from models.catalog.images import MAX_SIZE
from models.settings import Settings, s3_credentials

CONNECT, ANSWER = 3.0, 20.0
"""Seconds that the store has to accept a connection, and for each piece of an answer."""
YEAR = "public, max-age=31536000, immutable"


class Objects:
    """One per process, used as ``async with``; the client, which takes a tenth of a second of CPU, is made at its first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = None
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()
        self._client = None

    async def original(self, image_id: str, most: int) -> bytes | None:
        """What was uploaded, ``None`` if nothing was; of something longer than ``most`` bytes no more than one byte beyond."""
        found = await self._read(self._settings.s3_uploads, image_id, most)
        return None if found is None else found[0]

    async def document(self, key: str) -> tuple[bytes, str]:
        """A checked document and its content type. Raises ``LookupError`` if there is none."""
        found = await self._read(self._settings.s3_documents, key, MAX_SIZE)
        if found is None:
            raise LookupError(f"there is no document {key}")
        return found

    async def publish(self, name: str, data: bytes) -> None:
        """Show a picture to everybody under ``name``."""
        client = await self._connected()
        # At Amazon the bucket's policy lets the CDN in, and single objects have no rights of their own.
        rights = {"ACL": "public-read"} if self._settings.s3_url else {}
        await client.put_object(
            Bucket=self._settings.s3_images, Key=name, Body=data, ContentType="image/webp", CacheControl=YEAR, **rights
        )

    async def keep(self, key: str, data: bytes, content_type: str) -> None:
        """Keep a document for those who have a signed link."""
        client = await self._connected()
        await client.put_object(Bucket=self._settings.s3_documents, Key=key, Body=data, ContentType=content_type)

    async def forget_original(self, image_id: str) -> None:
        """Delete what was uploaded; what is not there is deleted too."""
        client = await self._connected()
        await client.delete_object(Bucket=self._settings.s3_uploads, Key=image_id)

    async def forget(self, image_id: str) -> None:
        """Delete every picture of an image, and its document."""
        client, images = await self._connected(), self._settings.s3_images
        listed = await client.list_objects_v2(Bucket=images, Prefix=f"{image_id}/")
        for one in listed.get("Contents", ()):
            await client.delete_object(Bucket=images, Key=one["Key"])
        await client.delete_object(Bucket=self._settings.s3_documents, Key=image_id)

    async def _read(self, bucket: str, key: str, most: int) -> tuple[bytes, str] | None:
        client = await self._connected()
        try:
            answer = await client.get_object(Bucket=bucket, Key=key)
        except client.exceptions.NoSuchKey:
            return None
        async with answer["Body"] as body:
            data = await body.content.readexactly(most + 1) if answer["ContentLength"] > most else await body.read()
        return data, str(answer["ContentType"])

    async def _connected(self) -> Any:
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    # 26 MB and a third of a second, which a worker without uploads does not pay, and the loop never.
                    await asyncio.to_thread(importlib.import_module, "aiobotocore.session")
                    self._client = await self._stack.enter_async_context(self._made())
        return self._client

    def _made(self) -> Any:
        from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
        from aiobotocore.session import get_session  # type: ignore[import-untyped]

        given = self._settings
        return get_session().create_client(
            "s3",
            region_name=given.aws_region,
            endpoint_url=given.s3_url or None,
            **s3_credentials(given, given.s3_url),
            config=AioConfig(
                connect_timeout=CONNECT,
                read_timeout=ANSWER,
                # Whoever calls knows whether to try again.
                retries={"max_attempts": 0},
                s3={"addressing_style": "path" if given.s3_url else "auto"},
                # By default botocore asks for checksums that only Amazon's own store knows.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
