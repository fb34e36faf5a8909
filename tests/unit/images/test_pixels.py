"""From a stranger's bytes to pictures: upright, in three widths, without metadata; or a word for why not."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageCms

from agents.images.pixels import Document, Pictures, Unfit, document, pictures
from tests.unit.images.files import HTML, PDF, SVG, bomb, drawn, file

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def made(data: bytes, content_type: str) -> Pictures:
    found = pictures(data, content_type)
    assert isinstance(found, Pictures), found
    return found


def opened(webp: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(webp))
    assert image.format == "WEBP"
    image.load()
    return image


@pytest.mark.parametrize("kind", TYPES)
def test_three_widths_of_each_kind(kind: str) -> None:
    found = made(file(kind), TYPES[kind])
    assert (found.width, found.height) == (1600, 1200)
    sizes = {width: opened(webp).size for width, webp in found.files.items()}
    assert sizes == {320: (320, 240), 640: (640, 480), 1280: (1280, 960)}
    assert made(file(kind), TYPES[kind]) == found


def test_what_is_small_is_not_blown_up() -> None:
    found = made(file("PNG", drawn(500, 250)), "image/png")
    assert [opened(webp).size for webp in found.files.values()] == [(320, 160), (500, 250), (500, 250)]


def test_another_picture_has_another_digest() -> None:
    digests = {made(file("PNG", drawn(width, 400)), "image/png").digest for width in (400, 401, 402)}
    assert len(digests) == 3
    assert {len(digest) for digest in digests} == {32}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright(orientation: int) -> None:
    """However the telephone was held, the bar is on top and red is on the left."""
    turns = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180], 4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }  # fmt: skip
    lying = drawn(3000, 2000)
    for turn in turns.get(orientation, []):
        lying = lying.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = made(file("JPEG", lying, exif=exif), "image/jpeg")
    assert (found.width, found.height) == (3000, 2000)
    seen = opened(found.files[1280]).convert("RGB")
    assert seen.size == (1280, 853)
    points = [seen.getpixel(point) for point in ((640, 30), (100, 700), (1200, 700))]
    near = [min(((255, 255, 255), (200, 30, 40), (30, 40, 200)), key=lambda want: _far(want, point)) for point in points]
    assert near == [(255, 255, 255), (200, 30, 40), (30, 40, 200)]


def _far(want: tuple[int, int, int], seen: object) -> int:
    assert isinstance(seen, tuple)
    return sum(abs(one - other) for one, other in zip(want, seen, strict=True))


def test_metadata_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x9003] = "SecretCam", "2026:01:01 00:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = file("JPEG", exif=exif, icc_profile=profile, comment=b"SecretNote")
    assert b"SecretCam" in data
    for webp in made(data, "image/jpeg").files.values():
        image = opened(webp)
        assert (dict(image.getexif()), {"exif", "icc_profile", "xmp", "comment"} & set(image.info)) == ({}, set())
        assert not [word for word in (b"Secret", b"EXIF", b"ICCP", b"XMP ") if word in webp]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_of_a_png(mode: str) -> None:
    image = Image.new("I;16", (400, 300), 30_000) if mode == "I;16" else drawn(400, 300, mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(100)
    found = opened(made(file("PNG", image), "image/png").files[320])
    assert (found.size, found.mode) == ((320, 240), "RGBA" if mode in ("LA", "RGBA") else "RGB")


def test_a_printer_s_jpeg_has_the_colours_of_a_screen() -> None:
    seen = opened(made(file("JPEG", drawn(400, 400, "CMYK")), "image/jpeg").files[320])
    assert seen.mode == "RGB"


def test_of_an_animation_the_first_picture_is_kept() -> None:
    data = file("WEBP", drawn(400, 400), save_all=True, append_images=[drawn(400, 400).rotate(90)])
    assert getattr(opened(made(data, "image/webp").files[320]), "n_frames", 1) == 1


@pytest.mark.spec("product W31", "auth 18")
@pytest.mark.parametrize(
    ("data", "content_type", "code"),
    [
        (SVG, "image/png", "image_unreadable"),
        (HTML, "image/jpeg", "image_unreadable"),
        (b"", "image/webp", "image_unreadable"),
        (PDF, "image/png", "image_unreadable"),
        (b"GIF89a" + bytes(100), "image/png", "image_unreadable"),
        (file("GIF"), "image/png", "image_unreadable"),
        (file("PNG")[:3000], "image/png", "image_unreadable"),
        (file("PNG"), "image/jpeg", "image_other_type"),
        (file("JPEG"), "image/webp", "image_other_type"),
        (bomb(20_000, 20_000), "image/png", "image_too_large"),
        (bomb(60_000, 60_000), "image/png", "image_too_large"),
        (file("PNG", drawn(15, 15)), "image/png", "image_shape"),
        (file("PNG", drawn(1700, 200)), "image/png", "image_shape"),
    ],
    ids=[
        "svg", "html", "nothing", "pdf", "a gif's head", "a gif", "torn", "a png as jpeg", "a jpeg as webp", "a bomb",
        "a larger bomb", "too small", "too long",
    ],
)  # fmt: skip
def test_what_is_no_picture(data: bytes, content_type: str, code: str) -> None:
    assert pictures(data, content_type) == Unfit(code)


def test_html_behind_a_picture_does_not_come_through() -> None:
    for webp in made(file("PNG") + HTML, "image/png").files.values():
        assert b"script" not in webp


@pytest.mark.parametrize(
    ("data", "content_type", "good"),
    [
        (PDF, "application/pdf", True),
        (file("PNG"), "image/png", True),
        (HTML + PDF, "application/pdf", False),
        (PDF[:-7], "application/pdf", False),
        (HTML, "image/png", False),
        (file("PNG")[:3000], "image/png", False),
    ],
)
def test_a_licence_is_checked_and_left_as_it_is(data: bytes, content_type: str, good: bool) -> None:
    found = document(data, content_type)
    assert isinstance(found, Document) if good else found == Unfit("image_unreadable")
