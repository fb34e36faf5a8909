"""Filters as a buyer reads and changes them. Pure."""

from __future__ import annotations

import msgspec

from models.search.filters import KINDS, Choice, Filters, parameters
from models.search.vocabulary import SORT_NAMES, STATUS_NAMES, Names

NOT = "제외"


class Chip(msgspec.Struct, frozen=True):
    """``kind`` and ``value`` are a query parameter of ``GET /products``; ``label`` is Korean, as it stands on the chip."""

    kind: str
    label: str
    value: str


def chips(filters: Filters, names: Names) -> list[Chip]:
    """One for each parameter of ``filters``, in the parameters' order."""
    choices = {(kind, choice.value): choice for kind in KINDS for choice in filters.choices(kind)}
    return [Chip(name, _label(name, value, choices.get((name, value)), names), value) for name, value in parameters(filters)]


def _label(name: str, value: str, choice: Choice | None, names: Names) -> str:
    if choice is not None:
        said = " 또는 ".join(names.of(name, one) for one in choice.any)
        return f"{said} {NOT}" if choice.without else said
    match name:
        case "min_price":
            return f"{int(value):,}원 이상"
        case "max_price":
            return f"{int(value):,}원 이하"
        case "sort":
            return SORT_NAMES[value]
        case "status":
            return STATUS_NAMES[value]
    return value
