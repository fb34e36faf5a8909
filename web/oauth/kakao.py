"""Kakao Login: REST API with client secret and PKCE."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from models.accounts.common_messages import Provider
from models.settings import Settings
from web.oauth.port import Http, Identity, person


class _Profile(msgspec.Struct, frozen=True):
    nickname: str = ""


class _Account(msgspec.Struct, frozen=True):
    profile: _Profile = _Profile()
    email: str = ""
    is_email_valid: bool = False
    is_email_verified: bool = False
    phone_number: str = ""


class _Me(msgspec.Struct, frozen=True):
    id: int
    kakao_account: _Account = _Account()


class Kakao:
    """An ``IdentityProvider``."""

    name: Provider = "kakao"

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http, self._auth, self._api = http, settings.kakao_auth_url, settings.kakao_api_url
        self._client, self._secret = settings.kakao_client_id, settings.kakao_client_secret

    def page(self, state: str, challenge: str, redirect: str) -> str:
        """See ``IdentityProvider.page``."""
        query = {
            "client_id": self._client, "redirect_uri": redirect, "response_type": "code", "state": state,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self._auth}/oauth/authorize?{urlencode(query)}"

    async def identity(self, code: str, verifier: str, state: str, redirect: str) -> Identity:
        """See ``IdentityProvider.identity``."""
        form = {
            "grant_type": "authorization_code", "client_id": self._client, "client_secret": self._secret,
            "redirect_uri": redirect, "code": code, "code_verifier": verifier,
        }  # fmt: skip
        token = await self._http.token(f"{self._auth}/oauth/token", form)
        me: _Me = await self._http.profile(f"{self._api}/v2/user/me", token, _Me)
        said = me.kakao_account
        verified = said.is_email_valid and said.is_email_verified
        return Identity(str(me.id), person(said.profile.nickname, said.email, said.phone_number, verified=verified))
