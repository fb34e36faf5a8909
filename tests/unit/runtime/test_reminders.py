"""Who wants to be woken when (design §5.8)."""

from __future__ import annotations

import itertools

from agents.runtime.reminders import Due, Reminders


def reminders(**rows: int) -> Reminders:
    made = Reminders()
    for row, at in rows.items():
        made.set(row.encode(), at)
    return made


def test_rows_are_due_in_the_order_of_their_time_and_no_sooner() -> None:
    index = reminders(b=20, a=10, c=30)
    assert index.due(9, 10) == []
    assert index.due(20, 10) == [Due(10, b"a"), Due(20, b"b")]
    assert index.due(20, 10) == []
    assert len(index) == 3


def test_no_more_are_due_at_once_than_asked_for_and_none_is_lost() -> None:
    index = reminders(a=1, b=2, c=3)
    assert [index.due(10, 2), index.due(10, 2)] == [[Due(1, b"a"), Due(2, b"b")], [Due(3, b"c")]]


def test_a_row_that_changed_its_mind_is_due_at_its_new_time_only() -> None:
    index = reminders(a=10, b=10)
    index.set(b"a", 50)
    index.set(b"b", 0)
    assert index.due(49, 10) == []
    assert index.due(50, 10) == [Due(50, b"a")]
    assert len(index) == 1


def test_the_same_wish_again_makes_no_second_reminder() -> None:
    index = reminders(a=10)
    index.set(b"a", 10)
    assert index.due(10, 10) == [Due(10, b"a")]
    index.set(b"a", 10)
    assert index.due(11, 10) == []


def test_a_reminder_without_effect_is_said_again_ever_more_rarely() -> None:
    index = reminders(a=1_000)
    said = []
    for now in range(1_000, 3_000_000, 500):
        said += [now for _ in index.due(now, 10)]
    waits = [after - before for before, after in itertools.pairwise(said)]
    again, rarely = Reminders.AGAIN, Reminders.RARELY
    assert waits == [again, again, 2 * again, 4 * again, 8 * again, 16 * again, 32 * again, *[rarely] * len(waits[7:])]
    assert len(waits) > 8


def test_a_row_that_was_reminded_and_wants_another_time_starts_anew() -> None:
    index = reminders(a=10)
    index.due(10, 1)
    index.set(b"a", 100)
    assert index.due(100, 1) == [Due(100, b"a")]
    assert index.due(100 + Reminders.AGAIN, 1) == [Due(100, b"a")]


def test_overdue_is_the_age_of_the_oldest_that_had_no_effect_however_many_there_are() -> None:
    index = Reminders()
    for number in range(5_000):
        index.set(b"%d" % number, 1_000 + number)
    assert index.overdue(1_000) == 0
    assert index.overdue(1_500) == 500
    # Said, but of no effect: as late as before.
    index.due(1_500, 100)
    assert index.overdue(2_000) == 1_000
    for number in range(50):
        index.set(b"%d" % number, 0)
    assert index.overdue(2_000) == 950
    for number in range(50, 200):
        index.set(b"%d" % number, 9_999)
    assert index.overdue(2_000) == 800
    assert reminders().overdue(5) == 0
    assert reminders(a=10).overdue(5) == 0


def test_rows_that_change_their_mind_all_the_time_do_not_fill_the_memory() -> None:
    index = reminders(a=10, b=20)
    for at in range(30, 20_000):
        index.set(b"a", at)
    assert len(index._heap) < 3_000
    assert index.due(20, 10) == [Due(20, b"b")]
    index.set(b"b", 0)
    assert index.due(19_999, 10) == [Due(19_999, b"a")]
