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
from models.read.facts import EVENTS, Batch, Fact, ReadModel, folded
from models.read.redis_fenced import Fenced

KEPT, SECONDS = 500, 86_400
"""Entries of a stream (roughly), and seconds of silence after which it is forgotten."""
_json = msgspec.json.Encoder().encode

APPEND = """
local kept, seconds = ARGV[at], ARGV[at + 1]
at = at + 2
while at < #ARGV do
  redis.call('XADD', KEYS[tonumber(ARGV[at])], 'MAXLEN', '~', kept, '*', 'kind', ARGV[at + 1], 'data', ARGV[at + 2])
  at = at + 3
end
for i = 2, #KEYS do redis.call('EXPIRE', KEYS[i], seconds) end
"""
"""Arguments: cap, time to live; per entry index of key, kind, data."""


def key(prefix: str, account: str) -> str:
    """The account's stream."""
    return f"{prefix}:live:{account}"


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


class _Store(Fenced):
    model, body, bare = "live", APPEND, (KEPT, SECONDS)

    async def store(self, batch: Batch) -> Mapping[str, int]:
        """See ``facts.Store``."""
        numbers: dict[str, int] = {}
        entries: list[Any] = []
        oldest = round((time.time() - SECONDS) * 1000)
        for entry in folded(lambda facts: project(facts, oldest), batch.facts):
            # The first key is that of the positions.
            entries += (numbers.setdefault(entry.account, len(numbers) + 2), entry.kind, entry.data)
        if entries:
            streams = [key(self._databases.prefix, account) for account in numbers]
            await self._write(batch.after, streams, [KEPT, SECONDS, *entries])
        else:
            self._moved.update(batch.after)
        return {}


def _store(databases: Databases, version: int) -> _Store:
    return _Store(databases)


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
