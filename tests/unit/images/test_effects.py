"""The calls that an image makes, with an object store out of a dict and the real decoder's process."""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from pathlib import Path

import pytest

from agents.catalog import CATALOG, catalog
from agents.images import effects
from agents.images.effects import Effects, Killed, look
from agents.images.pixels import Pictures, Unfit
from models.actor import Effect
from models.catalog.image_messages import ImageEncoded, ImageUnfit, OriginalGone, OriginalMissing
from models.catalog.images import ERASED, EXPIRED, READY, REJECTED, Image
from tests.unit.images.files import PDF, SVG, drawn, file

ID = "00000000-0000-5000-8000-0000000000aa"
ENCODE, DISCARD = Effect("encode", 3, 0), Effect("discard", 4, 0)


class Shelf:
    """An object store; ``broken``: so many more calls fail."""

    def __init__(self, data: bytes | None = None) -> None:
        self.uploads = {} if data is None else {ID: data}
        self.images: dict[str, bytes] = {}
        self.documents: dict[str, tuple[bytes, str]] = {}
        self.broken = 0

    def _touch(self) -> None:
        if self.broken:
            self.broken -= 1
            raise ConnectionError("away")

    async def original(self, image_id: str, most: int) -> bytes | None:
        self._touch()
        return self.uploads.get(image_id)

    async def publish(self, name: str, data: bytes) -> None:
        self._touch()
        self.images[name] = data

    async def keep(self, key: str, data: bytes, content_type: str) -> None:
        self._touch()
        self.documents[key] = data, content_type

    async def forget_original(self, image_id: str) -> None:
        self._touch()
        self.uploads.pop(image_id, None)

    async def forget(self, image_id: str) -> None:
        self._touch()
        self.images = {name: data for name, data in self.images.items() if not name.startswith(f"{image_id}/")}
        self.documents.pop(image_id, None)


def image(data: bytes, content_type: str = "image/png", purpose: str = "product", status: str = "encoding") -> Image:
    return Image("seller-1", purpose, content_type, len(data), 0, status)


PNG = file("PNG", drawn(400, 300))


async def test_pictures_are_published_under_their_digest() -> None:
    shelf = Shelf(PNG)
    done = await Effects(shelf).perform(ID, image(PNG), ENCODE)
    assert isinstance(done, ImageEncoded)
    assert (done.attempt, done.width, done.height) == (3, 400, 300)
    assert sorted(shelf.images) == [f"{ID}/{done.digest}-{width}.webp" for width in (1280, 320, 640)]
    assert shelf.uploads == {ID: PNG}


async def test_twice_is_as_once() -> None:
    """A worker that died after the pictures were there is followed by one that makes the same ones."""
    shelf = Shelf(PNG)
    first = await Effects(shelf).perform(ID, image(PNG), ENCODE)
    before = dict(shelf.images)
    assert (await Effects(shelf).perform(ID, image(PNG), ENCODE), shelf.images) == (first, before)


async def test_a_store_that_is_away_leaves_the_outcome_unknown() -> None:
    shelf = Shelf(PNG)
    shelf.broken = 1
    with pytest.raises(ConnectionError):
        await Effects(shelf).perform(ID, image(PNG), ENCODE)


async def test_nothing_uploaded_yet() -> None:
    assert await Effects(Shelf()).perform(ID, image(PNG), ENCODE) == OriginalMissing(attempt=3)


@pytest.mark.spec("product W31")
@pytest.mark.parametrize(
    ("data", "announced", "code"),
    [
        (SVG, image(SVG), "image_unreadable"),
        (PNG, image(PNG[1:]), "image_other_size"),
        (PNG, image(PNG, "image/jpeg"), "image_other_type"),
    ],
    ids=["svg", "size", "type"],
)
async def test_what_is_not_what_was_announced_is_never_shown(data: bytes, announced: Image, code: str) -> None:
    shelf = Shelf(data)
    assert await Effects(shelf).perform(ID, announced, ENCODE) == ImageUnfit(attempt=3, code=code)
    assert (shelf.images, shelf.documents) == ({}, {})


