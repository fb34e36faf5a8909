"""What a store can promise: stems never negative and never lost, a coupon once per claim."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.inventory import INVENTORY
from models.actor import DAY, HOUR, Refusal, Send
from models.inventory import messages as m
from models.inventory.coupons import Coupon, Issued
from models.inventory.decide import Flower, Promise
from models.orders.messages import Held, HoldRefused
from tests.unit.history import Actor
from tests.unit.shop import BUYER, NOW, ORDER, TODAY, TOMORROW

STORE = "store-rose"
HOLD = m.Hold(
    order_id=ORDER, buyer=BUYER, goods=50_000, making_day=TODAY, coupon_id="c5000", discount=5_000,
    lines=(
        m.HoldLine(product_id="bouquet", flowers={"rose": 10, "fern": 2}, quantity=2),
        m.HoldLine(product_id="plant", flowers={"rose": 1}, quantity=1),
    ),
)  # fmt: skip
STEMS = {"rose": 21, "fern": 4}
WORDS: dict[str, Any] = {"order_id": ORDER, "buyer": BUYER, "coupon_id": "c5000"}
COMMIT, RELEASE, RETURN = m.Commit(**WORDS), m.Release(**WORDS), m.Return(flowers=STEMS, **WORDS)
CREATE = m.CreateCoupon(coupon_id="c5000", limit=2, discount=5_000, min_amount=20_000, starts=TODAY, ends=TOMORROW, name="가을")
CLAIM = m.ClaimCoupon(coupon_id="c5000", buyer=BUYER)
with_ = msgspec.structs.replace


def add(flower: str, stems: int) -> m.ChangeStock:
    return m.ChangeStock(flower_id=flower, by="owner", delta=stems)


def store(*messages: Any, roses: int = 100) -> Actor:
    """A store with roses, 60 ferns, and a coupon that the buyer has claimed; then ``messages``."""
    actor = Actor(INVENTORY, STORE, NOW)
    for message in (add("rose", roses), add("fern", 60), CREATE, CLAIM, *messages):
        actor.take(message)
    return actor


def figures(actor: Actor, flower: str = "rose") -> tuple[int, int, int]:
    """(on hand, held, version)."""
    stems: Flower = actor.state.flowers[flower]
    return stems.on_hand, stems.held, stems.version


# -- holds --------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("order W-53", "order W-24")
def test_a_hold_promises_stems_and_coupon() -> None:
    actor = store()
    assert actor.take(HOLD) == [m.HoldPlaced(order_id=ORDER, buyer=BUYER, flowers=STEMS, coupon_id="c5000")]
    assert actor.sends == [Send("orders", ORDER, Held(store_id=STORE))]
    assert (figures(actor), figures(actor, "fern")) == ((100, 21, 1), (60, 4, 1))
    assert actor.states[f"hold/{ORDER}"] == Promise(BUYER, STEMS, "c5000")
    assert actor.states[f"issued/c5000/{BUYER}"] == Issued(ORDER)


@pytest.mark.spec("order W-17", "store S3", "product W40")
def test_a_hold_that_comes_twice() -> None:
    actor = store(HOLD)
    assert actor.take(HOLD) == []
    assert (actor.sends, figures(actor)) == ([], (100, 21, 1))


@pytest.mark.spec("order W-23")
@pytest.mark.parametrize(("roses", "product"), [(9, "bouquet"), (19, "bouquet"), (20, "plant")])
def test_all_or_nothing_and_the_product_is_named(roses: int, product: str) -> None:
    actor = store(roses=roses)
    before = dict(actor.states)
    assert actor.take(HOLD) == [m.HoldDenied(order_id=ORDER, code="out_of_stock", product_id=product, flower_id="rose")]
    refused = HoldRefused(store_id=STORE, code="out_of_stock", product_id=product, flower_id="rose")
    assert actor.sends == [Send("orders", ORDER, refused)]
    assert {part: state for part, state in actor.states.items() if state is not None} == before


def test_a_store_that_nobody_filled_has_nothing() -> None:
    actor = Actor(INVENTORY, STORE, NOW)
    (event,) = actor.take(with_(HOLD, coupon_id="", discount=0))
    assert event.code == "out_of_stock"
    assert actor.state is None


@pytest.mark.spec("order W-3", "store S9")
@pytest.mark.parametrize(("stems", "pieces"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_a_negative_piece_raises_no_stock(stems: int, pieces: int) -> None:
    lines = (m.HoldLine(product_id="odd", flowers={"rose": stems}, quantity=pieces),)
    assert [type(event) for event in store().take(with_(HOLD, lines=lines))] == [m.HoldDenied]


def test_commit_release_and_return_move_exactly_what_was_held() -> None:
    actor = store(HOLD)
    assert actor.take(COMMIT) == [m.HoldCommitted(flowers=STEMS, **WORDS)]
    assert (figures(actor), actor.states[f"hold/{ORDER}"]) == ((79, 0, 2), None)
    assert actor.states[f"issued/c5000/{BUYER}"] == Issued(ORDER, used=True)
    assert actor.take(RETURN) == [m.StockReturned(flowers=STEMS, **WORDS)]
    assert (figures(actor), figures(actor, "fern")) == ((100, 0, 3), (60, 0, 3))
    assert actor.states[f"issued/c5000/{BUYER}"] == Issued()


@pytest.mark.spec("order W-23")
def test_release_frees_and_a_second_one_does_nothing() -> None:
    actor = store(HOLD)
    assert actor.take(RELEASE) == [m.HoldReleased(flowers=STEMS, **WORDS)]
    assert (figures(actor), actor.states[f"hold/{ORDER}"]) == ((100, 0, 1), None)
    assert actor.states[f"issued/c5000/{BUYER}"] == Issued()
    assert actor.take(RELEASE) == []


def test_release_of_what_was_never_held() -> None:
    assert store().take(RELEASE) == []


def test_a_commit_without_a_hold_is_for_a_person() -> None:
    assert store().refuses(COMMIT) == ("hold_unknown", 409)


@pytest.mark.spec("store S1")
def test_40_buyers_on_10_bouquets() -> None:
    actor = store(roses=100)
    hold = with_(HOLD, coupon_id="", discount=0, lines=(m.HoldLine(product_id="bouquet", flowers={"rose": 10}, quantity=1),))
    events = [actor.take(with_(hold, order_id=f"order-{at}"))[0] for at in range(40)]
    assert [type(event) for event in events] == [m.HoldPlaced] * 10 + [m.HoldDenied] * 30
    assert figures(actor) == (100, 100, 1)


# -- low stock ----------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store S6")
def test_low_stock_is_told_on_crossing_only() -> None:
    actor = store(roses=70)
    low = m.StockLow(flower_id="rose", available=49, threshold=50)
    assert actor.take(HOLD)[1:] == [low]
    hold = with_(HOLD, order_id="order-2", coupon_id="", discount=0, lines=HOLD.lines[1:])
    assert [type(event) for event in actor.take(hold)] == [m.HoldPlaced]
    assert [type(event) for event in actor.take(add("rose", -1))] == [m.StockChanged]
    assert [type(event) for event in actor.take(add("rose", 10))] == [m.StockChanged]
    assert actor.take(add("rose", -8))[1:] == [low]


def test_the_store_sets_its_threshold() -> None:
    actor = store()
    assert actor.take(m.SetLowStockThreshold(threshold=80)) == [m.ThresholdSet(threshold=80)]
    assert actor.take(m.SetLowStockThreshold(threshold=80)) == []
    assert actor.refuses(m.SetLowStockThreshold(threshold=-1)) == ("threshold_invalid", 422)
    assert actor.take(HOLD)[1:] == [m.StockLow(flower_id="rose", available=79, threshold=80)]


# -- the owner's changes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "delta", "on_hand"),
    [
        ({"delta": 5}, 5, 105),
        ({"delta": -79}, -79, 21),
        ({"on_hand": 30, "version": 1}, -70, 30),
        ({"delta": 1, "version": 1}, 1, 101),
    ],
)
def test_a_change_of_stock(change: dict[str, Any], delta: int, on_hand: int) -> None:
    actor = store(HOLD)
    (event, *_) = actor.take(m.ChangeStock(flower_id="rose", by="owner", cause="delivery", **change))
    assert event == m.StockChanged(
        flower_id="rose", delta=delta, on_hand=on_hand, held=21, version=2, cause="delivery", by="owner", at=NOW
    )


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"delta": -101}, "stock_negative", 409),
        ({"delta": -80}, "stock_held", 409),
        ({"on_hand": 20, "version": 1}, "stock_held", 409),
        ({"on_hand": 90, "version": 0}, "stock_version", 409),
        ({"on_hand": -1, "version": 1}, "stock_negative", 409),
        ({"on_hand": 90}, "stock_invalid", 422),
        ({}, "stock_invalid", 422),
        ({"delta": 1, "on_hand": 1, "version": 1}, "stock_invalid", 422),
        ({"delta": 1_000_000_000}, "stock_invalid", 422),
    ],
)
def test_a_change_refused_with_the_present_figures(change: dict[str, Any], code: str, status: int) -> None:
    decision = store(HOLD).decide(m.ChangeStock(flower_id="rose", by="owner", **change))
    assert decision == Refusal(code, status, {"flower_id": "rose", "on_hand": 100, "held": 21, "version": 1})


@pytest.mark.spec("store S2")
def test_what_the_owner_saw_is_out_of_date_after_a_sale() -> None:
    actor = store(HOLD, COMMIT)
    assert actor.refuses(m.ChangeStock(flower_id="rose", by="owner", on_hand=100, version=1)) == ("stock_version", 409)


def test_the_flowers_of_a_store_are_bounded() -> None:
    actor = Actor(INVENTORY, STORE, NOW)
    for at in range(500):
        actor.take(add(f"00000000-0000-0000-0000-000000000{at:03}", 1_000_000_000))
    assert actor.refuses(add("one-more", 1)) == ("stock_invalid", 422)
    assert len(msgspec.msgpack.encode(actor.state)) < 64 * 1024


# -- coupons ------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store C12", "frontend D-26")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"limit": 0}, ["limit"]),
        ({"discount": 0}, ["discount"]),
        ({"discount": 20_001}, ["discount"]),
        ({"starts": "2026-11-23"}, ["starts"]),
        ({"ends": "2026-11-23"}, ["ends"]),
        ({"starts": "soon", "ends": "later"}, ["starts", "ends"]),
    ],
)
def test_a_coupon_that_cannot_be(changes: dict[str, Any], fields: list[str]) -> None:
    decision = Actor(INVENTORY, STORE, NOW).decide(with_(CREATE, **changes))
    assert decision == Refusal("coupon_invalid", 422, {"fields": fields})


def test_a_coupon_is_created_once_and_its_name_stays_private() -> None:
    actor = Actor(INVENTORY, STORE, NOW)
    (created,) = actor.take(CREATE)
    assert created == m.CouponCreated(coupon_id="c5000", limit=2, discount=5_000, min_amount=20_000, starts=TODAY, ends=TOMORROW)
    assert "가을" not in msgspec.json.encode(created).decode()
    assert INVENTORY.private(STORE, actor.states, created) == m.CouponPrivate(coupon_id="c5000", name="가을")
    assert actor.refuses(CREATE) == ("coupon_exists", 409)


@pytest.mark.spec("store C1", "store C2")
def test_200_claimants_of_100_coupons() -> None:
    actor = Actor(INVENTORY, STORE, NOW)
    actor.take(with_(CREATE, limit=100))
    answers = []
    for at in range(200):
        decision = actor.decide(claim := with_(CLAIM, buyer=f"buyer-{at}"))
        answers.append(decision.code if isinstance(decision, Refusal) else actor.take(claim)[0])
    assert answers[99] == m.CouponClaimed(coupon_id="c5000", buyer="buyer-99", issued=100, at=NOW)
    assert answers[100:] == ["coupon_gone"] * 100
    coupon = actor.states["coupon/c5000"]
    assert coupon == Coupon(100, 5_000, 20_000, TODAY, TOMORROW, issued=100)


@pytest.mark.parametrize(
    ("now", "claim", "code", "status"),
    [
        (NOW, CLAIM, "coupon_claimed", 409),
        (NOW, with_(CLAIM, coupon_id="other"), "coupon_unknown", 404),
        (NOW + 36 * HOUR, with_(CLAIM, buyer="b2"), "coupon_ended", 409),
        (NOW - 12 * HOUR - 1, with_(CLAIM, buyer="b2"), "coupon_not_started", 409),
    ],
)
@pytest.mark.spec("store C10")
def test_a_claim_refused(now: int, claim: m.ClaimCoupon, code: str, status: int) -> None:
    actor = store()
    actor.now = now
    assert actor.refuses(claim) == (code, status)


@pytest.mark.spec("store C3")
def test_the_last_day_counts_to_midnight_in_korea() -> None:
    actor = store()
    actor.now = NOW + 36 * HOUR - 1
    assert [type(event) for event in actor.take(with_(CLAIM, buyer="b2"))] == [m.CouponClaimed]


@pytest.mark.parametrize(
    ("now", "hold", "code"),
    [
        (NOW, with_(HOLD, buyer="stranger"), "coupon_unknown"),
        (NOW, with_(HOLD, coupon_id="other"), "coupon_unknown"),
        (NOW, with_(HOLD, goods=19_999), "coupon_minimum"),
        (NOW, with_(HOLD, discount=4_999), "coupon_changed"),
        (NOW + 2 * DAY, HOLD, "coupon_expired"),
        (NOW - DAY, HOLD, "coupon_not_started"),
    ],
)
@pytest.mark.spec("order W-1", "order W-4", "store C10")
def test_the_stores_own_rows_decide_on_a_coupon(now: int, hold: m.Hold, code: str) -> None:
    actor = store()
    actor.now = now
    assert actor.take(hold) == [m.HoldDenied(order_id=ORDER, code=code, coupon_id=hold.coupon_id)]
    assert figures(actor) == (100, 0, 1)


@pytest.mark.spec("store C6")
def test_one_claim_pays_for_one_order() -> None:
    second = with_(HOLD, order_id="order-2")
    actor = store(HOLD)
    assert actor.take(second) == [m.HoldDenied(order_id="order-2", code="coupon_used", coupon_id="c5000")]
    actor.take(COMMIT)
    assert actor.take(second) == [m.HoldDenied(order_id="order-2", code="coupon_used", coupon_id="c5000")]
    actor.take(RETURN)
    assert [type(event) for event in actor.take(second)] == [m.HoldPlaced]


@pytest.mark.spec("store C7", "order W-11")
def test_a_late_return_frees_no_coupon_that_another_order_has() -> None:
    actor = store(HOLD, COMMIT, RETURN, with_(HOLD, order_id="order-2"))
    actor.take(RETURN)
    assert actor.states[f"issued/c5000/{BUYER}"] == Issued("order-2")


def test_a_coupon_given_back_after_its_end_is_simply_expired() -> None:
    actor = store(HOLD)
    actor.now = NOW + 9 * DAY
    actor.take(RELEASE)
    assert actor.states[f"issued/c5000/{BUYER}"] == Issued()
    assert actor.take(with_(HOLD, order_id="order-2")) == [
        m.HoldDenied(order_id="order-2", code="coupon_expired", coupon_id="c5000")
    ]


def test_commands_are_remembered_where_they_do_not_crowd_the_store() -> None:
    assert add("rose", 1).remembered_in() == "changes/rose"
    assert CREATE.remembered_in() == "coupon/c5000"
    assert CLAIM.remembered_in() == f"issued/c5000/{BUYER}"
    assert INVENTORY.answer(STORE, {}, None) == {"store_id": STORE}


@pytest.mark.spec("store S7")
def test_a_flower_that_is_new_to_the_store_is_counted_from_its_first_change() -> None:
    actor = store()
    (changed, *_) = actor.take(add("peony", 7))
    assert (changed.delta, changed.on_hand, changed.version) == (7, 7, 1)
    assert figures(actor, "peony") == (7, 0, 1)


@pytest.mark.spec("store S5")
def test_what_comes_back_is_never_refused() -> None:
    """If it cannot be decided the store is parked for a person: no stem is lost without a word."""
    assert m.Return.must_succeed
    actor = Actor(INVENTORY, STORE, NOW)
    assert actor.take(RETURN) == [m.StockReturned(flowers=STEMS, **WORDS)]
    assert (figures(actor), figures(actor, "fern")) == ((21, 0, 1), (4, 0, 1))
