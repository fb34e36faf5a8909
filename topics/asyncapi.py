"""AsyncAPI 3.0 from the catalogue and the very Structs. ``python -m topics.asyncapi > docs/asyncapi.json``.

One document for the whole installation: a channel for each topic that others may know (inboxes, events, private, dead; a
changelog is its own actor's alone), and for each domain what it receives, publishes and sends to whom. ``x-causes`` of an event
names the messages that it may send, which AsyncAPI has no word for.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

import msgspec

from models.actor import Inquire, Message, Reminder
from topics.catalogue import CONTRACTS, DEAD, Contract, topics
from topics.dead import Dead, Replayed
from topics.envelope import Envelope, type_of

Json = dict[str, Any]
PREFIX = "bb"
SCHEMAS, MESSAGES = "#/components/schemas/", "#/components/messages/"
ADDITIVE = (
    "A major version only grows: a field is added with a default and never removed, renamed or given another type. Whoever reads "
    "ignores fields that it does not know. What cannot be done so is a new major version (`.v2` in `type`), which comes with an "
    "upcaster from the one before; a process that meets a newer version than its own stops with an alarm."
)
DESCRIPTION = (
    "꽃집들의 장터. Every message of the marketplace: commands to actors, what actors tell one another, and the events, which are "
    "the public contract. Amounts are KRW, days KST dates, instants milliseconds since the epoch (UTC). Every message travels in a "
    "CloudEvents 1.0 envelope in structured JSON mode, so records have no headers; the record's key is the envelope's `subject`. "
    "Delivery is at least once with equal ids: `id` tells a repeat, `seq` counts the events of an aggregate. All senders share one "
    "partitioner: CRC32 of the key. Other systems read events; only our own processes write to inboxes. "
) + ADDITIVE
ENVELOPE: Mapping[str, str] = {
    "specversion": "Version of CloudEvents.",
    "id": "The same cause gives the same id: a repeat is told by it.",
    "source": "Who says it: `/<domain>/<partition>`, or `/web/<process>`.",
    "type": "`bb.<domain>.<Message>.v<major>`.",
    "subject": "The row key, which is the record's key too.",
    "data": "The message.",
    "sender": "The sending actor's partition; absent where no actor sent it.",
    "position": "The sender's position: it never falls, so what is at or below the highest one heard is a repeat.",
    "seq": "Counts the events of an aggregate: from 1, or on from a higher number, which `first` says.",
    "first": "The aggregate begins with this event: it is new, or it was gone; all its earlier events have a lower `seq`.",
    "causationid": "`id` of the message that caused this one.",
    "correlationid": "The order that it is about, or the row key of the first message.",
    "traceparent": "W3C trace context of the request that began it.",
    "replyto": "The channel on which a web process waits for the answer.",
    "fingerprint": "Of the client's own words, so that other words under a known id are told apart.",
    "replay": "The dead letter that an operator sent again.",
}
FROM_KERNEL: tuple[type[Message], ...] = (Inquire, Reminder)
"""What the kernel takes for every domain."""


@functools.lru_cache(1)
def document() -> Json:
    """The whole document."""
    schemas = _schemas()
    return {
        "asyncapi": "3.0.0",
        "id": "urn:blooming-blooms",
        "info": {"title": "Blooming Blooms", "version": "1", "description": DESCRIPTION},
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "protocolVersion": "4.1",
                "description": "The brokers that BB_KAFKA names.",
                "variables": {"bootstrap": {"default": "127.0.0.1:17092", "description": "Host and port of a broker."}},
            }
        },
        "channels": _channels(),
        "operations": dict(_operations()),
        "components": {"messages": dict(_messages()), "schemas": schemas},
    }


def kinds(union: Any) -> tuple[type[msgspec.Struct], ...]:
    """The members of a union of Structs; a single Struct is a union of one."""
    return get_args(union) or (union,)


def inbox_of(contract: Contract) -> tuple[type[msgspec.Struct], ...]:
    """What the inbox of a domain takes, the kernel's own messages among it."""
    return tuple(dict.fromkeys((*kinds(contract.inbox), *FROM_KERNEL)))


def private_of(contract: Contract) -> tuple[type[msgspec.Struct], ...]:
    """The records that a domain keeps in private: a kind for each kind of aggregate."""
    return () if contract.private is None else kinds(contract.private)


def _name(domain: str, kind: type[msgspec.Struct]) -> str:
    return f"{domain}.{kind.__name__}"


def _said(kind: type[msgspec.Struct]) -> str:
    """The Struct's own description, without the marks of the code's docstrings."""
    return " ".join((kind.__dict__.get("__doc__") or "").replace("``", "`").split())


# -- schemas ------------------------------------------------------------------------------------------------------------------


def _schemas() -> Json:
    """The Structs by their own names, and each message in its envelope as ``<domain>.<Message>``."""
    structs = [kind for contract in CONTRACTS for kind in _all(contract)]
    structs = list(dict.fromkeys([*structs, Dead, Replayed, Envelope]))
    _, found = msgspec.json.schema_components(structs, ref_template=SCHEMAS + "{name}")
    for schema in found.values():
        if "description" in schema:
            schema["description"] = " ".join(schema["description"].replace("``", "`").split())
    envelope = found["Envelope"]
    for name, words in ENVELOPE.items():
        envelope["properties"][name] = {**envelope["properties"][name], "description": words}
    envelope["properties"]["specversion"]["const"] = "1.0"
    for contract in CONTRACTS:
        for kind in _all(contract):
            found[_name(contract.domain, kind)] = {
                "allOf": [{"$ref": SCHEMAS + "Envelope"}],
                "type": "object",
                "properties": {
                    "type": {"const": type_of(contract.domain, kind)},
                    "data": {"$ref": SCHEMAS + kind.__name__},
                },
            }
    return found


