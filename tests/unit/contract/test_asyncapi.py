"""The AsyncAPI document: published as generated, valid, whole, and true of what really lies in the topics."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from agents.orders import ORDERS
from tests.unit.contract.stored import load
from tests.unit.orders.given import BOTH, HELD_ROSE
from tests.unit.read.tables import relational
from tests.unit.shop import NOW, ORDER
from tests.unit.test_wiring import turn
from topics import asyncapi
from topics.catalogue import CONTRACTS, topics
from topics.dead import Dead
from topics.envelope import decode_envelope
from web import openapi

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[2] / "docs" / "asyncapi.json"
DOCUMENT = asyncapi.document()


def check(message: str, value: Any) -> None:
    """Raises ``jsonschema.ValidationError`` unless ``value`` is what the document says of ``message``."""
    components = DOCUMENT["components"]
    schema = {**components["messages"][message]["payload"], "components": components}
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.spec("product W51")
def test_it_is_the_one_that_is_published() -> None:
    assert PUBLISHED.read_bytes() == asyncapi.encoded(), "run: python -m topics.asyncapi > docs/asyncapi.json"


def test_it_is_asyncapi_3() -> None:
    """The schema is AsyncAPI's own; see its $comment."""
    schema = msgspec.json.decode((HERE / "asyncapi-3.0.0.schema").read_bytes())
    jsonschema.Draft7Validator(schema).validate(DOCUMENT)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({**DOCUMENT, "channels": [1]})


def test_every_reference_leads_somewhere() -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(ref := value.get("$ref"), str):
                found = DOCUMENT
                for part in ref.removeprefix("#/").split("/"):
                    found = found[part]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(DOCUMENT)


def test_it_has_every_topic_but_the_changelogs() -> None:
    wanted = {topic.name for topic in topics("bb") if not topic.name.endswith(".changelog")}
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == wanted


def test_an_event_names_what_it_causes_and_the_domain_sends_just_that() -> None:
    messages = DOCUMENT["components"]["messages"]
    assert messages["orders.OrderPlaced"]["x-causes"] == ["inventory.Hold", "payments.ReadyPayment"]
    assert "x-causes" not in messages["orders.StoreHeld"]
    for contract in CONTRACTS:
        caused = {name for kind in contract.routes for name in messages[f"{contract.domain}.{kind.__name__}"]["x-causes"]}
        sent = {
            message["$ref"].rpartition("/")[2]
            for name, operation in DOCUMENT["operations"].items()
            if name.startswith(f"{contract.domain}.sends.")
            for message in operation["messages"]
        }
        assert sent == caused


def test_what_may_not_be_refused_says_so() -> None:
    messages = DOCUMENT["components"]["messages"]
    assert messages["inventory.Commit"]["x-may-be-refused"] is False
    assert messages["inventory.Hold"]["x-may-be-refused"] is True


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.domain)
def test_stored_messages_are_what_it_says(contract: Any) -> None:
    events = {f"{contract.domain}.{kind.__name__}" for kind in asyncapi.kinds(contract.events)}
    for one in load(contract.domain):
        name = ".".join(decode_envelope(one).type.split(".")[1:3])
        value = msgspec.json.decode(one)
        check(name, value)
        if name in events:
            check(f"{contract.domain}.events", [value])
        with pytest.raises(jsonschema.ValidationError):
            check(name, {**value, "type": "bb.other.Message.v1"})


def test_what_a_turn_puts_out_is_what_it_says() -> None:
    done = turn(ORDERS, (BOTH, NOW))
    seen = []
    for out in done.outputs:
        assert out.value is not None
        value = msgspec.json.decode(out.value)
        name = out.topic.removeprefix("bb.")
        if not name.endswith(".events"):
            name = ".".join(value["type"].split(".")[1:3])
        check(name, value)
        seen.append(name)
    assert seen == ["inventory.Hold", "inventory.Hold", "payments.ReadyPayment", "orders.events", "orders.OrderPrivate"]


