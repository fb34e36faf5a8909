"""What a model made of a sentence, and what each visitor has spent on models: short-lived keys in Redis (product W35).

Neither sentence nor visitor stands in a key: only their hashes. With Redis away nothing is remembered and nothing may be spent.
"""

from __future__ import annotations

import hashlib

import msgspec
from redis.exceptions import RedisError

from models.read.databases import Databases
from models.search.filters import Filters

KEPT, KEPT_REFUSED = 86_400, 600
"""Seconds for which a model's answer, and that it gave none that counts, are remembered."""
HOUR, DAY = 3_600, 86_400
PER_VISITOR, PER_DAY = 30, 5_000
"""Calls of the model: of a visitor in an hour, and of all in a day."""
Away = (RedisError, OSError)
"""What Redis raises when it does not answer."""


class Remembered(msgspec.Struct, frozen=True):
    """``filters`` ``None``: the model's answer did not count."""

    filters: Filters | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Remembered).decode


class Sentences:
    """The keys of an installation. Raises ``Away`` where Redis does not answer."""

    def __init__(self, databases: Databases, version: str) -> None:
        """``version``: of what the model is told; answers to other instructions are others."""
        self._databases, self._version = databases, version

    async def recall(self, sentence: str) -> Remembered | None:
        """What is remembered of ``sentence`` (normalised)."""
        found = await self._databases.redis.get(self._key("said", self._version, sentence))
        try:
            return _decode(found) if found else None
        except msgspec.MsgspecError:
            # Of a release that remembered otherwise.
            return None

    async def remember(self, sentence: str, filters: Filters | None) -> None:
        """Keep what the model made of ``sentence``."""
        seconds = KEPT if filters is not None else KEPT_REFUSED
        await self._databases.redis.set(self._key("said", self._version, sentence), _encode(Remembered(filters)), ex=seconds)

    async def spend(self, visitor: str, now: float) -> bool:
        """Count a call of the model at ``now`` (s since the epoch); False: the visitor or all together have had theirs."""
        mine = self._key("spent", visitor, str(int(now // HOUR)))
        all_ = self._key("spent", "", str(int(now // DAY)))
        async with self._databases.redis.pipeline(transaction=False) as pipe:
            pipe.incr(mine)
            pipe.expire(mine, HOUR)
            used, _ = await pipe.execute()
            if int(used) > PER_VISITOR:
                # Who has had his share does not use up that of the others.
                return False
            pipe.incr(all_)
            pipe.expire(all_, DAY)
            total, _ = await pipe.execute()
        return int(total) <= PER_DAY

    def _key(self, kind: str, *parts: str) -> str:
        digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
        return f"{self._databases.prefix}:search:{kind}:{digest}"
