"""A web process that is told to stop finishes what it has taken."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
import uuid
from pathlib import Path

import msgspec
from aiohttp import ClientConnectionError, ClientOSError, ClientSession
from redis.asyncio import Redis

from deploy.local.layout import ROOT
from models.read.ended import beats_key
from models.read.facts import EVENTS, Spot
from tests.integration.test_web import services
from tests.integration.web_actors import Actors, create_inboxes, placed
from tests.unit.web.desk import Desk
from tests.unit.web.documents import order_body

__all__ = ["services"]


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def nobody_ends(redis_url: str, prefix: str, partitions: int) -> None:
    """Let the web know for the rest of the test that no session has ended, as there is no worker ``read`` that would say so."""
    later = round(time.time() * 1000) + 600_000
    async with contextlib.aclosing(Redis.from_url(redis_url)) as redis:
        await redis.hset(beats_key(prefix), mapping={Spot("accounts", EVENTS, number).name: later for number in range(partitions)})


async def test_sigterm_drops_no_request_and_ends_streams(services: tuple[str, str], tmp_path: Path) -> None:
    kafka, redis_url = services
    prefix, port, desk = f"stop{uuid.uuid4().hex[:8]}", free_port(), Desk(tmp_path)
    await create_inboxes(kafka, prefix, 2)
    await nobody_ends(redis_url, prefix, 2)
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BB_KAFKA": kafka,
        "BB_REDIS_URL": redis_url,
        "BB_PREFIX": prefix,
        "BB_PARTITIONS": "2",
        "BB_WEB_PORT": str(port),
        "BB_TOKEN_KEY": str(desk.key),
        "BB_WEB_SECRET": str(desk.secret),
        # Eight buyers at full speed are one account and one address here.
        "BB_LIMITS": "*.address=1000000/60,write.account=1000000/60,read.account=1000000/60",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.integration.web_process", env=env, cwd=ROOT)
    url, body = f"http://127.0.0.1:{port}", msgspec.json.encode(order_body())
    token = desk.headers()
    outcomes: list[int] = []
    refused = 0

    async def buy(session: ClientSession) -> None:
        """One buyer after another until the door is closed; an accepted request that gets no answer is an error."""
        nonlocal refused
        while True:
            headers = {**token, "Idempotency-Key": str(uuid.uuid4()), "Connection": "close"}
            try:
                async with session.post(f"{url}/api/v1/orders", data=body, headers=headers) as answer:
                    await answer.read()
                    outcomes.append(answer.status)
            except ClientOSError:
                # Refused, or reset while it still waited to be accepted: no byte of it was read. A request that was taken and
                # then dropped is a ServerDisconnectedError.
                refused += 1
                return

    async with Actors(kafka, prefix, redis_url, placed), ClientSession() as session:
        async with asyncio.timeout(20):
            while True:
                try:
                    async with session.get(f"{url}/health/ready") as answer:
                        if answer.status == 200:
                            break
                except ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)
        async with session.get(f"{url}/api/v1/events", headers=token) as stream:
            buyers = [asyncio.create_task(buy(session)) for _ in range(8)]
            await asyncio.sleep(1.0)
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(15):
                await asyncio.gather(*buyers)
                assert (await stream.content.read()).startswith(b"retry")
                assert await process.wait() == 0
    assert refused == 8
    assert len(outcomes) > 50
    assert set(outcomes) == {201}


async def test_the_port_opens_when_the_broker_is_reached(services: tuple[str, str], tmp_path: Path) -> None:
    """A proxy sends requests to whatever listens: the first answer of a new process must not be 503."""
    kafka, redis_url = services
    host, _, number = kafka.rpartition(":")
    prefix, port, desk = f"start{uuid.uuid4().hex[:8]}", free_port(), Desk(tmp_path)
    await create_inboxes(kafka, prefix, 2)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A broker that takes its time to answer the first connection; after that the client goes to the real one."""
        await asyncio.sleep(1.0)
        ours, theirs = await asyncio.open_connection(host, int(number))
        await asyncio.gather(_copy(reader, theirs), _copy(ours, writer))

    async with await asyncio.start_server(slow, "127.0.0.1", 0) as broker, ClientSession() as session:
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BB_KAFKA": f"127.0.0.1:{broker.sockets[0].getsockname()[1]}",
            "BB_REDIS_URL": redis_url,
            "BB_PREFIX": prefix,
            "BB_PARTITIONS": "2",
            "BB_WEB_PORT": str(port),
            "BB_TOKEN_KEY": str(desk.key),
            "BB_WEB_SECRET": str(desk.secret),
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.integration.web_process", env=env, cwd=ROOT)
        try:
            async with asyncio.timeout(60):
                while True:
                    try:
                        async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                            assert answer.status == 200
                            break
                    except ClientConnectionError:
                        await asyncio.sleep(0.01)
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
