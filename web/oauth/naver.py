"""Naver Login: the code flow with state; PKCE is sent along, which Naver may ignore."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from models.accounts.common_messages import Provider
from models.settings import Settings
from web.oauth.port import Http, Identity, person


class _Who(msgspec.Struct, frozen=True):
    id: str
    nickname: str = ""
    email: str = ""
    mobile: str = ""


class _Me(msgspec.Struct, frozen=True):
    response: _Who


class Naver:
    """An ``IdentityProvider``."""

    name: Provider = "naver"

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http, self._auth, self._api = http, settings.naver_auth_url, settings.naver_api_url
        self._client, self._secret = settings.naver_client_id, settings.naver_client_secret

    def page(self, state: str, challenge: str, redirect: str) -> str:
        """See ``IdentityProvider.page``."""
        query = {
            "client_id": self._client, "redirect_uri": redirect, "response_type": "code", "state": state,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self._auth}/oauth2.0/authorize?{urlencode(query)}"

    async def identity(self, code: str, verifier: str, state: str, redirect: str) -> Identity:
        """See ``IdentityProvider.identity``. Naver says nothing of whether an e-mail is verified, so it is not taken over."""
        form = {
            "grant_type": "authorization_code", "client_id": self._client, "client_secret": self._secret,
            "code": code, "state": state, "code_verifier": verifier,
        }  # fmt: skip
        token = await self._http.token(f"{self._auth}/oauth2.0/token", form)
        me: _Me = await self._http.profile(f"{self._api}/v1/nid/me", token, _Me)
        return Identity(me.response.id, person(me.response.nickname, "", me.response.mobile, verified=False))
