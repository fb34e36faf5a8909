"""What happens to an account, as it happens: a Redis stream per account, relayed over SSE (design §6).

Key ``<prefix>:live:<account>``; each entry has ``kind`` (the event's name) and ``data`` (one line of JSON: domain, key, seq, id,
at (ms), type and the event's own fields). Streams are capped and end after a day of silence.

Entries and positions are written by one script, which does nothing if the positions are not where this worker knows them to be.
So an event is appended exactly once however often it is delivered, and Redis may number the entries itself: its ids rise within a
stream even where an account's events come from many partitions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from models.inventory.messages import CouponClaimed
from models.read.databases import Databases
from models.read.facts import EVENTS, Batch, Fact, Outrun, Position, ReadModel, Spot, folded
from models.read.mysql import spot_of

KEPT, SECONDS = 500, 86_400
"""Entries of a stream (roughly), and seconds of silence after which it is forgotten."""
_json = msgspec.json.Encoder().encode
_position = msgspec.json.Decoder(Position).decode

APPEND = """
local spots = tonumber(ARGV[1])
local at = 2
for i = 1, spots do
  local stored = redis.call('HGET', KEYS[1], ARGV[at]) or ''
  if stored ~= ARGV[at + 1] then return 0 end
  at = at + 3
end
local kept, seconds = ARGV[at], ARGV[at + 1]
at = at + 2
while at < #ARGV do
  redis.call('XADD', KEYS[tonumber(ARGV[at])], 'MAXLEN', '~', kept, '*', 'kind', ARGV[at + 1], 'data', ARGV[at + 2])
  at = at + 3
end
for i = 2, #KEYS do redis.call('EXPIRE', KEYS[i], seconds) end
at = 2
for i = 1, spots do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
  at = at + 3
end
return 1
"""
"""Arguments: number of spots; per spot name, stored position, new one; cap, time to live; per entry index of key, kind, data."""


def key(prefix: str, account: str) -> str:
    """The account's stream."""
    return f"{prefix}:live:{account}"


def positions_key(prefix: str) -> str:
    """The hash of the positions."""
    return f"{prefix}:live-positions"


class Entry(msgspec.Struct, frozen=True):
    """One event as its buyer is told it."""

    account: str
    kind: str
    data: bytes


def project(facts: Sequence[Fact], oldest: int = 0) -> list[Entry]:
    """An entry per event that names its buyer; of inventory's only claims, since the order tells of its holds itself.

    What was appended before ``oldest`` (ms) is no news any more: so a Redis that was emptied is not filled with the past.
    """
    entries = []
    for fact in facts:
        event = fact.body
        buyer = getattr(event, "buyer", "")
        if not buyer or fact.at < oldest or (fact.domain == "inventory" and not isinstance(event, CouponClaimed)):
            continue
        kind = type(event).__name__
        told = {"domain": fact.domain, "key": fact.key, "seq": fact.seq, "id": fact.id, "at": fact.at}
        # Joined as text, so that the event needs no detour over a dict; its JSON has at least its type.
        entries.append(Entry(buyer, kind, _json(told)[:-1] + b"," + _json(event)[1:]))
    return entries


class _Store:
    def __init__(self, databases: Databases, version: int) -> None:
        self._databases = databases
        self._script: Any = None
        self._durable: dict[Spot, Position] = {}
        self._moved: dict[Spot, Position] = {}

    async def positions(self) -> Mapping[Spot, Position]:
        stored: Any = await self._databases.redis.hgetall(positions_key(self._databases.prefix))
        self._durable = {spot_of(spot.decode()): _position(value) for spot, value in stored.items()}
        self._moved = {}
        return dict(self._durable)

    async def store(self, batch: Batch) -> Mapping[str, int]:
        prefix = self._databases.prefix
        keys = [positions_key(prefix)]
        numbers: dict[str, int] = {}
        entries: list[Any] = []
        oldest = round((time.time() - SECONDS) * 1000)
        told = folded(lambda facts: project(facts, oldest), batch.facts)
        moved = {**self._moved, **batch.after}
        if not told:
            # Only the positions have moved: they are stored with the next entries.
            self._moved = moved
            return {}
        for entry in told:
            if entry.account not in numbers:
                keys.append(key(prefix, entry.account))
                numbers[entry.account] = len(keys)
            entries += (numbers[entry.account], entry.kind, entry.data)
        await self._append(keys, moved, entries)
        return {}

    async def settle(self, positions: Mapping[Spot, Position]) -> None:
        """Positions are stored with the entries, but for those of batches that had none."""
        if self._moved:
            await self._append([positions_key(self._databases.prefix)], dict(self._moved), [])

    async def _append(self, keys: list[str], moved: Mapping[Spot, Position], entries: list[Any]) -> None:
        if any(spot in self._durable and after.next <= self._durable[spot].next for spot, after in moved.items()):
            # Stored already: then the answer to it was lost.
            raise Outrun("live")
        spots: list[Any] = [len(moved)]
        for spot, after in moved.items():
            spots += (spot.name, _json(self._durable[spot]) if spot in self._durable else b"", _json(after))
        if self._script is None:
            self._script = self._databases.redis.register_script(APPEND)
        if not await self._script(keys=keys, args=[*spots, KEPT, SECONDS, *entries]):
            raise Outrun("live")
        self._durable.update(moved)
        self._moved = {}


def _store(databases: Databases, version: int) -> _Store:
    return _Store(databases, version)


MODEL = ReadModel(
    name="live",
    sources=(("orders", EVENTS), ("deliveries", EVENTS), ("inventory", EVENTS)),
    store=_store,
    reported=False,
    versioned=False,
    urgent=lambda fact: False,
    patience=40.0,
)


async def read(databases: Databases, account: str, after: str = "0-0", limit: int = 200) -> list[tuple[str, bytes, bytes]]:
    """Entries after ``after``: id, kind, data."""
    found: Any = await databases.redis.xrange(key(databases.prefix, account), min=f"({after}", count=limit)
    return [(entry.decode(), fields[b"kind"], fields[b"data"]) for entry, fields in found]

