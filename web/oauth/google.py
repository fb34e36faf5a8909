"""Google: OpenID Connect's code flow with PKCE; who it is comes from the userinfo endpoint."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from models.accounts.common_messages import Provider
from models.settings import Settings
from web.oauth.port import Http, Identity, person


class _Me(msgspec.Struct, frozen=True):
    sub: str
    name: str = ""
    email: str = ""
    email_verified: bool = False


class Google:
    """An ``IdentityProvider``."""

    name: Provider = "google"

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http, self._auth = http, settings.google_auth_url
        self._token, self._api = settings.google_token_url, settings.google_api_url
        self._client, self._secret = settings.google_client_id, settings.google_client_secret

    def page(self, state: str, challenge: str, redirect: str) -> str:
        """See ``IdentityProvider.page``."""
        query = {
            "client_id": self._client, "redirect_uri": redirect, "response_type": "code", "scope": "openid profile email",
            "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self._auth}/o/oauth2/v2/auth?{urlencode(query)}"

    async def identity(self, code: str, verifier: str, state: str, redirect: str) -> Identity:
        """See ``IdentityProvider.identity``."""
        form = {
            "grant_type": "authorization_code", "client_id": self._client, "client_secret": self._secret,
            "redirect_uri": redirect, "code": code, "code_verifier": verifier,
        }  # fmt: skip
        token = await self._http.token(f"{self._token}/token", form)
        me: _Me = await self._http.profile(f"{self._api}/v1/userinfo", token, _Me)
        return Identity(me.sub, person(me.name, me.email, "", verified=me.email_verified))
