"""What cannot be handled: dead letters, aggregates that wait for an operator, and replays (design §5.6)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.runtime.decider import CAUSE, STACK
from agents.runtime.letters import Letter, NotReplayable, again
from agents.runtime.rows import LEDGER, PARKED, header, pack_row
from agents.runtime.turn import MAX_BYTES, Turn
from models.actor import Inquire, Message, Reminder
from tests.unit.runtime.toy import (
    NOW,
    Add,
    Boom,
    Close,
    Counter,
    Later,
    Must,
    Wish,
    World,
    answers,
    codes,
    dead,
    kinds,
)
from topics.catalogue import INBOX_BYTES
from topics.dead import Dead
from topics.envelope import encode


def replay(world: World, letter: Dead, name: str = "0/0") -> Turn:
    """An operator sends the letter again."""
    return world.say(None, key=letter.key, raw=encode(again(Letter(name, letter))))


def parked(world: World, key: str = "a") -> int:
    row = world.row(key)
    return row.parked if row else 0


@pytest.mark.spec("order W-19")
def test_a_message_that_decide_fails_on_is_a_letter_with_its_stack_and_nothing_else() -> None:
    world = World()
    world.say(Add(amount=1), sender="x/0", position=0)
    before = dict(world.rows)
    item = world.item(Boom(text="why"), "c", replyto="web", fingerprint="words")
    turn = world.take(item)
    (letter,) = dead(turn)
    assert (letter.topic, letter.partition, letter.offset, letter.key) == ("bb.toy.inbox", 0, 1, "a")
    assert (letter.cause, letter.seq, letter.parked) == ("ValueError: why", 1, False)
    assert letter.message == item.value.decode()
    assert "raise ValueError(text)" in letter.stack
    assert codes(turn) == [(500, "internal_error")]
    assert answers(turn)[0][1].fingerprint == "words"
    assert (len(turn.outputs), turn.rows, turn.outcomes) == (1, {}, {"dead": 1})
    assert {**world.rows, LEDGER: b""} == {**before, LEDGER: b""}
    # The aggregate goes on.
    assert kinds(world.say(Add(amount=1))) == ["added"]


def test_a_letter_holds_no_more_than_so_much_of_an_error() -> None:
    (letter,) = dead(World().say(Boom(text="x" * 50_000)))
    assert (len(letter.cause), len(letter.stack)) == (CAUSE, STACK)


@pytest.mark.parametrize(
    "raw",
    [b"", b"not json", b"[]", b"{}", b'{"specversion": 1}', b"\xff\xfe", b'"\\ud800"'],
)
def test_a_poison_value_is_a_letter(raw: bytes) -> None:
    world = World()
    turn = world.say(None, raw=raw)
    (letter,) = dead(turn)
    assert letter.message == raw.decode("utf-8", "backslashreplace")
    assert (turn.rows, turn.replies, turn.outcomes) == ({}, [], {"dead": 1})
    with pytest.raises(NotReplayable):
        again(Letter("0/0", letter))


@pytest.mark.parametrize("byte", [b"\xff", b"\x00", b'"', b"\\"])
def test_the_letter_of_the_largest_poison_fits_into_a_batch(byte: bytes) -> None:
    turn = World().say(None, raw=byte * INBOX_BYTES)
    (out,) = turn.outputs
    assert len(out.value or b"") < MAX_BYTES
    assert dead(turn)[0].message.startswith(byte.decode("utf-8", "backslashreplace"))


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"subject": "b"}, "Undecodable: subject 'b' under record key 'a'"),
        ({"type": "bb.toy.Unknown.v1"}, "Undecodable: bb.toy.Unknown.v1: not taken here"),
        ({"type": "nonsense"}, "Undecodable: 'nonsense' is no type of ours"),
        ({"type": "bb.toy.Add.vx"}, "Undecodable: 'bb.toy.Add.vx' is no type of ours"),
    ],
)
def test_what_is_no_message_for_this_aggregate_is_a_letter(change: dict[str, str], cause: str) -> None:
    world = World()
    turn = world.say(Add(amount=1), **change)
    assert [letter.cause for letter in dead(turn)] == [cause]
    assert (turn.rows, turn.outcomes) == ({}, {"dead": 1})


@pytest.mark.parametrize("key", ["", "a\x00b", "\x00ledger"])
def test_a_key_that_would_be_a_parts_or_the_ledgers_is_a_letter(key: str) -> None:
    world = World()
    world.say(Add(amount=1, box="b"))
    before = dict(world.rows)
    for message in (Add(amount=1), Must(), Must(fails="boom"), Reminder(due=NOW)):
        turn = world.say(message, key=key)
        assert (turn.rows, turn.outcomes, len(dead(turn))) == ({}, {"dead": 1}, 1)
        assert dead(turn)[0].parked is False
    assert {**world.rows, LEDGER: b""} == {**before, LEDGER: b""}


# -- parking --------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-19")
@pytest.mark.parametrize("fails", ["refuse", "boom"])
def test_a_message_that_may_not_be_refused_parks_its_aggregate_and_later_ones_follow_in_order(fails: str) -> None:
    world = World()
    world.say(Later(at=NOW + 5))
    turn = world.say(Must(fails=fails), sender="x/0", position=1)
    (letter,) = dead(turn)
    assert (letter.parked, turn.outcomes, list(turn.rows)) == (True, {"dead": 1}, [b"a"])
    assert header(world.rows[b"a"]) == (PARKED, 1, NOW + 5)
    followers = world.take(
        world.item(Add(amount=1), "c", replyto="web", fingerprint="words"),
        world.item(Must()),
        world.item(Add(amount=1), key="b"),
    )
    assert [(one.offset, one.cause, one.parked) for one in dead(followers)] == [
        (2, "the aggregate is parked", True),
        (3, "the aggregate is parked", True),
    ]
    assert followers.outcomes == {"parked": 2, "handled": 1}
    assert codes(followers) == [(500, "internal_error")]
    assert answers(followers)[0][1].fingerprint == "words"
    assert (parked(world), parked(world, "b")) == (3, 0)
    assert (world.state(), world.state("b")) == (Counter(wake=NOW + 5), Counter(total=1))


def test_an_aggregate_that_has_no_row_yet_is_parked_too() -> None:
    world = World()
    world.say(Must(fails="boom"))
    assert (parked(world), world.state()) == (1, None)
    assert world.say(Add(amount=1)).outcomes == {"parked": 1}


def test_a_state_that_cannot_be_decoded_parks_its_aggregate_and_stays_as_it_is() -> None:
    world = World()
    world.say(Add(amount=1))
    row = world.row()
    assert row is not None
    row.state = msgspec.Raw(msgspec.msgpack.encode({"total": "many"}))
    world.rows[b"a"] = pack_row(row, 0, 0, 0)
    turn = world.say(Must())
    assert dead(turn)[0].cause.startswith("ValidationError")
    kept = world.row()
    assert kept is not None
    assert (kept.parked, kept.state) == (1, row.state)
    assert world.say(Must()).outcomes == {"parked": 1}


def test_a_parked_aggregate_answers_what_it_knows_and_takes_no_reminder() -> None:
    world = World()
    world.say(Add(amount=1), "c", replyto="web")
    world.say(Must(fails="boom"))
    before = dict(world.rows)
    assert codes(world.say(Inquire(command="c"), replyto="web")) == [(200, "")]
    assert codes(world.say(Add(amount=1), "c", replyto="web")) == [(200, "")]
    turn = world.say(Reminder(due=NOW))
    assert (turn.outputs, turn.rows, turn.outcomes) == ([], {}, {"parked": 1})
    assert {**world.rows, LEDGER: b""} == {**before, LEDGER: b""}


# -- replay ---------------------------------------------------------------------------------------------------------------------


def park(world: World, *followers: Message, fails: str = "boom") -> list[Dead]:
    """The letters of an aggregate that was parked, and of what followed."""
    letters = dead(world.say(Must(fails=fails), sender="x/0", position=1))
    for number, follower in enumerate(followers):
        letters += dead(world.say(follower, f"f{number}"))
    return letters


def repaired(letter: Dead) -> Dead:
    """The letter as it would have been, had ``decide`` no defect: its message no longer fails."""
    return msgspec.structs.replace(letter, message=letter.message.replace(',"fails":"boom"', "").replace(',"fails":"refuse"', ""))


@pytest.mark.spec("order W-19")
def test_replays_unpark_in_order_and_then_everything_goes_on() -> None:
    world = World()
    first, second = park(world, Add(amount=10))
    turn = replay(world, repaired(first))
    assert (kinds(turn), turn.outcomes, parked(world)) == (["added"], {"handled": 1}, 1)
    # What comes meanwhile still follows.
    (third,) = dead(world.say(Add(amount=100), "late"))
    assert parked(world) == 2
    assert kinds(replay(world, second)) == ["added"]
    assert kinds(replay(world, third)) == ["added"]
    assert (parked(world), world.state()) == (0, Counter(total=111))
    assert header(world.rows[b"a"])[0] == 0
    assert kinds(world.say(Add(amount=1000))) == ["added"]


def test_a_letter_replayed_twice_is_handled_once() -> None:
    world = World()
    letters = park(world, Add(amount=10))
    for _ in range(2):
        for letter in letters:
            replay(world, repaired(letter))
    assert (parked(world), world.state()) == (0, Counter(total=11))


def test_a_letter_that_a_killed_worker_wrote_twice_is_handled_once() -> None:
    world = World()
    (letter,) = park(world)
    assert kinds(replay(world, repaired(letter), "0/3")) == ["added"]
    turn = replay(world, repaired(letter), "0/4")
    assert (turn.outputs, turn.outcomes) == ([], {"repeated": 1})


def test_a_command_that_its_client_sent_again_meanwhile_is_handled_once() -> None:
    world = World()
    first, second = park(world, Add(amount=10))
    (other,) = dead(world.say(Add(amount=10), "f0"))
    assert parked(world) == 3
    replay(world, repaired(first))
    assert kinds(replay(world, second, "0/5")) == ["added"]
    turn = replay(world, other, "0/6")
    assert (turn.outputs, turn.outcomes) == ([], {"repeated": 1})
    assert (parked(world), world.state()) == (0, Counter(total=11))
    # And the client itself gets the answer.
    assert codes(world.say(Add(amount=10), "f0", replyto="web")) == [(200, "")]


def test_a_command_of_a_part_that_its_client_sent_again_is_handled_once() -> None:
    world = World()
    first, second = park(world, Add(amount=10, box="b"))
    (other,) = dead(world.say(Add(amount=10, box="b"), "f0"))
    for letter in (first, second, other, other):
        replay(world, repaired(letter))
    assert (parked(world), world.state(), world.state(part="b")) == (0, Counter(total=11), Counter(total=10))


def test_a_follower_that_is_refused_on_replay_holds_nobody_up() -> None:
    world = World()
    first, second = park(world, Add(amount=-1))
    replay(world, repaired(first))
    turn = replay(world, second)
    assert (turn.outcomes, turn.outputs, parked(world)) == ({"refused": 1}, [], 0)
    assert kinds(world.say(Add(amount=1))) == ["added"]


def test_a_refused_follower_of_a_part_holds_nobody_up() -> None:
    world = World()
    first, second = park(world, Add(amount=-1, box="b"))
    replay(world, repaired(first))
    replay(world, second)
    assert parked(world) == 0
    assert world.state() == Counter(total=1)


@pytest.mark.parametrize("fails", ["refuse", "boom"])
def test_a_replay_that_fails_again_leaves_a_letter_and_the_aggregate_parked(fails: str) -> None:
    world = World()
    (letter,) = park(world, fails=fails)
    (again_dead,) = dead(replay(world, letter))
    assert (again_dead.parked, parked(world)) == (True, 1)
    # The new letter can be replayed; the old one was said and is known.
    assert kinds(replay(world, repaired(again_dead), "0/9")) == ["added"]
    assert (parked(world), world.state()) == (0, Counter(total=1))


def test_a_replay_loses_what_belonged_to_its_first_way() -> None:
    world = World()
    turn = world.say(Boom(), "c", sender="x/0", position=3, replyto="web", fingerprint="w", correlation="o")
    envelope = again(Letter("2/17", dead(turn)[0]))
    assert (envelope.sender, envelope.position, envelope.replyto, envelope.replay) == ("", -1, "", "2/17")
    assert (envelope.causationid, envelope.correlationid, envelope.fingerprint) == ("c", "o", "w")
    assert envelope.id != "c"


def test_a_letter_of_another_key_than_its_subject_is_not_replayable() -> None:
    turn = World().say(Add(amount=1), subject="b")
    with pytest.raises(NotReplayable, match="subject 'b' under record key 'a'"):
        again(Letter("0/0", dead(turn)[0]))


@pytest.mark.parametrize("message", [Wish(), Close(), Add(amount=1)])
def test_a_dead_command_is_decided_anew_when_its_client_asks_again(message: Any) -> None:
    world = World()
    world.say(Boom(), "c", replyto="web")
    assert world.say(message, "c", replyto="web").outcomes == {"handled": 1}
