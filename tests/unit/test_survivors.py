"""What recovery makes of a changelog into which a zombie wrote late: the newest row of each key, not the last (design §5.10)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agents.runtime.rows import LEDGER, Ledger, Logged, Row, Survivors, at_of, encode, pack_ledger, pack_row, survivors


def log(*rows: tuple[str, int | None]) -> list[Logged]:
    """Records in order: (key or "ledger", ``at``; ``None``: a tombstone)."""
    found = []
    for offset, (name, at) in enumerate(rows):
        key = LEDGER if name == "ledger" else name.encode()
        value = None
        if at is not None:
            value = pack_ledger(Ledger(at=at)) if name == "ledger" else pack_row(Row(msgspec.Raw(encode(at))), 0, at, 0)
        found.append(Logged(offset, key, value))
    return found


def fold(records: Sequence[Logged], stored: dict[bytes, int], ledger: int, split: int = 0) -> tuple[dict[str, int], set[bytes]]:
    """(key -> ``at`` of what is applied, keys overwritten); the records come in two batches if ``split``."""
    before = Survivors({}, set(), ledger_at=ledger, row_at=ledger)
    applied: dict[str, int] = {}
    held = dict(stored)
    for part in (records[:split], records[split:]):
        survivors(part, before, lambda key: held.get(key, -1))
        for key, record in before.apply.items():
            held[key] = applied[key.decode()] = at_of(record.value)
        before.apply = {}
    applied.pop(LEDGER.decode(), None)
    return applied, before.overwritten


def test_a_stale_batch_is_skipped_whole_its_tombstones_too() -> None:
    records = log(("ledger", 5), ("a", 5), ("b", 4), ("ledger", 3), ("a", 3), ("b", None), ("ledger", 7), ("c", 7))
    for split in range(len(records)):
        assert fold(records, {}, -1, split) == ({"a": 5, "b": 4, "c": 7}, {b"a", b"b"}), split


def test_without_its_ledger_a_row_written_late_is_known_by_its_own_at() -> None:
    records = log(("a", 5), ("b", 6), ("a", 3), ("b", 8), ("a", 9))
    assert fold(records[:4], {}, -1) == ({"a": 5, "b": 8}, {b"a"})
    assert fold(records, {}, -1, 2) == ({"a": 9, "b": 8}, set())


def test_a_warm_store_keeps_what_is_newer_than_the_log() -> None:
    assert fold(log(("a", 3), ("b", 12)), {b"a": 9, b"b": 2}, 10) == ({"b": 12}, {b"a"})


def test_rows_of_one_turn_may_stand_in_any_order() -> None:
    assert fold(log(("ledger", 9), ("b", 9), ("a", 7), ("c", 8)), {b"a": 5}, 6) == ({"a": 7, "b": 9, "c": 8}, set())
