"""The indexes that tell the oldest of many, against a plain look at all of them."""

from __future__ import annotations

import random

from agents.runtime.oldest import Oldest, Unfinished
from agents.runtime.reminders import Reminders
from models.actor import MINUTE, Phase


def test_the_least_of_many_that_change() -> None:
    draw, oldest, plain = random.Random(7), Oldest(), dict[bytes, int]()
    for _ in range(20_000):
        row = str(draw.randrange(300)).encode()
        if draw.random() < 0.4:
            oldest.drop(row)
            plain.pop(row, None)
        else:
            plain[row] = draw.randrange(1_000)
            oldest.set(row, plain[row])
        assert oldest.least() == min(plain.values(), default=None)
    assert len(oldest) == len(plain)


def test_what_no_longer_holds_is_cleared_away() -> None:
    """One row that never goes keeps the heap's head in place, behind which others come and go without end."""
    oldest = Oldest()
    oldest.set(b"stays", 1)
    for number in range(50_000):
        oldest.set(b"goes", number + 2)
    oldest.drop(b"goes")
    assert (oldest.least(), len(oldest)) == (1, 1)
    assert len(oldest._heap) < 3 * Oldest.ROOM


def test_an_overdue_reminder_is_told_among_any_number() -> None:
    reminders = Reminders()
    for number in range(5_000):
        reminders.set(b"%d" % number, 1_000_000 + number)
    assert reminders.overdue(1_000_000) == 0
    assert reminders.overdue(1_000_700) == 700
    # That it was sent is no effect yet: only the row's own change is.
    assert [one.row for one in reminders.due(1_000_700, 1)] == [b"0"]
    assert reminders.overdue(1_000_700) == 700
    reminders.set(b"0", 0)
    reminders.set(b"1", 2_000_000)
    assert reminders.overdue(1_000_700) == 698


def test_a_saga_ages_in_its_phase_until_it_ends() -> None:
    sagas = Unfinished({})
    sagas.set(b"a", Phase("RESERVING", 100))
    sagas.set(b"b", Phase("RESERVING", 50))
    assert dict(sagas.ages(200)) == {"RESERVING": 150}
    sagas.set(b"b", Phase("CAPTURING", 190))
    assert dict(sagas.ages(200)) == {"RESERVING": 100, "CAPTURING": 10}
    sagas.set(b"a", None)
    sagas.set(b"b", None)
    assert dict(sagas.ages(200)) == {"RESERVING": 0, "CAPTURING": 0}
    assert len(sagas) == 0


def test_a_saga_that_takes_too_long_is_told_once() -> None:
    sagas = Unfinished({"CAPTURING": 10 * MINUTE})
    slow, quick = Phase("CAPTURING", 0), Phase("CAPTURING", 5)
    sagas.set(b"slow", slow)
    sagas.set(b"quick", quick)
    sagas.set(b"reserving", Phase("RESERVING", 0))
    assert list(sagas.overdue(10 * MINUTE - 1)) == []
    sagas.set(b"quick", None)
    sagas.set(b"slow", slow)
    assert list(sagas.overdue(11 * MINUTE)) == [(b"slow", slow)]
    sagas.set(b"slow", slow)
    assert list(sagas.overdue(20 * MINUTE)) == []
