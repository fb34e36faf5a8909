"""What a turn is: inputs in order, each once, cut where its batch would not fit (design §5.2, §5.3)."""

from __future__ import annotations

import msgspec
import pytest

from agents.runtime.rows import LEDGER, OPEN, Ledger, header, pack_row, row_key, unpack_ledger
from agents.runtime.turn import MAX_BYTES, MAX_INPUTS, OVERHEAD, Turn
from models.actor import Inquire, Reminder, id_of
from tests.unit.runtime.toy import (
    NOW,
    Add,
    Call,
    Close,
    Counter,
    Grow,
    Later,
    Nothing,
    Renamed,
    Tell,
    World,
    dead,
    events,
    kinds,
    sent,
)
from topics.envelope import OUTPUTS_PER_INPUT, NewerVersion, decode_envelope


def test_a_turn_is_one_batch_with_the_ledger_first() -> None:
    world = World()
    turn = world.take(world.item(Add(amount=1)), world.item(Add(amount=2)), world.item(Add(amount=4), key="b"))
    (key, value), *rows = turn.batch()
    assert key == LEDGER
    assert unpack_ledger(value) == Ledger(2, {}, turn.outputs)
    assert [name for name, _ in rows] == [b"a", b"b"]
    assert (world.state("a"), world.state("b")) == (Counter(total=3), Counter(total=4))


def test_messages_come_before_the_events_and_the_private_record_and_each_has_its_position() -> None:
    world = World()
    world.say(Nothing())
    turn = world.take(world.item(Grow(sends=2)), world.item(Tell(name="Kim")))
    assert [out.topic for out in turn.outputs] == [
        "bb.other.inbox", "bb.other.inbox", "bb.toy.events", "bb.toy.events", "bb.toy.private",
    ]  # fmt: skip
    first, second = OUTPUTS_PER_INPUT, 2 * OUTPUTS_PER_INPUT
    assert [one.position for one in sent(turn)] == [first, first + 1]
    assert [one.position for one in events(turn)] == [first + 2, second]
    assert decode_envelope(turn.outputs[-1].value or b"").position == second + 1


@pytest.mark.spec("product W8")
def test_ids_are_made_of_their_cause() -> None:
    world = World()
    turn = world.say(Grow(sends=2), "cause")
    assert [one.id for one in sent(turn)] == [id_of("cause", "0"), id_of("cause", "1")]
    assert [one.id for one in events(turn)] == [id_of("toy", "a", "1")]
    assert turn.outputs == World().say(Grow(sends=2), "cause").outputs


def test_seq_counts_the_events_of_an_aggregate_and_survives_its_end() -> None:
    world = World()
    seqs = [one.seq for message in (Add(amount=1), Add(amount=1), Close(), Add(amount=1)) for one in events(world.say(message))]
    assert seqs == [1, 2, 3, 4]
    assert [one.seq for one in events(world.say(Add(amount=1), key="b"))] == [1]
    assert world.state() == Counter(total=1)


def test_a_private_record_is_a_tombstone_when_the_domain_erases() -> None:
    world = World()
    (_, private) = world.say(Tell(name="Kim")).outputs
    assert (private.topic, private.key) == ("bb.toy.private", "a")
    assert msgspec.json.decode(decode_envelope(private.value or b"").data) == {"name": "Kim"}
    (_, erased) = world.say(Tell()).outputs
    assert (erased.topic, erased.key, erased.value) == ("bb.toy.private", "a", None)


# -- each message once ---------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-17")
def test_what_was_heard_from_a_sender_is_dropped() -> None:
    world = World()
    world.say(Add(amount=1), sender="other/0", position=5)
    turn = world.say(Add(amount=1), sender="other/0", position=5)
    assert (turn.outcomes, turn.outputs, turn.dirty) == ({"repeated": 1}, [], False)
    assert world.say(Add(amount=1), sender="other/0", position=4).outcomes == {"repeated": 1}
    assert world.say(Add(amount=1), sender="other/0", position=6).outcomes == {"handled": 1}
    # Another partition of the sender counts for itself.
    assert world.say(Add(amount=1), sender="other/1", position=5).outcomes == {"handled": 1}
    assert world.state() == Counter(total=3)
    assert world.ledger.heard == {"other/0": 6, "other/1": 5}


