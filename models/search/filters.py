"""What a list of products is narrowed to: one structure for query parameters, sentences and chips. Pure.

A parameter of the kinds category, tag, flower and color may come several times, and all of them must hold. Its value names
alternatives (``1,2``: one of both) and, with a ``-`` before it, what must not be (``-11``: no chrysanthemums). A chip is such a
parameter with its label, so a client takes a wish back by leaving its parameter out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from models.search.ranking import SORTS
from models.search.text import MAX_TEXT, normalised, wanted

KINDS: tuple[str, ...] = ("category", "tag", "flower", "color")
STATUSES: tuple[str, ...] = ("SALE", "DISCONTINUED")
MAX_CHOICES, MAX_ALTERNATIVES = 8, 30
"""Parameters of a kind, and alternatives in one of them."""
MAX_PRICE = 1_000_000_000
PARAMETERS: tuple[str, ...] = ("text", *KINDS, "min_price", "max_price", "store", "status", "sort")
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}\Z")


class BadFilter(Exception):
    """A parameter cannot be read; ``name`` is its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of ``any``, or, ``without``, none of them."""

    any: tuple[str, ...]
    without: bool = False

    @property
    def value(self) -> str:
        """As the parameter says it."""
        return ("-" if self.without else "") + ",".join(self.any)


class Filters(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything must hold. Prices in KRW, inclusive, ``None``: no bound; "": whatever."""

    text: str = ""
    category: tuple[Choice, ...] = ()
    tag: tuple[Choice, ...] = ()
    flower: tuple[Choice, ...] = ()
    color: tuple[Choice, ...] = ()
    min_price: int | None = None
    max_price: int | None = None
    store: str = ""
    status: str = ""
    sort: str = ""

    def choices(self, kind: str) -> tuple[Choice, ...]:
        """Those of one of ``KINDS``."""
        found: tuple[Choice, ...] = getattr(self, kind)
        return found

    @property
    def understood(self) -> bool:
        """Does it say anything beside a status?"""
        return msgspec.structs.replace(self, status="") != Filters()


def parsed(given: Mapping[str, Sequence[str]]) -> Filters:
    """The filters that query parameters say: name -> values. Unknown names are somebody else's. Raises ``BadFilter``."""
    single = {name: _single(given, name) for name in PARAMETERS if name not in KINDS}
    text = normalised(single["text"])
    if len(single["text"]) > MAX_TEXT or (text and not wanted(text)):
        raise BadFilter("text")
    least, most = _price(single, "min_price"), _price(single, "max_price")
    if least is not None and most is not None and least > most:
        raise BadFilter("min_price")
    for name, allowed in (("status", STATUSES), ("sort", SORTS)):
        if single[name] and single[name] not in allowed:
            raise BadFilter(name)
    if single["store"] and not _ID.match(single["store"]):
        raise BadFilter("store")
    kinds = {kind: tuple(_choice(kind, value) for value in _several(given, kind)) for kind in KINDS}
    return Filters(
        text=text, min_price=least, max_price=most, store=single["store"], status=single["status"], sort=single["sort"], **kinds
    )


def parameters(filters: Filters) -> list[tuple[str, str]]:
    """``filters`` as parameters, in a fixed order: ``parsed`` reads them back."""
    found: list[tuple[str, str]] = []
    for name in PARAMETERS:
        value = getattr(filters, name)
        if name in KINDS:
            found += [(name, choice.value) for choice in value]
        elif value not in ("", None):
            found.append((name, str(value)))
    return found


def _single(given: Mapping[str, Sequence[str]], name: str) -> str:
    values = given.get(name, ())
    if len(values) > 1:
        raise BadFilter(name)
    return values[0] if values else ""


def _several(given: Mapping[str, Sequence[str]], kind: str) -> Sequence[str]:
    values = [value for value in given.get(kind, ()) if value]
    if len(values) > MAX_CHOICES:
        raise BadFilter(kind)
    return list(dict.fromkeys(values))


def _choice(kind: str, value: str) -> Choice:
    without = value.startswith("-")
    names = tuple(dict.fromkeys(value.removeprefix("-").split(",")))
    if len(names) > MAX_ALTERNATIVES or not all(_ID.match(name) for name in names):
        raise BadFilter(kind)
    return Choice(names, without)


def _price(single: Mapping[str, str], name: str) -> int | None:
    value = single[name]
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= 10 and int(value) <= MAX_PRICE):
        raise BadFilter(name)
    return int(value)
