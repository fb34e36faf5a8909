"""OpenAPI 3.1 from the very Structs, routes and rules that the server runs on. ``python -m web.openapi > docs/openapi.json``."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from web import requests as bodies
from web import responses as answers
from web.access import ACCESS, API, Who
from web.idempotency import LONGEST, SHORTEST
from web.routes import HANDLERS

Json = dict[str, Any]
WRITES = ("POST", "PUT", "PATCH", "DELETE")
UNKEYED = (f"{API}/orders/quote",)
"""POSTs that change nothing."""

BODIES: Mapping[tuple[str, str], type[msgspec.Struct]] = {
    ("POST", f"{API}/orders"): bodies.OrderRequest,
    ("POST", f"{API}/orders/quote"): bodies.QuoteRequest,
    ("PUT", f"{API}/products/{{product_id}}"): bodies.ProductSave,
    ("PUT", f"{API}/stores/{{store_id}}"): bodies.StoreSave,
    ("POST", f"{API}/stores/{{store_id}}/coupons"): bodies.CouponRequest,
    ("PATCH", f"{API}/stores/{{store_id}}/stock/{{flower_id}}"): bodies.StockRequest,
}
ANSWERS: Mapping[tuple[str, str], tuple[int, type[msgspec.Struct]]] = {
    ("POST", f"{API}/orders"): (201, answers.OrderAnswer),
    ("POST", f"{API}/orders/quote"): (200, answers.QuoteAnswer),
    ("POST", f"{API}/orders/{{order_id}}/cancel"): (200, answers.OrderAnswer),
    ("POST", f"{API}/orders/{{order_id}}/stores/{{store_order_id}}/cancel"): (200, answers.OrderAnswer),
    ("GET", f"{API}/orders"): (200, answers.PageAnswer),
    ("GET", f"{API}/orders/{{order_id}}/timeline"): (200, answers.Items),
    ("GET", f"{API}/products"): (200, answers.PageAnswer),
    ("GET", f"{API}/stores"): (200, answers.PageAnswer),
    ("GET", f"{API}/stores/{{store_id}}/orders"): (200, answers.PageAnswer),
    ("GET", f"{API}/stores/{{store_id}}/stock"): (200, answers.Items),
    ("GET", f"{API}/stores/{{store_id}}/coupons"): (200, answers.Items),
    ("GET", f"{API}/coupons"): (200, answers.Items),
    ("POST", f"{API}/stores/{{store_id}}/coupons"): (201, answers.CouponAnswer),
    ("POST", f"{API}/stores/{{store_id}}/coupons/{{coupon_id}}/claim"): (201, answers.CouponAnswer),
}
QUERIES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("GET", f"{API}/orders"): ("status", "limit", "cursor"),
    ("GET", f"{API}/products"): ("store", "limit", "cursor"),
    ("GET", f"{API}/stores"): ("limit", "cursor"),
    ("GET", f"{API}/stores/{{store_id}}/orders"): ("status", "limit", "cursor"),
    ("GET", f"{API}/commands/{{domain}}/{{row}}/{{command}}"): ("sig", "part"),
    ("GET", f"{API}/payments/callback/{{order_id}}/{{nonce}}/{{outcome}}"): ("pg_token",),
    ("GET", f"{API}/events"): ("last_event_id",),
}


@functools.lru_cache(1)
def document() -> Json:
    """The whole document."""
    kinds: list[type] = [*BODIES.values(), *(kind for _, kind in ANSWERS.values()), answers.ProblemAnswer, answers.Pending]
    kinds = list(dict.fromkeys(kinds))
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schema_of: dict[type, Json] = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Json] = {}
    for method, template in ACCESS:
        paths.setdefault(template, {})[method.lower()] = _operation(method, template, schema_of)
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
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT (EdDSA)"}},
        },
    }


def _operation(method: str, template: str, schema_of: Mapping[type, Json]) -> Json:
    route = (method, template)
    who, handler = ACCESS[route], HANDLERS[route]
    words = " ".join((handler.__doc__ or "").split()).partition(": ")[2].replace("``", "")
    # Numbers of weaknesses are for whoever reads the code.
    words = re.sub(r" \((?:order|front end)[^)]*\)", "", words)
    summary = words.partition(". ")[0].rstrip(".")
    summary = summary[:1].upper() + summary[1:] if summary else f"{method} {template}"
    operation: Json = {
        "operationId": f"{handler.__module__.rpartition('.')[2]}_{handler.__name__}",
        "tags": [handler.__module__.rpartition(".")[2]],
        "summary": summary,
        "description": f"Who: {who.value}. {words}".strip(),
        "parameters": _parameters(method, template),
        "responses": _responses(route, who, schema_of),
    }
    if who is not Who.PUBLIC:
        operation["security"] = [{"token": []}]
    if route in BODIES:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema_of[BODIES[route]]}}}
    return operation


def _parameters(method: str, template: str) -> list[Json]:
    text = {"type": "string"}
    said: list[Json] = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {**text, "pattern": "^[0-9A-Za-z_-]{1,64}$"}}
        for part in template.split("/")
        if part.startswith("{")
    ]
    for name in QUERIES.get((method, template), ()):
        schema = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20} if name == "limit" else text
        said.append({"name": name, "in": "query", "schema": schema})
    if template.endswith("/events"):
        said.append({"name": "Last-Event-ID", "in": "header", "schema": text})
    if method in WRITES and template not in UNKEYED:
        key = {**text, "minLength": SHORTEST, "maxLength": LONGEST}
        said.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
        said.append({"name": "Prefer", "in": "header", "schema": {**text, "examples": ["wait=2"]}})
    said.append({"name": "Accept-Language", "in": "header", "schema": {**text, "examples": ["ko", "en"]}})
    return said


def _responses(route: tuple[str, str], who: Who, schema_of: Mapping[type, Json]) -> Json:
    method, template = route
    status, kind = ANSWERS.get(route, (200, None))
    good: Json = {"description": "Done" if method in WRITES else "Found"}
    if "/callback/" in template:
        status, good = 303, {"description": "Back to the shop", "headers": {"Location": {"schema": {"type": "string"}}}}
    elif template.endswith("/events"):
        good["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif not template.endswith("/docs"):
        good["content"] = {"application/json": {"schema": schema_of[kind] if kind else {"type": "object"}}}
    said: Json = {str(status): good}
    if (method in WRITES and template not in UNKEYED) or "/commands/" in template:
        said["202"] = {
            "description": "Taken; the outcome is not known yet",
            "headers": {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": schema_of[answers.Pending]}},
        }
    said["default"] = {
        "description": "A problem: 400, 401, 403, 404, 409, 422, 429 or 503",
        "content": {"application/problem+json": {"schema": schema_of[answers.ProblemAnswer]}},
    }
    return said


def encoded() -> bytes:
    """The document as it lies in ``docs/openapi.json``: indented, the same bytes every time."""
    return msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=1) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(encoded())
