"""What must not be signed in any longer: ended sessions, and accounts all of whose sessions were ended, as a sorted set in Redis.

Key ``<prefix>:ended``; member: a session id or an account id; score: when it ended, ms since the epoch. Of a session nothing counts
any more; of an account what was signed before: by that end tokens without a session, and those that an older event did not name, as
no two clocks agree on which of two things at once was first. An access token lives ten
minutes, so an entry is of use for eleven. Each batch that adds something counts ``<prefix>:ended-version`` up, by which web
processes see that a report did not reach them (``web/ended.py``); positions lie in ``<prefix>:ended-positions``.

| question | how |
|---|---|
| what has ended in the last eleven minutes | ZRANGEBYSCORE |
| has anything ended since I looked | GET of the version |
| how old is what I know | HGETALL of the beats |

``<prefix>:ended-beats`` holds for each partition the instant, by Redis' clock, up to which everything that the log had is stored:
whoever feeds this model says so twice a second. Nobody who finds it old knows who is still signed in.

Entries and positions are written by one script, which does nothing if the positions are not where this worker knows them to be: a
Redis that was emptied is filled anew from the log.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from models.accounts.session_messages import SessionEnded, SessionsEnded
from models.read.databases import Databases
from models.read.facts import EVENTS, Batch, Fact, Outrun, ReadModel, Spot, folded, highest
from models.read.redis_fenced import CHECK, Fenced, positions_key

KEPT = 660_000
"""Milliseconds: a token's life and a minute."""

ADD = """
local oldest = ARGV[at]
at = at + 1
if at < #ARGV then
  while at < #ARGV do
    redis.call('ZADD', KEYS[2], 'GT', ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. oldest)
  redis.call('INCR', KEYS[3])
end
"""
"""Arguments: the oldest score to keep; per entry score, member."""
BEAT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
while at < #ARGV do
  redis.call('HSET', KEYS[2], ARGV[at], string.format('%.0f', now - ARGV[at + 1]))
  at = at + 2
end
return 1
"""
"""Arguments: per spot its name and how many ms ago everything that it had then was stored."""


def keys(prefix: str) -> tuple[str, str, str]:
    """Positions, entries, version."""
    return positions_key(prefix, "ended"), f"{prefix}:ended", f"{prefix}:ended-version"


def beats_key(prefix: str) -> str:
    """The hash of the beats: name of a spot -> ms since the epoch."""
    return f"{prefix}:ended-beats"


def project(facts: Sequence[Fact]) -> dict[str, int]:
    """Session or account -> when it ended last, ms."""
    ended: dict[str, int] = {}
    for fact in facts:
        match fact.body:
            case SessionEnded(session=name):
                names: tuple[str, ...] = (name,)
            case SessionsEnded(account=name, sessions=sessions):
                names = (name, *sessions)
            case _:
                continue
        for name in names:
            ended[name] = max(fact.at, ended.get(name, 0))
    return ended


class _Store(Fenced):
    model, body, bare = "ended", ADD, (0,)
    _beat: Any = None

    async def store(self, batch: Batch) -> Mapping[str, int]:
        """Reports the entries themselves besides the accounts, so that nobody needs to ask what has ended."""
        oldest = round(time.time() * 1000) - KEPT
        ended = {name: at for name, at in folded(project, batch.facts).items() if at >= oldest}
        if ended:
            entries = [said for name, at in ended.items() for said in (at, name)]
            await self._write(batch.after, keys(self._databases.prefix)[1:], [oldest, *entries])
        else:
            self._moved.update(batch.after)
        return {**highest(batch.facts), **ended}

    async def beat(self, ages: Mapping[Spot, float]) -> None:
        """Only for positions that are still there: those of a Redis that was emptied, or of another worker's, say nothing of us."""
        async with self._writing:
            if self._beat is None:
                self._beat = self._databases.redis.register_script(CHECK + BEAT)
            said: list[Any] = [len(ages)]
            for spot in ages:
                said += (spot.name, self._known(spot), b"")
            for spot, age in ages.items():
                said += (spot.name, round(age * 1000))
            names = [keys(self._databases.prefix)[0], beats_key(self._databases.prefix)]
            if not await self._beat(keys=names, args=said):
                raise Outrun(self.model)


def _store(databases: Databases, version: int) -> _Store:
    return _Store(databases)


MODEL = ReadModel(
    name="ended",
    sources=(("accounts", EVENTS),),
    store=_store,
    versioned=False,
    urgent=lambda fact: isinstance(fact.body, SessionEnded | SessionsEnded),
    pace=0.0,
)


async def read(redis: Any, prefix: str, since: int) -> dict[str, int]:
    """What has ended since ``since`` (ms): session or account -> when. ``redis``: the client of whoever asks."""
    found = await redis.zrangebyscore(keys(prefix)[1], since, "+inf", withscores=True)
    return {name.decode(): int(at) for name, at in found}


async def look(redis: Any, prefix: str, partitions: int) -> tuple[object, float]:
    """The version, and how many seconds old what is stored may be (``inf``: nobody says). ``redis``: the client of whoever asks."""
    async with redis.pipeline(transaction=False) as pipe:
        pipe.get(keys(prefix)[2])
        pipe.hgetall(beats_key(prefix))
        pipe.time()
        version, beats, (seconds, micros) = await pipe.execute()
    return version, age_of(beats, seconds * 1000 + micros // 1000, partitions)


def age_of(beats: Mapping[bytes, bytes], now: int, partitions: int) -> float:
    """Seconds since the oldest beat of all ``partitions``, at ``now`` (ms by Redis' clock); ``inf``: one is missing."""
    found = [beats.get(Spot("accounts", EVENTS, number).name.encode()) for number in range(partitions)]
    return max((now - int(at)) / 1000 if at is not None else math.inf for at in found)
