"""Money in Korean sentences."""

from __future__ import annotations

import pytest

from models.search.amounts import amounts, blanked, value


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("5만원 이하", None, 50_000),
        ("5만원", None, 50_000),
        ("50,000원 까지", None, 50_000),
        ("3~5만원", 30_000, 50_000),
        ("5만~7만원", 50_000, 70_000),
        ("3만원에서 5만원 사이", 30_000, 50_000),
        ("삼만원부터 오만원까지", 30_000, 50_000),
        ("5만원에서 3만원 사이", 30_000, 50_000),
        ("3만 5천원 미만", None, 34_999),
        ("삼만오천원 이상", 35_000, None),
        ("5만원 초과", 50_001, None),
        ("3만원 넘는", 30_001, None),
        ("10만원 안 넘는 걸로", None, 100_000),
        ("5만원 넘지 않는", None, 50_000),
        ("4만원보다 싼", None, 39_999),
        ("5만원대", 50_000, 59_999),
        ("10만원대", 100_000, 199_999),
        ("15만원대", 150_000, 159_999),
        ("5천원대", 5_000, 5_999),
        ("5만원대 이하", None, 59_999),
        ("2만원쯤", 16_000, 24_000),
        ("최소 3만원", 30_000, None),
        ("3만원 이상 7만원 이하", 30_000, 70_000),
        ("1.5만원 이하", None, 15_000),
        ("3만5 이하", None, 35_000),
        ("만원짜리", None, 10_000),
        ("한 송이 만오천원", None, 15_000),
        ("십만 원 이내", None, 100_000),
        ("2만원 이하 말고 5만원 이상", 20_000, 50_000),
    ],
)
def test_what_is_said_about_money(text: str, least: int | None, most: int | None) -> None:
    found = amounts(text)
    assert (found.least, found.most) == (least, most)
    assert "만" not in blanked(text, found.spans)


@pytest.mark.parametrize(
    "text", ["장미만", "3만 송이", "장미 100송이", "30살 친구", "0원", "-1원", "99999999만원 이하", "만 개", "원", ""]
)
def test_what_is_no_money(text: str) -> None:
    assert amounts(text) == (None, None, ())


def test_amounts_in_words_and_digits_are_the_same() -> None:
    assert [value(said) for said in ("삼만오천원", "3만5천원", "35,000원", "3만 5천 원")] == [35_000] * 4
    assert [value(said) for said in ("만원", "십오만원", "백이십만", "오천원")] == [10_000, 150_000, 1_200_000, 5_000]
    assert [value(said) for said in ("원", "", "삼이오만원")] == [None, None, None]
