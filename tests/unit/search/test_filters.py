"""Filters between parameters, structures and chips."""

from __future__ import annotations

import pytest

from models.search.chips import Chip, chips
from models.search.filters import BadFilter, Choice, Filters, parameters, parsed
from models.search.vocabulary import Names

GIVEN = {
    "text": ["  빨간   장미 "], "category": ["1,2"], "tag": ["1", "-7"], "flower": ["rose", "-11"], "color": ["red"],
    "min_price": ["10000"], "max_price": ["50000"], "store": ["s1"], "status": ["SALE"], "sort": ["LOW"], "limit": ["20"],
}  # fmt: skip
FILTERS = Filters(
    text="빨간 장미",
    category=(Choice(("1", "2")),),
    tag=(Choice(("1",)), Choice(("7",), True)),
    flower=(Choice(("rose",)), Choice(("11",), True)),
    color=(Choice(("red",)),),
    min_price=10_000,
    max_price=50_000,
    store="s1",
    status="SALE",
    sort="LOW",
)


def test_parameters_are_read_and_said_again() -> None:
    assert parsed(GIVEN) == FILTERS
    again: dict[str, list[str]] = {}
    for name, value in parameters(FILTERS):
        again.setdefault(name, []).append(value)
    assert parsed(again) == FILTERS
    assert parsed({}) == Filters()
    assert parsed({"tag": [""], "text": [""], "min_price": [""]}) == Filters()


@pytest.mark.spec("product W33", "product W46")
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sort", ["price"]), ("sort", ["low"]), ("sort", ["LOW", "HIGH"]), ("status", ["DELETED"]), ("store", ["a b"]),
        ("min_price", ["-1"]), ("min_price", ["1e3"]), ("max_price", ["٣"]), ("max_price", ["99999999999"]), ("text", ["!!!"]),
        ("text", ["꽃" * 101]), ("category", ["1;2"]), ("tag", [","]), ("tag", ["--1"]),
        ("flower", [str(number) for number in range(9)]),
        ("color", [",".join(map(str, range(31)))]),
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_read_is_named(name: str, values: list[str]) -> None:
    with pytest.raises(BadFilter) as error:
        parsed({name: values})
    assert error.value.name == name


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(BadFilter, match="min_price"):
        parsed({"min_price": ["2"], "max_price": ["1"]})


def test_chips_are_parameters_with_words() -> None:
    assert chips(FILTERS, Names()) == [
        Chip("text", "빨간 장미", "빨간 장미"),
        Chip("category", "꽃다발 또는 꽃바구니", "1,2"),
        Chip("tag", "연인 선물", "1"),
        Chip("tag", "장례식 제외", "-7"),
        Chip("flower", "장미", "rose"),
        Chip("flower", "국화 제외", "-11"),
        Chip("color", "빨강", "red"),
        Chip("min_price", "10,000원 이상", "10000"),
        Chip("max_price", "50,000원 이하", "50000"),
        Chip("store", "s1", "s1"),
        Chip("status", "판매중", "SALE"),
        Chip("sort", "낮은가격순", "LOW"),
    ]


@pytest.mark.spec("product W54")
def test_chips_say_what_things_are_called_now() -> None:
    names = Names(tags={"1": "사랑하는 사람에게"})
    assert [one.label for one in chips(Filters(tag=(Choice(("1", "9")),)), names)] == ["사랑하는 사람에게 또는 9"]