@pytest.mark.spec("auth 18")
async def test_a_licence_goes_to_the_documents_as_it_is() -> None:
    shelf = Shelf(PDF)
    done = await Effects(shelf).perform(ID, image(PDF, "application/pdf", "licence"), ENCODE)
    assert done == ImageEncoded(attempt=3, digest=hashlib.sha256(PDF).hexdigest()[:32])
    assert (shelf.documents, shelf.images) == ({ID: (PDF, "application/pdf")}, {})


@pytest.mark.parametrize(("status", "stays"), [(READY, True), (REJECTED, False), (EXPIRED, False), (ERASED, False)])
async def test_the_original_goes_in_the_end_and_the_pictures_of_what_is_not_shown(status: str, stays: bool) -> None:
    shelf = Shelf(PNG)
    await Effects(shelf).perform(ID, image(PNG), ENCODE)
    assert await Effects(shelf).perform(ID, image(PNG, status=status), DISCARD) == OriginalGone(attempt=4)
    assert (shelf.uploads, bool(shelf.images)) == ({}, stays)


def test_the_domain_makes_calls_only_with_a_store() -> None:
    assert CATALOG.perform is None
    assert catalog(Shelf()).perform is not None


async def test_the_decoder_works_in_a_process_of_its_own() -> None:
    """A camera's picture takes most of a second of CPU, none of which is the worker's."""
    data = file("JPEG", drawn(6000, 4000))
    own, others = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    made = await look(data, "pictures", "image/jpeg")
    own, after = time.process_time() - own, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert isinstance(made, Pictures)
    assert own < (after.ru_utime - others.ru_utime) / 2


@pytest.mark.parametrize("what", ["pictures", "document"])
async def test_a_decoder_that_dies_has_met_no_picture(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert await look(PNG, what, "image/png") == Unfit("image_unreadable")


@pytest.mark.parametrize("name", ["KILL", "TERM", "HUP", "INT"])
async def test_a_decoder_that_is_ended_from_outside_says_nothing_of_the_picture(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So another one tries, as after a time-out; whoever gives up in the end does not say that the picture is none."""
    monkeypatch.setattr(sys, "executable", script(tmp_path, f"kill -{name} $$; sleep 5"))
    shelf = Shelf(PNG)
    with pytest.raises(Killed, match=f"SIG{name}"):
        await Effects(shelf).perform(ID, image(PNG), ENCODE)
    assert (shelf.uploads, shelf.images) == ({ID: PNG}, {})


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "BUS", "XCPU"])
async def test_a_decoder_that_falls_over_a_picture_has_met_none(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path, f"kill -{name} $$; sleep 5"))
    assert await look(PNG, "pictures", "image/png") == Unfit("image_unreadable")


async def test_a_decoder_that_computes_for_too_long_is_no_accident(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The real bound, only lower: what the kernel sends above it is told apart from a kill."""
    given = "import resource, agents.images.child as c; c.CPU = 1; c.pixels.pictures = lambda *_: [0 for _ in iter(int, 1)]"
    monkeypatch.setattr(sys, "executable", script(tmp_path, f'shift 2; exec {sys.executable} -c "{given}; c.main()" "$@"'))
    assert await look(PNG, "pictures", "image/png") == Unfit("image_unreadable")


def script(folder: Path, text: str) -> str:
    """The path of a program to run instead of a decoder."""
    made = folder / "decoder"
    made.write_text(f"#!/bin/sh\n{text}\n")
    made.chmod(0o755)
    return str(made)


async def test_a_decoder_that_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path, "exec sleep 60"))
    monkeypatch.setattr(effects, "PATIENCE", 0.2)
    began = time.monotonic()
    assert await look(PNG, "pictures", "image/png") == Unfit("image_unreadable")
    assert time.monotonic() - began < 10
