"""SendGrid's mail and NHN Cloud's SMS, with an inbox that tests read: ``GET /sandbox/letters?to=``."""

from __future__ import annotations

import hmac
from collections import deque
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.sandbox.faults import Call, Faults
from deploy.sandbox.striking import struck

KEPT = 10_000
Text = Annotated[str, Meta(min_length=1)]


class _Address(msgspec.Struct, frozen=True):
    email: Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$")]
    name: str = ""


class _To(msgspec.Struct, frozen=True):
    to: Annotated[list[_Address], Meta(min_length=1)]


class _Content(msgspec.Struct, frozen=True):
    type: str
    value: Text


class Mail(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """``POST /v3/mail/send``."""

    personalizations: Annotated[list[_To], Meta(min_length=1)]
    sender: _Address
    subject: Text
    content: Annotated[list[_Content], Meta(min_length=1)]


class _Recipient(msgspec.Struct, frozen=True, rename="camel"):
    international_recipient_no: Annotated[str, Meta(pattern="^[0-9]{8,15}$")] = ""
    recipient_no: str = ""


class Sms(msgspec.Struct, frozen=True, rename="camel"):
    """``POST /sms/v3.0/appKeys/{key}/sender/sms``; a body has at most 90 bytes in EUC-KR."""

    body: Text
    send_no: Annotated[str, Meta(pattern="^[0-9]{8,13}$")]
    recipient_list: Annotated[list[_Recipient], Meta(min_length=1)]


_mail = msgspec.json.Decoder(Mail).decode
_sms = msgspec.json.Decoder(Sms).decode


class Letters:
    """Both providers; what they have sent lies in memory, the newest last."""

    roots = ("sendgrid", "nhn")

    def __init__(self, faults: Faults, secret: str) -> None:
        self._faults, self._secret = faults, secret.encode()
        self._sent: deque[dict[str, str]] = deque(maxlen=KEPT)

    def sent_to(self, to: str) -> list[dict[str, str]]:
        """What was sent to an address or number; ``""``: to all."""
        return [letter for letter in self._sent if to in ("", letter["to"])]

    async def handle(self, request: web.BaseRequest, parts: list[str]) -> web.Response:
        """One call."""
        match parts:
            case ["sendgrid", "v3", "mail", "send"] if request.method == "POST":
                return await self._take_mail(request)
            case ["nhn", "sms", "v3.0", "appKeys", _, "sender", "sms"] if request.method == "POST":
                return await self._take_sms(request)
        return web.Response(status=404)

    def _opens(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self._secret)

    async def _take_mail(self, request: web.BaseRequest) -> web.Response:
        if not self._opens(request.headers.get("Authorization", "").removeprefix("Bearer ")):
            return _json({"errors": [{"message": "The provided authorization grant is invalid"}]}, 401)
        try:
            mail = _mail(await request.read())
        except msgspec.DecodeError as error:
            return _json({"errors": [{"message": str(error)}]}, 400)
        to = mail.personalizations[0].to[0].email

        def act() -> web.Response:
            self._sent.append({"kind": "mail", "to": to, "subject": mail.subject, "text": mail.content[0].value})
            return web.Response(status=202)

        return await struck(request, self._faults, Call.MAIL, to, act)

    async def _take_sms(self, request: web.BaseRequest) -> web.Response:
        if not self._opens(request.headers.get("X-Secret-Key", "")):
            return _json({"header": {"isSuccessful": False, "resultCode": -1002, "resultMessage": "invalid secret key"}})
        try:
            sms = _sms(await request.read())
        except msgspec.DecodeError as error:
            return _json({"header": {"isSuccessful": False, "resultCode": -9999, "resultMessage": str(error)}})
        if len(sms.body.encode("euc-kr", "replace")) > 90:
            return _json({"header": {"isSuccessful": False, "resultCode": -2006, "resultMessage": "body too long"}})
        first = sms.recipient_list[0]
        to = f"+{first.international_recipient_no}" if first.international_recipient_no else first.recipient_no

        def act() -> web.Response:
            self._sent.append({"kind": "sms", "to": to, "subject": "", "text": sms.body})
            result = {"recipientNo": to, "resultCode": 0, "resultMessage": "SUCCESS", "recipientSeq": 1}
            return _json({
                "header": {"isSuccessful": True, "resultCode": 0, "resultMessage": "SUCCESS"},
                "body": {"data": {"requestId": f"sms-{len(self._sent)}", "statusCode": "2", "sendResultList": [result]}},
            })  # fmt: skip

        return await struck(request, self._faults, Call.SMS, to, act)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
