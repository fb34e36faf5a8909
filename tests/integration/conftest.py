"""The real stack, shared by all integration tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator

import aiohttp
import pytest

from deploy.local.stack import Stack
from models.settings import read
from tests import leaks
from tests.browser import Browser
from tests.chaos.public import Public

DAEMONS = ("kafka", "mysql", "redis", "mongo", "dynamo", "s3")


def stack_name() -> str:
    """The stack of the tests."""
    return os.environ.get("BB_TEST_STACK", "test:27000").partition(":")[0]


def port_base() -> int:
    """Its first port."""
    return int(os.environ.get("BB_TEST_STACK", "test:27000").partition(":")[2])


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Every daemon of the stack ``test``.

    ``BB_TEST_STACK=name:port_base`` names another, which is left running unless ``BB_TEST_STOP`` is set. At the
    end nothing that is secret or somebody's may stand in the logs.
    """
    made = Stack(stack_name(), port_base())
    made.start_daemons(DAEMONS)
    yield made
    if "BB_TEST_STOP" in os.environ or "BB_TEST_STACK" not in os.environ:
        made.stop()
    leaks.none_in_logs(made.where)


@pytest.fixture(scope="module")
def up(stack: Stack) -> Iterator[Stack]:
    """Every daemon and every process; a module that needs fewer says so in an ``up`` of its own."""
    stack.start_daemons()
    stack.run_steps("topics", "schemas")
    stack.start_processes()
    yield stack
    stack.stop_programs([process.name for process in stack.processes])


@pytest.fixture
async def public(up: Stack) -> AsyncIterator[Public]:
    """The shop as its clients see it."""
    async with Public(up.env()) as made:
        yield made


@pytest.fixture
async def new(up: Stack) -> AsyncIterator[Callable[[], Browser]]:
    """Makes the browser of somebody new."""
    settings = read(up.env())
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield lambda: Browser(http, settings)
