"""A client for one connection, as cheap as Python allows: what the generator costs is taken from what it measures."""

from __future__ import annotations

import asyncio
from typing import cast
from urllib.parse import urlsplit

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """``location``: where a redirect goes, ``""`` otherwise."""

    status: int
    location: str
    body: bytes


class Address(msgspec.Struct, frozen=True):
    """Host and port of a server."""

    host: str
    port: int


class Connection(asyncio.Protocol):
    """HTTP/1.1, one request at a time. Answers must say their length: nginx and our servers do, as nobody asks for gzip."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self._fail(error or ConnectionError("closed by the server"))

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            self._fail(ValueError(f"an answer without length: {head[:200]!r}"))
            return
        length = int(head[at + 17 : (head.find(b"\r\n", at + 17) + 1 or end + 1) - 1])
        whole = end + 4 + length
        if len(self._buffer) < whole:
            return
        location = ""
        at = head.find(b"\r\nlocation:")
        if at >= 0:
            stop = self._buffer.find(b"\r\n", at + 11, end + 2)
            location = self._buffer[at + 11 : stop].strip().decode()
        answer = Answer(int(head[9:12]), location, self._buffer[end + 4 : whole])
        self._buffer = self._buffer[whole:]
        if b"\r\nconnection: close" in head:
            self.close()
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def ask(self, request: bytes) -> Answer:
        """Send ``request`` and wait for its answer. Raises ConnectionError, or ValueError for an answer that cannot be read."""
        if self.closed or self._transport is None:
            raise ConnectionError("the connection is closed")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def _fail(self, error: Exception) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)


class Pool:
    """Idle connections by address; as many as are asked for at once."""

    def __init__(self) -> None:
        self._idle: dict[Address, list[Connection]] = {}

    async def ask(self, address: Address, request: bytes) -> Answer:
        """As ``Connection.ask``, on an idle connection or a new one."""
        idle = self._idle.setdefault(address, [])
        while idle and idle[-1].closed:
            idle.pop()
        connection = idle.pop() if idle else await self._connect(address)
        answer = await connection.ask(request)
        if not connection.closed:
            idle.append(connection)
        return answer

    async def _connect(self, address: Address) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, address.host, address.port)
        return connection

    def close(self) -> None:
        """Hang up all."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()


def split(url: str) -> tuple[Address, str]:
    """Server and path with query of an ``http`` URL."""
    parts = urlsplit(url)
    return Address(parts.hostname or "", parts.port or 80), parts.path + (f"?{parts.query}" if parts.query else "")


def get(address: Address, path: str, token: str = "") -> bytes:
    """A GET."""
    return _head("GET", address, path, token).encode() + b"\r\n"


def post(address: Address, path: str, body: bytes, token: str = "", key: str = "") -> bytes:
    """A POST of JSON; ``key``: its Idempotency-Key."""
    mark = f"Idempotency-Key: {key}\r\n" if key else ""
    head = f"{_head('POST', address, path, token)}{mark}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _head(method: str, address: Address, path: str, token: str) -> str:
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n{bearer}"