def test_dead_letters_and_tombstones_are_in_it() -> None:
    letter = Dead("bb.orders.inbox", 1, 2, "k", "ValueError: no", "stack", 3, True, "{}")
    check("dead.Dead", msgspec.to_builtins(letter))
    check("orders.OrderPrivate", None)


@pytest.mark.spec("order W-18", "store M3")
def test_every_message_has_an_id_a_version_a_time_a_key_and_its_place() -> None:
    """The time is the broker's, that of the record; a record's key is the aggregate, so what is said of one stays in order."""
    done = turn(ORDERS, (BOTH, NOW), (HELD_ROSE, NOW))
    ids, positions, seqs = [], [], []
    for out in done.outputs:
        said = msgspec.json.decode(out.value or b"")
        for one in said if isinstance(said, list) else [said]:
            assert one["subject"] == out.key
            assert one["type"].endswith(".v1")
            assert one["correlationid"] == ORDER
            ids.append(one["id"])
            positions.append(one["position"])
            if out.topic == "bb.orders.events":
                seqs.append(one["seq"])
    assert len(set(ids)) == len(ids) == 6
    assert positions == sorted(positions)
    assert seqs == [1, 2]


SCHEMAS = {
    f"{of}.{name}": schema["properties"]
    for of, said in (("asyncapi", DOCUMENT), ("openapi", openapi.document()))
    for name, schema in said["components"]["schemas"].items()
    if "properties" in schema
}
COLUMNS = {column.name for table in relational() for column in table.columns}
SINGULAR = {
    "address", "category_names", "closes", "ends", "expires", "goods", "minutes", "opens", "reviews", "stars", "starts", "status",
    "stems",
}  # fmt: skip
"""Words for one thing that end like a plural."""


@pytest.mark.spec("order W-57")
def test_names_on_the_wire_are_all_of_one_kind() -> None:
    """Each is written once, in its Struct, so none can be spelt one way by the sender and another by the reader."""
    fields = {name for properties in SCHEMAS.values() for name in properties}
    assert len(fields) > 100
    assert [name for name in sorted(fields | COLUMNS) if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)] == []


@pytest.mark.spec("order W-57")
def test_what_may_be_several_is_named_in_the_plural_and_nothing_else_is() -> None:
    for where, properties in SCHEMAS.items():
        for name, schema in properties.items():
            # What may be left out in a change is its own type or null.
            several = any(one.get("type") in ("array", "object") for one in (schema, *schema.get("anyOf", ())))
            assert (name.endswith("s") and name not in SINGULAR) is several, f"{where}.{name}"


@pytest.mark.spec("order W-57")
def test_ids_are_named_after_what_they_name_and_flags_without_a_verb() -> None:
    """In messages, bodies and tables alike. Of the original one flag had two names and was lost, and one column a typo."""
    fields = {name: schema for properties in SCHEMAS.values() for name, schema in properties.items()}
    assert {name for name in {*fields, *COLUMNS} if name.endswith("_id")} == {
        "address_id", "category_id", "coupon_id", "event_id", "flower_id", "image_id", "line_id", "notice_id", "order_id",
        "product_id",
        "question_id", "refund_id", "review_id", "store_id", "store_order_id", "subscription_product_id", "tag_id",
    }  # fmt: skip
    # What may be left out in a change is a flag or null.
    flags = {name for name, schema in fields.items() for one in (schema, *schema.get("anyOf", ())) if one.get("type") == "boolean"}
    assert flags == {
        "address_kept", "answered", "by_cart", "by_guest", "cancel_noted", "claimed", "current", "done", "first", "found", "hidden",
        "liked", "mine", "of_owner", "on_sale", "open", "parked", "phone_known", "renamed", "repeated", "reset", "secret", "sent",
        "tax_free", "waiting",
    }  # fmt: skip
