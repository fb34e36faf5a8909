"""Kakao's admin API: ``POST /v1/user/unlink`` with the admin key, as the buyer's own token is not kept (spec auth 45)."""

from __future__ import annotations

import msgspec

from agents.accounts.http import Http
from agents.accounts.ports import Refused, Unknown

UNLINKED = (-101, -103)
"""Kakao's codes for a user who is not linked to the app, and for one whose account is not there (any more).

-103 means a dormant account too, but whoever withdraws here has come by Kakao within half a year. Were it no answer, the ids of all
whose Kakao account is gone would stay in their rows for ever.
"""
FINAL = (-2, -8, -9)
"""Codes that the same call would get again: a wrong argument, a wrong header, an API that is gone.

All others are taken for temporary, as -1 (try again), -7 (maintenance) and -10 (quota) are, which come with 400 like these."""


class _Error(msgspec.Struct, frozen=True):
    code: int


_decode = msgspec.json.Decoder(_Error).decode


class KakaoAdmin:
    """An ``Unlinker``."""

    def __init__(self, http: Http, url: str, admin_key: str) -> None:
        self._http, self._url = http, f"{url}/v1/user/unlink"
        self._headers = {"Authorization": f"KakaoAK {admin_key}"}

    async def unlink(self, subject: str) -> None:
        """See ``Unlinker.unlink``."""
        form = {"target_id_type": "user_id", "target_id": subject}
        status, said = await self._http.post(self._url, data=form, headers=self._headers)
        if status == 200:
            return
        try:
            code = _decode(said).code
        except msgspec.DecodeError as error:
            raise Unknown(str(status)) from error
        if code in FINAL:
            raise Refused(str(code))
        if code not in UNLINKED:
            raise Unknown(str(code))
