"""Records of ``bb.dead``: what could not be handled, and the note that it was sent again (design §5.6)."""

from __future__ import annotations

import msgspec


class Dead(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message as it came, where from, why it was not handled, and the row's ``seq`` then.

    ``parked``: it may not be refused, or follows one; the aggregate waits for it. ``message`` is the envelope's text.
    """

    topic: str
    partition: int
    offset: int
    key: str
    cause: str
    stack: str
    seq: int
    parked: bool
    message: str


class Replayed(msgspec.Struct, frozen=True):
    """The letter ``replayed`` (partition and offset in this topic, "2/17") was sent again at ``at`` (ms)."""

    replayed: str
    at: int
