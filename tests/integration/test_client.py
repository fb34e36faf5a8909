"""The client of the actors when Redis or the broker is away."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator

import pytest

from models.orders.messages import CancelOrder
from tests.integration.test_web import services
from tests.integration.web_actors import Actors, create_inboxes, placed
from topics.client import Client, Unavailable

__all__ = ["services"]


class Wire:
    """A way to a TCP service that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        """Let connections through again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all connections and take no new ones."""
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        self._writers |= {writer, back}
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def world(services: tuple[str, str]) -> AsyncIterator[tuple[Client, Actors, Wire]]:
    kafka, redis_url = services
    prefix = f"client{uuid.uuid4().hex[:8]}"
    await create_inboxes(kafka, prefix, 2)
    host, _, port = redis_url.removeprefix("redis://").partition("/")[0].partition(":")
    wire = Wire(host, int(port))
    await wire.mend()
    client = Client(kafka, prefix, 2, f"redis://127.0.0.1:{wire.port}", uuid.uuid4().hex)
    await client.start()
    async with Actors(kafka, prefix, redis_url, placed) as actors:
        while not client.connected:
            await asyncio.sleep(0.02)
        await client.listening.wait()
        yield client, actors, wire
    await client.stop()
    await wire.cut()


async def test_with_redis_away_everything_is_sent_and_answers_come_when_it_is_back(world: tuple[Client, Actors, Wire]) -> None:
    client, actors, wire = world
    await wire.cut()
    begun = time.monotonic()
    assert await client.ask("orders", "o1", CancelOrder(buyer="b"), id="c1", wait=0.5) is None
    assert 0.4 < time.monotonic() - begun < 1.0
    while not actors.remembered:
        await asyncio.sleep(0.01)
    assert "c1" in actors.remembered
    await wire.mend()
    async with asyncio.timeout(5):
        await client.listening.wait()
    answer = await client.inquire("orders", "o1", "c1", 5)
    assert answer is not None
    assert (answer.status, answer.key) == (200, "o1")
    answer = await client.ask("orders", "o2", CancelOrder(buyer="b"), id="c2", wait=5)
    assert answer is not None
    assert await client.projected("orders", "o2", answer.seq, 5)


async def test_a_report_that_came_before_anybody_waited_counts(world: tuple[Client, Actors, Wire]) -> None:
    client, _, _ = world
    answer = await client.ask("orders", "o1", CancelOrder(buyer="b"), id="c1", wait=5)
    assert answer is not None
    await asyncio.sleep(0.2)
    begun = time.monotonic()
    assert await client.projected("orders", "o1", answer.seq, 5)
    assert not await client.projected("orders", "o1", answer.seq + 1, 0.1)
    assert not await client.projected("orders", "o9", 1, 0.1)
    assert time.monotonic() - begun < 1.0
    assert client._awaited == {}
    assert client._asked == {}


async def test_a_command_that_the_row_does_not_know(world: tuple[Client, Actors, Wire]) -> None:
    client, actors, _ = world
    answer = await client.inquire("orders", "o1", "never", 5)
    assert answer is not None
    assert (answer.status, answer.code) == (404, "command_unknown")
    actors.rule = lambda envelope, message: None
    assert await client.ask("orders", "o1", CancelOrder(buyer="b"), id="c1", wait=0.3) is None
    answer = await client.inquire("orders", "o1", "c1", 5)
    assert answer is not None
    assert answer.status == 0


async def test_a_broker_that_was_never_reached_is_said_at_once() -> None:
    client = Client("127.0.0.1:9", "nowhere", 2, "redis://127.0.0.1:9", "p", timeout=1)
    await client.start()
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        await client.send("orders", "o1", CancelOrder(buyer="b"), id="c1")
    assert time.monotonic() - begun < 0.5
    await client.stop()


async def test_other_words_under_a_key_never_get_the_first_ones_answer(world: tuple[Client, Actors, Wire]) -> None:
    client, actors, _ = world

    async def ask(words: str, wait: float = 5) -> int:
        answer = await client.ask("orders", "o1", CancelOrder(buyer=words), id="c1", fingerprint=words, wait=wait)
        return answer.status if answer is not None else 0

    statuses = await asyncio.gather(*(ask(words) for words in "aabba"))
    assert sorted(statuses) == [200, 200, 200, 422, 422]
    assert statuses[0] == 200
    # Also when the answer is lost the first time.
    actors.silent = True
    waiting = asyncio.create_task(ask("b", 2))
    await asyncio.sleep(0.6)
    actors.silent = False
    assert await waiting == 422
    assert client._asked == {}
