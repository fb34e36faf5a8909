"""An aggregate that ended leaves no row in the log, and what begins under its key counts on, whoever has the partition then."""

from __future__ import annotations

from agents.runtime.rows import LEDGER
from models.actor import Message, id_of
from tests.integration.kernel.place import PARTITIONS, Place, until
from tests.integration.kernel.toy import Empty, Settle
from topics.partitions import partition_of

KEY = "till-1"
NUMBER = partition_of(KEY, PARTITIONS)


async def test_a_row_that_ended_is_deleted_and_its_events_keep_their_numbers(place: Place) -> None:
    said = 0

    async def say(message: Message) -> None:
        """As another actor, of whom no commands are remembered."""
        nonlocal said
        said += 1
        await place.say("tills", KEY, message, sender="others/0", position=said)

    async def handled() -> bool:
        return len({event.id for event in await place.events("tills")}) == said

    first = await place.started("w0")
    for message in (Settle(amount=1), Settle(amount=2), Empty(box="")):
        await say(message)
    await until(handled, what="the till has ended")
    last = await place.last("tills", NUMBER)
    assert (set(last), last[KEY.encode()].value) == ({LEDGER, KEY.encode()}, None)
    assert (await place.ledger("tills", NUMBER)).gone == 3
    first.kill()

    # Another machine, which knows nothing but the log.
    await place.started("w1")
    await say(Settle(amount=4))
    await say(Settle(amount=5))
    await until(handled, what="a till has begun")
    found = {event.seq: event for event in await place.events("tills")}
    assert {seq: (event.id, event.first) for seq, event in found.items()} == {
        seq: (id_of("tills", KEY, str(seq)), seq == 4) for seq in range(1, 6)
    }
    assert (await place.rows("tills"))[KEY, ""].seq == 5
    assert (await place.states("tills"))[KEY].settled == 9
