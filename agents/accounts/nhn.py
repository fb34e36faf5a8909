"""SMS by NHN Cloud's v3.0 contract: ``POST /sms/v3.0/appKeys/{key}/sender/sms``; the answer's header says what came of it."""

from __future__ import annotations

import msgspec

from agents.accounts.http import Http, accepted
from agents.accounts.ports import Refused, Unknown

CLOSED = frozenset({-1000, -1001, -1002, -1003, -1004, -1007, -1008, -9999})
"""Result codes of our key, our address, the whole service or its own fault: the message can go later."""


class _Header(msgspec.Struct, frozen=True, rename="camel"):
    is_successful: bool
    result_code: int


class _Answer(msgspec.Struct, frozen=True):
    header: _Header


_decode = msgspec.json.Decoder(_Answer).decode


class Nhn:
    """A ``Texter``. ``sender``: the registered number that SMS come from."""

    def __init__(self, http: Http, url: str, app_key: str, secret: str, sender: str) -> None:
        self._http, self._url, self._sender = http, f"{url}/sms/v3.0/appKeys/{app_key}/sender/sms", sender
        self._headers = {"X-Secret-Key": secret}

    async def text(self, phone: str, text: str) -> None:
        """See ``Texter.text``."""
        body = {"body": text, "sendNo": self._sender, "recipientList": [{"internationalRecipientNo": phone.removeprefix("+")}]}
        status, said = await self._http.post(self._url, json=body, headers=self._headers)
        accepted(status)
        try:
            header = _decode(said).header
        except msgspec.DecodeError as error:
            raise Unknown("not an answer of the provider") from error
        if not header.is_successful:
            raise (Unknown if header.result_code in CLOSED else Refused)(str(header.result_code))
