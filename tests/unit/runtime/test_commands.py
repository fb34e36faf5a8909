"""What a row remembers of clients' commands, and whom it answers (design §5.3, §5.4)."""

from __future__ import annotations

from typing import Any

import pytest

from agents.runtime.memos import COMMANDS, SURE, WAITING
from agents.runtime.rows import LEDGER, NIL, header
from models.actor import DAY, Inquire, Message, Reminder
from tests.unit.runtime.toy import (
    NOW,
    Add,
    Changed,
    Close,
    Counter,
    Grant,
    Nothing,
    Wish,
    World,
    answers,
    codes,
    events,
    kinds,
    sent,
)
from topics.answers import Answer


def nothing_happened(world: World, before: dict[bytes, bytes]) -> bool:
    """No row but the ledger is another one."""
    return {**before, LEDGER: b""} == {**world.rows, LEDGER: b""}


def test_an_accepted_command_is_answered_and_remembered() -> None:
    world = World()
    turn = world.say(Add(amount=3), "c", replyto="web", fingerprint="words")
    assert answers(turn) == [("web", Answer("c", "toy", "a", 1, 200, "", {"total": 3}, "words"))]
    row = world.row()
    assert row is not None
    assert (row.seq, list(row.commands)) == (1, ["c"])


@pytest.mark.spec("order W-14", "order W-17", "store M6")
def test_the_same_command_again_gets_the_same_answer_and_nothing_happens() -> None:
    world = World()
    first = world.say(Add(amount=3), "c", replyto="web", fingerprint="words")
    world.say(Add(amount=1), "later", replyto="web")
    before = dict(world.rows)
    again = world.say(Add(amount=3), "c", replyto="other", fingerprint="words")
    assert answers(again) == [("other", answers(first)[0][1])]
    assert (again.outputs, again.outcomes, again.dirty) == ([], {"repeated": 1}, False)
    assert nothing_happened(world, before)


def test_other_words_under_a_known_id_are_refused_and_nothing_happens() -> None:
    world = World()
    world.say(Add(amount=3), "c", replyto="web", fingerprint="words")
    before = dict(world.rows)
    again = world.say(Add(amount=4), "c", replyto="web", fingerprint="others")
    assert codes(again) == [(422, "idempotency_key_reused")]
    assert answers(again)[0][1].fingerprint == "others"
    assert (again.outputs, again.outcomes) == ([], {"repeated": 1})
    assert nothing_happened(world, before)
    # The first words still get their own answer.
    assert codes(world.say(Add(amount=3), "c", replyto="web", fingerprint="words")) == [(200, "")]


def test_a_refused_command_is_remembered_for_a_day_and_changes_nothing_else() -> None:
    world = World()
    world.say(Add(amount=3))
    turn = world.say(Add(amount=-1), "c", replyto="web", fingerprint="words")
    assert answers(turn) == [("web", Answer("c", "toy", "a", 1, 422, "negative", {"amount": -1}, "words"))]
    assert (turn.outputs, turn.outcomes) == ([], {"refused": 1})
    assert world.state() == Counter(total=3)
    world.now += DAY
    assert codes(world.say(Add(amount=-1), "c", replyto="web", fingerprint="words")) == [(422, "negative")]
    assert world.say(Add(amount=-1), "c", replyto="web", fingerprint="words").outcomes == {"repeated": 1}
    world.now += 1
    # A day and a millisecond later it is a new command: it is decided again.
    world.say(Nothing())
    row = world.row()
    assert row is not None
    assert "c" not in row.commands


def test_a_refused_command_without_an_aggregate_has_a_row_that_ends_after_a_day() -> None:
    world = World()
    turn = world.say(Add(amount=-1), "c", replyto="web")
    assert turn.outputs == []
    row = world.row()
    assert row is not None
    assert (row.state, row.seq, list(row.commands)) == (NIL, 0, ["c"])
    world.now += DAY
    world.say(Reminder(due=world.now))
    assert world.row() is not None
    world.now += 1
    turn = world.say(Reminder(due=world.now))
    assert turn.rows == {b"a": None}
    assert world.row() is None


def test_the_row_of_a_refused_command_asks_for_its_end() -> None:
    world = World()
    world.say(Add(amount=-1), "c", replyto="web")
    assert header(world.rows[b"a"]) == (0, 0, NOW + DAY + 1000)


