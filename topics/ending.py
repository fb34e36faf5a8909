"""The end of tasks that go on for ever."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN = 0.5
"""Seconds after which a task that goes on is cancelled again."""


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel ``tasks`` until they have ended, whatever they end with.

    Once is not enough: before Python 3.12 ``asyncio.wait_for`` loses a cancellation that comes in the moment in which it has its
    answer (CPython issue 86296), and the drivers of Redis and MySQL send by it. A loop that was asking one of them goes on then.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN)
    # Looked at, so that nobody complains that what they ended with was not.
    await asyncio.gather(*tasks, return_exceptions=True)
