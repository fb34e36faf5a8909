"""An example of every body and every answer, for the OpenAPI document: one day of one buyer at one florist.

They are instances of the Structs themselves, so that none can have a field that its Struct does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

import msgspec

from web.examples import accounts, answers, bodies
from web.responses.common import CountedPage, Items, PageAnswer

EXAMPLES: Mapping[type, msgspec.Struct] = {type(one): one for one in (*bodies.ALL, *answers.ALL, *accounts.ALL)}


def example(kind: Any) -> Any:
    """An example of ``kind``, JSON-ready. Raises ``KeyError``: there is none yet."""
    return _said(msgspec.to_builtins(_made(kind)), kind)


def _made(kind: Any) -> msgspec.Struct:
    """A page has one item, the example of its kind."""
    page = get_origin(kind)
    if page is None:
        return EXAMPLES[kind]
    items = [_made(get_args(kind)[0])]
    if page is Items:
        return Items(items)
    return PageAnswer(items, "") if page is PageAnswer else CountedPage(items, "", 1)


def _said(value: Any, kind: Any) -> Any:
    """What a client leaves out of a body is not said with null either."""
    return _given(value) if kind in bodies.KINDS else value


def _given(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _given(one) for name, one in value.items() if one is not None}
    return [_given(one) for one in value] if isinstance(value, list) else value
