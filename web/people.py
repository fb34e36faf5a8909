"""What the web needs to tell who is who: row keys, codes, providers, passwords; and how a session begins and goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping

from models.accounts import secrets
from models.settings import Settings
from web.oauth.google import Google
from web.oauth.kakao import Kakao
from web.oauth.naver import Naver
from web.oauth.port import Http, IdentityProvider
from web.passwords import Passwords
from web.vault import Vault

ACCOUNT = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,8})")


class People:
    """One per web process."""

    def __init__(self, settings: Settings, passwords: Passwords | None = None) -> None:
        self._secret, self.codes = settings.account_secret, settings.code_secret
        self._http = Http()
        providers: tuple[IdentityProvider, ...] = tuple(kind(self._http, settings) for kind in (Kakao, Google, Naver))
        self.providers: Mapping[str, IdentityProvider] = {one.name: one for one in providers}
        self.passwords = passwords or Passwords()
        self.vault = Vault(settings.field_key)
        self.countries = frozenset(one.strip() for one in settings.sms_countries.split(","))

    async def start(self) -> None:
        """Open the pool of connections to the providers."""
        await self._http.__aenter__()

    async def stop(self) -> None:
        """Let go of it."""
        await self._http.__aexit__(None, None, None)

    def row(self, kind: str, natural: str) -> str:
        """The row key of whom ``natural`` names (an e-mail or a login name in any case)."""
        return secrets.row_key(self._secret, kind, natural.lower() if kind in ("seller", "admin") else natural)

    def check(self, row: str, purpose: str, code: str) -> str:
        """What a row compares of a code."""
        return secrets.check(self.codes, row, purpose, code)

    def digits(self, row: str, salt: str) -> str:
        """The code that ``salt`` stands for."""
        return secrets.digits(self.codes, row, salt)


def row_of(account: str) -> str:
    """The row key in an account id; ``""``: it is none of ours (a token that was made by hand)."""
    found = ACCOUNT.fullmatch(account)
    return found[1] if found else ""
