"""One sandbox process for the whole suite, since its start costs half a second; each test has order ids of its own."""

from __future__ import annotations

import signal
import uuid
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from agents.payments.gateway import Gateway
from tests.contract.bench import SandboxBench, SandboxProcess


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The process; whoever kills it starts it again."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    process.start()
    yield process
    process.end(signal.SIGTERM)


@pytest_asyncio.fixture
async def bench(sandbox: SandboxProcess) -> AsyncIterator[SandboxBench]:
    """The running provider without any fault in force."""
    sandbox.start()
    async with aiohttp.ClientSession() as http:
        bench = SandboxBench(sandbox, http)
        assert await bench.plan() == 200
        yield bench


@pytest_asyncio.fixture(params=["kakaopay"])
async def gateway(request: pytest.FixtureRequest, bench: SandboxBench) -> AsyncIterator[Gateway]:
    """Each implementation of the port in turn, against its provider."""
    adapter = {"kakaopay": bench.kakaopay}[request.param]()
    async with adapter:
        yield adapter


@pytest.fixture
def order_id() -> str:
    """An order that no other test knows."""
    return str(uuid.uuid4())
