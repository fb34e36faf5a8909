"""What all kinds of answers share: pages, pending commands, problems."""

from __future__ import annotations

from typing import Any

import msgspec


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


class Items(msgspec.Struct):
    """A list without pages."""

    items: list[dict[str, Any]]


class CountedPage(msgspec.Struct):
    """A page. ``next``: the ``cursor`` of the next one, "" at the end; ``total``: items of all pages."""

    items: list[dict[str, Any]]
    next: str
    total: int


class PageAnswer(msgspec.Struct):
    """A page. ``next``: the ``cursor`` of the next one, "" at the end."""

    items: list[dict[str, Any]]
    next: str
