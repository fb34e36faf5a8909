"""The calls that an image makes: decode and publish what was uploaded, and delete it (design §5.7). Both may be repeated."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from agents.images.pixels import UNREADABLE, Document, Pictures, Unfit
from models.actor import Effect, Message
from models.catalog.image_messages import ImageEncoded, ImageUnfit, OriginalGone, OriginalMissing
from models.catalog.images import DISCARD, ENCODE, LICENCE, READY, Image, file_name
from models.effects import PortKind

KINDS = {ENCODE: PortKind.REPEATABLE, DISCARD: PortKind.REPEATABLE}
AT_ONCE = 2
"""Decoders that run side by side: one for each core of the smallest machine."""
PATIENCE = 40.0
"""Seconds that a decoder has; less than the call, whose outcome would be unknown for ever if decoding never came to an end."""
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SIZE = "image_other_size"
_decode = msgspec.msgpack.Decoder(Pictures | Document | Unfit).decode
Made = Pictures | Document | Unfit
Look = Callable[[bytes, str, str], Awaitable[Made]]
"""(bytes, ``pictures`` or ``document``, content type) -> what they are."""


class Store(Protocol):
    """What the effects need of the object store (``objects.Objects``)."""

    async def original(self, image_id: str, most: int) -> bytes | None: ...
    async def publish(self, name: str, data: bytes) -> None: ...
    async def keep(self, key: str, data: bytes, content_type: str) -> None: ...
    async def forget_original(self, image_id: str) -> None: ...
    async def forget(self, image_id: str) -> None: ...


class Killed(RuntimeError):
    """A decoder was ended from outside: a machine that is shut down or short of memory. Of the picture that says little."""


async def look(data: bytes, what: str, content_type: str) -> Made:
    """Decode in a process of its own; one that dies or does not end has met something that is no picture. Raises ``Killed``."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agents.images.child", what, content_type,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await child.communicate(data)
    except TimeoutError:
        return Unfit(UNREADABLE)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    code = await child.wait()
    if -code in FROM_OUTSIDE:
        raise Killed(signal.Signals(-code).name)
    return _decode(said) if code == 0 else Unfit(UNREADABLE)


class Effects:
    """``perform`` of the catalog domain for images."""

    def __init__(self, store: Store, look: Look = look) -> None:
        self._store, self._look = store, look
        self._room = asyncio.Semaphore(AT_ONCE)

    async def perform(self, key: str, image: Image, effect: Effect) -> Message:
        """Make the call and say what came of it. Raises what the store raises, and ``Killed``: then nothing is known."""
        if effect.name == ENCODE:
            return await self._encode(key, image, effect.attempt)
        await self._store.forget_original(key)
        if image.status != READY:
            await self._store.forget(key)
        return OriginalGone(attempt=effect.attempt)

    async def _encode(self, key: str, image: Image, attempt: int) -> Message:
        data = await self._store.original(key, image.size)
        if data is None:
            return OriginalMissing(attempt=attempt)
        if len(data) != image.size:
            # The signature fixes the size, but it is the store that has to keep to it.
            return ImageUnfit(attempt=attempt, code=SIZE)
        what = "document" if image.purpose == LICENCE else "pictures"
        async with self._room:
            made = await self._look(data, what, image.content_type)
        match made:
            case Unfit(code=code):
                return ImageUnfit(attempt=attempt, code=code)
            case Document(digest=digest):
                await self._store.keep(key, data, image.content_type)
                return ImageEncoded(attempt=attempt, digest=digest)
            case Pictures():
                for width, webp in made.files.items():
                    await self._store.publish(file_name(key, made.digest, width), webp)
                return ImageEncoded(attempt=attempt, digest=made.digest, width=made.width, height=made.height)
