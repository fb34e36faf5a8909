"""What a turn is made of: inputs, what one of them changes, what all of them have changed so far (design §5.2)."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.runtime.rows import LEDGER, Ledger, Output, pack_ledger
from models.actor import Phase
from topics.answers import Answer

MAX_INPUTS, MAX_BYTES = 200, 900_000
"""Inputs of a turn; bytes of its record batch, below the broker's ``message.max.bytes`` of 1 MiB."""
OVERHEAD = 64
"""Bytes that a record of a batch needs beside key and value, rounded up."""


class Input(msgspec.Struct, frozen=True):
    """A record of the inbox. ``now``: when the broker appended it, ms since the epoch."""

    offset: int
    now: int
    key: str
    value: bytes


class Reply(msgspec.Struct, frozen=True):
    """An answer and the channel on which a web process waits for it."""

    channel: str
    answer: Answer


class Step(msgspec.Struct, frozen=True):
    """A sampled input as a span: what it was, its ``traceparent``, the one above, and when it was appended (ms)."""

    name: str
    trace: str
    parent: str
    key: str
    offset: int
    outcome: str
    appended: int


class TooLarge(Exception):
    """One input's rows and outputs do not fit into the bounds of a row or of a batch."""


class Turn:
    """What the inputs taken so far have changed; nothing of it is written yet."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows: dict[bytes, bytes | None] = {}
        self.outputs: list[Output] = []
        self.replies: list[Reply] = []
        self.summaries: list[dict[str, Any]] = []
        self.phases: dict[bytes, Phase | None] = {}
        self.spans: list[Step] = []
        self.size = 0
        self.inputs = 0
        self.outcomes: dict[str, int] = {}
        # The first turn of a partition is always written: inputs committed beside an empty changelog look like a lost one.
        self.dirty = ledger.at < 0

    def batch(self) -> list[tuple[bytes, bytes | None]]:
        """The turn as one record batch, the ledger first so that recovery can skip a zombie's batch whole."""
        self.ledger.kept = self.outputs
        return [(LEDGER, pack_ledger(self.ledger)), *self.rows.items()]


class Draft:
    """What one input changes; thrown away if anything about it fails."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes | None] = {}
        self.outputs: list[Output] = []
        self.replies: list[Reply] = []
        self.summaries: list[dict[str, Any]] = []
        self.phases: dict[bytes, Phase | None] = {}
        self.gone = 0
        self.outcome = "handled"
        self.name = self.trace = self.parent = ""

    def size(self) -> int:
        written = sum(len(key) + len(value or b"") + OVERHEAD for key, value in self.rows.items())
        return written + sum(len(out.key) + len(out.topic) + len(out.value or b"") + OVERHEAD for out in self.outputs)