def test_a_command_is_remembered_in_the_part_that_it_names() -> None:
    world = World()
    world.say(Add(amount=3, box="b1"), "c", replyto="web", fingerprint="words")
    whole, part = world.row(), world.row(part="b1")
    assert whole is not None
    assert part is not None
    assert (list(whole.commands), list(part.commands)) == ([], ["c"])
    assert world.state(part="b1") == Counter(total=3)
    assert codes(world.say(Add(amount=3, box="b1"), "c", replyto="web", fingerprint="words")) == [(200, "")]
    assert codes(world.say(Add(amount=3, box="b1"), "c", replyto="web", fingerprint="other")) == [(422, "idempotency_key_reused")]
    assert world.state() == Counter(total=3)


def test_a_refused_command_of_a_part_leaves_a_row_of_the_part_only() -> None:
    world = World()
    world.say(Add(amount=-3, box="b1"), "c", replyto="web")
    assert world.row() is None
    part = world.row(part="b1")
    assert part is not None
    assert part.state == NIL
    world.now += DAY + 1
    turn = world.say(Reminder(due=NOW, part="b1"))
    assert turn.rows == {b"a\x00b1": None}


def test_a_deleted_part_keeps_what_it_remembers() -> None:
    world = World()
    world.say(Add(amount=3, box="b1"), "c", replyto="web")
    world.say(Close(box="b1"))
    part = world.row(part="b1")
    assert part is not None
    assert (part.state, list(part.commands)) == (NIL, ["c"])
    assert codes(world.say(Add(amount=3, box="b1"), "c", replyto="web")) == [(200, "")]
    assert world.state() == Counter(total=3)


def test_a_command_of_another_actor_is_not_remembered() -> None:
    """Its repeat is told by its position; a busy neighbour would fill the row."""
    world = World()
    world.say(Add(amount=3), sender="other/0", position=7)
    row = world.row()
    assert row is not None
    assert row.commands == {}


# -- answers that come later ------------------------------------------------------------------------------------------------


def test_a_command_that_waits_is_answered_by_the_event_that_it_names() -> None:
    world = World()
    assert answers(world.say(Wish(), "c1", replyto="web1", fingerprint="w1")) == []
    assert answers(world.say(Wish(), "c2", replyto="web2")) == []
    turn = world.say(Grant())
    assert answers(turn) == [
        ("web1", Answer("c1", "toy", "a", 3, 200, "", {"total": 0}, "w1")),
        ("web2", Answer("c2", "toy", "a", 3, 200, "", {"total": 0})),
    ]
    # Once: the next one answers nobody, and a repeat gets the same answer.
    assert answers(world.say(Grant())) == []
    assert answers(world.say(Wish(), "c2", replyto="web3")) == [("web3", answers(turn)[1][1])]


def test_a_waiting_command_that_comes_again_is_answered_to_both() -> None:
    world = World()
    world.say(Wish(), "c", replyto="web1")
    again = world.say(Wish(), "c", replyto="web2")
    assert (answers(again), again.outputs, again.outcomes) == ([], [], {"repeated": 1})
    assert world.say(Wish(), "c", replyto="web2").dirty is False
    assert [channel for channel, _ in answers(world.say(Grant()))] == ["web1", "web2"]


def test_a_row_tells_no_more_than_so_many_web_processes() -> None:
    world = World()
    for number in range(WAITING + 3):
        world.say(Wish(), "c", replyto=f"web{number}")
    assert [channel for channel, _ in answers(world.say(Grant()))] == [f"web{number}" for number in range(WAITING)]


@pytest.mark.parametrize(
    ("said", "asked", "status", "code"),
    [
        ((), Inquire(command="c"), 404, "command_unknown"),
        ((Wish(),), Inquire(command="c"), 0, ""),
        ((Wish(), Grant()), Inquire(command="c"), 200, ""),
        ((Add(amount=-1),), Inquire(command="c"), 422, "negative"),
        ((Add(amount=1, box="b"),), Inquire(command="c"), 404, "command_unknown"),
        ((Add(amount=1, box="b"),), Inquire(command="c", part="b"), 200, ""),
    ],
)
def test_an_inquiry_tells_what_became_of_a_command(said: tuple[Message, ...], asked: Inquire, status: int, code: str) -> None:
    world = World()
    for number, message in enumerate(said):
        world.say(message, "c" if number == 0 else "", replyto="lost", fingerprint="words")
    before = dict(world.rows)
    turn = world.say(asked, replyto="web")
    assert codes(turn) == [(status, code)]
    assert [answer.fingerprint for _, answer in answers(turn)] == ["" if code == "command_unknown" else "words"]
    assert [channel for channel, _ in answers(turn)] == ["web"]
    assert (turn.outputs, turn.outcomes) == ([], {"inquired": 1})
    assert nothing_happened(world, before)


