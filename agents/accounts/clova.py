"""Naver CLOVA general OCR: one picture as base64 to the invoke URL, answered with the texts on it (spec auth 19)."""

from __future__ import annotations

import base64
import time
import uuid

import msgspec

from agents.accounts.http import Http, accepted
from agents.accounts.ports import Document, Unknown


class _Field(msgspec.Struct, frozen=True, rename="camel"):
    infer_text: str


class _Image(msgspec.Struct, frozen=True, rename="camel"):
    infer_result: str
    fields: list[_Field] = []


class _Answer(msgspec.Struct, frozen=True):
    images: list[_Image]


_decode = msgspec.json.Decoder(_Answer).decode


class Clova:
    """A ``Reader``. ``url``: the invoke URL of the OCR domain."""

    def __init__(self, http: Http, url: str, secret: str) -> None:
        self._http, self._url = http, url
        self._headers = {"X-OCR-SECRET": secret}

    async def read(self, document: Document) -> list[str]:
        """See ``Reader.read``; a picture on which nothing can be read has no texts."""
        picture = {"format": document.kind, "name": "licence", "data": base64.b64encode(document.data).decode()}
        body = {
            "version": "V2",
            "requestId": str(uuid.uuid4()),
            "timestamp": int(time.time() * 1000),
            "lang": "ko",
            "images": [picture],
        }
        status, said = await self._http.post(self._url, json=body, headers=self._headers)
        accepted(status)
        try:
            images = _decode(said).images
        except msgspec.DecodeError as error:
            raise Unknown("not an answer of the provider") from error
        return [field.infer_text for image in images if image.infer_result == "SUCCESS" for field in image.fields]
