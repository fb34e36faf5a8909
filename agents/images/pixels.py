"""From bytes of a stranger to pictures that are safe to show: decoded within limits, upright, without metadata, as WebP.

Pure, and meant for a process of its own (``child``): decoders of images are where bombs and bugs are.
"""

from __future__ import annotations

import hashlib
import io
import warnings

import msgspec
from PIL import Image, ImageCms, ImageOps

from models.catalog.images import WIDTHS

FORMATS = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",), "image/webp": ("WEBP",)}
"""Content type -> what Pillow calls it; MPO is a telephone's JPEG with more pictures behind the first one."""
MOST_PIXELS = 50_000_000
LEAST, LONGEST = 16, 8
"""Pixels that the shorter side has at least, and how many times longer the longer one may be."""
QUALITY, EFFORT = 82, 4
UNREADABLE, OTHER_TYPE = "image_unreadable", "image_other_type"
TOO_LARGE, SHAPE = "image_too_large", "image_shape"
SWAPPED = (5, 6, 7, 8)
"""Values of the EXIF orientation that exchange width and height."""
ORIENTATION = 0x0112


class Pictures(msgspec.Struct, frozen=True, tag=True):
    """``files``: width -> WebP; ``digest``: of them all, so that other pictures have other names. Size of the upright original."""

    digest: str
    width: int
    height: int
    files: dict[int, bytes]


class Document(msgspec.Struct, frozen=True, tag=True):
    """Is a picture or a PDF indeed; ``digest`` of the bytes as they are."""

    digest: str


class Unfit(msgspec.Struct, frozen=True, tag=True):
    """Is not what it was said to be."""

    code: str


def pictures(data: bytes, content_type: str) -> Pictures | Unfit:
    """``data`` in each of ``WIDTHS``; what is narrower keeps its own size."""
    found = _upright(data, content_type, WIDTHS[-1])
    if isinstance(found, Unfit):
        return found
    image, width, height = found
    files = {wanted: _webp(image, min(wanted, width), width, height) for wanted in WIDTHS}
    digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:32]
    return Pictures(digest, width, height, files)


def document(data: bytes, content_type: str) -> Document | Unfit:
    """Is ``data`` what ``content_type`` says? A PDF by its first and last words, a picture by decoding it."""
    if content_type == "application/pdf":
        if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-1024:]:
            return Unfit(UNREADABLE)
    elif isinstance(found := _upright(data, content_type, 0), Unfit):
        return found
    return Document(hashlib.sha256(data).hexdigest()[:32])


def _upright(data: bytes, content_type: str, enough: int) -> tuple[Image.Image, int, int] | Unfit:
    """The decoded picture and the size of its original, both upright. ``enough``: the width below which it must not be decoded."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns of some bombs; of a telephone's odd metadata it warns too, which harm nobody.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
            if image.format not in FORMATS[content_type]:
                return Unfit(OTHER_TYPE)
            size = image.size
            if size[0] * size[1] > MOST_PIXELS:
                return Unfit(TOO_LARGE)
            if min(size) < LEAST or max(size) > LONGEST * min(size):
                return Unfit(SHAPE)
            swapped = image.getexif().get(ORIENTATION) in SWAPPED
            # A JPEG can be decoded at half its size and less, which saves most of the work and of the memory.
            image.draft(None, _least(size, enough, swapped))
            image.load()
            upright = ImageOps.exif_transpose(image)
            return _plain(upright), *(reversed(size) if swapped else size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Unfit(TOO_LARGE)
    except Exception:
        # Decoders raise whatever they like at what they do not understand.
        return Unfit(UNREADABLE)


def _least(size: tuple[int, int], width: int, swapped: bool) -> tuple[int, int]:
    """The size, as it lies in the file, at which the upright picture is ``width`` wide."""
    across, down = reversed(size) if swapped else size
    wanted = (width, max(1, width * down // across))
    return (wanted[1], wanted[0]) if swapped else wanted


def _plain(image: Image.Image) -> Image.Image:
    """In sRGB, with transparency only where there is some."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
        assert converted is not None
        return converted
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _webp(image: Image.Image, wanted: int, width: int, height: int) -> bytes:
    scaled = image.resize((wanted, max(1, round(height * wanted / width))), Image.Resampling.LANCZOS)
    # Where the picture was taken, by whom and with what is nobody's business; Pillow would hand the profile on.
    scaled.info.clear()
    out = io.BytesIO()
    scaled.save(out, "WEBP", quality=QUALITY, method=EFFORT)
    return out.getvalue()