def test_more_commands_than_a_row_remembers_are_refused_within_an_hour() -> None:
    world = World()
    for number in range(COMMANDS):
        assert codes(world.say(Add(amount=1), f"c{number}", replyto="web")) == [(200, "")]
    before = dict(world.rows)
    turn = world.say(Add(amount=1), "more", replyto="web", fingerprint="words")
    assert answers(turn) == [
        ("web", Answer("more", "toy", "a", COMMANDS, 429, "too_many_commands", {"an_hour": COMMANDS}, "words"))
    ]
    assert (turn.outputs, turn.outcomes) == ([], {"refused": 1})
    assert nothing_happened(world, before)
    # A known one still gets its answer, another actor's is no client's, and after an hour there is room: the oldest goes.
    assert codes(world.say(Add(amount=1), "c0", replyto="web")) == [(200, "")]
    assert kinds(world.say(Add(amount=1), sender="other/0", position=1)) == ["added"]
    world.now += SURE
    assert codes(world.say(Add(amount=1), "more", replyto="web")) == [(429, "too_many_commands")]
    world.now += 1
    assert codes(world.say(Add(amount=1), "more", replyto="web")) == [(200, "")]
    row = world.row()
    assert row is not None
    assert sorted(row.commands) == sorted(["more", *(f"c{number}" for number in range(1, COMMANDS))])
    # Tomorrow nothing of all that is left.
    world.now += DAY + 1
    world.say(Add(amount=1), "tomorrow", replyto="web")
    row = world.row()
    assert row is not None
    assert list(row.commands) == ["tomorrow"]


def test_what_is_not_answered_yet_never_makes_room() -> None:
    """Whoever waits for it would never be told."""
    world = World()
    for number in range(COMMANDS):
        world.say(Wish(), f"c{number}", replyto="web")
    world.now += SURE + 1
    assert codes(world.say(Add(amount=1), "more", replyto="web")) == [(429, "too_many_commands")]


@pytest.mark.parametrize("message", [Nothing(), Add(amount=0)])
def test_nobody_is_answered_who_named_no_channel(message: Any) -> None:
    world = World()
    assert answers(world.say(message, "c")) == []
    assert codes(world.say(message, "c", replyto="web")) == [(200, "")]


def test_an_accepted_command_without_an_event_is_remembered_and_says_nothing() -> None:
    world = World()
    world.say(Add(amount=3), "before", replyto="web")
    turn = world.say(Nothing(), "c", replyto="web")
    unchanged = Answer("c", "toy", "a", 1, 200, "", {"total": 3}, unchanged=True)
    assert (answers(turn), turn.outputs) == ([("web", unchanged)], [])
    # So whoever asks later, or says it again, knows too that no read model will ever show anything of it.
    assert answers(world.say(Inquire(command="c"), replyto="web")) == [("web", unchanged)]
    assert answers(world.say(Nothing(), "c", replyto="web")) == [("web", unchanged)]
    row = world.row()
    assert row is not None
    assert (row.seq, list(row.commands)) == (1, ["before", "c"])


def test_the_envelope_of_an_output_names_its_cause() -> None:
    world = World()
    turn = world.say(Add(amount=3), "c", correlation="order-7", traceparent="00-1-2-00")
    (event,), (message,) = events(turn), sent(turn)
    for one in (event, message):
        assert (one.causationid, one.correlationid, one.traceparent) == ("c", "order-7", "00-1-2-00")
        assert (one.sender, one.source) == ("toy/0", "/toy/0")
    assert (event.type, event.subject, event.seq) == ("bb.toy.Changed.v1", "a", 1)
    assert (message.type, message.subject, message.seq) == ("bb.other.Add.v1", "of-a", 0)
    assert Changed(kind="added", amount=3).amount == 3
