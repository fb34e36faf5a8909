"""The keys of the nine orders, and the fair rating."""

from __future__ import annotations

import pytest

from models.search.ranking import EPOCH, FIELDS, MANAGED, SORTS, average, fair, keys
from tests.unit.search.given import product

FEW = product("few", reviews=1, rating_sum=10)
MANY = product("many", reviews=100, rating_sum=960)
BAD = product("bad", reviews=50, rating_sum=100)
NONE = product("none", reviews=0, rating_sum=0)


def test_one_five_star_review_does_not_win_against_a_hundred_good_ones() -> None:
    rated = sorted((FEW, MANY, BAD, NONE), key=lambda one: keys(one)["best_rated"], reverse=True)
    assert [one.id for one in rated] == ["many", "few", "none", "bad"]
    assert fair(0, 0) == 7.0
    assert fair(10, 100) == 8.5


@pytest.mark.spec("product W45")
def test_an_average_keeps_its_decimal() -> None:
    assert [average(2, 17), average(3, 28), average(1, 9), average(0, 0)] == [4.3, 4.7, 4.5, 0.0]


@pytest.mark.spec("product W46")
@pytest.mark.parametrize(
    ("sort", "field", "first"),
    [
        ("TOP_SALE", "sold", 9), ("SALE", "sold", 9), ("BOTTOM_SALE", "sold", 1), ("NEW", "created", 9), ("OLD", "created", 1),
        ("LOW", "price", 1), ("HIGH", "price", 9), ("REVIEW", "reviews", 9), ("RATING", "rating_sum", 9),
    ],
)  # fmt: skip
def test_each_order_begins_with_the_right_one(sort: str, field: str, first: int) -> None:
    base = 1_600_000_000_000 if field == "created" else 0
    ones = [product(str(value), **{"reviews": 1, field: base + value}) for value in (1, 5, 9)]
    ordered = sorted(ones, key=lambda one: keys(one)[FIELDS[sort]], reverse=True)
    assert ordered[0].id == str(first)
    assert ordered[1].id == "5"
    assert set(FIELDS) == set(SORTS)


@pytest.mark.parametrize("field", sorted(set(FIELDS.values())))
def test_what_is_on_sale_goes_before_what_is_not(field: str) -> None:
    poor = product("a", sold=0, price=100_000_000, created=0, reviews=0, rating_sum=0)
    best = product("b", status="DISCONTINUED", sold=2**41, price=0, created=2**50, reviews=2**41, rating_sum=2**42)
    assert 0 <= keys(best)[field] < keys(poor)[field] < 2**64


@pytest.mark.spec("product W33", "product W46")
@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("ALL_NEW", "edcba"), ("ALL_OLD", "abcde"), ("TOP_NEW", "ecadb"), ("TOP_OLD", "acebd"), ("BOTTOM_NEW", "dbeca"),
        ("BOTTOM_OLD", "bdace"),
    ],
)  # fmt: skip
def test_sellers_and_admins_have_sales_before_dates_and_nothing_before_both(sort: str, wanted: str) -> None:
    assert set(MANAGED) == {"ALL_NEW", "ALL_OLD", "TOP_NEW", "TOP_OLD", "BOTTOM_NEW", "BOTTOM_OLD"}
    ones = [
        product(key, created=EPOCH + at, sold=sold, status=status)
        for at, (key, sold, status) in enumerate(
            [("a", 9, "DELETED"), ("b", 0, "SALE"), ("c", 9, "SALE"), ("d", 0, "DISCONTINUED"), ("e", 9, "DISCONTINUED")]
        )
    ]
    assert "".join(one.id for one in sorted(ones, key=lambda one: keys(one)[MANAGED[sort]], reverse=True)) == wanted


@pytest.mark.parametrize("field", MANAGED.values())
def test_no_number_of_a_product_leaves_a_key_s_bits(field: str) -> None:
    for sold, created in ((0, 0), (2**41, 2**50), (2**41, 0), (0, 2**50)):
        assert 0 <= keys(product("a", sold=sold, created=created))[field] < 2**64
    # Pieces go before dates, up to a million of them.
    few, many = product("a", sold=2**20 - 2, created=2**50), product("b", sold=2**20 - 1, created=0)
    if field.startswith(("top", "bottom")):
        assert (keys(few)[field] < keys(many)[field]) == field.startswith("top")
