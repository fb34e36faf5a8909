"""What the adapters of mail, SMS, unlinking and OCR really send, and how they take every kind of answer."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from agents.accounts.http import Http
from agents.accounts.outside import outside
from agents.accounts.ports import Document, Letter, Outside, Refused, Unknown
from agents.images.objects import Objects
from models.settings import Settings
from tests.unit.provider import FORM, JSON, Answer, Asked, Provider, providing

SECONDS = 0.5
PHONE, LETTER, PICTURE = "+821012345678", Letter("인증번호", "번호는 123456입니다."), Document(b"\x89PNG", "png")


class Shelf(Objects):
    """The bucket of documents, with one of each type."""

    async def document(self, key: str) -> tuple[bytes, str]:
        if key not in ("image/png", "image/jpeg", "application/pdf", "image/webp"):
            raise LookupError(key)
        return b"data", key


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    async with providing() as one:
        yield one


@pytest_asyncio.fixture
async def ports(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outside]:
    monkeypatch.setattr("agents.accounts.http.TIMEOUT", aiohttp.ClientTimeout(total=SECONDS))
    settings = settings_of(provider.url)
    async with Http() as http:
        yield outside(http, Shelf(settings), settings)


def settings_of(url: str) -> Settings:
    """All providers at one address, each below a path of its own."""
    return Settings(
        mail_url=f"{url}/mail", mail_key="mail-key", mail_sender="hello@shop.test",
        sms_url=f"{url}/nhn", sms_app="app", sms_secret="sms-secret", sms_sender="0212345678",
        kakao_api_url=f"{url}/kapi", kakao_admin_key="admin-key",
        ocr_url=f"{url}/clova/general", ocr_secret="ocr-secret",
    )  # fmt: skip


Ask = Callable[[Outside], Awaitable[Any]]
CALLS: dict[str, Ask] = {
    "mail": lambda ports: ports.mailer.mail("florist@example.com", LETTER),
    "sms": lambda ports: ports.texter.text(PHONE, "인증번호 123456"),
    "unlink": lambda ports: ports.unlinker.unlink("4242"),
    "ocr": lambda ports: ports.reader.read(PICTURE),
}
GOOD = {
    "mail": Answer(202),
    "sms": Answer(200, b'{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"SUCCESS"},"body":{"data":{}}}'),
    "unlink": Answer(200, b'{"id":4242}'),
    "ocr": Answer(200, b'{"version":"V2","images":[{"inferResult":"SUCCESS","fields":[{"inferText":"123-45-67891"}]}]}'),
}


async def outcome(call: Awaitable[Any]) -> Any:
    """What came of a call: what it answered, or ("refused" for good or to be made "again", the code)."""
    try:
        return await call
    except Refused as refused:
        return "refused", refused.code
    except Unknown as unknown:
        return "again", unknown.code


# -- what is sent -----------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("product W53")
async def test_an_sms_goes_to_an_international_number_and_says_nothing_of_its_kind(provider: Provider, ports: Outside) -> None:
    """No trunk zero behind the country's code; neither the account's kind of SMS nor advertising is touched."""
    provider.answers = [GOOD["sms"]]
    assert await outcome(ports.texter.text(PHONE, "t")) is None
    body = {"body": "t", "sendNo": "0212345678", "recipientList": [{"internationalRecipientNo": "821012345678"}]}
    headers = {"x-secret-key": "sms-secret", "content-type": JSON}
    assert provider.asked == [Asked("POST", "/nhn/sms/v3.0/appKeys/app/sender/sms", headers, body)]


@pytest.mark.spec("auth 44")
async def test_a_mail_is_plain_text_from_one_address(provider: Provider, ports: Outside) -> None:
    provider.answers = [GOOD["mail"]]
    assert await outcome(ports.mailer.mail("florist@example.com", LETTER)) is None
    body = {
        "personalizations": [{"to": [{"email": "florist@example.com"}]}],
        "from": {"email": "hello@shop.test", "name": "Blooming Blooms"},
        "subject": "인증번호",
        "content": [{"type": "text/plain", "value": "번호는 123456입니다."}],
    }
    headers = {"authorization": "Bearer mail-key", "content-type": JSON}
    assert provider.asked == [Asked("POST", "/mail/v3/mail/send", headers, body)]


@pytest.mark.spec("auth 45")
async def test_an_unlink_names_the_buyer_and_comes_with_the_admin_key(provider: Provider, ports: Outside) -> None:
    provider.answers = [GOOD["unlink"]]
    assert await outcome(ports.unlinker.unlink("4242")) is None
    headers = {"authorization": "KakaoAK admin-key", "content-type": FORM}
    body = {"target_id_type": "user_id", "target_id": "4242"}
    assert provider.asked == [Asked("POST", "/kapi/v1/user/unlink", headers, body)]


@pytest.mark.spec("auth 19")
async def test_a_picture_is_read_by_its_bytes_under_an_id_of_its_own(provider: Provider, ports: Outside) -> None:
    provider.answers = [GOOD["ocr"]]
    for _ in range(2):
        assert await outcome(ports.reader.read(PICTURE)) == ["123-45-67891"]
    ids = [uuid.UUID(asked.body.pop("requestId")) for asked in provider.asked]
    assert len(set(ids)) == 2
    times = [asked.body.pop("timestamp") for asked in provider.asked]
    assert all(0 <= time.time() * 1000 - at < 60_000 for at in times)
    picture = {"format": "png", "name": "licence", "data": base64.b64encode(b"\x89PNG").decode()}
    headers = {"x-ocr-secret": "ocr-secret", "content-type": JSON}
    body = {"version": "V2", "lang": "ko", "images": [picture]}
    assert provider.asked == [Asked("POST", "/clova/general", headers, body)] * 2


# -- how answers are taken ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503, 504])
async def test_a_door_that_is_closed_for_now_is_tried_again(provider: Provider, ports: Outside, name: str, status: int) -> None:
    provider.answers = [Answer(status, b'{"code":-101}')]
    assert await outcome(CALLS[name](ports)) == ("again", str(status))
    # Nothing is repeated on the spot: the actor says when.
    assert len(provider.asked) == 1


@pytest.mark.parametrize("name", ["mail", "sms", "ocr"])
@pytest.mark.parametrize("status", [301, 307, 400, 404, 405, 413, 422])
async def test_a_no_to_this_call_is_a_no_for_good(provider: Provider, ports: Outside, name: str, status: int) -> None:
    provider.answers = [Answer(status, b'{"errors":[{"message":"no"}]}')]
    assert await outcome(CALLS[name](ports)) == ("refused", str(status))
    assert [asked.path for asked in provider.asked if asked.path == "/elsewhere"] == []


@pytest.mark.parametrize("name", ["sms", "ocr"])
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"header":{"isSuccessful":"yes"}}', b'{"images":[{}]}', b"\xff"])
async def test_an_answer_in_other_words_is_none(provider: Provider, ports: Outside, name: str, body: bytes) -> None:
    provider.answers = [Answer(200, body)]
    assert await outcome(CALLS[name](ports)) == ("again", "not an answer of the provider")


@pytest.mark.parametrize("name", CALLS)
async def test_no_answer_at_all_is_tried_again(provider: Provider, ports: Outside, name: str) -> None:
    begun = time.monotonic()
    provider.answers = [Answer(how="silent")]
    assert await outcome(CALLS[name](ports)) == ("again", "TimeoutError")
    assert SECONDS / 2 < time.monotonic() - begun < 10 * SECONDS
    provider.answers = [Answer(how="break")]
    assert await outcome(CALLS[name](ports)) == ("again", "ServerDisconnectedError")
    async with Http() as http:
        # Port 9 is nobody's.
        nowhere = outside(http, Shelf(Settings()), settings_of("http://127.0.0.1:9"))
        assert await outcome(CALLS[name](nowhere)) == ("again", "ClientConnectorError")
    closed = outside(http, Shelf(Settings()), settings_of(provider.url))
    assert await outcome(CALLS[name](closed)) == ("again", "closed")
    assert len(provider.asked) == 2


@pytest.mark.parametrize(
    ("code", "came_of_it"), [(-2001, "refused"), (-9997, "refused"), (-9999, "again"), (-1004, "again"), (-1008, "again")]
)
async def test_what_nhn_refuses_with_200(provider: Provider, ports: Outside, code: int, came_of_it: str) -> None:
    provider.answers = [Answer(200, b'{"header":{"isSuccessful":false,"resultCode":%d,"resultMessage":"no"}}' % code)]
    assert await outcome(CALLS["sms"](ports)) == (came_of_it, str(code))


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_mail_that_was_taken_is_done(provider: Provider, ports: Outside, status: int) -> None:
    provider.answers = [Answer(status, b"whatever")]
    assert await outcome(CALLS["mail"](ports)) is None


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        # Whoever is not linked any more needs no unlinking.
        (Answer(400, b'{"msg":"not registered","code":-101}'), None),
        (Answer(400, b'{"msg":"no such target","code":-2}'), ("refused", "-2")),
        # Not switched on for our app, which can be mended.
        (Answer(404, b'{"msg":"no such path","code":-3}'), ("again", "-3")),
        (Answer(400, b"<html>"), ("again", "400")),
        (Answer(400, b"{}"), ("again", "400")),
        (Answer(302), ("again", "302")),
    ],
)
async def test_kakao_says_by_its_code_what_is_wrong(provider: Provider, ports: Outside, answer: Answer, came: Any) -> None:
    provider.answers = [answer]
    assert await outcome(CALLS["unlink"](ports)) == came
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("images", "texts"),
    [
        ([], []),
        ([{"inferResult": "FAILURE", "message": "too small"}], []),
        ([{"inferResult": "ERROR", "fields": [{"inferText": "no"}]}], []),
        ([{"inferResult": "SUCCESS"}], []),
        (
            [
                {"inferResult": "SUCCESS", "fields": [{"inferText": "사업자"}, {"inferText": "123-45-67891"}]},
                {"inferResult": "SUCCESS", "fields": [{"inferText": "꽃집"}]},
            ],
            ["사업자", "123-45-67891", "꽃집"],
        ),
    ],
)
async def test_only_what_was_read_is_a_text(provider: Provider, ports: Outside, images: Any, texts: list[str]) -> None:
    provider.answers = [Answer(200, msgspec.json.encode({"version": "V2", "images": images}))]
    assert await outcome(CALLS["ocr"](ports)) == texts


@pytest.mark.parametrize(
    ("key", "came"),
    [
        ("image/png", Document(b"data", "png")),
        ("image/jpeg", Document(b"data", "jpg")),
        ("application/pdf", Document(b"data", "pdf")),
        ("image/webp", ("refused", "kind")),
        ("gone", ("refused", "no_document")),
    ],
)
async def test_a_document_comes_as_the_ocr_calls_it(ports: Outside, key: str, came: Any) -> None:
    assert await outcome(ports.documents.fetch(key)) == came
