"""What the projectors tell waiting web processes: that a read model has stored something."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from topics.answers import PROJECTED, Projected, encode

LOST = ""
"""In place of a read model's name: reports before this one may not have arrived."""


class Reporting:
    """Tells waiting web processes what is stored: best effort, and never in a pump's way."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        # What the process before this one stored last it may not have reported.
        self._waiting: dict[str, dict[str, int]] = {LOST: {}}
        self._task: asyncio.Task[None] | None = None

    def report(self, model: str, seen: Mapping[str, int]) -> None:
        """Publish, soon."""
        self._waiting.setdefault(model, {}).update(seen)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        while self._waiting:
            reports, self._waiting = self._waiting, {}
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for model, seen in reports.items():
                        pipe.publish(PROJECTED, encode(Projected(model, dict(seen))))
                    await pipe.execute()
            except (RedisError, OSError):
                self._waiting.setdefault(LOST, {})
                await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Let go."""
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=1)
        await self._redis.aclose()
