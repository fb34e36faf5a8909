"""The CloudEvents 1.0 envelope (structured JSON) in which every message travels (design §4).

An inbox record holds one CloudEvent; an events record holds a batch (JSON array): all events of one input. Extensions, in
CloudEvents' lower case: ``sender``/``position`` (the sending actor's partition and its position, between actors), ``seq``
(counts the events of an aggregate), ``first`` (its first event, where that is not number 1), ``causationid``, ``correlationid``
(the order), ``traceparent``, ``replyto`` (the channel on which a web process waits), ``fingerprint`` (of the client's own body),
``replay`` (an operator's replay).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from models.actor import Message

OUTPUTS_PER_INPUT = 1 << 12
"""Positions that one input has: ``position = offset * OUTPUTS_PER_INPUT + index``. More outputs are an error, never silent."""


class NewerVersion(Exception):
    """The message is of a newer major version than this process knows: it must stop with an alarm, never dead-letter it."""


class Undecodable(Exception):
    """The record is no message that the domain takes: it goes to ``bb.dead``."""


class Envelope(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One CloudEvent. ``subject`` is the row key; ``data`` the message, still encoded."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    data: msgspec.Raw
    sender: str = ""
    position: int = -1
    seq: int = 0
    first: bool = False
    causationid: str = ""
    correlationid: str = ""
    traceparent: str = ""
    replyto: str = ""
    fingerprint: str = ""
    replay: str = ""


encode = msgspec.json.Encoder().encode
decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_batch = msgspec.json.Decoder(list[Envelope]).decode


def type_of(domain: str, message: type[msgspec.Struct]) -> str:
    """``bb.orders.PlaceOrder.v1``."""
    return f"bb.{domain}.{message.__name__}.v{getattr(message, 'major', 1)}"


def seal(
    domain: str,
    key: str,
    message: msgspec.Struct,
    *,
    id: str,
    source: str,
    sender: str = "",
    position: int = -1,
    seq: int = 0,
    causation: str = "",
    correlation: str = "",
    traceparent: str = "",
    replyto: str = "",
    fingerprint: str = "",
    replay: str = "",
) -> Envelope:
    """``message`` for the inbox or events of ``domain``, addressed to or about the aggregate ``key``."""
    return Envelope(
        specversion="1.0",
        id=id,
        source=source,
        type=type_of(domain, type(message)),
        subject=key,
        data=msgspec.Raw(encode(message)),
        sender=sender,
        position=position,
        seq=seq,
        causationid=causation,
        correlationid=correlation,
        traceparent=traceparent,
        replyto=replyto,
        fingerprint=fingerprint,
        replay=replay,
    )


class Opener:
    """Decodes the messages of a union by the class that the envelope names, older versions through their upcasters."""

    def __init__(self, union: Any) -> None:
        """``union``: the structs that may come, or the one that may."""
        self._classes: dict[str, type[Message]] = {}
        for kind in getattr(union, "__args__", (union,)):
            self._classes[kind.__name__] = kind
        # The envelope names the class, so structs without a tag (private records) may be members of a union too.
        self._current: dict[str, Callable[[bytes | msgspec.Raw], Message]] = {}

    def open(self, envelope: Envelope) -> Message:
        """The message. Raises ``NewerVersion``, or ``Undecodable`` with what is wrong."""
        try:
            decode = self._current.get(envelope.type)
            if decode is not None:
                return decode(envelope.data)
            return self._open_first(envelope)
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
            raise Undecodable(f"{envelope.type}: {error}") from error

    def _open_first(self, envelope: Envelope) -> Message:
        try:
            _, _, name, number = envelope.type.split(".")
            version = int(number.removeprefix("v"))
        except ValueError:
            raise Undecodable(f"{envelope.type!r} is no type of ours") from None
        kind = self._classes.get(name)
        if kind is None:
            raise Undecodable(f"{envelope.type}: not taken here")
        known = getattr(kind, "major", 1)
        if version > known:
            raise NewerVersion(f"{envelope.type}: this process knows version {known}")
        if version == known:
            decode = msgspec.json.Decoder(kind).decode
            message = decode(envelope.data)
            self._current[envelope.type] = decode
            return message
        data = msgspec.json.decode(envelope.data)
        for older in range(version, known):
            data = kind.upcast(older, data)
        return msgspec.convert(data, kind)


def events_of(value: bytes) -> Iterable[Envelope]:
    """The CloudEvents of an events record."""
    return decode_batch(value)
