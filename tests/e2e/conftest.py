"""The whole real stack: every daemon and every process of the Procfile, reached as people reach it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
import pytest_asyncio

from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from tests.chaos.public import Public

HASTY = 4.0
"""Seconds in which an order that the hasty web takes must be paid."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A running stack of these tests' own.

    ``BB_TEST_STACK=name:port_base`` names another, which is left running unless ``BB_TEST_STOP`` is set.
    """
    name, _, base = os.environ.get("BB_TEST_STACK", "e2e:29000").partition(":")
    made = Stack(name, int(base))
    made.start_daemons()
    made.run_steps("topics", "schemas")
    made.start_processes()
    yield made
    if "BB_TEST_STOP" in os.environ or "BB_TEST_STACK" not in os.environ:
        made.stop()


@pytest_asyncio.fixture
async def public(stack: Stack) -> AsyncIterator[Public]:
    """The stack's public face."""
    async with Public(stack.env()) as one:
        yield one


@pytest.fixture
def word() -> str:
    """A word that no other test, and no earlier run on this stack, has used: ids are made of it."""
    return uuid.uuid4().hex


Make = Callable[[Mapping[str, str]], str]


@pytest.fixture
def another_web(stack: Stack) -> Iterator[Make]:
    """Start one more web process with settings of its own, beside the stack's; answers its address."""
    started: list[subprocess.Popen[bytes]] = []

    def make(settings: Mapping[str, str]) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = {**stack.full_env(), **settings, "BB_WEB_PORT": str(port), "BB_WEB_PROCESSES": "1"}
        started.append(subprocess.Popen([sys.executable, "-m", "web"], env=env, cwd=ROOT))
        _wait_until_ready(port)
        return f"http://127.0.0.1:{port}"

    yield make
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _wait_until_ready(port: int) -> None:
    from deploy.local.programs import Ready
    from deploy.local.ready import why_not

    deadline = time.monotonic() + 60
    while reason := why_not(Ready("ok", port, "/health/ready")):
        assert time.monotonic() < deadline, reason
        time.sleep(0.1)


@pytest_asyncio.fixture
async def hasty(stack: Stack, another_web: Make) -> AsyncIterator[Public]:
    """The public face of a web process whose orders must be paid within ``HASTY`` seconds; callbacks go to the stack's own web."""
    url = another_web({"BB_PAYMENT_WINDOW": str(int(HASTY * 1000))})
    async with Public({**stack.env(), "BB_PUBLIC_URL": url}) as one:
        yield one
