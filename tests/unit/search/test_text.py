"""How text becomes terms."""

from __future__ import annotations

from models.search.text import MAX_GRAMS, normalised, terms, wanted


def test_one_spelling() -> None:
    assert normalised("  빨간\t\n장미​  ＡＢＣ ①") == "빨간 장미 abc 1"


def test_words_are_found_inside_others_and_across_blanks() -> None:
    found = set(terms("빨간장미 꽃다발 Rose"))
    for text in ("장미", "빨간장미", "빨간 장미", "꽃다발", "꽃", "ROSE", "장미꽃다발"):
        assert set(wanted(text)) <= found, text
    for text in ("튤립", "미장", "ros"):
        assert not set(wanted(text)) <= found, text


def test_what_is_asked_for_is_bounded_and_said_once() -> None:
    assert wanted("장미 장미") == ["장미"]
    assert wanted("꽃") == ["꽃"]
    assert wanted("빨간장미") == ["빨간", "간장", "장미"]
    assert len(wanted(" ".join(f"a{n}" for n in range(200)))) <= MAX_GRAMS
    assert wanted("!!! ㅋㅋ") == []
