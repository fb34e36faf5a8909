"""What the adapters of Kakao, Google and Naver really send, what they take over, and how they take every other answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from models.accounts.common_messages import Person
from models.settings import Settings
from tests.unit.provider import FORM, Answer, Asked, Provider, providing
from web.oauth.google import Google
from web.oauth.kakao import Kakao
from web.oauth.naver import Naver
from web.oauth.port import Away, Denied, Http, Identity, IdentityProvider

ADAPTERS: dict[str, Any] = {"kakao": Kakao, "google": Google, "naver": Naver}
TOKEN = Answer(200, b'{"access_token":"token-1","token_type":"bearer","expires_in":3600}')
REDIRECT = "https://shop.test/api/v1/auth/callback"
SECONDS = 0.5


def settings_of(url: str) -> Settings:
    """All providers at one address, each door of theirs below a path of its own."""
    return Settings(
        kakao_auth_url=f"{url}/kauth", kakao_api_url=f"{url}/kapi", kakao_client_id="shop", kakao_client_secret="k-secret",
        google_auth_url=f"{url}/gauth", google_token_url=f"{url}/gtoken", google_api_url=f"{url}/gapi",
        google_client_id="shop", google_client_secret="g-secret",
        naver_auth_url=f"{url}/nauth", naver_api_url=f"{url}/napi", naver_client_id="shop", naver_client_secret="n-secret",
    )  # fmt: skip


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    async with providing() as one:
        yield one


@pytest_asyncio.fixture
async def adapters(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, IdentityProvider]]:
    monkeypatch.setattr("web.oauth.port.TIMEOUT", aiohttp.ClientTimeout(total=SECONDS))
    async with Http() as http:
        yield {name: kind(http, settings_of(provider.url)) for name, kind in ADAPTERS.items()}


async def outcome(adapter: IdentityProvider) -> Any:
    """Who it is, or ("denied" for good or "away" for now, why)."""
    try:
        return await adapter.identity("code-1", "verifier-1", "state-1", REDIRECT)
    except Denied as denied:
        return "denied", str(denied)
    except Away as away:
        return "away", str(away)


# -- what is sent -----------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 23")
@pytest.mark.parametrize(
    ("name", "page", "more"),
    [
        ("kakao", "/kauth/oauth/authorize", {}),
        ("google", "/gauth/o/oauth2/v2/auth", {"scope": "openid profile email"}),
        ("naver", "/nauth/oauth2.0/authorize", {}),
    ],
)
def test_the_page_is_asked_for_a_code_with_state_and_challenge(name: str, page: str, more: dict[str, str]) -> None:
    found = urlsplit(ADAPTERS[name](Http(), settings_of("https://id.test")).page("state-1", "challenge-1", REDIRECT))
    assert (found.scheme, found.netloc, found.path) == ("https", "id.test", page)
    assert dict(parse_qsl(found.query)) == {
        "client_id": "shop", "redirect_uri": REDIRECT, "response_type": "code", "state": "state-1",
        "code_challenge": "challenge-1", "code_challenge_method": "S256", **more,
    }  # fmt: skip


@pytest.mark.spec("auth 1", "auth 23", "frontend D-03")
@pytest.mark.parametrize(
    ("name", "door", "secret", "more", "me"),
    [
        ("kakao", "/kauth/oauth/token", "k-secret", {"redirect_uri": REDIRECT}, "/kapi/v2/user/me"),
        ("google", "/gtoken/token", "g-secret", {"redirect_uri": REDIRECT}, "/gapi/v1/userinfo"),
        ("naver", "/nauth/oauth2.0/token", "n-secret", {"state": "state-1"}, "/napi/v1/nid/me"),
    ],
)
async def test_a_code_is_exchanged_by_the_server_which_then_asks_who_it_is(
    provider: Provider, adapters: Any, name: str, door: str, secret: str, more: dict[str, str], me: str
) -> None:
    provider.answers = [TOKEN, Answer(200, msgspec.json.encode(SAYS[name]))]
    assert await outcome(adapters[name]) == IS[name]
    form = {
        "grant_type": "authorization_code", "client_id": "shop", "client_secret": secret, "code": "code-1",
        "code_verifier": "verifier-1", **more,
    }  # fmt: skip
    assert provider.asked == [
        Asked("POST", door, {"content-type": FORM}, form),
        Asked("GET", me, {"authorization": "Bearer token-1"}, b""),
    ]


# -- what is taken over ---------------------------------------------------------------------------------------------------------

SAYS: dict[str, Any] = {
    "kakao": {
        "id": 4242,
        "kakao_account": {
            "profile": {"nickname": "김꽃님"}, "email": "Flower@Example.com", "is_email_valid": True, "is_email_verified": True,
            "phone_number": "+82 10-1234-5678",
        },
    },
    "google": {"sub": "g-1", "name": "김꽃님", "email": "Flower@Example.com", "email_verified": True},
    "naver": {
        "resultcode": "00",
        "response": {"id": "n-1", "nickname": "김꽃님", "email": "flower@example.com", "mobile": "010-1234-5678"},
    },
}  # fmt: skip
IS = {
    "kakao": Identity("4242", Person(name="김꽃님", email="flower@example.com", phone="+821012345678")),
    "google": Identity("g-1", Person(name="김꽃님", email="flower@example.com")),
    # Naver says nothing of whether an e-mail is verified.
    "naver": Identity("n-1", Person(name="김꽃님", phone="+821012345678")),
}


@pytest.mark.parametrize(
    ("name", "said", "who"),
    [
        ("kakao", {"id": 1}, Identity("1", Person())),
        ("kakao", {"id": 1, "kakao_account": {"email": "a@b.kr", "is_email_valid": True}}, Identity("1", Person())),
        ("kakao", {"id": 1, "kakao_account": {"email": "a@b.kr", "is_email_verified": True}}, Identity("1", Person())),
        ("google", {"sub": "g", "email": "a@b.kr"}, Identity("g", Person())),
        ("google", {"sub": "g", "name": f" {'꽃' * 30} "}, Identity("g", Person(name="꽃" * 20))),
        ("naver", {"response": {"id": "n"}}, Identity("n", Person())),
    ],
)
async def test_what_is_not_verified_or_not_said_is_not_known(
    provider: Provider, adapters: Any, name: str, said: Any, who: Identity
) -> None:
    provider.answers = [TOKEN, Answer(200, msgspec.json.encode(said))]
    assert await outcome(adapters[name]) == who


# -- every other answer ---------------------------------------------------------------------------------------------------------

GARBAGE = ("away", "not an answer of the provider")


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (Answer(400, b'{"error":"invalid_grant"}'), ("denied", "400")),
        (Answer(401, b'{"error":"invalid_client"}'), ("denied", "401")),
        (Answer(302), ("denied", "302")),
        # Naver says 200 to a wrong code.
        (Answer(200, b'{"error":"invalid_request","error_description":"no valid data in session"}'), ("denied", "no token")),
        (Answer(200, b'{"access_token":""}'), ("denied", "no token")),
        (Answer(200, b'{"access_token":7}'), GARBAGE),
        (Answer(200, b"<html>"), GARBAGE),
        (Answer(200, b""), GARBAGE),
        (Answer(429), ("away", "429")),
        (Answer(500), ("away", "500")),
        (Answer(503), ("away", "503")),
        (Answer(how="silent"), ("away", "TimeoutError")),
        (Answer(how="break"), ("away", "ServerDisconnectedError")),
    ],
)
async def test_a_token_that_does_not_come(provider: Provider, adapters: Any, name: str, answer: Answer, came: Any) -> None:
    provider.answers = [answer]
    assert await outcome(adapters[name]) == came
    assert len(provider.asked) == 1, "a code counts once, and a redirect may lead anywhere"


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (Answer(302), ("away", "302")),
        (Answer(400), ("away", "400")),
        (Answer(401, b'{"code":-401}'), ("away", "401")),
        (Answer(403), ("away", "403")),
        (Answer(429), ("away", "429")),
        (Answer(500), ("away", "500")),
        (Answer(200, b"{}"), GARBAGE),
        (Answer(200, b'{"id":"x","sub":7,"response":[]}'), GARBAGE),
        (Answer(200, b"\xff"), GARBAGE),
        (Answer(how="silent"), ("away", "TimeoutError")),
    ],
)
async def test_a_provider_that_does_not_say_who_it_is(
    provider: Provider, adapters: Any, name: str, answer: Answer, came: Any
) -> None:
    """The person did nothing wrong, and may try again."""
    provider.answers = [TOKEN, answer]
    assert await outcome(adapters[name]) == came
    assert len(provider.asked) == 2


@pytest.mark.parametrize("name", ADAPTERS)
async def test_a_provider_that_is_not_there(name: str) -> None:
    adapter = ADAPTERS[name](http := Http(), settings_of("http://127.0.0.1:9"))
    assert await outcome(adapter) == ("away", "closed")
    async with http:
        assert await outcome(adapter) == ("away", "ClientConnectorError")
