"""Named places where a test may stop, fail or kill the process (after DBOS). In production a call does nothing."""

from __future__ import annotations

import os
import signal


def point(name: str) -> None:
    """The process has reached ``name``."""


def _armed(spec: str) -> None:
    """``BB_KILL_AT=name:n``: die by SIGKILL at the n-th passage of ``name``; only a test sets it."""
    global point
    wanted, _, number = spec.rpartition(":")
    left = int(number)

    def kill_at(name: str) -> None:
        nonlocal left
        if name == wanted:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    point = kill_at


if _spec := os.environ.get("BB_KILL_AT"):
    _armed(_spec)
