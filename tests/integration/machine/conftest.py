"""One whole stack for the tests of this folder, brought up as a person does it, by ``python -m deploy.local up``.

It is a stack of its own, since it is killed and thrown away. ``BB_UP_STACK=name:port_base`` names another than ``up:28000``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from tests import leaks

WINDOW = {"BB_PAYMENT_WINDOW": "20000"}
"""Milliseconds to pay in: long enough for a script, short enough to wait for."""
PATIENCE = 420
"""Seconds that a command may take on a busy machine."""


class Machine:
    """The stack, and the commands that people give."""

    def __init__(self, name: str, base: int) -> None:
        self.stack = Stack(name, base, overrides=WINDOW)
        ours = {key: value for key, value in os.environ.items() if not key.startswith("BB_")}
        self.env = {**ours, "BB_STACK": name, "BB_PORT_BASE": str(base), **WINDOW}

    def local(self, *words: str, env: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
        """``python -m deploy.local WORDS``, to its end."""
        argv = [sys.executable, "-m", "deploy.local", *words]
        return subprocess.run(
            argv, cwd=ROOT, env={**self.env, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip

    def up(self) -> str:
        """Bring it up; what was said. Raises AssertionError with it if that fails."""
        done = self.local("up")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="package")
def machine() -> Iterator[Machine]:
    """Nothing runs yet; each test brings up what it needs."""
    name, _, base = os.environ.get("BB_UP_STACK", "up:28000").partition(":")
    made = Machine(name, int(base))
    yield made
    made.stack.stop()


@pytest.fixture
def up(machine: Machine) -> Iterator[Machine]:
    """Everything runs; if it does already, that takes a second. Afterwards nothing secret or somebody's stands in the logs."""
    machine.up()
    yield machine
    leaks.none_in_logs(machine.stack.where)
