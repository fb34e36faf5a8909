"""Prices are the server's: exact figures, and what holds for all of them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.actor import HOUR, id_of
from models.orders.messages import WantedStore
from models.orders.prices import coupon_refusal, earliest_making_day, merged, priced, priced_store, shares
from tests.unit.shop import BASKET, BOUQUET, COUPON, NOW, ORDER, PLANT, ROSE, TODAY, TOMORROW, at_rose, at_tulip, line


@pytest.mark.spec("order W-1", "order W-2")
def test_a_store_with_a_coupon_to_the_won() -> None:
    price = priced_store(ORDER, at_rose(coupon=COUPON), NOW)
    assert (price.goods, price.discount, price.delivery_fee, price.total) == (50_000, 5_000, 0, 45_000)
    assert [(one.amount, one.discount, one.tax_free) for one in price.lines] == [(40_000, 4_000, False), (10_000, 1_000, True)]
    assert price.tax_free == 9_000
    assert price.store_order_id == id_of(ORDER, "store-rose")
    assert [one.line_id for one in price.lines] == [id_of(ORDER, "bouquet"), id_of(ORDER, "plant")]
    assert price.coupon_id == "c5000"


@pytest.mark.spec("order W-2", "store V1")
@pytest.mark.parametrize(("pieces", "fee"), [(2, 3_000), (3, 0)], ids=["below", "above"])
def test_delivery_is_free_by_the_goods_before_the_coupon(pieces: int, fee: int) -> None:
    free_at = msgspec.structs.replace(ROSE, free_from=60_000)
    wanted = WantedStore(store=free_at, lines=(line(BOUQUET, pieces),), coupon=COUPON)
    assert priced_store(ORDER, wanted, NOW).delivery_fee == fee


@pytest.mark.spec("order W-1")
def test_a_coupon_never_exceeds_the_goods_and_the_fee_stays() -> None:
    big = msgspec.structs.replace(COUPON, discount=30_000, min_amount=0)
    price = priced_store(ORDER, at_rose(line(PLANT), coupon=big), NOW)
    assert (price.goods, price.discount, price.delivery_fee, price.total, price.tax_free) == (10_000, 10_000, 3_000, 3_000, 0)


def test_the_rest_of_a_coupon_goes_to_a_taxable_line() -> None:
    # 100 x 3334/10000 = 33 for each tax-free line and 33 for the taxable one; the 1 KRW left over is the taxable line's.
    assert shares(100, [(3_333, True), (3_334, False), (3_333, True)]) == (33, 34, 33)


def test_the_rest_goes_to_tax_free_lines_if_there_are_no_others() -> None:
    assert shares(100, [(1, True), (1_000, True), (999, True)]) == (1, 50, 49)


def test_a_discount_beyond_the_goods_is_an_error() -> None:
    with pytest.raises(ValueError, match="a discount of 2 on goods of 1"):
        shares(2, [(1, False)])


@pytest.mark.spec("order W-35")
def test_the_same_product_twice_is_one_line() -> None:
    lines = merged((line(BOUQUET, 2), line(PLANT), line(BOUQUET, 3)))
    assert [(one.product.product_id, one.quantity) for one in lines] == [("bouquet", 5), ("plant", 1)]


@pytest.mark.spec("order W-58")
@pytest.mark.parametrize(("hours", "day"), [(0, TODAY), (5.999, TODAY), (6, TOMORROW), (11.999, TOMORROW), (12, TOMORROW)])
def test_the_making_day_follows_the_cut_off_in_korea(hours: float, day: str) -> None:
    assert earliest_making_day("18:00", NOW + int(hours * HOUR)) == day


@pytest.mark.parametrize(
    ("today", "goods", "code"),
    [
        ("2026-10-31", 20_000, "coupon_not_started"),
        ("2026-11-01", 20_000, ""),
        ("2026-11-30", 20_000, ""),
        ("2026-12-01", 20_000, "coupon_expired"),
        ("2026-11-15", 19_999, "coupon_minimum"),
    ],
)
def test_a_coupons_days_are_inclusive_and_its_minimum_too(today: str, goods: int, code: str) -> None:
    assert coupon_refusal(COUPON, goods, today) == code


def test_two_florists_are_priced_apart() -> None:
    assert [one.total for one in priced(ORDER, (at_rose(), at_tulip()), NOW)] == [50_000, 17_500]


amounts = st.lists(st.tuples(st.integers(0, 10_000_000), st.booleans()), min_size=1, max_size=50)


@given(lines=amounts, part=st.fractions(0, 1))
def test_shares_add_up_and_fit(lines: list[tuple[int, bool]], part: float) -> None:
    goods = sum(amount for amount, _ in lines)
    discount = int(goods * part)
    spread = shares(discount, lines)
    assert sum(spread) == discount
    assert all(0 <= share <= amount for share, (amount, _) in zip(spread, lines, strict=True))
    exact = [discount * amount // goods if goods else 0 for amount, _ in lines]
    assert all(share >= least for share, least in zip(spread, exact, strict=True))
    room = sum(amount - least for least, (amount, tax_free) in zip(exact, lines, strict=True) if not tax_free)
    if room >= discount - sum(exact):
        assert all(share == least for share, least, (_, tax_free) in zip(spread, exact, lines, strict=True) if tax_free)


@given(
    quantities=st.lists(st.integers(1, 999), min_size=1, max_size=5),
    prices=st.lists(st.integers(0, 1_000_000), min_size=5, max_size=5),
    free=st.lists(st.booleans(), min_size=5, max_size=5),
    discount=st.integers(0, 3_000_000),
    fee=st.integers(0, 10_000),
    free_from=st.integers(0, 1_000_000),
)
def test_a_price_splits_without_remainder(
    quantities: list[int], prices: list[int], free: list[bool], discount: int, fee: int, free_from: int
) -> None:
    store = msgspec.structs.replace(ROSE, delivery_fee=fee, free_from=free_from)
    lines = tuple(
        line(BASKET, quantity, product_id=str(at), price=prices[at], tax_free=free[at]) for at, quantity in enumerate(quantities)
    )
    coupon = msgspec.structs.replace(COUPON, discount=discount, min_amount=0)
    price = priced_store(ORDER, WantedStore(store=store, lines=lines, coupon=coupon), NOW)
    assert price.total == price.goods - price.discount + price.delivery_fee >= 0
    assert price.discount == min(discount, price.goods)
    assert price.goods == sum(one.amount for one in price.lines)
    taxable = sum(one.amount - one.discount for one in price.lines if not one.tax_free) + price.delivery_fee
    assert price.tax_free + taxable == price.total
    assert 0 <= price.tax_free <= price.total
