"""Korean business registration numbers: ten digits, the last of which checks the others."""

from __future__ import annotations

import re

_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_SHAPE = re.compile(r"(?<!\d)(\d{3})[- ]?(\d{2})[- ]?(\d{5})(?!\d)")


def is_number(text: str) -> bool:
    """True for ten digits with the right check digit (spec auth 19)."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()) or text == "0" * 10:
        return False
    figures = [int(figure) for figure in text]
    total = sum(figure * weight for figure, weight in zip(figures, _WEIGHTS, strict=False)) + figures[8] * 5 // 10
    return (10 - total % 10) % 10 == figures[9]


def number_in(text: str) -> str:
    """The first business number in ``text`` (with or without hyphens) whose check digit is right, as ten digits; ``""``: none."""
    found = ("".join(match.groups()) for match in _SHAPE.finditer(text))
    return next((number for number in found if is_number(number)), "")
