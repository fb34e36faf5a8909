"""Every name that a postcode service may say becomes the one code that the shop knows."""

from __future__ import annotations

import re

import pytest

from models.stores.regions import ELSEWHERE, SIDO, Place, known, names, resolve, sido_code

ALL = [(code, gugun) for code, sido in SIDO.items() for gugun in sido.gugun]
COUNTS = {
    "11": 25, "26": 16, "27": 8, "28": 10, "29": 5, "30": 5, "31": 5, "36": 1, "41": 31, "42": 18, "43": 11, "44": 15, "45": 14,
    "46": 22, "47": 23, "48": 18, "50": 2,
}  # fmt: skip


@pytest.mark.spec("store V6")
def test_every_gugun_is_found_by_each_name_of_its_sido_and_no_name_is_two() -> None:
    assert {code: len(sido.gugun) for code, sido in SIDO.items()} == COUNTS
    assert sum(COUNTS.values()) == len({gugun for _, gugun in ALL}) == 229
    for code, gugun in ALL:
        sido = SIDO[code]
        assert re.fullmatch(rf"{code}\d{{3}}", gugun)
        for name in (code, sido.name, sido.short, *sido.aliases):
            for word in (gugun, sido.gugun[gugun], f" {sido.gugun[gugun]} 어느구 "):
                assert resolve(name, word) == Place(code, gugun)
        assert known(code, gugun)
        assert names(code, gugun) == (sido.name, sido.gugun[gugun])
        # Within a sido every name is once: in the seed there were two of 천안시, and nobody there could register.
        assert len(set(sido.gugun.values())) == len(sido.gugun)


@pytest.mark.parametrize(
    ("sido", "gugun", "place"),
    [
        ("서울특별시", "강남구", ("11", "11680")),
        ("서울", "중구", ("11", "11140")),
        ("부산", "중구", ("26", "26110")),
        ("경기", "수원시 영통구", ("41", "41111")),
        ("경기도", "성남시 분당구", ("41", "41131")),
        ("충남", "천안시 서북구", ("44", "44131")),
        ("충청남도", "천안시 동남구", ("44", "44131")),
        ("강원특별자치도", "춘천시", ("42", "42110")),
        ("강원도", "고성군", ("42", "42820")),
        ("경남", "고성군", ("48", "48820")),
        ("전북특별자치도", "전주시 완산구", ("45", "45111")),
        ("전라북도", "전주시", ("45", "45111")),
        ("제주특별자치도", "서귀포시", ("50", "50130")),
        ("세종특별자치시", "", ("36", "36110")),
        ("세종", "세종시", ("36", "36110")),
        ("세종", "조치원읍", ("36", "36110")),
        ("대구", "군위군", ("47", "47720")),
        ("인천", "남구", ("28", "28177")),
    ],
)
@pytest.mark.spec("store V6")
def test_what_a_postcode_service_says(sido: str, gugun: str, place: tuple[str, str]) -> None:
    assert resolve(sido, gugun) == Place(*place)
    assert known(*place)


@pytest.mark.parametrize(
    ("sido", "gugun", "which"),
    [
        ("", "강남구", "sido"),
        ("평양", "중구", "sido"),
        ("99", "99110", "sido"),
        ("서울", "", "gugun"),
        ("서울", "해운대구", "gugun"),
        ("11", "26110", "gugun"),
        ("44", "44133", "gugun"),
        ("세종", "강남구", "gugun"),
        ("세종", "서울", "gugun"),
    ],
)
def test_what_nobody_knows_is_named(sido: str, gugun: str, which: str) -> None:
    with pytest.raises(LookupError, match=f"^{which}$"):
        resolve(sido, gugun)


def test_every_former_name_leads_to_a_place_and_hides_none() -> None:
    for (sido, name), place in ELSEWHERE.items():
        assert known(*place)
        assert name not in SIDO[sido].gugun.values()


def test_codes_that_are_not_known() -> None:
    assert (sido_code("없는도"), known("11", "26110"), known("", ""), names("99", "1")) == ("", False, False, ("", ""))
    assert names("11", "26110") == ("서울특별시", "")
