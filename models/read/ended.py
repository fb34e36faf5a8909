"""What must not be signed in any longer: ended sessions, and accounts all of whose sessions were ended, as a sorted set in Redis.

Key ``<prefix>:ended``; member: a session id or an account id; score: when it ended, ms since the epoch. An access token lives ten
minutes, so an entry is of use for eleven. Each batch that adds something counts ``<prefix>:ended-version`` up, by which web
processes see that a report did not reach them (``web/ended.py``); positions lie in ``<prefix>:ended-positions``.

| question | how |
|---|---|
| what has ended in the last eleven minutes | ZRANGEBYSCORE |
| has anything ended since I looked | GET of the version |

Entries and positions are written by one script, which does nothing if the positions are not where this worker knows them to be: a
Redis that was emptied is filled anew from the log.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from models.accounts.messages import SessionEnded, SessionsEnded
from models.read.databases import Databases
from models.read.facts import EVENTS, Batch, Fact, Outrun, Position, ReadModel, Spot, folded, highest
from models.read.mysql import spot_of

KEPT = 660_000
"""Milliseconds: a token's life and a minute."""
_json = msgspec.json.Encoder().encode
_position = msgspec.json.Decoder(Position).decode

ADD = """
local spots = tonumber(ARGV[1])
local at = 2
for i = 1, spots do
  local stored = redis.call('HGET', KEYS[1], ARGV[at]) or ''
  if stored ~= ARGV[at + 1] then return 0 end
  at = at + 3
end
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
at = 2
for i = 1, spots do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
  at = at + 3
end
return 1
"""
"""Arguments: number of spots; per spot name, stored position, new one; the oldest score to keep; per entry score, member."""


def keys(prefix: str) -> tuple[str, str, str]:
    """Positions, entries, version."""
    return f"{prefix}:ended-positions", f"{prefix}:ended", f"{prefix}:ended-version"


def project(facts: Sequence[Fact]) -> dict[str, int]:
    """Session or account -> when it ended last, ms."""
    ended: dict[str, int] = {}
    for fact in facts:
        match fact.body:
            case SessionEnded(session=name) | SessionsEnded(account=name):
                ended[name] = max(fact.at, ended.get(name, 0))
    return ended


class _Store:
    def __init__(self, databases: Databases, version: int) -> None:
        self._databases = databases
        self._script: Any = None
        self._durable: dict[Spot, Position] = {}
        self._moved: dict[Spot, Position] = {}

    async def positions(self) -> Mapping[Spot, Position]:
        stored: Any = await self._databases.redis.hgetall(keys(self._databases.prefix)[0])
        self._durable = {spot_of(spot.decode()): _position(value) for spot, value in stored.items()}
        self._moved = {}
        return dict(self._durable)

    async def store(self, batch: Batch) -> Mapping[str, int]:
        """Reports the entries themselves besides the accounts, so that nobody needs to ask what has ended."""
        oldest = round(time.time() * 1000) - KEPT
        ended = {name: at for name, at in folded(project, batch.facts).items() if at >= oldest}
        self._moved = {**self._moved, **batch.after}
        if ended:
            await self._add(ended, oldest)
        return {**highest(batch.facts), **ended}

    async def settle(self, positions: Mapping[Spot, Position]) -> None:
        """Positions are stored with the entries, but for those of batches that had none."""
        if self._moved:
            await self._add({}, 0)

    async def _add(self, ended: Mapping[str, int], oldest: int) -> None:
        moved = self._moved
        said: list[Any] = [len(moved)]
        for spot, after in moved.items():
            said += (spot.name, _json(self._durable[spot]) if spot in self._durable else b"", _json(after))
        said.append(oldest)
        for name, at in ended.items():
            said += (at, name)
        if self._script is None:
            self._script = self._databases.redis.register_script(ADD)
        if not await self._script(keys=keys(self._databases.prefix), args=said):
            raise Outrun("ended")
        self._durable.update(moved)
        self._moved = {}


def _store(databases: Databases, version: int) -> _Store:
    return _Store(databases, version)


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
