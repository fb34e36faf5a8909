"""How a waiting HTTP request hears of what it waits for: Redis pub/sub, best effort, never needed for correctness (design §5)."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

PROJECTED = "bb:projected"
"""Channel on which projectors say what they have stored: one ``Projected`` a batch."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a command. ``status`` 200 with ``body``, or the status of a refusal with ``code`` and details in ``body``.

    ``key``/``seq``: the aggregate and the number of its last event then: a read model that has folded ``seq`` shows it.
    ``status`` 0: still undecided (answer to ``Inquire``); 404: the row does not know the command. ``fingerprint``: whose words
    are answered, as other words may come under the same command id; "" if the row does not know the command. ``unchanged``: the
    command had no events, so ``seq`` is of an earlier one, which a read model about something else of the aggregate may never show.
    """

    command: str
    domain: str
    key: str
    seq: int
    status: int = 200
    code: str = ""
    body: dict[str, Any] = {}
    fingerprint: str = ""
    unchanged: bool = False


class Projected(msgspec.Struct, frozen=True):
    """Read model ``model`` has stored all events of each aggregate up to its ``seq``. ``model`` "": earlier reports may be lost."""

    model: str
    seen: dict[str, int]


encode = msgspec.json.Encoder().encode
decode_answers = msgspec.json.Decoder(list[Answer]).decode
decode_projected = msgspec.json.Decoder(Projected).decode


def channel(process: str) -> str:
    """The channel of one web process; ``process`` is unique to its life."""
    return f"bb:answers:{process}"


class Answering:
    """Publishes answers without ever holding a turn up: what Redis does not take in time is dropped (the row keeps it)."""

    MOST = 2_000
    """Answers under way; beyond it Redis is away and further ones are dropped."""
    PAUSE = 0.1
    """Seconds between two tries while Redis is away."""

    def __init__(self, url: str) -> None:
        """``url``: ``redis://…``."""
        self._redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self.away = False
        """Redis did not take the last answers, and has not been there again since."""
        self._queue: list[tuple[str, list[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    def publish(self, channels: dict[str, list[Answer]]) -> None:
        """Send each list to its channel, soon."""
        if len(self._queue) < self.MOST:
            self._queue += channels.items()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        while self._queue or self.away:
            batch, self._queue = self._queue, []
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for name, answers in batch:
                        pipe.publish(name, encode(answers))
                    # Without answers, only to see whether Redis is there again.
                    await (pipe.execute() if batch else self._redis.ping())
            except (RedisError, OSError):
                self.away = True
                await asyncio.sleep(self.PAUSE)
            else:
                self.away = False

    async def close(self) -> None:
        """Let go of Redis; what was not sent yet is dropped."""
        if self._task is not None:
            self._task.cancel()
        await self._redis.aclose()
