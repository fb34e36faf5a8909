"""The verdict, from what lies in the topics, in the workers' folders and at the server outside."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from faust.types import TP
from rocksdict import AccessType, Options, Rdict

from agents.runtime.rows import LEDGER, Logged, at_of, unpack_row
from agents.runtime.table import read_range
from tests.torture import toy
from tests.torture.bells import BellServer
from topics.catalogue import DEAD, topic
from topics.envelope import Envelope, decode_batch, decode_envelope

decode_bell = msgspec.msgpack.Decoder(toy.Bell).decode
decode_count = msgspec.json.Decoder(toy.Count).decode
decode_counted = msgspec.json.Decoder(toy.Counted).decode
_OFFSET = b"__faust\0offset__"
"""Where Faust's store keeps how far it is."""


class Verdict(msgspec.Struct):
    """All zero but ``messages`` and ``again`` when nothing went wrong.

    ``lost``/``doubled``: messages counted not at all or more than once, by the events, since tallies end; ``missing``/``twice``:
    rings that did not happen, or more than once; ``unfinished``: bells that still wait; ``unequal``: events with one id and other
    words, a gap in an aggregate's events that is not said to be its beginning, or a tally that does not count from 1 to its end;
    ``again``: events that stand in the log more than once, equal; ``dead``: dead letters; ``stores``: local stores that are not a
    prefix of their changelog.
    """

    messages: int = 0
    lost: int = 0
    doubled: int = 0
    missing: int = 0
    twice: int = 0
    unfinished: int = 0
    unequal: int = 0
    again: int = 0
    dead: int = 0
    stores: int = 0

    def good(self, messages: int) -> bool:
        """Nothing lost, doubled, left hanging or damaged."""
        return self == Verdict(messages=messages, again=self.again)


async def audit(bootstrap: str, prefix: str, partitions: int, bells: BellServer, folder: Path) -> Verdict:
    """Read everything back. Workers must have ended."""

    async def read(domain: str, kind: str) -> dict[int, list[Logged]]:
        name = topic(prefix, domain, kind) if domain else f"{prefix}.{kind}"
        return {
            number: [record async for records in read_range(bootstrap, TP(name, number), 0) for record in records]
            for number in range(partitions)
        }

    verdict = Verdict()
    inbox = await read("tally", "inbox")
    sent = Counter(decode_count(_envelope(one).data).number for records in inbox.values() for one in records)
    verdict.messages = len(sent)
    changelogs = {name: await read(name, "changelog") for name in ("tally", "bell")}
    logs = {name: await read(name, "events") for name in ("tally", "bell")}
    lives = _lives(logs["tally"])
    counted = Counter(one.number for life in lives.values() for one in life.values())
    verdict.lost = sum((sent - counted).values())
    verdict.doubled = sum((counted - sent).values())
    rung = [decode_bell(unpack_row(value).state) for value in _rows(changelogs["bell"])]
    verdict.unfinished = len(sent) - sum(bell.done for bell in rung)
    verdict.missing = sum(1 for number in sent if not bells.times[number])
    verdict.twice = sum(times - 1 for times in bells.times.values() if times > 1)
    for name in ("tally", "bell"):
        unequal, again = _events(logs[name])
        verdict.unequal += unequal
        verdict.again += again
        verdict.stores += _stores(changelogs[name], folder, f"{prefix}-{name}")
    for life in lives.values():
        verdict.unequal += [life[seq].nth for seq in sorted(life)] != [number % toy.LIFE + 1 for number in range(len(life))]
    verdict.dead = sum(len(records) for records in (await read("", DEAD)).values())
    return verdict


def _envelope(record: Logged) -> Envelope:
    return decode_envelope(record.value or b"")


def _fold(records: list[Logged], upto: int) -> dict[bytes, bytes]:
    """The newest row of each key, as a worker that takes the partition over would have it: a zombie's late ones are older.

    A deleted row is as old as the turn that deleted it, whose ledger record comes before it.
    """
    newest: dict[bytes, tuple[int, bytes | None]] = {}
    turn = -1
    for record in records:
        if record.offset > upto:
            break
        if record.key == LEDGER:
            turn = at_of(record.value)
            continue
        at = turn if record.value is None else at_of(record.value)
        if at >= newest.get(record.key, (-1, None))[0]:
            newest[record.key] = at, record.value
    return {key: value for key, (_, value) in newest.items() if value is not None}


def _rows(changelog: dict[int, list[Logged]]) -> list[bytes]:
    return [value for records in changelog.values() for value in _fold(records, 1 << 62).values()]


def _events(log: dict[int, list[Logged]]) -> tuple[int, int]:
    """(wrong, said again): ids with different words, repeated rings and gaps in ``seq``; equal events that stand there again."""
    said: dict[str, bytes] = {}
    seqs: dict[str, dict[int, bool]] = {}
    wrong = again = 0
    for records in log.values():
        for record in records:
            for event in decode_batch(record.value or b"[]"):
                words = event.type.encode() + bytes(event.data)
                if event.id in said:
                    again += 1
                    wrong += said[event.id] != words
                    continue
                said[event.id] = words
                seqs.setdefault(event.subject, {})[event.seq] = event.first
                wrong += ".RingRepeated." in event.type
    wrong += sum(
        1 for numbers in seqs.values() for seq, first in numbers.items() if seq > 1 and seq - 1 not in numbers and not first
    )
    return wrong, again


def _lives(log: dict[int, list[Logged]]) -> dict[str, dict[int, toy.Counted]]:
    """Tally -> ``seq`` -> what it counted."""
    found: dict[str, dict[int, toy.Counted]] = {}
    for records in log.values():
        for record in records:
            for event in decode_batch(record.value or b"[]"):
                found.setdefault(event.subject, {})[event.seq] = decode_counted(event.data)
    return found


def _stores(changelog: dict[int, list[Logged]], folder: Path, table: str) -> int:
    """Local stores below ``folder`` that differ from their changelog up to the offset that they name."""
    wrong = 0
    for path in sorted(folder.glob(f"**/{table}-*.db")):
        held = _items(path)
        upto = int(held.pop(_OFFSET, b"-1"))
        held.pop(LEDGER, None)
        wrong += held != _fold(changelog[int(path.stem.rpartition("-")[2])], upto)
    return wrong


def _items(path: Path) -> dict[bytes, bytes]:
    db: Any = Rdict(str(path), Options(raw_mode=True), access_type=AccessType.read_only())
    try:
        return dict(db.items())
    finally:
        db.close()
