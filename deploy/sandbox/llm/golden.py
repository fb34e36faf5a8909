"""The golden sentences: what each means by our rules, what the model answers to it, and what of that answer counts.

The answers were written by hand in the shape that the schema asks of a model, good ones and hostile ones; none was recorded from a
real service. A real one is tried by pointing ``BB_LLM_URL`` and ``BB_LLM_KEY`` at it.
"""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("golden.json")


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rules``, ``model``: query parameters; ``model`` ``None``: the answer must not count, or says nothing.

    ``answer``: the content of the model's message, ``None``: it refuses. ``hostile``: sentence and answer mean harm.
    """

    sentence: str
    rules: dict[str, list[str]]
    answer: str | None
    model: dict[str, list[str]] | None
    hostile: bool = False


@functools.cache
def golden() -> tuple[Golden, ...]:
    """All of them."""
    return tuple(msgspec.json.decode(FILE.read_bytes(), type=list[Golden]))
