"""A wire between one worker and the broker that can be cut and made slow.

The broker tells its clients where it is; the proxy puts its own port there, so that every connection goes through it. What
was under way when the wire was cut arrives when it is mended, as with a real network: a late write too.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

CHUNK = 65536


class Proxy:
    """Serves while entered; ``address`` from then on. ``rate``: bytes a second from the broker to the worker, 0: unlimited."""

    def __init__(self, broker: str, rate: int = 0) -> None:
        host, _, port = broker.partition(":")
        self._broker = (host, int(port))
        self.rate = rate
        self.address = ""
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 22)
        port = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        # An address is text and a 32-bit number in every version of every answer that holds one.
        host = self._broker[0].encode()
        self._real, self._ours = host + struct.pack(">i", self._broker[1]), host + struct.pack(">i", port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Nothing passes either way, and nobody is told."""
        self._open.clear()

    def mend(self) -> None:
        """What waits passes on."""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._open.wait()
            there, back = await asyncio.open_connection(*self._broker, limit=1 << 22)
            both = [asyncio.create_task(self._up(reader, back)), asyncio.create_task(self._down(there, writer))]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in both:
                    one.cancel()
                await asyncio.gather(*both, return_exceptions=True)
                back.close()
        except (OSError, asyncio.CancelledError):
            # The broker is away, or the test is over.
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._open.wait()
            writer.write(data)
            await writer.drain()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(4)
                left = int.from_bytes(head, "big")
                # An answer that tells addresses is short; long ones are records, passed on as they come.
                if left < CHUNK:
                    frame = await reader.readexactly(left)
                    await self._pass(writer, head + frame.replace(self._real, self._ours))
                    continue
                await self._pass(writer, head)
                while left:
                    data = await reader.read(min(left, CHUNK))
                    if not data:
                        return
                    left -= len(data)
                    await self._pass(writer, data)

    async def _pass(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        await self._open.wait()
        if self.rate:
            await asyncio.sleep(len(data) / self.rate)
        writer.write(data)
        await writer.drain()
