"""Strict request bodies, and every bad field of one named at once (order W-3, W-45).

``msgspec`` decodes and checks in one go, in C, and stops at the first error. So a good body costs 10 us here; only a bad one is
walked a second time, by the same types, to find all that is wrong with it. Nothing has been sent when a body is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect as types

MOST = 100
"""Errors that one answer names."""


class FieldError(msgspec.Struct, frozen=True):
    """``pointer``: JSON pointer (RFC 6901) into the body; ``code``: stable; ``bound``: the number or words that the rule names."""

    pointer: str
    code: str
    bound: str = ""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body, or an object in one."""

    def conflicts(self) -> Iterable[FieldError]:
        """What is wrong between fields that are good each by itself; pointers relative to this object."""
        return ()


class Invalid(Exception):
    """The body breaks its rules; ``errors`` names every one."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


class Malformed(Exception):
    """The body is no JSON (or no UTF-8)."""


B = TypeVar("B", bound=Body)


class Parser(Generic[B]):
    """Parses bodies of one kind."""

    def __init__(self, kind: type[B]) -> None:
        self.kind = kind
        self._decode: Callable[[bytes], B] = msgspec.json.Decoder(kind).decode
        self._type = types.type_info(kind)

    def parse(self, body: bytes) -> B:
        """The body. Raises ``Invalid`` or ``Malformed``."""
        try:
            parsed = self._decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            # The two looks agree (a test tries it); if they ever do not, the body is still refused.
            raise Invalid(list(_first(self._walk(body), MOST)) or [FieldError("", "invalid")]) from None
        found = list(_first(_conflicts(parsed, ""), MOST))
        if found:
            raise Invalid(found)
        return parsed

    def _walk(self, body: bytes) -> Iterator[FieldError]:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Malformed from None
        return _errors(self._type, value, "")


def _first(errors: Iterable[FieldError], most: int) -> Iterator[FieldError]:
    for number, error in enumerate(errors):
        if number >= most:
            return
        yield error


def _conflicts(value: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(value, Body):
        for error in value.conflicts():
            yield FieldError(pointer + error.pointer, error.code, error.bound)
        for name in value.__struct_fields__:
            yield from _conflicts(getattr(value, name), f"{pointer}/{name}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _conflicts(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _conflicts(item, f"{pointer}/{escape(name)}")


def escape(token: str) -> str:
    """``token`` as a part of a JSON pointer."""
    return token.replace("~", "~0").replace("/", "~1")


# -- the second, slow look at a body that the decoder has refused ----------------------------------------------------------------


def _errors(kind: types.Type, value: Any, at: str, code: str = "") -> Iterator[FieldError]:
    """What is wrong with ``value``; ``code`` names the format that the field's type declares for itself."""
    match kind:
        case types.Metadata():
            yield from _errors(kind.type, value, at, str((kind.extra or {}).get("code", code)))
        case types.StructType():
            yield from _struct_errors(kind, value, at)
        case types.ListType() | types.VarTupleType():
            if not isinstance(value, list):
                yield FieldError(at, "type", "array")
                return
            yield from _length_errors(kind.min_length, kind.max_length, len(value), at)
            for index, item in enumerate(value):
                yield from _errors(kind.item_type, item, f"{at}/{index}", code)
        case types.DictType():
            if not isinstance(value, dict):
                yield FieldError(at, "type", "object")
                return
            yield from _length_errors(kind.min_length, kind.max_length, len(value), at)
            for name, item in value.items():
                yield from _errors(kind.key_type, name, f"{at}/{escape(name)}", code)
                yield from _errors(kind.value_type, item, f"{at}/{escape(name)}", code)
        case types.UnionType():
            if value is None and any(isinstance(one, types.NoneType) for one in kind.types):
                return
            for one in kind.types:
                if not isinstance(one, types.NoneType):
                    # Our unions are of one type and null.
                    yield from _errors(one, value, at, code)
        case _:
            yield from _plain_errors(kind, value, at, code)


def _struct_errors(kind: types.StructType, value: Any, at: str) -> Iterator[FieldError]:
    if not isinstance(value, dict):
        yield FieldError(at, "type", "object")
        return
    fields = {field.encode_name: field for field in kind.fields}
    clean = True
    for name, field in fields.items():
        if name in value:
            for error in _errors(field.type, value[name], f"{at}/{escape(name)}"):
                clean = False
                yield error
        elif field.required:
            clean = False
            yield FieldError(f"{at}/{escape(name)}", "required")
    for name in value:
        if name not in fields:
            clean = False
            yield FieldError(f"{at}/{escape(name)}", "unknown_field")
    if clean and issubclass(kind.cls, Body):
        # Its parts name their own conflicts, having been clean too.
        for error in msgspec.convert(value, kind.cls).conflicts():
            yield FieldError(at + error.pointer, error.code, error.bound)


def _length_errors(least: int | None, most: int | None, length: int, at: str) -> Iterator[FieldError]:
    if least is not None and length < least:
        yield FieldError(at, "too_few", str(least))
    if most is not None and length > most:
        yield FieldError(at, "too_many", str(most))


def _plain_errors(kind: types.Type, value: Any, at: str, code: str) -> Iterator[FieldError]:
    match kind:
        case types.StrType():
            yield from _string_errors(kind, value, at, code)
        case types.IntType() | types.FloatType():
            yield from _number_errors(kind, value, at)
        case types.BoolType():
            if not isinstance(value, bool):
                yield FieldError(at, "type", "boolean")
        case types.DateType():
            if not isinstance(value, str):
                yield FieldError(at, "type", "string")
            elif not _is_date(value):
                yield FieldError(at, "date")
        case types.LiteralType():
            if value not in kind.values:
                yield FieldError(at, "not_one_of", ", ".join(map(str, kind.values)))
        case _:
            # A type that this walk does not know: the decoder decides, and its verdict has no finer name.
            raise TypeError(f"no rule for {type(kind).__name__}")


def _string_errors(kind: types.StrType, value: Any, at: str, code: str) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield FieldError(at, "type", "string")
    elif kind.min_length is not None and len(value) < kind.min_length:
        yield FieldError(at, "blank" if not value else "too_short", str(kind.min_length))
    elif kind.max_length is not None and len(value) > kind.max_length:
        yield FieldError(at, "too_long", str(kind.max_length))
    elif kind.pattern is not None and not re.search(kind.pattern, value):
        yield FieldError(at, code or "format")


def _number_errors(kind: types.IntType | types.FloatType, value: Any, at: str) -> Iterator[FieldError]:
    whole = isinstance(kind, types.IntType)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield FieldError(at, "type", "integer" if whole else "number")
        return
    if kind.ge is not None and value < kind.ge:
        yield FieldError(at, "too_small", str(kind.ge))
    if kind.le is not None and value > kind.le:
        yield FieldError(at, "too_large", str(kind.le))


def _is_date(value: str) -> bool:
    try:
        return len(value) == 10 and dt.date.fromisoformat(value) is not None
    except ValueError:
        return False
