"""Every route of the OpenAPI document says by an example what goes in and what comes out, and each example is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from web import openapi
from web.examples import EXAMPLES, example
from web.responses.common import Pending, ProblemAnswer
from web.routes import ROUTES
from web.rule import Rule
from web.validation import Parser

BODIES = list(dict.fromkeys(rule.body for rule in ROUTES if rule.body is not None))
ANSWERS = list(dict.fromkeys([*(rule.answer for rule in ROUTES if rule.answer is not None), Pending, ProblemAnswer]))
WITHOUT = {
    # To another page, a stream, and the page of the documentation.
    "GET /payments/callback/{order_id}/{nonce}/{outcome}", "GET /auth/{provider}/start", "GET /events", "GET /docs",
}  # fmt: skip
DOCUMENT = openapi.document()


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_an_example_of_a_body_is_taken(kind: Any) -> None:
    said = example(kind)
    assert msgspec.to_builtins(Parser(kind).parse(msgspec.json.encode(said))) == msgspec.to_builtins(EXAMPLES[kind])


@pytest.mark.parametrize("kind", ANSWERS, ids=str)
def test_an_example_of_an_answer_is_of_its_kind_and_says_nothing_else(kind: Any) -> None:
    said = example(kind)
    assert msgspec.to_builtins(msgspec.convert(said, kind)) == said


def test_no_example_is_left_over() -> None:
    used = {*BODIES, *ANSWERS} | {part for kind in ANSWERS for part in getattr(kind, "__args__", ())}
    assert set(EXAMPLES) - used == set()


def contents(rule: Rule) -> Iterator[dict[str, Any]]:
    """What goes in, and every JSON that comes out."""
    operation = DOCUMENT["paths"][rule.path][rule.method.lower()]
    bodies = [operation["requestBody"]] if rule.body is not None else []
    for one in (*bodies, *operation["responses"].values()):
        yield from (said for kind, said in one.get("content", {}).items() if "json" in kind)


@pytest.mark.parametrize("rule", ROUTES, ids=lambda rule: f"{rule.method} {rule.template}")
def test_every_route_has_schemas_and_examples(rule: Rule) -> None:
    assert (rule.answer is None) is (f"{rule.method} {rule.template}" in WITHOUT)
    found = list(contents(rule))
    # The good answer, the problem, the body, and that the outcome is not known yet.
    pending = rule.writes or "/commands/" in rule.template
    assert len(found) == (rule.answer is not None) + 1 + (rule.body is not None) + pending
    assert [said for said in found if "example" not in said or "$ref" not in said["schema"]] == []


def test_lists_say_what_stands_in_them() -> None:
    """Only what is free by its nature is any object: a problem's details, an act's, and the documents of the two interfaces."""
    free = {
        f"{name}.{field}"
        for name, schema in DOCUMENT["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        for one in (said, said.get("items", {}))
        if one.get("type") == "object" and not one.get("additionalProperties")
    }
    assert free == {
        "ProblemAnswer.details", "ActShown.details", "OpenApi.paths", "OpenApi.components", "AsyncApi.channels",
        "AsyncApi.operations", "AsyncApi.components",
    }  # fmt: skip
