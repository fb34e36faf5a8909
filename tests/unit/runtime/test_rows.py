"""Rows, their header, and what recovery makes of a changelog into which a zombie wrote."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.runtime.rows import (
    HEADER,
    LEDGER,
    NIL,
    OPEN,
    PARKED,
    Ledger,
    Logged,
    Memo,
    Output,
    Row,
    Survivors,
    at_of,
    encode,
    header,
    pack_ledger,
    pack_row,
    row_key,
    split_key,
    survivors,
    unpack_ledger,
    unpack_row,
)
from topics.envelope import NewerVersion


def test_a_row_comes_back_as_it_was_stored() -> None:
    memo = Memo(5, "words", "paid", ["web"], msgspec.Raw(encode("yes")))
    row = Row(msgspec.Raw(encode({"total": 3})), 7, {"c": memo}, 2)
    raw = pack_row(row, OPEN | PARKED, 41, 1_800_000_000_000)
    assert header(raw) == (3, 41, 1_800_000_000_000)
    assert at_of(raw) == 41
    assert unpack_row(raw) == row


def test_a_row_without_state_is_nil_and_no_row_is_older_than_any() -> None:
    assert unpack_row(pack_row(Row(), 0, 0, 0)).state == NIL
    assert at_of(None) == -1
    assert at_of(b"") == -1


def test_a_ledger_comes_back_and_none_is_a_fresh_one() -> None:
    ledger = Ledger(9, {"orders/1": 4096}, [Output("t", "k", None), Output("t", "k", b"v")])
    raw = pack_ledger(ledger)
    assert unpack_ledger(raw) == ledger
    assert header(raw) == (0, 9, 0)
    assert unpack_ledger(None) == Ledger(-1, {}, [])


def test_a_row_of_a_newer_worker_is_not_guessed_at() -> None:
    with pytest.raises(NewerVersion):
        unpack_row(pack_row(Row(version=2), 0, 0, 0))


def test_what_is_no_row_is_told() -> None:
    with pytest.raises(msgspec.MsgspecError):
        unpack_row(HEADER.pack(0, 0, 0) + b"\xff")


@given(st.text(st.characters(exclude_characters="\x00", codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
def test_key_and_part_come_apart_again(key: str, part: str) -> None:
    assert split_key(row_key(key, part)) == (key, part)


# -- survivors --------------------------------------------------------------------------------------------------------------

Write = tuple[bytes, int | None]
"""(Key, value): the value is told apart by the number of its turn; None deletes."""


def value(at: int) -> bytes:
    return pack_row(Row(seq=at), 0, at, 0)


def log_of(batches: list[tuple[int, list[bytes], list[bytes]]]) -> list[Logged]:
    """Batches (at, keys written, keys deleted) as a changelog."""
    log: list[Logged] = []
    for at, written, deleted in batches:
        for key, data in [
            (LEDGER, pack_ledger(Ledger(at))),
            *((key, value(at)) for key in written),
            *((key, None) for key in deleted),
        ]:
            log.append(Logged(len(log), key, data))
    return log


def recovered(log: list[Logged], cuts: set[int]) -> tuple[dict[bytes, bytes], Survivors]:
    """The store after ``log``, fetched in pieces that end at ``cuts``; each piece is applied before the next is read."""
    store: dict[bytes, bytes] = {}
    folded = Survivors({}, set(), -1, -1)
    piece: list[Logged] = []
    for record in [*log, None]:
        if record is None or record.offset in cuts:
            survivors(piece, folded, lambda key: at_of(store.get(key)))
            for key, survivor in folded.apply.items():
                if survivor.value is None:
                    store.pop(key, None)
                else:
                    store[key] = survivor.value
            folded.apply, piece = {}, []
        if record is not None:
            piece.append(record)
    return store, folded


def test_the_last_of_several_rows_in_order_survives() -> None:
    store, folded = recovered(log_of([(1, [b"a", b"b"], []), (2, [b"a"], []), (3, [], [b"b"])]), set())
    assert store == {LEDGER: pack_ledger(Ledger(3)), b"a": value(2)}
    assert (folded.overwritten, folded.skipped, folded.ledger_at) == (set(), -1, 3)


def test_a_zombies_batch_is_skipped_whole_and_what_it_overwrote_is_named() -> None:
    log = log_of([(5, [b"a", b"b"], []), (3, [b"a", b"new"], [b"b"])])
    store, folded = recovered(log, set())
    assert store == {LEDGER: pack_ledger(Ledger(5)), b"a": value(5), b"b": value(5)}
    assert folded.overwritten == {LEDGER, b"a", b"b", b"new"}
    assert folded.skipped == 3


def test_a_zombies_batch_that_a_fetch_cuts_is_skipped_whole() -> None:
    log = log_of([(5, [b"a", b"b"], []), (3, [b"a"], [b"b"])])
    store, folded = recovered(log, {5})
    assert log[5].key == b"b"
    assert store[b"b"] == value(5)
    assert folded.overwritten == {LEDGER, b"a", b"b"}


def test_without_its_ledger_record_a_zombies_row_is_told_by_its_own_at() -> None:
    whole = log_of([(5, [b"a", b"b"], []), (3, [b"a"], [])])
    compacted = [record for record in whole if record.offset != 3]
    store, folded = recovered(compacted, set())
    assert store[b"a"] == value(5)
    assert folded.overwritten == {b"a"}
    assert folded.skipped == 4


def test_a_row_written_again_is_no_longer_overwritten() -> None:
    log = [*log_of([(5, [b"a"], []), (3, [b"a"], [])])]
    log += [Logged(4, LEDGER, pack_ledger(Ledger(5))), Logged(5, b"a", value(5))]
    store, folded = recovered(log, set())
    assert store[b"a"] == value(5)
    assert folded.overwritten == set()


def test_a_row_is_rewritten_under_a_later_ledger() -> None:
    """The owner rewrites what it last changed in turn 2, at turn 7."""
    log = [*log_of([(2, [b"a"], []), (7, [b"b"], []), (1, [b"a"], [])])]
    log += [Logged(6, LEDGER, pack_ledger(Ledger(7))), Logged(7, b"a", value(2))]
    store, folded = recovered(log, set())
    assert store[b"a"] == value(2)
    assert folded.overwritten == set()


KEYS = [b"a", b"b", b"c"]
turns = st.lists(
    st.tuples(st.lists(st.sampled_from(KEYS), unique=True), st.lists(st.sampled_from(KEYS), unique=True)), min_size=1, max_size=8
)


@given(turns, turns, st.data())
def test_whatever_a_zombie_wrote_and_wherever_fetches_end_the_owners_rows_survive(
    owners: list[tuple[list[bytes], list[bytes]]], zombies: list[tuple[list[bytes], list[bytes]]], data: st.DataObject
) -> None:
    """The owner's turns have ``at`` 100, 101, …; a zombie stands still before that and writes its batches (at 0, 1, …) late."""
    mine = [(100 + at, keys, [key for key in gone if key not in keys]) for at, (keys, gone) in enumerate(owners)]
    late = [(at, keys, [key for key in gone if key not in keys]) for at, (keys, gone) in enumerate(zombies)]
    wanted = recovered(log_of(mine), set())[0]
    order = sorted(data.draw(st.lists(st.integers(1, len(mine)), min_size=len(late), max_size=len(late))))
    mixed = list(mine)
    for batch, place in reversed(list(zip(late, order, strict=True))):
        mixed.insert(place, batch)
    log = log_of(mixed)
    cuts = data.draw(st.sets(st.integers(1, len(log))))
    store, folded = recovered(log, cuts)
    assert store == wanted
    # Whose last record is not the owner's has to be written again.
    last = {record.key: record for record in log}
    for key, record in last.items():
        if record.value != store.get(key):
            assert key in folded.overwritten
