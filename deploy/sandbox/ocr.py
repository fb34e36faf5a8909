"""CLOVA general OCR: "reads" the business number that stands in the picture's own bytes, else one that nobody has."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.sandbox.faults import Call, Faults
from deploy.sandbox.striking import struck

_NUMBER = re.compile(rb"\d{3}-\d{2}-\d{5}")
PLAIN = "123-45-67891"
"""What a picture without a number shows; its check digit is right."""


class Picture(msgspec.Struct, frozen=True):
    """One picture; the sandbox takes none by URL, as what is private has none."""

    format: Literal["jpg", "jpeg", "png", "pdf", "tif", "tiff"]
    name: Annotated[str, Meta(min_length=1)]
    data: Annotated[str, Meta(min_length=1)]


class Asked(msgspec.Struct, frozen=True, rename="camel"):
    """The body of a call."""

    version: Literal["V1", "V2"]
    request_id: Annotated[str, Meta(min_length=1)]
    timestamp: int
    images: Annotated[list[Picture], Meta(min_length=1, max_length=1)]
    lang: str = "ko"


_decode = msgspec.json.Decoder(Asked).decode


class Ocr:
    """The provider."""

    roots = ("clova",)

    def __init__(self, faults: Faults, secret: str) -> None:
        self._faults, self._secret = faults, secret.encode()

    async def handle(self, request: web.BaseRequest, parts: list[str]) -> web.Response:
        """One call."""
        if request.method != "POST" or parts != ["clova", "general"]:
            return web.Response(status=404)
        if not hmac.compare_digest(request.headers.get("X-OCR-SECRET", "").encode(), self._secret):
            return _json({"code": "0002", "message": "Secret key validate failed"}, 401)
        try:
            asked = _decode(await request.read())
            data = base64.b64decode(asked.images[0].data, validate=True)
        except (msgspec.DecodeError, binascii.Error) as error:
            return _json({"code": "0001", "message": str(error)}, 400)

        def act() -> web.Response:
            found = _NUMBER.search(data)
            number = found.group().decode() if found else PLAIN
            texts = ["사업자등록증", "( 일반과세자 )", "등록번호", ":", number, "상호", ":", "꽃집"]
            fields = [{"valueType": "ALL", "inferText": text, "inferConfidence": 0.99, "lineBreak": True} for text in texts]
            image = {"uid": asked.request_id, "name": asked.images[0].name, "inferResult": "SUCCESS", "message": "SUCCESS"}
            head = {"version": asked.version, "requestId": asked.request_id, "timestamp": asked.timestamp}
            return _json({**head, "images": [{**image, "fields": fields}]})

        return await struck(request, self._faults, Call.OCR, asked.request_id, act)


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
