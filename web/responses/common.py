"""What all kinds of answers share: pages, pending commands, problems."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
"""What stands on a page."""


class Pending(msgspec.Struct):
    """The command is taken, its outcome not known yet: see ``Location``."""

    status: str


class FieldProblem(msgspec.Struct):
    """``pointer``: JSON pointer into the body."""

    pointer: str
    code: str
    detail: str


class ProblemAnswer(msgspec.Struct, omit_defaults=True):
    """RFC 9457. ``code`` is stable; ``title`` and ``detail`` follow ``Accept-Language`` (ko, en)."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    details: dict[str, Any] = {}
    errors: list[FieldProblem] = []


class Items(msgspec.Struct, Generic[T]):
    """A list without pages."""

    items: list[T]


class CountedPage(msgspec.Struct, Generic[T]):
    """A page. ``next``: the ``cursor`` of the next one, "" at the end; ``total``: items of all pages."""

    items: list[T]
    next: str
    total: int


class PageAnswer(msgspec.Struct, Generic[T]):
    """A page. ``next``: the ``cursor`` of the next one, "" at the end."""

    items: list[T]
    next: str


class Nothing(msgspec.Struct):
    """It is done, and there is nothing more to say."""


class Outcome(msgspec.Struct, omit_defaults=True):
    """What the write itself would have answered, with all of its fields; these are ids that most of them name."""

    order_id: str = ""
    product_id: str = ""
    review_id: str = ""
    store_id: str = ""


class DocumentInfo(msgspec.Struct):
    title: str
    version: str


class OpenApi(msgspec.Struct):
    """An OpenAPI 3.1 document: this one."""

    openapi: str
    info: DocumentInfo
    paths: dict[str, Any]
    components: dict[str, Any]


class AsyncApi(msgspec.Struct):
    """An AsyncAPI 3.0 document."""

    asyncapi: str
    info: DocumentInfo
    channels: dict[str, Any]
    operations: dict[str, Any]
    components: dict[str, Any]
