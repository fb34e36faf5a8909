"""Licences out of the private bucket, for whoever reads them."""

from __future__ import annotations

import pytest

from agents.accounts.documents import Bucket
from agents.accounts.ports import Document, Refused
from tests.unit.images.files import PDF


class Shelf:
    async def document(self, key: str) -> tuple[bytes, str]:
        return {"a": (PDF, "application/pdf"), "b": (b"jpeg", "image/jpeg")}[key]


@pytest.mark.spec("auth 18")
async def test_a_checked_licence_is_read_by_its_id_and_nothing_else_is() -> None:
    assert await Bucket(Shelf()).fetch("a") == Document(PDF, "pdf")
    assert (await Bucket(Shelf()).fetch("b")).kind == "jpg"
    with pytest.raises(Refused):
        await Bucket(Shelf()).fetch("https://elsewhere.example/licence.jpg")
