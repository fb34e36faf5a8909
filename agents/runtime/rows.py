"""How an aggregate lies in the changelog and in the local store (design §5.3, §5.4).

A row is a fixed header, readable without decoding, and a msgpack body. The ledger is one more row of the partition.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import msgspec

from topics.envelope import NewerVersion

HEADER = struct.Struct(">Bqq")
"""Flags, ``at`` (offset of the last input that changed the row), ``wake_at`` (ms, 0: never)."""
OPEN, PARKED, UNFINISHED = 1, 2, 4
"""Flags: an effect has no outcome yet; the aggregate waits for an operator; its saga has not come to an end."""
MAX_ROW = 64 * 1024
VERSION = 1
"""Layout of ``Row``. A worker that was rolled back must not guess what a newer one meant."""
LEDGER = b"\x00ledger"
NIL = msgspec.Raw(b"\xc0")
"""Nothing, encoded: msgspec does not decode an optional ``Raw``."""


class Memo(msgspec.Struct, array_like=True):
    """What the row remembers of a command: when (ms), of whose words, what it waits for, the channels that wait, the answer."""

    at: int
    fingerprint: str
    awaits: str
    replyto: list[str]
    answer: msgspec.Raw = NIL


class Row(msgspec.Struct, array_like=True):
    """``state``: encoded by the domain, ``NIL``: the aggregate does not exist (yet); ``seq`` counts its events.

    ``trace``: the ``traceparent`` of what began the aggregate, where the kernel itself talks to it (outcomes, reminders).
    ``ended``: its last event took the state away, so ``seq`` need not be kept; without a state it may also live in parts alone.
    """

    state: msgspec.Raw = NIL
    seq: int = 0
    commands: dict[str, Memo] = {}
    parked: int = 0
    version: int = VERSION
    trace: str = ""
    ended: bool = False

    @property
    def counts(self) -> bool:
        """True if ``seq`` is of an aggregate that goes on."""
        return self.seq > 0 and not self.ended


class Output(msgspec.Struct, array_like=True, frozen=True):
    """A record to publish. ``value`` None is a tombstone (private topics). ``aggregate``: whose it is, if the key does not say so.

    All that is said of an aggregate lies in the partition of its row key.
    """

    topic: str
    key: str
    value: bytes | None
    aggregate: str = ""

    @property
    def home(self) -> str:
        """The row key by which the partition is found."""
        return self.aggregate or self.key


class Ledger(msgspec.Struct, array_like=True):
    """Once per partition and turn: offset of the last input handled, the highest position heard from each sending partition,
    the outputs of the last turn, which may not have left before a crash, and ``gone``, the highest ``seq`` of a row that was
    deleted: new rows count on from there, so that no event ever has the id of another (docs/adr/0021)."""

    at: int = -1
    heard: dict[str, int] = {}
    kept: list[Output] = []
    gone: int = 0


encode = msgspec.msgpack.Encoder().encode
_decode_row = msgspec.msgpack.Decoder(Row).decode
_decode_ledger = msgspec.msgpack.Decoder(Ledger).decode


def row_key(key: str, part: str = "") -> bytes:
    """Key in changelog and store of the aggregate's row, or of one of its parts."""
    return f"{key}\x00{part}".encode() if part else key.encode()


def split_key(raw: bytes) -> tuple[str, str]:
    """(key, part) of a ``row_key``."""
    key, _, part = raw.decode().partition("\x00")
    return key, part


def pack_row(row: Row, flags: int, at: int, wake_at: int) -> bytes:
    """The row as it is stored."""
    return HEADER.pack(flags, at, wake_at) + encode(row)


def pack_ledger(ledger: Ledger) -> bytes:
    """The ledger as it is stored; its header carries the same ``at``."""
    return HEADER.pack(0, ledger.at, 0) + encode(ledger)


def unpack_row(value: bytes) -> Row:
    """The row of a stored value. Raises ``msgspec.MsgspecError`` if it is none, ``NewerVersion`` if a newer worker wrote it."""
    row = _decode_row(memoryview(value)[HEADER.size :])
    if row.version > VERSION:
        raise NewerVersion(f"a row of version {row.version}: this process knows version {VERSION}")
    return row


def unpack_ledger(value: bytes | None) -> Ledger:
    """The ledger of a stored value; a fresh one for ``None``."""
    return _decode_ledger(memoryview(value)[HEADER.size :]) if value else Ledger()


def header(value: bytes) -> tuple[int, int, int]:
    """(flags, at, wake_at) without decoding the rest."""
    return HEADER.unpack_from(value)


def at_of(value: bytes | None) -> int:
    """Offset of the input that wrote this value; -1 for none."""
    return int(HEADER.unpack_from(value)[1]) if value else -1


class Logged(msgspec.Struct, frozen=True):
    """A changelog record as recovery sees it."""

    offset: int
    key: bytes
    value: bytes | None


class Survivors(msgspec.Struct):
    """What recovery makes of a changelog: the records to apply, and the keys whose last record is a zombie's.

    Such a key must be written again: compaction keeps the last record of a key, not the newest. ``row_at``: no row before
    was written by a later input, so a record at or above it is the newest of its key without looking that up. ``skipped``:
    offset of the first record that was not applied, -1: none. ``stale``: the batch being read is a zombie's; a fetch may end in
    the middle of it.
    """

    apply: dict[bytes, Logged]
    overwritten: set[bytes]
    ledger_at: int
    row_at: int
    skipped: int = -1
    stale: bool = False

    def skip(self, record: Logged) -> None:
        """``record`` is older than what we have."""
        self.overwritten.add(record.key)
        if self.skipped < 0:
            self.skipped = record.offset


def survivors(records: Iterable[Logged], before: Survivors, stored_at: Any) -> Survivors:
    """Fold ``records`` (in log order), keeping per key the newest, not the last (design §5.10).

    A zombie's batch begins with a ledger record whose ``at`` is below one seen before it: the whole batch is skipped, its
    tombstones too, wherever a fetch may have cut it. Where compaction took the ledger record away, the ``at`` in each row's
    own header decides. ``stored_at(key)``: ``at`` of what the local store holds, -1 for nothing.
    """
    highest, row_at, stale = before.ledger_at, before.row_at, before.stale
    for record in records:
        at = at_of(record.value)
        if record.key == LEDGER:
            stale = at < highest
            highest = max(highest, at)
        if stale:
            before.skip(record)
            continue
        if record.key != LEDGER and at >= row_at:
            row_at = at
        elif record.key != LEDGER and record.value is not None:
            known = before.apply.get(record.key)
            if at < (at_of(known.value) if known else stored_at(record.key)):
                before.skip(record)
                continue
        before.apply[record.key] = record
        before.overwritten.discard(record.key)
    before.ledger_at, before.row_at, before.stale = highest, row_at, stale
    return before
