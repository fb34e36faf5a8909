"""A row that holds nothing is deleted, and yet no event ever has the id of another (docs/adr/0021)."""

from __future__ import annotations

import msgspec

from agents.runtime.rows import LEDGER, NIL, Ledger, header, pack_ledger, unpack_ledger
from agents.runtime.turn import Turn
from models.actor import DAY, Reminder, id_of
from tests.unit.runtime.toy import NOW, Add, Close, Counter, Grow, Nothing, World, events

FROM = {"sender": "other/0"}
"""What another actor says leaves no memory of a command in the row."""


def ended(adds: int, key: str = "a") -> World:
    """An aggregate after ``adds`` events and its end."""
    world = World()
    for number in range(adds):
        world.say(Add(amount=1), key=key, position=number, **FROM)
    world.say(Close(), key=key)
    return world


def test_a_row_that_holds_nothing_is_deleted() -> None:
    world = ended(2)
    assert set(world.rows) == {LEDGER}
    assert world.ledger.gone == 3


def test_who_begins_anew_counts_on_and_says_so() -> None:
    world = ended(2)
    turn = world.take(world.item(Add(amount=5)), world.item(Add(amount=1)))
    assert [(one.seq, one.id, one.first) for one in events(turn)] == [
        (4, id_of("toy", "a", "4"), True),
        (5, id_of("toy", "a", "5"), False),
    ]
    assert world.state() == Counter(total=6)


def test_a_new_row_of_the_partition_counts_on_from_there_too() -> None:
    """Whether it is a new one is what nobody remembers."""
    world = ended(2)
    (first,) = events(world.say(Add(amount=5), key="b"))
    assert (first.seq, first.first) == (4, True)


def test_a_row_that_lives_counts_its_own() -> None:
    world = World()
    world.say(Add(amount=1), key="b")
    for number in range(3):
        world.say(Add(amount=1), position=number, **FROM)
    world.say(Close())
    (second,) = events(world.say(Add(amount=1), key="b"))
    assert (second.seq, second.first, world.ledger.gone) == (2, False, 4)


def test_the_shorter_of_two_that_go_lowers_nothing() -> None:
    world = World()
    for number, key in enumerate("aab"):
        world.say(Add(amount=1), key=key, position=number, **FROM)
    world.take(world.item(Close(), key="a"), world.item(Close(), key="b"))
    assert (set(world.rows), world.ledger.gone) == ({LEDGER}, 3)


def test_within_one_turn() -> None:
    world = World()
    turn = world.take(world.item(Add(amount=1), position=1, **FROM), world.item(Close()), world.item(Add(amount=7)))
    assert [(one.seq, one.first) for one in events(turn)] == [(1, False), (2, False), (3, True)]
    assert world.state() == Counter(total=7)


def test_what_is_remembered_of_its_commands_outlives_the_aggregate_for_a_day() -> None:
    world = World()
    world.say(Add(amount=1), "c")
    world.say(Close())
    row = world.row()
    assert row is not None
    assert (row.state, row.seq, row.ended, list(row.commands), world.ledger.gone) == (NIL, 2, True, ["c"], 0)
    assert header(world.rows[b"a"])[2] == NOW + DAY + 1000
    world.now += DAY + 1000
    turn = world.say(Reminder(due=world.now))
    assert (turn.rows, turn.outputs, world.ledger.gone) == ({b"a": None}, [], 2)


def test_who_is_only_remembered_has_no_number_yet() -> None:
    world = ended(2)
    world.say(Nothing(), "c")
    row = world.row()
    assert row is not None
    assert row.seq == 0
    (first,) = events(world.say(Add(amount=1)))
    assert (first.seq, first.first) == (4, True)


def test_an_aggregate_that_lives_in_parts_alone_has_not_ended() -> None:
    world = World()
    assert [one.seq for number in (1, 2) for one in events(world.say(Close(box="b1"), position=number, **FROM))] == [1, 2]
    row = world.row()
    assert row is not None
    assert (row.state, row.seq, row.ended, world.ledger.gone) == (NIL, 2, False, 0)


def test_who_begins_while_the_memory_lasts_counts_on_without_a_beginning() -> None:
    world = World()
    world.say(Add(amount=1), "c")
    world.say(Close())
    (third,) = events(world.say(Add(amount=1)))
    row = world.row()
    assert row is not None
    assert (third.seq, third.first, row.ended) == (3, False, False)


def test_what_fails_or_does_not_fit_deletes_nothing() -> None:
    world = World()
    world.say(Add(amount=1), position=0, **FROM)
    turn = Turn(world.ledger)
    turn.inputs, turn.size = 1, 900_000
    assert not world.decider.take(turn, world.item(Close()))
    assert turn.ledger.gone == 0
    world.say(Grow(size=66_000))
    assert world.ledger.gone == 0


def test_a_ledger_from_before_is_read() -> None:
    old = msgspec.msgpack.encode([7, {"other/0": 5}, []])
    assert unpack_ledger(pack_ledger(Ledger())[:17] + old) == Ledger(7, {"other/0": 5}, [], 0)