def _all(contract: Contract) -> Iterator[type[msgspec.Struct]]:
    yield from inbox_of(contract)
    yield from kinds(contract.events)
    yield from private_of(contract)


# -- messages -----------------------------------------------------------------------------------------------------------------


def _messages() -> Iterator[tuple[str, Json]]:
    for contract in CONTRACTS:
        domain = contract.domain
        for kind in inbox_of(contract):
            yield _name(domain, kind), _message(domain, kind, {"x-may-be-refused": not getattr(kind, "must_succeed", False)})
        for kind in kinds(contract.events):
            causes = [_name(to, message) for event, sends in contract.routes.items() if event is kind for to, message in sends]
            yield _name(domain, kind), _message(domain, kind, {"x-causes": causes} if causes else {})
        yield f"{domain}.events", _batch(domain, kinds(contract.events))
        for kind in private_of(contract):
            payload = {"oneOf": [{"$ref": SCHEMAS + _name(domain, kind)}, {"type": "null"}]}
            yield _name(domain, kind), {**_message(domain, kind, {}), "payload": payload}
    for note in (Dead, Replayed):
        said = {"name": note.__name__, "summary": _said(note), "payload": {"$ref": SCHEMAS + note.__name__}}
        yield f"{DEAD}.{note.__name__}", {**said, "contentType": "application/json", "bindings": _keyed("The row key.")}


def _message(domain: str, kind: type[msgspec.Struct], more: Json) -> Json:
    name = _name(domain, kind)
    said: Json = {
        "name": type_of(domain, kind),
        "title": kind.__name__,
        "payload": {"$ref": SCHEMAS + name},
        "correlationId": {"location": "$message.payload#/correlationid", "description": ENVELOPE["correlationid"]},
        "bindings": _keyed(f"The row key of {domain}."),
    }
    if words := _said(kind):
        said["summary"] = words
    return said | more


def _batch(domain: str, events: Iterable[type[msgspec.Struct]]) -> Json:
    """A record of an events topic."""
    return {
        "name": f"{domain}.events",
        "title": "All events of one input",
        "summary": "A CloudEvents batch: what one message brought about, in order. An input without events leaves no record.",
        "contentType": "application/cloudevents-batch+json",
        "payload": {
            "type": "array",
            "minItems": 1,
            "items": {"oneOf": [{"$ref": SCHEMAS + _name(domain, kind)} for kind in events]},
        },
        "bindings": _keyed(f"The row key of {domain}."),
    }


def _keyed(words: str) -> Json:
    return {"kafka": {"key": {"type": "string", "description": words}, "bindingVersion": "0.5.0"}}


# -- channels -----------------------------------------------------------------------------------------------------------------


def _channels() -> Json:
    found: Json = {}
    settings = {topic.name.removeprefix(f"{PREFIX}."): topic for topic in topics(PREFIX)}
    for contract in CONTRACTS:
        domain = contract.domain
        found[f"{domain}.inbox"] = [_name(domain, kind) for kind in inbox_of(contract)]
        found[f"{domain}.events"] = [f"{domain}.events"]
        if contract.private is not None:
            found[f"{domain}.private"] = [_name(domain, kind) for kind in private_of(contract)]
    found[DEAD] = [f"{DEAD}.{note.__name__}" for note in (Dead, Replayed)]
    for name, messages in found.items():
        topic = settings[name]
        kafka = {"topic": topic.name, "topicConfiguration": _configured(topic.config), "bindingVersion": "0.5.0"}
        found[name] = {
            "address": topic.name,
            "description": f"{topic.purpose[0].upper()}{topic.purpose[1:]}. Key: {topic.key}. Owner: {topic.owner}.",
            "messages": {message: {"$ref": MESSAGES + message} for message in messages},
            "bindings": {"kafka": kafka},
        }
    return found


def _configured(config: Mapping[str, str]) -> Json:
    """The settings that the Kafka binding knows; the others are the broker's own business."""
    said: Json = {"cleanup.policy": [config.get("cleanup.policy", "delete")]}
    for name in ("retention.ms", "delete.retention.ms", "max.message.bytes"):
        if name in config:
            said[name] = int(config[name])
    return said


# -- operations ---------------------------------------------------------------------------------------------------------------


def _operations() -> Iterator[tuple[str, Json]]:
    for contract in CONTRACTS:
        domain = contract.domain
        yield f"{domain}.receives", _operation("receive", f"{domain}.inbox", (_name(domain, kind) for kind in inbox_of(contract)))
        yield f"{domain}.publishes", _operation("send", f"{domain}.events", [f"{domain}.events"])
        if contract.private is not None:
            records = (_name(domain, kind) for kind in private_of(contract))
            yield f"{domain}.keeps", _operation("send", f"{domain}.private", records)
        sent: dict[str, dict[str, None]] = {}
        for to, message in (send for sends in contract.routes.values() for send in sends):
            sent.setdefault(to, {})[_name(to, message)] = None
        for to, messages in sent.items():
            yield f"{domain}.sends.{to}", _operation("send", f"{to}.inbox", messages)
    notes = [f"{DEAD}.{note.__name__}" for note in (Dead, Replayed)]
    yield f"{DEAD}.letters", _operation("send", DEAD, notes)


def _operation(action: str, channel: str, messages: Iterable[str]) -> Json:
    at = f"#/channels/{channel}"
    return {
        "action": action,
        "channel": {"$ref": at},
        "messages": [{"$ref": f"{at}/messages/{message}"} for message in messages],
    }


@functools.lru_cache(1)
def encoded() -> bytes:
    """The document as it lies in ``docs/asyncapi.json``: indented, the same bytes every time."""
    return msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=1) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(encoded())
