"""The process ``search`` as the web asks it: over HTTP on this machine, within a second (ADR 0015)."""

from __future__ import annotations

from typing import Any, TypeVar

import aiohttp
import msgspec

from models.read.cursors import BadCursor
from models.search.wire import Awaited, Found, Main, Question, Sentence, Understood

LIST, SENTENCE = 1.0, 2.0
"""Seconds that a list has, and a sentence: a model's budget, the rules after it and the list."""
CONNECTIONS = 16
_encode = msgspec.json.Encoder().encode
T = TypeVar("T")


class Search:
    """One per process. What the process does not answer raises what aiohttp raises, or ``TimeoutError``."""

    def __init__(self, url: str) -> None:
        """``url``: of the process, without a slash at the end."""
        self.url = url
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def found(self, question: Question) -> Found:
        """A page of a list. Raises ``BadCursor``."""
        return await self._asked("POST", "/products", question, Found, LIST)

    async def main(self) -> Main:
        """The rows of the main page."""
        return await self._asked("GET", "/main", None, Main, LIST)

    async def understood(self, sentence: Sentence) -> Understood:
        """What a sentence asks for, and the first page of it."""
        return await self._asked("POST", "/sentences", sentence, Understood, SENTENCE)

    async def shown(self, product_id: str, seq: int, seconds: float) -> bool:
        """Does whoever asks for a list see event ``seq`` of a product? Waits ``seconds`` until they do."""
        try:
            return await self._asked("POST", "/shown", Awaited(product_id, seq, seconds), bool, seconds + LIST, "waits")
        except aiohttp.ClientConnectorError:
            # Where nobody is, nobody shows anything older: until the process has read all that there is, it answers no list.
            return True

    async def close(self) -> None:
        """Let go of the connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def _asked(self, method: str, path: str, body: Any, kind: type[T], seconds: float, lane: str = "lists") -> T:
        # Those who wait have connections of their own, so that no list has to wait for one of theirs.
        if lane not in self._sessions:
            self._sessions[lane] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS))
        data = None if body is None else _encode(body)
        limit = aiohttp.ClientTimeout(total=seconds)
        async with self._sessions[lane].request(method, self.url + path, data=data, timeout=limit) as response:
            raw = await response.read()
            if response.status == 400:
                raise BadCursor
            response.raise_for_status()
        return msgspec.json.decode(raw, type=kind)
