"""``bb.dead``: what could not be handled, as an operator sees it, and its replay (design §5.6)."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from faust.types import TP

from agents.runtime.table import read_range
from models.actor import id_of
from topics.catalogue import DEAD
from topics.dead import Dead, Replayed
from topics.envelope import Envelope, decode_envelope, encode
from topics.partitions import partition_of


class Letter(msgspec.Struct, frozen=True):
    """``name``: its partition and offset in ``bb.dead``, "2/17". ``replayed``: when it was last sent again (ms), 0: never."""

    name: str
    dead: Dead
    replayed: int = 0


class NotReplayable(Exception):
    """The letter holds no message that an inbox would take."""


async def letters(bootstrap: str, prefix: str, partitions: int) -> list[Letter]:
    """All letters that the topic still has (30 days), by partition, oldest first.

    A worker that was killed may have written a letter twice: of two about one input, the first counts.
    """
    found: dict[str, Letter] = {}
    origins: set[tuple[str, int, int]] = set()
    for number in range(partitions):
        async for records in read_range(bootstrap, TP(f"{prefix}.{DEAD}", number), 0):
            for record in records:
                said: dict[str, Any] = msgspec.json.decode(record.value or b"{}")
                if "replayed" in said:
                    note = msgspec.convert(said, Replayed)
                    if note.replayed in found:
                        found[note.replayed] = msgspec.structs.replace(found[note.replayed], replayed=note.at)
                elif said:
                    name, dead = f"{number}/{record.offset}", msgspec.convert(said, Dead)
                    if (origin := (dead.topic, dead.partition, dead.offset)) not in origins:
                        origins.add(origin)
                        found[name] = Letter(name, dead)
    return list(found.values())


def again(letter: Letter) -> Envelope:
    """The letter's message as a new command of an operator. Its id is that of the input, so replayed twice it happens once.

    Raises ``NotReplayable``.
    """
    try:
        envelope = decode_envelope(letter.dead.message)
    except msgspec.MsgspecError as error:
        raise NotReplayable(f"{letter.name}: {error}") from error
    if envelope.subject != letter.dead.key:
        raise NotReplayable(f"{letter.name}: subject {envelope.subject!r} under record key {letter.dead.key!r}")
    ident = id_of("replay", letter.dead.topic, str(letter.dead.partition), str(letter.dead.offset))
    return msgspec.structs.replace(
        envelope, id=ident, causationid=envelope.id, sender="", position=-1, replyto="", replay=letter.name
    )


async def replay(bootstrap: str, prefix: str, partitions: int, chosen: list[Letter]) -> None:
    """Send the messages of ``chosen`` to their inboxes again, in this order. Raises ``NotReplayable`` before anything is sent."""
    sending = [(letter, again(letter)) for letter in chosen]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for letter, envelope in sending:
            key, number = letter.dead.key.encode(), partition_of(letter.dead.key, partitions)
            await producer.send_and_wait(letter.dead.topic, key=key, value=encode(envelope), partition=number)
            note = Replayed(letter.name, int(time.time() * 1000))
            dead = int(letter.name.split("/")[0])
            await producer.send_and_wait(f"{prefix}.{DEAD}", key=key, value=encode(note), partition=dead)
    finally:
        await producer.stop()