def test_a_repeat_within_one_turn_is_dropped_too() -> None:
    world = World()
    turn = world.take(*(world.item(Add(amount=1), sender="other/0", position=5) for _ in range(2)))
    assert turn.outcomes == {"handled": 1, "repeated": 1}
    assert world.state() == Counter(total=1)


def test_a_message_that_changes_nothing_is_heard_all_the_same() -> None:
    world = World()
    turn = world.say(Add(amount=-1), sender="other/0", position=5)
    assert (turn.rows, turn.outputs, turn.dirty) == ({}, [], True)
    assert world.ledger == Ledger(0, {"other/0": 5}, [])


def test_a_refusal_that_finds_no_row_leaves_none() -> None:
    world = World()
    turn = world.say(Add(amount=-1), sender="other/0", position=5)
    assert turn.outcomes == {"refused": 1}
    assert set(world.rows) == {LEDGER}


def test_the_first_turn_of_a_partition_is_written_whatever_it_changes() -> None:
    """Or a restart would find inputs committed and the changelog empty, and refuse to go on."""
    world = World()
    first = world.say(Inquire(command="c"), replyto="web")
    assert (first.rows, first.outputs, first.dirty) == ({}, [], True)
    assert world.ledger.at == 0
    second = world.say(Inquire(command="c"), replyto="web")
    assert second.dirty is False


@pytest.mark.spec("order W-16", "store M1")
def test_outputs_of_the_last_turn_are_kept_and_only_those() -> None:
    world = World()
    world.say(Add(amount=1))
    last = world.say(Add(amount=2))
    assert world.ledger.kept == last.outputs
    world.say(Later(at=0), sender="x/0", position=1)
    assert len(world.ledger.kept) == 1


# -- cut -----------------------------------------------------------------------------------------------------------------------


def fill(world: World, turn: Turn, message: Grow, most: int, key: str = "") -> int:
    """How many inputs fit."""
    taken = 0
    while taken < most and world.decider.take(turn, world.item(message, key=key or f"k{taken}")):
        taken += 1
    return taken


def test_a_turn_takes_200_inputs() -> None:
    world = World()
    turn = Turn(Ledger())
    assert fill(world, turn, Grow(), 1000) == MAX_INPUTS
    assert turn.ledger.at == MAX_INPUTS - 1
    assert len(turn.rows) == MAX_INPUTS


@pytest.mark.parametrize(
    ("message", "key"),
    [
        (Grow(size=60_000), ""),
        (Grow(out=60_000), ""),
        (Grow(size=30_000, out=30_000), ""),
        (Grow(out=20_000, sends=100), "one"),
    ],
    ids=["rows", "outputs", "both", "one row"],
)
def test_a_turn_is_cut_where_its_batch_would_not_fit(message: Grow, key: str) -> None:
    world = World()
    turn = Turn(Ledger())
    taken = fill(world, turn, message, MAX_INPUTS, key)
    assert 1 < taken < MAX_INPUTS
    size = sum(len(key) + len(value or b"") + OVERHEAD for key, value in turn.batch())
    assert size <= MAX_BYTES + 5_000
    assert turn.ledger.at == taken - 1
    assert turn.outcomes == {"handled": taken}
    # The input that did not fit begins the next turn, and changed nothing in this one.
    world.write(turn)
    assert world.decider.take(Turn(world.ledger), world.item(message, key=key or "next"))


