"""``bb.dead`` as operators see it: each letter once, and when it was last replayed (design §5.6)."""

from __future__ import annotations

import msgspec

from agents.runtime.letters import Letter
from tests.integration.kernel.place import Place
from topics.dead import Dead, Replayed
from topics.envelope import encode


def dead(offset: int, partition: int = 0, key: str = "a") -> Dead:
    """A letter about an input of the tills."""
    return Dead("toy.tills.inbox", partition, offset, key, "ValueError: why", "stack", 3, False, '{"id": "x"}')


async def write(place: Place, number: int, *said: Dead | Replayed | None) -> None:
    for one in said:
        value = None if one is None else encode(one)
        await place.producer.send_and_wait(f"{place.prefix}.dead", key=b"a", value=value, partition=number)


async def test_an_empty_topic_has_no_letters(place: Place) -> None:
    assert await place.letters() == []


async def test_letters_come_by_partition_oldest_first_each_with_its_name(place: Place) -> None:
    await write(place, 1, dead(7), dead(5))
    await write(place, 0, dead(9, partition=1))
    assert await place.letters() == [Letter("0/0", dead(9, partition=1)), Letter("1/0", dead(7)), Letter("1/1", dead(5))]


async def test_a_letter_that_a_killed_worker_wrote_twice_counts_once(place: Place) -> None:
    later = msgspec.structs.replace(dead(7), stack="another")
    await write(place, 0, dead(7), dead(8), later, dead(7, partition=1))
    assert await place.letters() == [Letter("0/0", dead(7)), Letter("0/1", dead(8)), Letter("0/3", dead(7, partition=1))]


async def test_a_letter_knows_when_it_was_last_replayed(place: Place) -> None:
    await write(place, 0, dead(7), dead(8), Replayed("0/0", 1_000), Replayed("0/0", 2_000))
    assert await place.letters() == [Letter("0/0", dead(7), 2_000), Letter("0/1", dead(8))]


async def test_what_is_no_letter_is_passed_over(place: Place) -> None:
    """An erased record, and notes of letters that the topic has no more, or that counted as another."""
    await write(place, 0, None, dead(7), dead(7), Replayed("0/2", 1_000), Replayed("1/99", 1_000))
    assert await place.letters() == [Letter("0/1", dead(7))]
