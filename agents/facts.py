"""From records of the log to facts for read models."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from models.read.facts import EVENTS, Fact, Spot
from topics.catalogue import DOMAINS
from topics.envelope import Envelope, Opener, Undecodable, decode_batch, decode_envelope
from topics.tracing import sampled


class Said(msgspec.Struct, frozen=True):
    """A record: its facts, and who said it where in its own order (``sender`` "": nobody to compare with)."""

    facts: list[Fact]
    sender: str = ""
    position: int = -1


NOTHING = Said([])


def decode(spot: Spot, key: bytes | None, value: bytes | None, at: int) -> Said:
    """The facts of a record that the broker appended at ``at`` (ms). Raises ``Undecodable``, ``NewerVersion``."""
    if spot.kind == EVENTS:
        return _events(spot.domain, value, at)
    if value is None:
        name = (key or b"").decode()
        return Said([Fact(spot.domain, name, 0, 0, at, "", None, private=True)])
    try:
        envelope = decode_envelope(value)
        body: Any = _private_opener(spot.domain).open(envelope)
    except msgspec.MsgspecError as error:
        raise Undecodable(str(error)) from error
    fact = Fact(spot.domain, envelope.subject, envelope.seq, envelope.seq, at, envelope.id, body, True, _trace(envelope))
    return Said([fact], envelope.sender, envelope.position)


def _events(domain: str, value: bytes | None, at: int) -> Said:
    if value is None:
        raise Undecodable("an events record without a value")
    try:
        batch = decode_batch(value)
    except msgspec.MsgspecError as error:
        raise Undecodable(str(error)) from error
    if not batch:
        return NOTHING
    opened = _opener(domain).open
    last = batch[-1].seq
    trace = _trace(batch[0])
    facts = [Fact(domain, one.subject, one.seq, last, at, one.id, opened(one), False, trace, one.first) for one in batch]
    return Said(facts, batch[-1].sender, batch[-1].position)


def _trace(envelope: Envelope) -> str:
    return envelope.traceparent if sampled(envelope.traceparent) else ""


@functools.cache
def _opener(domain: str) -> Opener:
    return Opener(DOMAINS[domain].events)


@functools.cache
def _private_opener(domain: str) -> Opener:
    kind = DOMAINS[domain].private
    if kind is None:
        raise LookupError(f"{domain} keeps nothing in private")
    return Opener(kind)
