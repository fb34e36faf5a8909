"""The shape of a text."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["ko", "en"]


class Text(NamedTuple):
    """Title and detail in both languages; ``{name}`` in a detail is filled from what the refusal names."""

    ko: str
    en: str
    ko_detail: str = ""
    en_detail: str = ""
