"""Messages as they were once written, kept as bytes: what lies in a topic for ever must still open (design §4).

``python -m tests.unit.contract.stored`` adds a sample of every message that is new or has grown, in ``<domain>.json`` beside this
file. It never changes nor removes one: those are what older processes wrote.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from topics.asyncapi import inbox_of, kinds, private_of
from topics.catalogue import CONTRACTS, Contract
from topics.envelope import Envelope, NewerVersion, Opener, Undecodable, decode_envelope, encode, seal, type_of

HERE = Path(__file__).parent
RULE = "a major version only grows: give a new field a default, never remove or change one, or make a new major with an upcaster"
COMMAND = "python -m tests.unit.contract.stored"


def load(domain: str) -> list[bytes]:
    """The stored records of a domain, each as it was written."""
    file = HERE / f"{domain}.json"
    return [bytes(one) for one in msgspec.json.decode(file.read_bytes(), type=list[msgspec.Raw])] if file.exists() else []


def complaints(contract: Contract, stored: list[bytes]) -> list[str]:
    """What the code as it is makes wrong of what was written, a line each; and which messages have no sample yet."""
    envelopes = [decode_envelope(one) for one in stored]
    said = [words for envelope in envelopes if (words := _trouble(contract, envelope))]
    known = {(envelope.type, bytes(envelope.data)) for envelope in envelopes}
    missing = [sealed.type for sealed in samples(contract) if (sealed.type, bytes(sealed.data)) not in known]
    return [*said, *dict.fromkeys(f"{name} is new or has grown: run {COMMAND}" for name in missing)]


def samples(contract: Contract) -> Iterator[Envelope]:
    """Every message of a domain twice: with all its fields, and with those only that have no default."""
    for kind in _all(contract):
        for full in (True, False):
            name = type_of(contract.domain, kind)
            yield seal(
                contract.domain,
                "row-key",
                example(kind, full=full),
                id=f"{name}/{'full' if full else 'bare'}",
                source=f"/{contract.domain}/0",
                sender=f"{contract.domain}/0",
                position=4096,
                seq=1,
                causation="cause",
                correlation="order",
                traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
                replyto="bb:answers:web",
                fingerprint="f00d",
                replay="0/1",
            )


def example(kind: Any, *, full: bool, name: str = "") -> Any:
    """A value of ``kind``, the same every time, that is no field's default."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        fields = [field for field in msgspec.structs.fields(kind) if full or field.required]
        return kind(**{field.name: example(hints[field.name], full=full, name=field.name) for field in fields})
    if origin in (typing.Union, types.UnionType):
        return example(next(one for one in inner if one is not type(None)), full=full, name=name)
    if origin is typing.Literal:
        return inner[0]
    if origin is tuple:
        return (example(inner[0], full=full, name=name),)
    if origin is dict:
        return {name: example(inner[1], full=full, name=name)}
    if kind is bool:
        # Those that default to True say what is normal.
        return name not in ("on_sale", "open")
    return {int: 4_711, float: 47.11, str: f"<{name}>"}[kind]


def _all(contract: Contract) -> tuple[type[msgspec.Struct], ...]:
    return (*inbox_of(contract), *kinds(contract.events), *private_of(contract))


def _trouble(contract: Contract, envelope: Envelope) -> str:
    union = typing.Union[inbox_of(contract) + kinds(contract.events)]  # type: ignore[valid-type]  # noqa: UP007
    mine = envelope.type.split(".")[2] in {kind.__name__ for kind in private_of(contract)}
    try:
        opened = Opener(contract.private if mine else union).open(envelope)
    except (Undecodable, NewerVersion) as error:
        return f"{envelope.id}: what was written no longer opens ({error}); {RULE}"
    lost = _lost(msgspec.json.decode(envelope.data), opened) if envelope.type == type_of(contract.domain, type(opened)) else ""
    return f"{envelope.id}: {lost} was written and is not read any more; {RULE}" if lost else ""


def _lost(written: Any, read: Any, where: str = "data") -> str:
    """The first part of ``written`` that ``read`` does not hold, "" if it holds all."""
    if isinstance(written, dict):
        for name, value in written.items():
            if name == "type" and isinstance(read, msgspec.Struct):
                continue
            inner = read.get(name, ...) if isinstance(read, dict) else getattr(read, name, ...)
            if lost := _lost(value, inner, f"{where}.{name}"):
                return lost
        return "" if read is not ... else where
    if isinstance(written, list):
        pairs = zip(written, read, strict=True)
        return next((lost for one, other in pairs if (lost := _lost(one, other, f"{where}[]"))), "")
    return "" if written == read else where


def add() -> int:
    """Write the samples that are missing; returns how many."""
    added = 0
    for contract in CONTRACTS:
        stored = load(contract.domain)
        known = {(envelope.type, bytes(envelope.data)) for envelope in map(decode_envelope, stored)}
        for sealed in samples(contract):
            if (sealed.type, bytes(sealed.data)) not in known:
                known.add((sealed.type, bytes(sealed.data)))
                stored.append(encode(sealed))
                added += 1
        HERE.joinpath(f"{contract.domain}.json").write_bytes(b"[\n" + b",\n".join(stored) + b"\n]\n")
    return added


if __name__ == "__main__":
    print(f"{add()} samples added")
