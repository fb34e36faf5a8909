"""The real stack, shared by all integration tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack

DAEMONS = ("kafka", "mysql", "redis", "mongo", "dynamo", "s3")


def stack_name() -> str:
    """The stack of the tests."""
    return os.environ.get("BB_TEST_STACK", "test:27000").partition(":")[0]


def port_base() -> int:
    """Its first port."""
    return int(os.environ.get("BB_TEST_STACK", "test:27000").partition(":")[2])


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Every daemon of the stack ``test``; ``BB_TEST_STACK=name:port_base`` names another, which is left running."""
    made = Stack(stack_name(), port_base())
    made.start_daemons(DAEMONS)
    yield made
    if "BB_TEST_STACK" not in os.environ:
        made.stop()
