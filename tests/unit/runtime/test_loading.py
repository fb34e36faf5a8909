"""Loading a table into which a zombie wrote, and writing again what it overwrote, whoever is killed (design §5.10, §5.11)."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from agents.runtime.rows import LEDGER, Ledger, Logged, Row, encode, pack_ledger, pack_row, unpack_row
from agents.runtime.turn import MAX_BYTES
from tests.unit.runtime.offline import Offline, offline, until
from tests.unit.runtime.toy import Add, Counter

BOX = b"a\x00box"


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Offline]:
    async with offline(tmp_path, monkeypatch) as made:
        yield made


def row(total: int, at: int, size: int = 0) -> bytes:
    return pack_row(Row(msgspec.Raw(encode(Counter(total=total, text="x" * size))), seq=1), 0, at, 0)


def batch(place: Offline, at: int, rows: dict[bytes, int | None], size: int = 0) -> list[Logged]:
    """A worker's turn, whose last input was ``at``: ``rows`` are totals, ``None`` deletes. It lies in the changelog."""
    log = place.broker.logs[place.changelog()]
    first = len(log)
    values = {key: None if total is None else row(total, at, size) for key, total in rows.items()}
    for key, value in [(LEDGER, pack_ledger(Ledger(at))), *values.items()]:
        log.append(Logged(len(log), key, value))
    return log[first:]


def totals(place: Offline) -> dict[bytes, int]:
    """Of all rows in the local store."""
    rows = {key: value for key, value in place.kernel.tables["toy"].scan(0) if key != LEDGER}
    return {key: counted(value) for key, value in rows.items()}


def counted(value: bytes | None) -> int:
    assert value is not None
    return msgspec.msgpack.decode(unpack_row(value).state, type=Counter).total


def last(place: Offline) -> dict[bytes, int | None]:
    """What the cleaner would leave of each row: its last record."""
    found = {record.key: record.value for record in place.broker.logs[place.changelog()] if record.key != LEDGER}
    return {key: None if value is None else counted(value) for key, value in found.items()}


def killed(place: Offline) -> None:
    """The process is gone: what another one finds is what lies on the disk."""
    table: Any = place.kernel.tables["toy"]
    table.data._dbs.clear()
    table.loaded.clear()
    table.overwritten.clear()
    table.ready.clear()
    gc.collect()


@pytest.mark.parametrize("fetch", [1, 2, 3, 5_000])
async def test_a_table_holds_the_newest_row_of_each_key_wherever_fetches_end(place: Offline, fetch: int) -> None:
    place.broker.fetch = fetch
    batch(place, 5, {b"a": 5, BOX: 5, b"gone": 5})
    batch(place, 7, {b"b": 7, b"gone": None})
    batch(place, 3, {b"a": 3, BOX: None, b"gone": 3})
    await place.load(0)
    assert totals(place) == {b"a": 5, BOX: 5, b"b": 7}
    assert place.kernel.tables["toy"].overwritten[0] == {LEDGER, b"a", BOX, b"gone"}


@pytest.mark.parametrize("fetch", [1, 4, 5_000])
async def test_what_was_overwritten_is_written_again_before_any_turn(place: Offline, fetch: int) -> None:
    place.broker.fetch = fetch
    batch(place, 5, {b"a": 5, BOX: 5, b"gone": 5})
    batch(place, 7, {b"b": 7, b"gone": None})
    batch(place, 3, {b"a": 3, BOX: None, b"gone": 3})
    place.broker.earliest[place.inbox()] = 8
    await place.take_over(0)
    async with place.turning():
        await place.say(Add(amount=1), "b", sender="x/0", position=1)
        await until(lambda: place.actor().finished == 9)
    assert last(place) == {b"a": 5, BOX: 5, b"gone": None, b"b": 8}
    assert totals(place) == {b"a": 5, BOX: 5, b"b": 8}
    # The rows of before come first, as the outputs of all turns before have left.
    again = [record.key for record in place.broker.logs[place.changelog()][11:]]
    assert again == [LEDGER, b"a", BOX, b"gone", LEDGER, b"b"]
    # And nobody has to do it a second time.
    killed(place)
    await place.load(0)
    assert place.kernel.tables["toy"].overwritten[0] == set()


async def test_more_than_one_batch_takes_is_written_again_in_several(place: Offline) -> None:
    rows: dict[bytes, int | None] = {b"row-%02d" % number: number for number in range(30)}
    batch(place, 5, rows, size=30_000)
    batch(place, 3, dict.fromkeys(rows, 0))
    place.broker.earliest[place.inbox()] = 6
    await place.take_over(0)
    appended: list[int] = []
    send = place.actor().send

    async def sized(batch: Any) -> Any:
        appended.append(sum(len(key) + len(value or b"") for key, value in batch))
        return await send(batch)

    place.actor().send = sized  # type: ignore[method-assign]
    async with place.turning():
        await until(lambda: last(place) == rows)
        await until(place.kernel.idle.is_set)
    assert len(appended) >= 2
    assert max(appended) < MAX_BYTES


class Killed(Exception):
    """By kill -9."""


@pytest.mark.parametrize("fetch", [3, 4, 5_000])
async def test_who_is_killed_while_it_loads_finds_a_zombies_rows_again(
    place: Offline, monkeypatch: pytest.MonkeyPatch, fetch: int
) -> None:
    """Nothing on the disk may say that it has seen what it has not yet written again."""
    place.broker.fetch = fetch
    batch(place, 5, {b"a": 5, BOX: 5})
    batch(place, 3, {b"a": 3, BOX: None})
    batch(place, 7, {b"b": 7})
    table = place.kernel.tables["toy"]
    for die_at in range(1, 5):
        with monkeypatch.context() as patch:
            patch.setattr(table, "apply", dying(table.apply, die_at))
            with contextlib.suppress(Killed):
                await place.load(0)
        killed(place)
        await place.load(0)
        assert {b"a", BOX} <= table.overwritten[0], die_at
        assert totals(place) == {b"a": 5, BOX: 5, b"b": 7}
        killed(place)


