"""One pool of connections for the providers of this domain, and the one reading of their statuses."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import aiohttp

from agents.accounts.ports import Refused, Unknown

TIMEOUT = aiohttp.ClientTimeout(total=10, connect=2)


class Http:
    """Use as ``async with``, in the loop that calls."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # The kernel bounds the calls of each provider; a bound over all would let one that hangs stop the others.
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, url: str, **given: Any) -> tuple[int, bytes]:
        """Status and body of an answer below 500. Raises ``Unknown``, also for 401, 403 and 429: the door, not the call."""
        if self._session is None:
            raise Unknown("closed")
        try:
            async with self._session.post(url, allow_redirects=False, **given) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unknown(type(error).__name__) from error
        if answer.status >= 500 or answer.status in (401, 403, 408, 429):
            raise Unknown(str(answer.status))
        return answer.status, body


def accepted(status: int) -> None:
    """Raises ``Refused`` unless ``status`` says that it was done."""
    if not 200 <= status < 300:
        raise Refused(str(status))
