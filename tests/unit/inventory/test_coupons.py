"""Coupons that change: never below what is issued, and whoever has one keeps the terms under which it was claimed."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from agents.facts import decode
from agents.inventory import INVENTORY
from models.actor import DAY, Refusal
from models.inventory import messages as m
from models.inventory.coupons import Coupon, Issued, Terms
from models.read.facts import PRIVATE, Spot
from tests.unit.history import Actor
from tests.unit.read.log_maker import LogMaker
from tests.unit.shop import BUYER, NOW, ORDER, TODAY, TOMORROW
from topics.partitions import partition_of

STORE = "store-rose"
CREATE = m.CreateCoupon(coupon_id="c", limit=3, discount=5_000, min_amount=20_000, starts=TODAY, ends=TOMORROW, name="가을")
CLAIM = m.ClaimCoupon(coupon_id="c", buyer=BUYER)
EDIT = m.EditCoupon(coupon_id="c", by="owner")
CLOSE = m.CloseCoupon(coupon_id="c", by="owner")
FIRST = Terms(5_000, 20_000, TODAY, TOMORROW)
LATER = "2026-12-24"
with_ = msgspec.structs.replace


def store(*messages: Any) -> Actor:
    """A store with ten roses and the coupon; then ``messages``."""
    actor = Actor(INVENTORY, STORE, NOW)
    for message in (m.ChangeStock(flower_id="rose", by="owner", delta=10), CREATE, *messages):
        actor.take(message)
    return actor


def hold(discount: int, goods: int = 30_000, buyer: str = BUYER, order_id: str = ORDER) -> m.Hold:
    line = m.HoldLine(product_id="bouquet", flowers={"rose": 1}, quantity=1)
    return m.Hold(
        order_id=order_id, buyer=buyer, goods=goods, making_day=TODAY, coupon_id="c", discount=discount, lines=(line,)
    )  # fmt: skip


def edited(**changes: Any) -> m.CouponEdited:
    told: dict[str, Any] = {
        "coupon_id": "c", "edition": 0, "limit": 3, "discount": 5_000, "min_amount": 20_000, "starts": TODAY, "ends": TOMORROW,
        "by": "owner",
    }  # fmt: skip
    return m.CouponEdited(**{**told, **changes})


# -- edit -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store C11")
@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"limit": 9}, {"limit": 9}),
        ({"discount": 6_000}, {"discount": 6_000, "edition": 1}),
        ({"min_amount": 5_000}, {"min_amount": 5_000, "edition": 1}),
        ({"ends": LATER}, {"ends": LATER, "edition": 1}),
        ({"starts": TOMORROW, "limit": 1}, {"starts": TOMORROW, "limit": 1, "edition": 1}),
        ({"name": "겨울"}, {"renamed": True}),
    ],
)
def test_only_what_is_given_changes_and_other_terms_are_another_edition(changes: dict[str, Any], event: dict[str, Any]) -> None:
    actor = store(CLAIM)
    (said,) = actor.take(with_(EDIT, **changes))
    assert said == edited(**event)
    assert "겨울" not in msgspec.json.encode(said).decode()
    named = m.CouponPrivate(coupon_id="c", name="겨울") if "name" in changes else None
    assert INVENTORY.private(STORE, actor.states, said) == named
    coupon: Coupon = actor.states["coupon/c"]
    assert (coupon.issued, coupon.edition) == (1, event.get("edition", 0))
    assert coupon.past == ((FIRST,) if coupon.edition else ())


def test_an_edit_that_changes_nothing_says_nothing() -> None:
    assert store().take(with_(EDIT, limit=3, discount=5_000, ends=TOMORROW)) == []


@pytest.mark.spec("store C11", "store C12", "frontend D-26")
@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        (with_(EDIT, limit=1), Refusal("coupon_limit", 409, {"coupon_id": "c", "issued": 2})),
        (with_(EDIT, limit=0), Refusal("coupon_invalid", 422, {"fields": ["limit"]})),
        (with_(EDIT, discount=20_001), Refusal("coupon_invalid", 422, {"fields": ["discount"]})),
        (with_(EDIT, discount=0, ends="2026-11-23"), Refusal("coupon_invalid", 422, {"fields": ["discount", "ends"]})),
        (with_(EDIT, min_amount=4_999), Refusal("coupon_invalid", 422, {"fields": ["discount"]})),
        (with_(EDIT, starts="2026-11-23"), Refusal("coupon_invalid", 422, {"fields": ["starts"]})),
        (with_(EDIT, starts="2026-11-26"), Refusal("coupon_invalid", 422, {"fields": ["ends"]})),
        (with_(EDIT, starts="soon"), Refusal("coupon_invalid", 422, {"fields": ["starts", "ends"]})),
        (with_(EDIT, coupon_id="none", limit=9), Refusal("coupon_unknown", 404, {"coupon_id": "none"})),
        (with_(CLOSE, coupon_id="none"), Refusal("coupon_unknown", 404, {"coupon_id": "none"})),
    ],
)
def test_an_edit_refused(message: Any, refusal: Refusal) -> None:
    actor = store(CLAIM, with_(CLAIM, buyer="b2"))
    before = dict(actor.states)
    assert actor.decide(message) == refusal
    assert actor.states == before


@pytest.mark.spec("store C11")
def test_a_running_coupon_is_changed_without_moving_its_beginning() -> None:
    actor = store()
    actor.now = NOW + DAY
    assert actor.take(with_(EDIT, ends=LATER)) == [edited(ends=LATER, edition=1)]
    # One that has ended begins again with a later end.
    actor = store()
    actor.now = NOW + 5 * DAY
    assert actor.take(with_(EDIT, limit=4)) == [edited(limit=4)]
    assert actor.take(with_(EDIT, ends=LATER)) == [edited(limit=4, ends=LATER, edition=1)]
    assert [type(event) for event in actor.take(CLAIM)] == [m.CouponClaimed]


def test_the_editions_of_a_coupon_are_bounded() -> None:
    actor = store()
    for at in range(100):
        actor.take(with_(EDIT, discount=1_000 + at))
    assert actor.refuses(with_(EDIT, discount=9_000)) == ("coupon_edits", 409)
    assert actor.take(with_(EDIT, limit=9)) == [edited(limit=9, discount=1_099, edition=100)]
    assert len(msgspec.msgpack.encode(actor.states["coupon/c"])) < 8 * 1024


def test_each_coupon_has_a_private_record_of_its_own() -> None:
    """Of a key only the last record outlives compaction: under the store's a second coupon took the first one's name away."""
    log = LogMaker()
    for coupon_id, name in (("c1", "봄"), ("c2", "여름"), ("c1", "가을")):
        known = any(record.key == coupon_id for record in log.records)
        edit = with_(EDIT, coupon_id=coupon_id, name=name)
        log.send("inventory", STORE, edit if known else with_(CREATE, coupon_id=coupon_id, name=name))
    private = [record for record in log.records if record.topic == "bb.inventory.private"]
    assert [record.key for record in private] == ["c1", "c2", "c1"]
    assert {record.partition for record in private} == {partition_of(STORE, log.partitions)}
    facts = [decode(Spot("inventory", PRIVATE, 0), record.key.encode(), record.value, 0).facts[0] for record in private]
    assert [(fact.key, fact.body.coupon_id, fact.body.name) for fact in facts] == [
        (STORE, "c1", "봄"), (STORE, "c2", "여름"), (STORE, "c1", "가을"),
    ]  # fmt: skip


# -- who has it keeps its terms ----------------------------------------------------------------------------------------------


@pytest.mark.spec("store C11")
def test_issued_coupons_keep_their_terms_and_later_ones_get_the_new() -> None:
    change = with_(EDIT, discount=8_000, min_amount=25_000, ends=LATER)
    actor = store(CLAIM, change)
    assert actor.take(with_(CLAIM, buyer="b2")) == [m.CouponClaimed(coupon_id="c", buyer="b2", issued=2, at=NOW, edition=1)]
    assert actor.states[f"issued/c/{BUYER}"] == Issued(edition=0)
    for order in (hold(5_000, goods=20_000), hold(8_000, buyer="b2", order_id="o2")):
        assert [type(event) for event in actor.take(order)] == [m.HoldPlaced]
    assert actor.states["issued/c/b2"] == Issued("o2", edition=1)


@pytest.mark.spec("store C10", "store C11")
@pytest.mark.parametrize(
    ("order", "later", "code"),
    [
        # The new terms, which the web showed to everybody, are not this buyer's.
        (hold(8_000), 0, "coupon_changed"),
        (hold(5_000, goods=19_999), 0, "coupon_minimum"),
        (hold(5_000), 3 * DAY, "coupon_expired"),
        (hold(5_000, buyer="b2", order_id="o2"), 0, "coupon_changed"),
        (hold(8_000, goods=24_999, buyer="b2", order_id="o2"), 0, "coupon_minimum"),
    ],
)
def test_an_order_is_held_to_the_terms_of_its_buyer(order: m.Hold, later: int, code: str) -> None:
    actor = store(CLAIM, with_(EDIT, discount=8_000, min_amount=25_000, ends=LATER), with_(CLAIM, buyer="b2"))
    actor.now = NOW + later
    assert actor.take(order) == [m.HoldDenied(order_id=order.order_id, code=code, coupon_id="c")]


@pytest.mark.spec("store C7")
def test_the_terms_come_back_with_the_coupon() -> None:
    words: dict[str, Any] = {"order_id": ORDER, "buyer": BUYER, "coupon_id": "c"}
    actor = store(CLAIM, hold(5_000), with_(EDIT, discount=8_000), m.Release(**words))
    assert actor.states[f"issued/c/{BUYER}"] == Issued(edition=0)
    actor = store(with_(EDIT, discount=8_000), CLAIM, hold(8_000), m.Commit(**words))
    assert actor.states[f"issued/c/{BUYER}"] == Issued(ORDER, used=True, edition=1)
    actor.take(m.Return(flowers={"rose": 1}, **words))
    assert actor.states[f"issued/c/{BUYER}"] == Issued(edition=1)


@pytest.mark.spec("store C6", "store C11")
@pytest.mark.parametrize("order", list(itertools.permutations(("claim", "edit", "hold"))), ids="-".join)
def test_whatever_overtakes_what_no_order_gets_terms_that_its_buyer_never_had(order: tuple[str, ...]) -> None:
    """A claim, an edit, and an order that was priced under the old terms, in each order in which they may arrive."""
    actor = store()
    said: dict[str, list[Any]] = {}
    steps: dict[str, Any] = {"claim": CLAIM, "edit": with_(EDIT, discount=8_000), "hold": hold(5_000)}
    for step in order:
        said[step] = actor.take(steps[step])
    (held,) = said["hold"]
    claimed_first = order.index("claim") < order.index("hold")
    old = order.index("claim") < order.index("edit")
    if not claimed_first:
        assert held == m.HoldDenied(order_id=ORDER, code="coupon_unknown", coupon_id="c")
    elif old:
        assert held == m.HoldPlaced(order_id=ORDER, buyer=BUYER, flowers={"rose": 1}, coupon_id="c")
    else:
        assert held == m.HoldDenied(order_id=ORDER, code="coupon_changed", coupon_id="c")
    assert actor.states[f"issued/c/{BUYER}"].edition == (0 if old else 1)


def test_rows_from_before_there_were_editions_are_of_the_first() -> None:
    """Structs as arrays grow at their end."""
    coupon = msgspec.msgpack.decode(msgspec.msgpack.encode(["Coupon", 3, 5_000, 20_000, TODAY, TOMORROW, 1]), type=Coupon)
    assert (coupon.edition, coupon.closed, coupon.terms(0)) == (0, False, FIRST)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(["Issued", "o", True]), type=Issued) == Issued("o", True, 0)


# -- close ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store C10", "store C11")
def test_a_closed_coupon_is_claimed_by_nobody_and_used_by_who_has_it() -> None:
    actor = store(CLAIM)
    assert actor.take(CLOSE) == [m.CouponClosed(coupon_id="c", by="owner")]
    assert actor.take(CLOSE) == []
    assert actor.refuses(with_(CLAIM, buyer="b2")) == ("coupon_closed", 409)
    assert actor.refuses(with_(EDIT, limit=9)) == ("coupon_closed", 409)
    assert [type(event) for event in actor.take(hold(5_000))] == [m.HoldPlaced]


# -- all at once ----------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store C1", "store M5")
def test_all_that_can_be_claimed_is_and_one_that_cannot_takes_no_other_with_it() -> None:
    actor = store(
        with_(CREATE, coupon_id="gone", limit=1), m.ClaimCoupon(coupon_id="gone", buyer="b2"),
        with_(CREATE, coupon_id="later", starts=TOMORROW), with_(CREATE, coupon_id="had"), with_(CLAIM, coupon_id="had"),
        with_(CREATE, coupon_id="closed"), with_(CLOSE, coupon_id="closed"), with_(CREATE, coupon_id="d"),
    )  # fmt: skip
    wish = m.ClaimCoupons(coupon_ids=("c", "gone", "later", "had", "closed", "none", "d", "c"), buyer=BUYER)
    assert actor.take(wish) == [m.CouponClaimed(coupon_id=one, buyer=BUYER, issued=1, at=NOW) for one in ("c", "d")]
    assert INVENTORY.answer(STORE, actor.load(wish), None) == {"store_id": STORE, "coupon_ids": ["c", "had", "d"]}
    assert actor.take(wish) == []
    assert wish.remembered_in() == f"claims/{BUYER}"


@pytest.mark.parametrize("ids", [(), tuple(f"c{at}" for at in range(51))])
def test_too_many_at_once_or_none(ids: tuple[str, ...]) -> None:
    said = store().decide(m.ClaimCoupons(coupon_ids=ids, buyer=BUYER))
    assert said == Refusal("coupon_invalid", 422, {"fields": ["coupon_ids"], "most": 50})


@pytest.mark.spec("store C1", "store C4")
def test_claims_one_by_one_and_all_at_once_never_pass_the_limit_while_it_moves() -> None:
    actor = store(with_(EDIT, limit=5))
    got = 0
    for at in range(20):
        wish: Any = with_(CLAIM, buyer=f"b{at}") if at % 2 else m.ClaimCoupons(coupon_ids=("c",), buyer=f"b{at}")
        decision = actor.decide(wish)
        got += len(actor.take(wish)) if not isinstance(decision, Refusal) else 0
        if at == 10:
            assert actor.refuses(with_(EDIT, limit=4)) == ("coupon_limit", 409)
            actor.take(with_(EDIT, limit=7))
    assert got == 7
    assert actor.states["coupon/c"].issued == 7
