"""What was once written still opens; a change that would break it is told in words; what is newer stops whoever is too old."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec
import pytest

from agents import facts
from models.actor import Event, Message, Reminder
from models.read.facts import PRIVATE, Spot
from tests.unit.contract.stored import COMMAND, RULE, complaints, load
from topics.asyncapi import kinds, private_of
from topics.catalogue import CONTRACTS, DOMAINS, Contract
from topics.envelope import Envelope, NewerVersion, Opener, Undecodable, decode_envelope, encode, seal


@pytest.mark.spec("order W-25", "store M4")
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.domain)
def test_what_was_written_still_opens(contract: Contract) -> None:
    assert complaints(contract, load(contract.domain)) == []


@pytest.mark.spec("order W-25")
def test_a_name_on_the_wire_is_one_class_and_stands_in_one_module() -> None:
    named: dict[str, set[type[msgspec.Struct]]] = {}
    for contract in CONTRACTS:
        for kind in (*kinds(contract.inbox), *kinds(contract.events), *private_of(contract)):
            # Of a domain with several kinds of aggregates each kind may have a module of its own.
            assert re.fullmatch(rf"models\.{contract.domain}\.(\w+_)?messages|models\.(actor|traces)", kind.__module__), kind
            named.setdefault(kind.__name__, set()).add(kind)
    assert [name for name, classes in named.items() if len(classes) > 1] == []


class Told(Event, frozen=True):
    text: str
    number: int = 0


def written(message: Message) -> list[bytes]:
    return [encode(seal("demo", "k", message, id="old", source="/demo/0"))]


def breaks(kind: Any) -> list[str]:
    """What the check says of a message once written as ``Told(text, number)``, now that its class is ``kind``."""
    kind.__name__ = "Told"
    contract = Contract(domain="demo", inbox=kind, events=kind)
    return [words for words in complaints(contract, written(Told(text="a", number=1))) if COMMAND not in words]


def test_a_new_field_with_a_default_breaks_nothing() -> None:
    class Grown(Event, frozen=True, tag="Told"):
        text: str
        number: int = 0
        more: str = ""

    assert breaks(Grown) == []
    contract = Contract(domain="demo", inbox=Grown, events=Grown)
    said = complaints(contract, written(Told(text="a")))
    assert f"bb.demo.Told.v1 is new or has grown: run {COMMAND}" in said


def test_a_new_field_that_must_be_there_is_told() -> None:
    class Demanding(Event, frozen=True, tag="Told"):
        text: str
        more: str
        number: int = 0

    (words,) = breaks(Demanding)
    assert words.startswith("old: what was written no longer opens")
    assert "missing required field `more`" in words
    assert words.endswith(RULE)


@pytest.mark.spec("order W-57")
def test_a_field_that_is_gone_or_has_another_name_is_told() -> None:
    class Renamed(Event, frozen=True, tag="Told"):
        text: str
        count: int = 0

    assert breaks(Renamed) == [f"old: data.number was written and is not read any more; {RULE}"]


def test_a_field_of_another_type_is_told() -> None:
    class Changed(Event, frozen=True, tag="Told"):
        text: str
        number: str = ""

    (words,) = breaks(Changed)
    assert "Expected `str`, got `int` - at `$.number`" in words


class Third(Event, frozen=True, tag="Told"):
    """Version 1 had ``text``, version 2 ``words``; version 3 counts them too."""

    major: ClassVar[int] = 3
    words: str
    count: int

    @classmethod
    def upcast(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        if version == 1:
            return {"type": data["type"], "words": data["text"]}
        if version == 2:
            return {**data, "count": len(data["words"].split())}
        return super().upcast(version, data)


Third.__name__ = "Told"


def of(version: int, **fields: Any) -> Envelope:
    data = msgspec.Raw(msgspec.json.encode({"type": "Told", **fields}))
    return Envelope(specversion="1.0", id="1", source="/x", type=f"bb.demo.Told.v{version}", subject="k", data=data)


def test_older_versions_are_lifted_step_by_step() -> None:
    opener = Opener(Third)
    assert opener.open(of(1, text="a b c")) == Third(words="a b c", count=3)
    assert opener.open(of(2, words="a b")) == Third(words="a b", count=2)
    assert opener.open(of(3, words="a b", count=7)) == Third(words="a b", count=7)
    # The newest may be known by now, which must not make it lenient.
    assert opener.open(of(1, text="d")) == Third(words="d", count=1)


def test_a_version_without_upcaster_is_undecodable() -> None:
    with pytest.raises(Undecodable, match="no upcaster from version 0"):
        Opener(Third).open(of(0, text="a"))


@pytest.mark.parametrize("union", [Third, Third | Reminder], ids=["one", "union"])
def test_a_newer_major_version_is_no_dead_letter(union: Any) -> None:
    with pytest.raises(NewerVersion, match=r"bb\.demo\.Told\.v\d: this process knows version"):
        Opener(union).open(of(4, words="a", count=1))


@pytest.mark.parametrize(
    ("kind", "why"),
    [("bb.demo.Unheard.v1", "not taken here"), ("nonsense", "no type of ours"), ("bb.demo.Told.vx", "no type of ours")],
)
def test_what_is_no_message_of_ours_is_undecodable(kind: str, why: str) -> None:
    with pytest.raises(Undecodable, match=why):
        Opener(Told).open(msgspec.structs.replace(of(1, text="a"), type=kind))


@pytest.mark.parametrize(
    ("domain", "private"),
    [(name, kind) for name, contract in DOMAINS.items() for kind in private_of(contract)],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_projectors_treat_private_records_alike(domain: str, private: type[msgspec.Struct]) -> None:
    stored = [one for one in load(domain) if f".{private.__name__}.v1/".encode() in one]
    spot = Spot(domain, PRIVATE, 0)
    for one in stored:
        (fact,) = facts.decode(spot, b"row-key", one, 5).facts
        assert isinstance(fact.body, private)
        assert (fact.key, fact.seq, fact.private) == ("row-key", 1, True)
    newer = decode_envelope(stored[0])
    with pytest.raises(NewerVersion):
        facts.decode(spot, b"row-key", encode(msgspec.structs.replace(newer, type=newer.type.replace(".v1", ".v2"))), 5)
