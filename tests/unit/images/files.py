"""Files that people upload: good ones drawn here, and all that pretends to be one."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def drawn(width: int = 1600, height: int = 1200, mode: str = "RGB") -> Image.Image:
    """Left red, right blue, a white bar on top: so that one sees which way up it is."""
    image = Image.new("RGB", (width, height), (200, 30, 40))
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height), fill=(30, 40, 200))
    draw.rectangle((0, 0, width, height // 8), fill=(255, 255, 255))
    return image.convert(mode)


def file(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    """``image`` as a file of Pillow's ``kind``."""
    out = io.BytesIO()
    (image or drawn()).save(out, kind, **options)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says, and holds, that many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * min(height, 4096)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
