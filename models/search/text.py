"""Text as the index sees it: Korean words in parts of one and two syllables, so that 장미 is found in 빨간장미. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MAX_TEXT = 100
"""Characters of a text that is searched for."""
MAX_GRAMS = 60
"""Terms that one text may ask for."""
_RUN = re.compile(r"[가-힣]+|[0-9a-z]+|[぀-ヿ一-鿿]+")
_BLANKS = re.compile(r"\s+")


def normalised(text: str) -> str:
    """``text`` in one spelling: compatibility forms folded (NFKC), lower case, no control characters, single blanks."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return _BLANKS.sub(" ", "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in folded)).strip()


def terms(text: str) -> list[str]:
    """What a product's text is found by: each syllable and each pair of neighbours, across blanks too; Latin words whole."""
    found: list[str] = []
    before = ""
    for run in _RUN.findall(normalised(text)):
        if _is_latin(run):
            found.append(run)
            before = ""
            continue
        if before:
            # 빨간장미 is to find 빨간 장미.
            found.append(before + run[0])
        found += [*run, *_pairs(run)]
        before = run[-1]
    return found


def wanted(text: str) -> list[str]:
    """The terms that a text asks for: pairs of a word's syllables, a single syllable by itself; each once, in order."""
    found: list[str] = []
    for run in _RUN.findall(normalised(text)[:MAX_TEXT]):
        found += [run] if _is_latin(run) or len(run) == 1 else _pairs(run)
    return list(dict.fromkeys(found))[:MAX_GRAMS]


def _is_latin(run: str) -> bool:
    return run[0].isascii()


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))
