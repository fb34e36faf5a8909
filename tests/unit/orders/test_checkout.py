"""What a checkout must be: every fault named, nothing placed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.orders import ORDERS
from models.actor import Refusal
from models.orders.messages import Held, PaymentReady, PlaceOrder, WantedStore
from tests.unit.history import Actor
from tests.unit.shop import (
    BASKET,
    BOUQUET,
    COUPON,
    NOW,
    ORDER,
    PLANT,
    ROSE,
    TODAY,
    TOMORROW,
    at_rose,
    at_tulip,
    line,
    place,
)

with_ = msgspec.structs.replace
ROSE_ID, BOUQUET_ID = {"store_id": "store-rose"}, {"store_id": "store-rose", "product_id": "bouquet"}


def too_many(quantity: int) -> dict[str, Any]:
    """The problem of so many bouquets."""
    return {"code": "quantity_invalid", **BOUQUET_ID, "quantity": quantity, "most": 999}


def refusal(command: PlaceOrder, now: int = NOW) -> Refusal:
    """The refusal of ``command``; nothing else may come of it."""
    actor = Actor(ORDERS, ORDER, now)
    decision = actor.decide(command)
    assert isinstance(decision, Refusal), decision
    return decision


def only(command: PlaceOrder, now: int = NOW) -> tuple[int, dict[str, Any]]:
    """Status and the one problem of ``command``."""
    refused = refusal(command, now)
    (problem,) = refused.details["problems"]
    assert refused.code == problem["code"]
    return refused.status, problem


@pytest.mark.spec("order W-3", "order W-45")
@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (place(window=0), {"code": "window_invalid", "window": 0}),
        (place(at_rose(line(BOUQUET, 0))), too_many(0)),
        (place(at_rose(line(BOUQUET, -1), line(BOUQUET, 3))), too_many(-1)),
        (place(at_rose(line(BOUQUET, 500), line(BOUQUET, 500))), too_many(1000)),
        (place(at_rose(line(BOUQUET, price=-1))), {"code": "product_invalid", **BOUQUET_ID}),
        (place(at_rose(line(BOUQUET, name="장" * 81))), {"code": "product_invalid", **BOUQUET_ID}),
        (place(at_rose(line(BOUQUET, flowers={"rose": 0}))), {"code": "product_invalid", **BOUQUET_ID}),
        (place(at_rose(kind="drone")), {"code": "kind_unknown", **ROSE_ID, "kind": "drone"}),
        (place(at_rose(making_day="2026-11-31")), {"code": "making_day_invalid", **ROSE_ID, "making_day": "2026-11-31"}),
        (place(with_(at_rose(), store=with_(ROSE, delivery_fee=-1))), {"code": "store_invalid", **ROSE_ID}),
        (place(with_(at_rose(), lines=())), {"code": "order_empty", **ROSE_ID}),
        (place(at_rose(), at_rose()), {"code": "store_repeated", **ROSE_ID}),
        (place(at_rose(coupon=with_(COUPON, discount=-1))), {"code": "coupon_invalid", **ROSE_ID, "coupon_id": "c5000"}),
    ],
)  # fmt: skip
def test_a_shape_that_nothing_could_make_right(command: PlaceOrder, problem: dict[str, Any]) -> None:
    assert only(command) == (422, problem)


def test_nothing_wanted() -> None:
    assert only(with_(place(), stores=())) == (422, {"code": "order_empty"})


@pytest.mark.parametrize(("count", "fits"), [(50, True), (51, False)])
def test_at_most_50_lines_after_merging(count: int, fits: bool) -> None:
    lines = [line(BOUQUET, product_id=f"p{at}", price=1_000) for at in range(count)]
    command = place(at_rose(*lines, *lines), total=count * 2_000)
    actor = Actor(ORDERS, ORDER, NOW)
    if fits:
        assert [type(event).__name__ for event in actor.take(command)] == ["OrderPlaced"]
    else:
        assert only(command) == (422, {"code": "too_many_lines", "most": 50})


@pytest.mark.spec("order W-4", "product W41")
@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (place(with_(at_rose(), store=with_(ROSE, open=False))), {"code": "store_closed", **ROSE_ID}),
        (place(at_rose(line(BASKET))), {"code": "product_of_other_store", **ROSE_ID, "product_id": "basket"}),
        (place(at_rose(line(BOUQUET, on_sale=False))), {"code": "product_not_on_sale", **BOUQUET_ID}),
        (place(at_rose(making_day="2026-11-23")),
         {"code": "making_day_too_early", **ROSE_ID, "making_day": "2026-11-23", "earliest": TODAY}),
        (place(at_rose(coupon=with_(COUPON, store_id="store-tulip"))),
         {"code": "coupon_of_other_store", **ROSE_ID, "coupon_id": "c5000"}),
        (place(at_rose(coupon=with_(COUPON, starts=TOMORROW))), {"code": "coupon_not_started", **ROSE_ID, "coupon_id": "c5000"}),
        (place(at_rose(coupon=with_(COUPON, ends="2026-11-23"))), {"code": "coupon_expired", **ROSE_ID, "coupon_id": "c5000"}),
        (place(at_rose(coupon=with_(COUPON, min_amount=50_001))), {"code": "coupon_minimum", **ROSE_ID, "coupon_id": "c5000"}),
    ],
)  # fmt: skip
def test_what_the_shop_does_not_offer(command: PlaceOrder, problem: dict[str, Any]) -> None:
    assert only(command) == (409, problem)


@pytest.mark.spec("order W-4")
def test_every_bad_product_is_named() -> None:
    command = place(at_rose(line(BOUQUET, on_sale=False), line(PLANT), line(BASKET)), at_tulip(line(BASKET, on_sale=False)))
    refused = refusal(command)
    assert (refused.code, refused.status) == ("product_not_on_sale", 409)
    assert refused.details["problems"] == [
        {"code": "product_not_on_sale", "store_id": "store-rose", "product_id": "bouquet"},
        {"code": "product_of_other_store", "store_id": "store-rose", "product_id": "basket"},
        {"code": "product_not_on_sale", "store_id": "store-tulip", "product_id": "basket"},
    ]


@pytest.mark.spec("order W-1", "order W-2")
def test_a_total_that_the_buyer_did_not_see() -> None:
    refused = refusal(place(at_rose(coupon=COUPON), at_tulip(), total=1))
    assert (refused.code, refused.status) == ("price_changed", 409)
    assert refused.details == {
        "total": 62_500,
        "expected_total": 1,
        "stores": [
            {"store_id": "store-rose", "goods": 50_000, "discount": 5_000, "delivery_fee": 0},
            {"store_id": "store-tulip", "goods": 15_000, "discount": 0, "delivery_fee": 2_500},
        ],
    }


@pytest.mark.spec("order W-14")
def test_an_order_is_placed_once() -> None:
    actor = Actor(ORDERS, ORDER, NOW)
    actor.take(place())
    assert actor.refuses(place()) == ("order_exists", 409)


def largest(stores: int) -> PlaceOrder:
    """50 products of as many florists, each as large as may be."""
    ids = [f"00000000-0000-0000-0000-0000000000{at}" for at in range(10, 60)]
    flowers = {f"00000000-0000-0000-0000-00000000000{at}": 999 for at in range(8)}
    most: dict[str, Any] = {"name": "꽃" * 80, "thumbnail": "u" * 200, "flowers": flowers, "price": 1_000_000}
    wanted = []
    for at in range(stores):
        terms = with_(ROSE, store_id=ids[at], name="꽃" * 80)
        lines = tuple(line(BOUQUET, 999, product_id=one, store_id=ids[at], **most) for one in ids[at::stores])
        wanted.append(WantedStore(store=terms, lines=lines, coupon=with_(COUPON, coupon_id=ids[at], store_id=ids[at])))
    return place(*wanted, total=50 * 999_000_000 - stores * 5_000)


@pytest.mark.parametrize("stores", [1, 20])
def test_the_largest_order_fits_into_its_row_beside_its_answer(stores: int) -> None:
    command = largest(stores)
    actor = Actor(ORDERS, ORDER, NOW)
    for message in (command, PaymentReady(redirects=dict.fromkeys(("pc", "mobile", "app"), "u" * 255))):
        actor.take(message)
    for wanted in command.stores:
        actor.take(Held(store_id=wanted.store.store_id))
    assert actor.state.status == "AWAITING_PAYMENT"
    answer = ORDERS.answer(ORDER, actor.states, None)
    assert len(msgspec.msgpack.encode(actor.state)) + len(msgspec.msgpack.encode(answer)) < 60 * 1024
    assert len(msgspec.json.encode(command)) < 100 * 1024


def test_at_most_20_florists() -> None:
    assert only(largest(21)) == (422, {"code": "too_many_stores", "most": 20})
