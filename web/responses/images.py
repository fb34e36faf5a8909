"""What is answered about uploaded images."""

from __future__ import annotations

import msgspec


class UploadLink(msgspec.Struct):
    """Where the bytes go, with these ``headers`` exactly; ``expires``: ms since the epoch."""

    url: str
    method: str
    headers: dict[str, str]
    expires: int


class ImageAnswer(msgspec.Struct, omit_defaults=True):
    """``status``: requested, encoding, ready, unclaimed (nothing has shown it for a day: it may not be used any more), rejected,
    expired, erased. ``upload`` while the bytes may be sent; of a ready one ``urls``: width (320, 640, 1280) -> path, and the size
    of its upright original in pixels."""

    image_id: str
    status: str
    upload: UploadLink | None = None
    urls: dict[str, str] = {}
    width: int = 0
    height: int = 0
    code: str = ""