def dying(apply: Any, die_at: int) -> Any:
    """``apply`` of a process that is killed right after so many calls."""
    calls = itertools.count(1)

    def applied(*given: Any) -> None:
        apply(*given)
        if next(calls) == die_at:
            raise Killed

    return applied


async def test_who_is_killed_while_it_loads_takes_nobody_for_a_zombie(place: Offline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows without their offset would be ahead of the log that is read again."""
    batch(place, 5, {b"a": 5})
    batch(place, 7, {b"b": 7})
    table = place.kernel.tables["toy"]
    with monkeypatch.context() as patch:
        patch.setattr(table, "apply", dying(table.apply, 1))
        patch.setattr(table.data, "set_persisted_offset", dying(lambda *_: None, 1))
        with pytest.raises(Killed):
            await place.load(0)
    killed(place)
    await place.load(0)
    assert (totals(place), table.overwritten[0]) == ({b"a": 5, b"b": 7}, set())


async def test_who_is_killed_before_it_has_written_again_what_it_met_finds_it_again(place: Offline) -> None:
    """Its own turn stands behind the zombie's rows: the store must not say that it has seen them."""
    batch(place, 5, {b"a": 5, BOX: 5})
    place.broker.earliest[place.inbox()] = 6
    await place.take_over(0)
    batch(place, 3, {b"a": 3, BOX: None})
    writing = place.kernel._rewrite

    async def die() -> None:
        if place.kernel.overwritten:
            raise Killed

    place.kernel._rewrite = die  # type: ignore[method-assign]
    await place.say(Add(amount=1), "b", sender="x/0", position=1)
    with pytest.raises(Killed):
        await place.kernel._turn()
    place.kernel._rewrite = writing  # type: ignore[method-assign]
    killed(place)
    await place.kernel.on_revoked(None, [place.inbox()])
    await place.take_over(0)
    async with place.turning():
        await until(lambda: last(place) == {b"a": 5, BOX: 5, b"b": 1})
        await until(place.kernel.idle.is_set)
    assert totals(place) == last(place)


async def test_who_is_killed_between_two_batches_of_what_it_writes_again_finds_the_rest(place: Offline) -> None:
    rows: dict[bytes, int | None] = {b"row-%02d" % number: number for number in range(30)}
    batch(place, 5, rows, size=30_000)
    batch(place, 3, dict.fromkeys(rows, 0))
    place.broker.earliest[place.inbox()] = 6
    await place.take_over(0)
    send, batches = place.actor().send, 0

    async def once(batch: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise Killed
        return await send(batch)

    place.actor().send = once  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await place.kernel._turn()
    place.actor().send = send  # type: ignore[method-assign]
    killed(place)
    place.kernel.overwritten.clear()
    await place.kernel.on_revoked(None, [place.inbox()])
    await place.take_over(0)
    async with place.turning():
        await until(lambda: last(place) == rows)
        await until(place.kernel.idle.is_set)
    # Then it is settled: a warm start reads nothing again.
    killed(place)
    table = place.kernel.tables["toy"]
    table.rows_loaded = 0
    await place.load(0)
    assert (table.rows_loaded, table.overwritten[0]) == (0, set())


async def test_what_a_zombie_writes_between_loading_and_beginning_is_met_by_the_first_write(place: Offline) -> None:
    """Faust's own recovery finds it, and would apply the zombie's tombstones."""
    batch(place, 5, {b"a": 5, BOX: 5})
    place.broker.earliest[place.inbox()] = 6
    place.assign(place.inbox(), place.changelog())
    await place.load(0)
    late = batch(place, 3, {b"a": 3, BOX: None})
    place.kernel.tables["toy"].apply_changelog_batch(
        [SimpleNamespace(message=SimpleNamespace(tp=place.changelog(), partition=0, **msgspec.structs.asdict(one))) for one in late]
    )
    await place.kernel.on_assigned()
    await place.consumer.perform_seek()
    async with place.turning():
        await place.say(Add(amount=1), "b", sender="x/0", position=1)
        await until(lambda: place.actor().finished == 7)
        await until(place.kernel.idle.is_set)
    assert last(place) == totals(place) == {b"a": 5, BOX: 5, b"b": 1}


async def test_what_the_predecessor_wrote_after_we_had_loaded_ends_us(place: Offline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ledger is ahead of ours: started anew, we load it."""
    codes: list[int] = []

    class Left(BaseException):
        """Instead of the end of the process."""

    def left(code: int) -> None:
        codes.append(code)
        raise Left

    batch(place, 5, {b"a": 5})
    place.broker.earliest[place.inbox()] = 6
    await place.take_over(0)
    batch(place, 50, {b"a": 50})
    monkeypatch.setattr(os, "_exit", left)
    await place.say(Add(amount=1), "b", sender="x/0", position=1)
    with pytest.raises(Left):
        await place.kernel._turn()
    monkeypatch.undo()
    assert codes == [75]
    # Nothing of the turn has left, and what was written is not in the store.
    assert not [tp for tp in place.broker.logs if tp.topic != place.changelog().topic]
    assert totals(place) == {b"a": 5}