def test_what_did_not_fit_is_decided_again_in_the_next_turn() -> None:
    world = World()
    turn = Turn(Ledger())
    item = world.item(Add(amount=1), "c", key="last", sender="other/0", position=9)
    turn.inputs, turn.size = 1, MAX_BYTES
    assert not world.decider.take(turn, item)
    assert (turn.rows, turn.outputs, turn.ledger) == ({}, [], Ledger())
    second = world.take(item)
    assert kinds(second) == ["added"]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (Grow(size=66_000), "TooLarge: row 'a''' of"),
        (Grow(out=460_000), "TooLarge: "),
        (Grow(sends=OUTPUTS_PER_INPUT - 1), "TooLarge: 4095 messages from one input"),
    ],
    ids=["row", "outputs", "messages"],
)
def test_what_is_too_large_goes_to_the_dead_letters_and_does_nothing_else(message: Grow, cause: str) -> None:
    world = World()
    world.say(Add(amount=1))
    before = dict(world.rows)
    turn = world.say(message, "big", replyto="web")
    (letter,) = dead(turn)
    assert letter.cause.startswith(cause)
    assert (len(turn.outputs), turn.rows, turn.outcomes) == (1, {}, {"dead": 1})
    assert [answer.code for answer in (reply.answer for reply in turn.replies)] == ["internal_error"]
    assert {**world.rows, LEDGER: b""} == {**before, LEDGER: b""}


# -- versions -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "raw", "total"),
    [
        ("bb.toy.Renamed.v1", {"type": "Renamed", "number": 5}, 5),
        ("bb.toy.Renamed.v2", {"type": "Renamed", "offset": 5}, 6),
        ("bb.toy.Renamed.v3", {"type": "Renamed", "by": 5}, 5),
    ],
)
def test_a_stored_message_of_an_older_version_is_read(type: str, raw: dict[str, object], total: int) -> None:
    world = World()
    envelope = {"specversion": "1.0", "id": "old", "source": "/x", "type": type, "subject": "a", "data": raw}
    turn = world.say(None, raw=msgspec.json.encode(envelope))
    assert turn.outcomes == {"handled": 1}
    assert world.state() == Counter(total=total)


def test_a_version_without_an_upcaster_is_a_dead_letter() -> None:
    (letter,) = dead(World().say(Renamed(by=1), type="bb.toy.Renamed.v0"))
    assert letter.cause == "Undecodable: bb.toy.Renamed.v0: Renamed has no upcaster from version 0"


def test_a_newer_version_stops_the_worker_and_is_no_dead_letter() -> None:
    world = World()
    turn = Turn(Ledger())
    with pytest.raises(NewerVersion, match="v4"):
        world.decider.take(turn, world.item(Renamed(by=1), type="bb.toy.Renamed.v4"))
    assert (turn.inputs, turn.outputs, turn.ledger.at) == (0, [], -1)


def test_a_row_of_a_newer_worker_stops_the_worker() -> None:
    world = World()
    world.say(Add(amount=1))
    row = world.row()
    assert row is not None
    row.version = 2
    world.rows[row_key("a")] = pack_row(row, 0, 0, 0)
    with pytest.raises(NewerVersion):
        world.say(Add(amount=1))


# -- time ------------------------------------------------------------------------------------------------------------------------


def test_a_row_asks_to_be_woken_and_is_woken() -> None:
    world = World()
    world.say(Later(at=NOW + 60))
    assert header(world.rows[b"a"])[2] == NOW + 60
    assert kinds(world.say(Reminder(due=NOW + 60))) == ["woken"]
    assert header(world.rows[b"a"])[2] == 0


def test_a_reminder_to_nobody_is_forgotten() -> None:
    world = World()
    world.say(Add(amount=1), key="b")
    turn = world.say(Reminder(due=NOW))
    assert (turn.rows, turn.outputs, turn.dirty, turn.outcomes) == ({}, [], False, {"handled": 1})


def test_an_open_effect_is_flagged_in_the_header() -> None:
    world = World()
    world.say(Call())
    assert header(world.rows[b"a"])[0] == OPEN
    world.say(Call(done=True))
    assert header(world.rows[b"a"])[0] == 0


def test_now_is_the_records_time() -> None:
    world = World()
    world.now = 42
    world.say(Nothing(), "c")
    row = world.row()
    assert row is not None
    assert row.commands["c"].at == 42
