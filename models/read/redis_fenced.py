"""Positions in Redis that move together with what is written, in one script: the counterpart of ``mysql.Fenced``.

Whoever comes second finds positions that are not those it knows, and writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from models.read.databases import Databases
from models.read.facts import Outrun, Position, Settled, Spot
from models.read.mysql import spot_of

_json = msgspec.json.Encoder().encode
_position = msgspec.json.Decoder(Position).decode

CHECK = """
local spots = tonumber(ARGV[1])
local at = 2
for i = 1, spots do
  local stored = redis.call('HGET', KEYS[1], ARGV[at]) or ''
  if stored ~= ARGV[at + 1] then return 0 end
  at = at + 3
end
"""
MOVE = """
at = 2
for i = 1, spots do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
  at = at + 3
end
return 1
"""


def positions_key(prefix: str, model: str) -> str:
    """The hash of a model's positions."""
    return f"{prefix}:{model}-positions"


class Fenced:
    """The store of a model. ``body``: Lua between the check and the move; its arguments begin at ``ARGV[at]``, its keys at 2.

    A batch that has nothing to write only moves the positions; they are stored with the next one that has, or by ``settle``.
    """

    model: ClassVar[str]
    body: ClassVar[str]
    bare: ClassVar[Sequence[Any]]
    """What ``body`` is given where only positions move."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._script: Any = None
        self._writing = asyncio.Lock()
        """Positions are compared with those of the last write, so one script runs at a time."""
        self._durable: dict[Spot, Position] = {}
        self._moved: dict[Spot, Position] = {}

    async def positions(self) -> Mapping[Spot, Position]:
        """See ``facts.Store``."""
        stored: Any = await self._databases.redis.hgetall(positions_key(self._databases.prefix, self.model))
        self._durable = {spot_of(spot.decode()): _position(value) for spot, value in stored.items()}
        self._moved = {}
        return dict(self._durable)

    async def settle(self, positions: Mapping[Spot, Position]) -> Settled:
        """Positions are stored with the entries, but for those of batches that had none."""
        if self._moved:
            await self._write({}, (), self.bare)
        return Settled(positions)

    async def _write(self, after: Mapping[Spot, Position], keys: Sequence[str], args: Sequence[Any]) -> None:
        """Move to ``after`` and run ``body`` with it. Raises ``Outrun``: stored already, or by somebody else."""
        async with self._writing:
            await self._write_alone({**self._moved, **after}, keys, args)

    async def _write_alone(self, moved: Mapping[Spot, Position], keys: Sequence[str], args: Sequence[Any]) -> None:
        if any(spot in self._durable and to.next <= self._durable[spot].next for spot, to in moved.items()):
            # Stored already: then the answer to it was lost.
            raise Outrun(self.model)
        said: list[Any] = [len(moved)]
        for spot, to in moved.items():
            said += (spot.name, self._known(spot), _json(to))
        if self._script is None:
            self._script = self._databases.redis.register_script(CHECK + self.body + MOVE)
        if not await self._script(keys=[positions_key(self._databases.prefix, self.model), *keys], args=[*said, *args]):
            raise Outrun(self.model)
        self._durable.update(moved)
        self._moved = {}

    def _known(self, spot: Spot) -> bytes:
        return _json(self._durable[spot]) if spot in self._durable else b""
