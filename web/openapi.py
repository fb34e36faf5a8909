"""OpenAPI 3.1 from the very Structs, routes and rules that the server runs on. ``python -m web.openapi > docs/openapi.json``."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from web.access import Who
from web.examples import example
from web.guests import COOKIE
from web.idempotency import LONGEST, SHORTEST
from web.responses.common import Pending, ProblemAnswer
from web.routes import ROUTES
from web.rule import Rule

Json = dict[str, Any]


@functools.lru_cache(1)
def document() -> Json:
    """The whole document."""
    named = (kind for rule in ROUTES for kind in (rule.body, rule.answer) if kind is not None)
    kinds: list[type[msgspec.Struct]] = list(dict.fromkeys([*named, ProblemAnswer, Pending]))
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schema_of: dict[type, Json] = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Json] = {}
    for rule in ROUTES:
        paths.setdefault(rule.path, {})[rule.method.lower()] = _operation(rule, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Blooming Blooms",
            "version": "1",
            "description": "꽃집들의 장터. A marketplace of florists: amounts in KRW, days in KST, instants in ms since the epoch.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT (EdDSA)"},
                "guest": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    }


def _operation(rule: Rule, schema_of: Mapping[type[msgspec.Struct], Json]) -> Json:
    who, handler = rule.who, rule.handler
    words = " ".join((handler.__doc__ or "").split()).partition(": ")[2].replace("``", "")
    # Numbers of weaknesses are for whoever reads the code.
    words = re.sub(r" \((?:spec|auth|store|product|order|front end)[^)]*\)", "", words)
    summary = words.partition(". ")[0].rstrip(".")
    summary = summary[:1].upper() + summary[1:] if summary else f"{rule.method} {rule.path}"
    operation: Json = {
        "operationId": f"{handler.__module__.rpartition('.')[2]}_{handler.__name__}",
        "tags": [handler.__module__.rpartition(".")[2]],
        "summary": summary,
        "description": f"Who: {who.value}. {words}".strip(),
        "parameters": _parameters(rule),
        "responses": _responses(rule, schema_of),
    }
    if who is not Who.PUBLIC:
        # Who has neither begins with a cart of their own.
        guest: list[Json] = {Who.SHOPPER: [{"guest": []}, {}], Who.SENDER: [{"guest": []}]}.get(who, [])
        operation["security"] = [{"token": []}, *guest]
    if rule.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": _content(rule.body, schema_of)}}
    return operation


def _parameters(rule: Rule) -> list[Json]:
    text = {"type": "string"}
    said: list[Json] = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {**text, "pattern": "^[0-9A-Za-z_-]{1,64}$"}}
        for part in rule.path.split("/")
        if part.startswith("{")
    ]
    for name in rule.query:
        schema = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20} if name == "limit" else text
        said.append({"name": name, "in": "query", "schema": schema})
    if rule.template == "/events":
        said.append({"name": "Last-Event-ID", "in": "header", "schema": text})
    if rule.writes:
        key = {**text, "minLength": SHORTEST, "maxLength": LONGEST}
        said.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
        said.append({"name": "Prefer", "in": "header", "schema": {**text, "examples": ["wait=2"]}})
    said.append({"name": "Accept-Language", "in": "header", "schema": {**text, "examples": ["ko", "en"]}})
    return said


def _responses(rule: Rule, schema_of: Mapping[type[msgspec.Struct], Json]) -> Json:
    template, kind = rule.template, rule.answer
    good: Json = {"description": "Done" if rule.method != "GET" else "Found"}
    if rule.status == 303:
        good = {"description": "Back to the shop", "headers": {"Location": {"schema": {"type": "string"}}}}
    elif rule.template == "/events":
        good["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif kind is not None:
        good["content"] = {"application/json": _content(kind, schema_of)}
    said: Json = {str(rule.status): good}
    if rule.writes or "/commands/" in template:
        said["202"] = {
            "description": "Taken; the outcome is not known yet",
            "headers": {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "string"}}},
            "content": {"application/json": _content(Pending, schema_of)},
        }
    said["default"] = {
        "description": "A problem: 400, 401, 403, 404, 409, 422, 429 or 503",
        "content": {"application/problem+json": _content(ProblemAnswer, schema_of)},
    }
    return said


def _content(kind: type[msgspec.Struct], schema_of: Mapping[type[msgspec.Struct], Json]) -> Json:
    return {"schema": schema_of[kind], "example": example(kind)}


def encoded() -> bytes:
    """The document as it lies in ``docs/openapi.json``: indented, the same bytes every time."""
    return msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=1) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(encoded())
