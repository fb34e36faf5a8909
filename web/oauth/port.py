"""What the web asks of an identity provider, and how it can go wrong."""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp
import msgspec
import phonenumbers

from models.accounts.common_messages import Person, Provider

TIMEOUT = aiohttp.ClientTimeout(total=6, connect=2)
MAX_NAME, MAX_EMAIL = 20, 254


class Denied(Exception):
    """The provider knows nothing of the code (or not any more), or the person said no."""


class Away(Exception):
    """The provider did not answer, or not in its own words."""


class Identity(msgspec.Struct, frozen=True):
    """Who came: the provider's own id, and what it says of them."""

    subject: str
    person: Person


class IdentityProvider(Protocol):
    """One provider; one of each lives as long as the process."""

    @property
    def name(self) -> Provider:
        """Its name in routes and row keys."""

    def page(self, state: str, challenge: str, redirect: str) -> str:
        """Where the browser goes to sign in. ``challenge``: PKCE S256; ``redirect``: our callback, exactly."""

    async def identity(self, code: str, verifier: str, state: str, redirect: str) -> Identity:
        """Exchange ``code`` and ask who it is. Raises ``Denied`` or ``Away``."""


class Http:
    """The pool of connections that all adapters share."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def token(self, url: str, form: dict[str, str]) -> str:
        """The access token for a code. It is used once and kept nowhere."""
        status, body = await self._call("POST", url, data=form)
        if status != 200:
            raise Denied(str(status))
        token: _Token = _decoded(body, _Token)
        return token.access_token

    async def profile(self, url: str, token: str, kind: type[msgspec.Struct]) -> Any:
        """What the provider says of the token's owner, as ``kind``."""
        status, body = await self._call("GET", url, headers={"Authorization": f"Bearer {token}"})
        if status != 200:
            raise Away(str(status))
        return _decoded(body, kind)

    async def _call(self, method: str, url: str, **given: Any) -> tuple[int, bytes]:
        if self._session is None:
            raise Away("closed")
        try:
            async with self._session.request(method, url, allow_redirects=False, **given) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Away(type(error).__name__) from error
        if answer.status >= 500 or answer.status == 429:
            raise Away(str(answer.status))
        return answer.status, body


class _Token(msgspec.Struct, frozen=True):
    access_token: str = ""


def _decoded(body: bytes, kind: Any) -> Any:
    try:
        found = msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Away("not an answer of the provider") from error
    # Naver says 200 to a wrong code, with an error and no token.
    if isinstance(found, _Token) and not found.access_token:
        raise Denied("no token")
    return found


def person(name: str, email: str, phone: str, *, verified: bool) -> Person:
    """What we take over: a name as a form would take it, an e-mail that the provider has verified, a phone in E.164."""
    kept = email.lower() if verified and len(email) <= MAX_EMAIL else ""
    return Person(name=" ".join(name.split())[:MAX_NAME].rstrip(), email=kept, phone=e164(phone))


def e164(phone: str) -> str:
    """``phone`` (international or Korean) in E.164; ``""``: it is none."""
    try:
        parsed = phonenumbers.parse(phone, "KR")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def takes_codes(phone: str, countries: Collection[str]) -> bool:
    """Is ``phone`` (E.164) a mobile one of ``countries`` (ISO 3166)? Anything else may be dear, or hear no SMS at all."""
    parsed = phonenumbers.parse(phone)
    region = phonenumbers.region_code_for_number(parsed)
    return region in countries and phonenumbers.number_type(parsed) in MOBILE
