"""The rows kept in memory beside the store: what a partition reads is what the store holds, always (design §5.2)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.runtime import partition
from agents.runtime.partition import RECENT
from agents.runtime.rows import LEDGER, Ledger, Logged, Row, encode, pack_ledger, pack_row, row_key, unpack_row
from agents.runtime.turn import MAX_INPUTS
from models.actor import Message
from tests.unit.runtime.offline import Offline, offline, until
from tests.unit.runtime.toy import Add, Close, Counter


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Offline]:
    async with offline(tmp_path, monkeypatch) as made:
        await made.take_over(0)
        yield made


async def done(place: Offline, *messages: tuple[str, Message]) -> None:
    """Turns over these messages of another actor, whose commands no row remembers: a part that is closed is gone."""
    actor = place.actor()
    for key, message in messages:
        await place.say(message, key, sender="other/0", position=actor.next)
    await until(lambda: actor.finished == actor.next)


def stored(place: Offline, key: bytes) -> bytes | None:
    return place.kernel.tables["toy"].get_row(0, key)


def total(raw: bytes | None) -> int:
    """Of a counter's row; -1: there is none."""
    return msgspec.msgpack.decode(unpack_row(raw).state, type=Counter).total if raw else -1


def row(amount: int, at: int) -> bytes:
    """A row as another worker would write it."""
    return pack_row(Row(msgspec.Raw(encode(Counter(total=amount))), seq=1), 0, at, 0)


def write(place: Offline, at: int, **totals: int) -> None:
    """Another worker's turn: its ledger and rows lie in the changelog."""
    log = place.broker.logs[place.changelog()]
    for key, value in [(LEDGER, pack_ledger(Ledger(at))), *((key.encode(), row(amount, at)) for key, amount in totals.items())]:
        log.append(Logged(len(log), key, value))


async def test_a_row_is_read_as_the_store_has_it_whatever_turns_did(place: Offline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "RECENT", 20)
    draw = random.Random(3)
    keys = [f"k{number}" for number in range(30)]
    names = {row_key(key, part) for key in keys for part in ("", "box")}
    async with place.turning():
        for _ in range(60):
            messages: list[tuple[str, Message]] = []
            for _ in range(draw.randrange(1, 8)):
                key, box = draw.choice(keys), draw.choice(["", "box"])
                messages.append((key, Close(box=box) if draw.random() < 0.3 else Add(amount=1, box=box)))
            await done(place, *messages)
            for name in names:
                assert place.actor().row(name) == stored(place, name)
    assert any(record.value is None for record in place.broker.logs[place.changelog()])


async def test_a_row_written_is_not_asked_of_the_store_again_and_one_deleted_neither(
    place: Offline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it is for: a saga comes back to its row within a second."""
    table, asked = place.kernel.tables["toy"], list[bytes]()
    plain = table.get_row

    def counting(number: int, key: bytes) -> bytes | None:
        asked.append(key)
        return plain(number, key)

    monkeypatch.setattr(table, "get_row", counting)
    async with place.turning():
        await done(place, ("a", Add(amount=1, box="box")))
        assert sorted(set(asked)) == [b"a", b"a\x00box"]
        asked.clear()
        await done(place, ("a", Add(amount=1, box="box")))
        await done(place, ("a", Close(box="box")), ("a", Close(box="box")))
    assert asked == []


async def test_a_row_is_seen_only_once_the_broker_has_it(place: Offline) -> None:
    """A turn that is not acknowledged may never have been."""
    async with place.turning():
        await done(place, ("a", Add(amount=1)))
        place.broker.taking.clear()
        await place.say(Add(amount=2), "a")
        await until(lambda: len(place.broker.logs[place.changelog()]) == 4)
        await asyncio.sleep(0.02)
        assert total(place.actor().row(b"a")) == total(stored(place, b"a")) == 1
        place.broker.taking.set()
        await until(lambda: place.actor().finished == 2)
    assert total(place.actor().row(b"a")) == total(stored(place, b"a")) == 3


async def test_what_another_worker_wrote_meanwhile_is_seen_by_who_comes_back(place: Offline) -> None:
    async with place.turning():
        await done(place, ("a", Add(amount=1)), ("b", Add(amount=1)), ("gone", Add(amount=1)))
        await place.kernel.on_revoked(None, [place.inbox()])
        write(place, 10, a=50, new=70)
        log = place.broker.logs[place.changelog()]
        log.append(Logged(len(log), b"gone", None))
        place.broker.earliest[place.inbox()] = 11
        await place.take_over(0)
        seen = {key: total(place.actor().row(key)) for key in (b"a", b"b", b"new", b"gone")}
        assert seen == {b"a": 50, b"b": 1, b"new": 70, b"gone": -1}
        # And decisions are made on it.
        await done(place, ("a", Add(amount=5)), ("gone", Add(amount=5)))
    assert (total(stored(place, b"a")), total(stored(place, b"gone"))) == (55, 5)


@pytest.mark.parametrize("keys", ["many", "wide"])
async def test_no_more_rows_are_kept_than_so_many_beside_one_turn(place: Offline, keys: str) -> None:
    most = 0
    async with place.turning():
        for number in range(4 * RECENT // 100):
            messages: list[tuple[str, Message]] = []
            for one in range(100):
                name = f"k{number}-{one}" if keys == "many" else "k"
                messages.append((name, Add(amount=1, box="" if keys == "many" else f"box{number}-{one}")))
            await done(place, *messages)
            most = max(most, kept(place))
    assert RECENT // 2 < most <= RECENT + 2 * MAX_INPUTS + 1


def kept(place: Offline) -> int:
    """Rows that the partition holds in memory."""
    recent: Any = place.actor().recent
    return len(recent)
