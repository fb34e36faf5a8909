"""Each invariant has a history that breaks exactly it, and the true history breaks none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.auditor.books import Books
from agents.auditor.invariants import AT_REST, WITHIN_ONE_AGGREGATE
from models.actor import DAY, MINUTE, id_of
from models.carts import messages as carts
from models.catalog import messages as catalog
from models.deliveries.messages import DeliveryCancelled, DeliveryCreated
from models.inventory import messages as stock
from models.orders import messages as orders
from models.payments import messages as payments
from models.read.facts import Fact
from tests.unit.auditor.given import (
    GIVEN_UP,
    GONE,
    HALF,
    REGRETTED,
    REVIEW,
    SECOND,
    STANDS,
    WAITS,
    also,
    audited,
    changed,
    facts,
    is_,
    log,
    replaced,
    told,
    without,
)

ROSE, TULIP, LEFT = "store-rose", "store-tulip", 1_000_000 - 5
"""``LEFT``: tulips on hand after one of two confirmed parts came back."""
ROSES = {"rose": 11, "fern": 2}
CONFIRMED_AGAIN = orders.OrderConfirmed(buyer="ann", captured=0, method="", confirmed_at=0)
TAKEN = payments.Captured(amount=1_000, method="CARD", aid="A1", captured_at=0)
ALL_TULIPS_GONE = stock.StockChanged(flower_id="tulip", delta=-LEFT, on_hand=0, held=5, version=5, cause="owner", by="owner", at=0)
CLAIMED_AGAIN = stock.CouponClaimed(coupon_id="c5000", buyer="ann", issued=2, at=0)
BACK = stock.StockReturned(order_id=STANDS, buyer="ann", flowers=ROSES)
DELIVERY = DeliveryCreated(order_id=WAITS, store_id=ROSE, buyer="cem", kind="delivery", making_day="2026-11-24", fee=0)


def committed(released: stock.HoldReleased) -> stock.HoldCommitted:
    return stock.HoldCommitted(**msgspec.structs.asdict(released))


def more(cleared: carts.CartCleared) -> carts.CartCleared:
    """One piece beyond what was bought, and one less is left."""
    (line,) = cleared.left_lines
    left = msgspec.structs.replace(line, quantity=line.quantity - 1)
    return msgspec.structs.replace(cleared, pieces={"bouquet": cleared.pieces["bouquet"] + 1}, left_lines=(left,))


BROKEN: list[tuple[str, str, Any]] = [
    ("order_transition", STANDS, also("orders", STANDS, CONFIRMED_AGAIN)),
    ("order_transition", STANDS, changed(is_(orders.CaptureRequested, STANDS), requested_at=log().now + DAY)),
    ("order_transition", GIVEN_UP, also("orders", GIVEN_UP, orders.OrderCancelled(buyer="bob", reason="buyer", cancelled_at=0))),
    ("order_transition", STANDS, also("orders", STANDS, orders.StoreCancelRefused(
        buyer="ann", store_order_id=id_of(STANDS, ROSE), status="PROCESSING"))),
    ("stock_in_out", f"{TULIP}/tulip", changed(is_(stock.StockChanged, TULIP), delta=999_999)),
    ("stock_in_out", f"{TULIP}/tulip", changed(is_(stock.StockChanged, TULIP), version=2)),
    ("stock_never_negative", f"{TULIP}/tulip", also("inventory", TULIP, ALL_TULIPS_GONE)),
    ("held_equals_holds", f"{ROSE}/rose", changed(is_(stock.HoldReleased, order_id=GIVEN_UP), flowers={"rose": 10, "fern": 2})),
    ("coupon_limit", "c5000", changed(is_(stock.CouponCreated, coupon_id="c5000"), limit=0)),
    ("coupon_limit", "c5000", changed(is_(stock.CouponClaimed, coupon_id="c5000"), issued=2)),
    ("coupon_limit", SECOND, changed(is_(stock.CouponEdited), limit=0)),
    ("coupon_terms_kept", SECOND, changed(is_(stock.CouponEdited), edition=0)),
    ("coupon_terms_kept", f"{SECOND}/dan", changed(is_(stock.CouponClaimed, coupon_id=SECOND), edition=0)),
    ("coupon_terms_kept", f"{SECOND}/eve", also("inventory", TULIP, stock.CouponClaimed(
        coupon_id=SECOND, buyer="eve", issued=3, at=0, edition=1))),
    ("cart_cleared_once", f"ann/{STANDS}", changed(is_(carts.CartCleared), left_lines=())),
    ("cart_cleared_once", f"ann/{STANDS}", also("carts", "ann", carts.CartCleared(order_id=STANDS, pieces={}, left_lines=()))),
    ("cart_bounds", "ann", also("carts", "ann", carts.CartLineSet(
        product_id="plant", store_id=ROSE, quantity=1_000, price=1, added_at=1))),
    ("review_counted_once", f"bouquet/{REVIEW}", changed(is_(catalog.ProductRated), reviews=2)),
    ("rating_has_review", f"bouquet/{REVIEW}", without(is_(catalog.ProductRated))),
    ("rating_has_review", f"bouquet/{REVIEW}", changed(is_(catalog.ReviewWritten), rating=8)),
    ("rating_has_review", f"bouquet/{REVIEW}", also("catalog", REVIEW, catalog.ReviewHidden(
        product_id="bouquet", by="admin", at=0))),
    ("rating_has_review", f"bouquet/{REVIEW}", also("catalog", REVIEW, catalog.ReviewDeleted(product_id="bouquet", at=0))),
    ("rating_has_review", f"bouquet/{REVIEW}", also("catalog", REVIEW, catalog.ReviewEdited(
        product_id="bouquet", rating=10, at=0))),
    ("rating_has_review", "bouquet/r2", also("catalog", "bouquet", catalog.ProductRated(
        store_id=ROSE, reviews=2, rating_sum=17, review_id="r2", rating=8))),
    ("sold_has_orders", "basket", changed(is_(catalog.ProductSold, "basket"), sold=2)),
    ("sold_has_orders", "plant", without(is_(catalog.ProductSold, "plant"))),
    ("cleared_has_order", f"ann/{STANDS}", without(is_(carts.CartCleared))),
    ("cleared_has_order", f"ann/{STANDS}", replaced(is_(carts.CartCleared), more)),
    ("cleared_has_order", f"ann/{STANDS}", changed(is_(orders.OrderPlaced, STANDS), by_cart=False)),
    ("cleared_has_order", f"ann/{GIVEN_UP}", also("carts", "ann", carts.CartCleared(
        order_id=GIVEN_UP, pieces={}, left_lines=()))),
    ("cleared_has_order", f"ann/{HALF}", also("carts", "ann", carts.CartCleared(order_id=HALF, pieces={}, left_lines=()))),
    ("sold_never_negative", "bouquet", also("catalog", "bouquet", catalog.ProductSold(store_id=ROSE, sold=-1))),
    ("coupon_claimed_once", "c5000/ann", also("inventory", ROSE, CLAIMED_AGAIN)),
    ("coupon_used_once", "c5000/ann", changed(is_(stock.HoldPlaced, ROSE, order_id=WAITS), coupon_id="c5000", buyer="ann")),
    ("refund_within_capture", REGRETTED, also("payments", REGRETTED, payments.RefundQueued(
        refund_id=REGRETTED, amount=1_000, tax_free=0))),
    ("capture_has_order", GIVEN_UP, also("payments", GIVEN_UP, TAKEN)),
    ("capture_has_order", "nobody", also("payments", "nobody", TAKEN)),
    ("captured_equals_standing", STANDS, changed(is_(payments.Captured, STANDS), amount=1)),
    ("confirmed_has_capture", STANDS, without(is_(payments.Captured, STANDS))),
    ("confirmed_is_committed", f"{STANDS}/{TULIP}", without(is_(stock.HoldCommitted, TULIP, order_id=STANDS))),
    ("commit_has_order", f"{GIVEN_UP}/{ROSE}", replaced(is_(stock.HoldReleased, order_id=GIVEN_UP), committed)),
    ("hold_has_order", f"{GIVEN_UP}/{ROSE}", without(is_(stock.HoldReleased, order_id=GIVEN_UP))),
    ("return_has_cancel", f"{STANDS}/{ROSE}", also("inventory", ROSE, BACK)),
    ("return_has_cancel", f"{HALF}/{TULIP}", without(is_(stock.StockReturned, order_id=HALF))),
    ("return_has_cancel", f"{HALF}/{TULIP}", changed(is_(stock.StockReturned, order_id=HALF), flowers={"tulip": 4})),
    ("delivery_per_store_order", id_of(STANDS, TULIP), without(is_(DeliveryCreated, id_of(STANDS, TULIP)))),
    ("delivery_per_store_order", id_of(STANDS, ROSE), changed(is_(DeliveryCreated, id_of(STANDS, ROSE)), store_id=TULIP)),
    ("delivery_per_store_order", id_of(STANDS, ROSE), also("deliveries", id_of(STANDS, ROSE), DeliveryCancelled(order_id=STANDS))),
    ("delivery_per_store_order", id_of(HALF, TULIP), without(is_(DeliveryCancelled, order_id=HALF))),
    ("delivery_per_store_order", id_of(WAITS, ROSE), also("deliveries", id_of(WAITS, ROSE), DELIVERY)),
    ("refund_reaches_order", HALF, without(is_(orders.StoreRefunded, HALF))),
    ("refund_reaches_order", REGRETTED, without(is_(orders.OrderRefunded, REGRETTED))),
]  # fmt: skip


@pytest.mark.parametrize(("invariant", "where", "way"), BROKEN, ids=[f"{row[0]}-{number}" for number, row in enumerate(BROKEN)])
def test_a_history_that_breaks_exactly_one(invariant: str, where: str, way: Any) -> None:
    assert [(one.invariant, one.id) for one in audited(told(way))] == [(invariant, where)]


def test_every_invariant_of_the_logs_is_broken_somewhere() -> None:
    elsewhere = {"event_sequence", "event_decodable", "order_deadline"}
    assert {row[0] for row in BROKEN} | elsewhere == {*WITHIN_ONE_AGGREGATE, *AT_REST}


def test_the_true_history_breaks_none() -> None:
    assert numbers_are_those_of_the_actors()
    assert audited(facts()) == []


def numbers_are_those_of_the_actors() -> bool:
    """So the ways above change nothing but what they say."""
    return list(facts()) == [msgspec.structs.replace(one, last=fact.last) for one, fact in zip(told(), facts(), strict=True)]


def test_an_order_that_is_not_finished_by_its_deadline() -> None:
    placed = next(fact.body for fact in facts() if is_(orders.OrderPlaced, WAITS)(fact))
    assert audited(facts(), placed.deadline - 1) == []
    found = audited(facts(), placed.deadline)
    assert [(one.invariant, one.id, one.token) for one in found] == [("order_deadline", WAITS, "AWAITING_PAYMENT")]


def test_a_capture_whose_outcome_is_open_is_alarmed_after_ten_minutes_and_no_violation() -> None:
    books = Books()
    until = next(number for number, fact in enumerate(facts()) if is_(orders.CancelNoted, REGRETTED)(fact))
    for fact in facts()[:until]:
        books.fold(fact)
    asked = next(fact.body.requested_at for fact in facts() if is_(orders.CaptureRequested, REGRETTED)(fact))
    assert books.judge(asked + 10 * MINUTE) == ([], [])
    violations, alarms = books.judge(asked + 10 * MINUTE + 1)
    assert violations == []
    assert [(one.invariant, one.id) for one in alarms] == [("capture_open", REGRETTED)]


def test_a_refund_under_way_is_no_violation_and_alarmed_when_it_takes_long() -> None:
    books = Books()
    for fact in told(without(lambda fact: isinstance(fact.body, payments.Refunded | orders.StoreRefunded) and fact.key == GONE)):
        books.fold(fact)
    assert books.judge(10 * MINUTE)[0] == []
    queued = next(fact for fact in facts() if is_(payments.RefundQueued, GONE)(fact))
    _, alarms = books.judge(queued.at + 10 * MINUTE + 1)
    assert [(one.invariant, one.id) for one in alarms] == [("refund_open", GONE)]
    assert GONE in books.open


def test_a_difference_of_the_gateways_books_is_an_alarm_until_they_agree_again() -> None:
    differs = payments.DifferenceFound(ours_captured=1, theirs_captured=2, ours_refunded=0, theirs_refunded=0)
    books = Books()
    for fact in told(also("payments", STANDS, differs)):
        books.fold(fact)
    assert [(one.invariant, one.id) for one in books.judge(log().now)[1]] == [("gateway_differs", STANDS)]
    for fact in told(also("payments", STANDS, differs), also("payments", STANDS, payments.Reconciled(at=0, next_at=0)))[-1:]:
        books.fold(fact)
    assert books.judge(log().now) == ([], [])


# -- at least once -----------------------------------------------------------------------------------------------------------


def test_events_may_come_again() -> None:
    first, second = facts()[:40], facts()[20:]
    assert audited([*first, *second, *facts()[-30:]]) == []


def test_of_an_event_that_comes_again_the_first_time_counts() -> None:
    """As it does in the read models, else the timeline of the order would seem to be another one."""
    again = [msgspec.structs.replace(fact, at=fact.at + MINUTE) for fact in facts()[20:40]]
    once, twice = Books(), Books()
    for fact in facts():
        once.fold(fact)
    for fact in [*facts()[:40], *again, *facts()[40:]]:
        twice.fold(fact)
    assert dict(twice.orders()) == dict(once.orders())
    assert twice.shelves == once.shelves


@pytest.mark.parametrize("change", [{"id": "another"}, {"body": DeliveryCancelled(order_id="another")}])
def test_an_event_that_comes_again_with_another_id_or_content(change: dict[str, Any]) -> None:
    last = next(fact for fact in reversed(facts()) if fact.domain == "orders")
    found = audited([*facts(), msgspec.structs.replace(last, **change)])
    assert [(one.invariant, one.id) for one in found] == [("event_sequence", f"orders/{last.key}#{last.seq}")]


def test_a_gap() -> None:
    def lost(fact: Fact) -> bool:
        return is_(payments.EffectStarted, STANDS)(fact) and fact.body.effect == "capture"

    later = next(fact for fact in facts() if is_(payments.Captured, STANDS)(fact))
    found = audited([fact for fact in facts() if not lost(fact)])
    assert [(one.invariant, one.id) for one in found] == [("event_sequence", f"payments/{STANDS}#{later.seq}")]


def test_a_record_that_is_no_batch_of_events() -> None:
    books = Books()
    books.undecodable("bb.orders.events/1@7", "Undecodable")
    assert [(one.invariant, one.id) for one in books.judge(0)[0]] == [("event_decodable", "bb.orders.events/1@7")]


# -- memory ------------------------------------------------------------------------------------------------------------------


def test_orders_at_rest_are_packed_and_opened_again() -> None:
    books = Books()
    for fact in facts():
        books.fold(fact)
    books.judge(log().now)
    assert set(books.open) == {WAITS}
    for fact in told(also("payments", GIVEN_UP, TAKEN))[-1:]:
        books.fold(fact)
    assert [(one.invariant, one.id) for one in books.judge(log().now)[0]] == [("capture_has_order", GIVEN_UP)]
    assert set(books.open) == {WAITS, GIVEN_UP}


def test_a_long_log_is_packed_while_it_is_folded() -> None:
    at_once, judged = Books(), Books(room=2)
    most = 0
    for fact in facts():
        at_once.fold(fact)
        judged.fold(fact)
        most = max(most, len(judged.open))
    assert (len(at_once.open), most) == (6, 3)
    assert at_once.judge(log().now) == judged.judge(log().now) == ([], [])
    assert dict(at_once.orders()) == dict(judged.orders())


def test_beyond_the_bound_the_oldest_orders_at_rest_are_forgotten() -> None:
    books = Books(kept=2)
    for fact in facts():
        books.fold(fact)
        books.judge(0)
    assert {order_id for order_id, _ in books.orders()} == {WAITS, GONE, REGRETTED}
    assert [books.forgot(one) for one in (STANDS, HALF, GIVEN_UP, REGRETTED, GONE, WAITS)] == [True] * 3 + [False] * 3
    # What comes for one of those is not judged, but a store's stems are counted on.
    for fact in told(also("payments", GIVEN_UP, TAKEN))[-1:]:
        books.fold(fact)
    before = books.shelves[ROSE].flowers["rose"].now.on_hand
    for fact in told(also("inventory", ROSE, BACK))[-1:]:
        books.fold(fact)
    assert books.judge(0) == ([], [])
    assert books.shelves[ROSE].flowers["rose"].now.on_hand == before + ROSES["rose"]
