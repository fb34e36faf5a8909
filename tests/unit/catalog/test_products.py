"""Products: saved, edited against what was seen, removed by admins; counts that are exact however often they are told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.catalog import CATALOG
from models.actor import Refusal, Send
from models.catalog import messages as m
from models.catalog.image_messages import KeepImage
from models.catalog.products import MAX_FLOWERS, Product, Rated, Waiting
from tests.unit.catalog.given import ADMIN, BUYER, PRODUCT, SAVE, SAVED, STORE, product, with_
from tests.unit.history import Actor
from tests.unit.shop import NOW

TEXT = m.ProductPrivate(name="장미 다발", description="향기로운 장미", thumbnail="image-1", summary="고백에", images=("image-2",))
EDIT = m.EditProduct(store_id=STORE, version=1)


def test_the_whole_product_is_in_the_event_but_for_its_texts() -> None:
    actor = Actor(CATALOG, PRODUCT, NOW)
    (saved,) = actor.take(SAVE)
    assert saved == SAVED
    assert CATALOG.private(PRODUCT, actor.states, saved) == TEXT
    assert not [text for text in ("장미", "고백", "향기") if text in msgspec.json.encode(saved).decode()]
    assert actor.sends == [Send("catalog", image, KeepImage(holder=PRODUCT)) for image in ("image-1", "image-2")]
    assert actor.state == Product(
        STORE, 20_000, {"1": 10, "18": 3}, "SALE", False, "1", TEXT, "ordinary", ("1", "2"), "1", 40, 1, NOW
    )
    assert CATALOG.answer(PRODUCT, actor.states, None) == {"product_id": PRODUCT, "version": 1}


def test_a_product_may_be_made_of_all_22_flowers_one_of_which_stands_for_it() -> None:
    flowers = {str(number): 1 for number in range(1, MAX_FLOWERS + 1)}
    assert product(flowers=flowers, representative="22").state.representative == "22"
    assert product(flowers=flowers, representative="").state.representative == "1"


@pytest.mark.spec("product W29", "product W30")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"price": -1, "flowers": {"1": 0}}, ["price", "flowers"]),
        ({"flowers": {"1": 1000}}, ["flowers"]),
        ({"flowers": {f"{number}": 1 for number in range(23)}, "representative": "1"}, ["flowers"]),
        ({"flowers": {"x" * 60 + str(number): 1 for number in range(8)}, "representative": ""}, ["flowers"]),
        ({"representative": "2"}, ["representative"]),
        ({"tags": ("1", "1")}, ["tags"]),
        ({"tags": tuple("12345678")}, ["tags"]),
        ({"name": "", "summary": "x" * 201, "minutes": -1}, ["name", "minutes", "summary"]),
        ({"images": ("i",) * 11}, ["images"]),
        ({"images": ("",)}, ["images"]),
        ({"kind": "bundle"}, ["flowers", "kind", "category", "tags"]),
    ],
)
def test_a_product_that_cannot_be(changes: dict[str, Any], fields: list[str]) -> None:
    wish = with_(SAVE, **changes)
    assert Actor(CATALOG, PRODUCT, NOW).decide(wish) == Refusal("product_invalid", 422, {"fields": fields})


def test_only_images_that_are_new_to_a_product_are_kept() -> None:
    """And no address of older data, of which there is nothing to keep."""
    actor = product()
    (event,) = actor.take(with_(EDIT, thumbnail="image-2", images=("image-3", "image-1", "/old/rose.webp", "image-3")))
    assert event.new_images == ("image-3",)
    assert actor.sends == [Send("catalog", "image-3", KeepImage(holder=PRODUCT))]


# -- edits ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("product W54", "product W56")
def test_everything_of_a_product_can_be_edited_and_only_what_is_said_changes() -> None:
    actor = product()
    actor.now = NOW + 5
    (event,) = actor.take(with_(EDIT, price=25_000, category="2", flowers={"16": 12}, summary="봄에", by=ADMIN))
    assert event == with_(
        SAVED, price=25_000, category="2", flowers={"16": 12}, representative="16", version=2, by=ADMIN, new_images=()
    )
    assert actor.sends == []
    assert CATALOG.private(PRODUCT, actor.states, event) == with_(TEXT, summary="봄에")
    (again,) = actor.take(with_(EDIT, version=2, status="DISCONTINUED"))
    assert (again.version, again.status, again.by, again.created) == (3, "DISCONTINUED", "", NOW)


def test_the_representative_stays_while_its_flower_does() -> None:
    actor = product()
    (event,) = actor.take(with_(EDIT, flowers={"18": 1, "1": 2}))
    assert event.representative == "1"


@pytest.mark.parametrize(
    ("edit", "refusal"),
    [
        (with_(EDIT, version=2, price=1), Refusal("product_changed", 409, {"version": 1})),
        (with_(EDIT, version=0, price=1), Refusal("product_changed", 409, {"version": 1})),
        (with_(EDIT, store_id="store-tulip"), Refusal("product_of_other_store", 403)),
        (with_(EDIT, price=-1, representative="2"), Refusal("product_invalid", 422, {"fields": ["price", "representative"]})),
    ],
)
def test_an_edit_that_is_refused(edit: m.EditProduct, refusal: Refusal) -> None:
    assert product().decide(edit) == refusal


def test_what_never_was_is_not_edited_removed_or_counted() -> None:
    actor = Actor(CATALOG, PRODUCT, NOW)
    assert actor.refuses(EDIT) == ("product_unknown", 404)
    assert actor.refuses(m.RemoveProduct(by=ADMIN, reason="r")) == ("product_unknown", 404)
    for message in (
        m.CountSale(order_id="o", quantity=1),
        m.UncountSale(order_id="o", quantity=1),
        m.RateProduct(review_id="r", rating=5),
    ):
        assert actor.take(message) == []


def test_a_deleted_product_stays_deleted() -> None:
    actor = product(status="DELETED")
    assert actor.refuses(EDIT) == ("product_deleted", 409)
    assert actor.refuses(SAVE) == ("product_deleted", 409)


@pytest.mark.spec("product W25")
def test_what_an_admin_removes_is_still_there_to_be_read_but_never_sold_again() -> None:
    actor = product()
    assert actor.refuses(m.RemoveProduct(by=ADMIN, reason="")) == ("product_invalid", 422)
    remove = m.RemoveProduct(by=ADMIN, reason="남의 사진")
    (event,) = actor.take(remove)
    assert event == m.ProductRemoved(store_id=STORE, by=ADMIN)
    assert "사진" not in msgspec.json.encode(event).decode()
    assert (actor.state.status, actor.state.removed) == ("DELETED", ADMIN)
    assert CATALOG.private(PRODUCT, actor.states, event) == with_(TEXT, removal="남의 사진")
    assert actor.take(remove) == []
    assert [actor.refuses(EDIT), actor.refuses(SAVE)] == [("product_removed", 409)] * 2


# -- the subscription product -----------------------------------------------------------------------------------------------------

MONTHLY = with_(SAVE, kind="subscription", flowers={}, representative="", category="", tags=())


@pytest.mark.spec("product W48")
def test_a_subscription_product_is_no_ordinary_one_and_stays_what_it_is() -> None:
    actor = Actor(CATALOG, "subscription", NOW)
    (event,) = actor.take(MONTHLY)
    assert (event.kind, event.flowers, event.category, event.tags) == ("subscription", {}, "", ())
    assert actor.refuses(SAVE) == ("product_kind", 409)
    assert actor.refuses(with_(EDIT, flowers={"1": 1})) == ("product_invalid", 422)
    wrong = with_(MONTHLY, flowers={"1": 1}, category="1", tags=("1",))
    assert actor.decide(wrong) == Refusal("product_invalid", 422, {"fields": ["flowers", "category", "tags"]})


def test_a_subscription_product_that_its_store_has_deleted_may_come_back_and_one_that_was_removed_may_not() -> None:
    """Its id follows from the store: there is no other one to make."""
    actor = Actor(CATALOG, "subscription", NOW)
    actor.take(with_(MONTHLY, status="DELETED"))
    assert actor.refuses(with_(EDIT, price=1)) == ("product_deleted", 409)
    (event,) = actor.take(MONTHLY)
    assert (event.status, event.version, event.created) == ("SALE", 2, NOW)
    actor.take(m.RemoveProduct(by=ADMIN, reason="남의 사진"))
    assert actor.refuses(MONTHLY) == ("product_removed", 409)


def test_nobody_keeps_a_store_from_its_subscription_by_taking_the_id_first() -> None:
    actor = product(store_id="store-of-somebody-else")
    actor.take(m.CountSale(order_id="o", quantity=7))
    (event,) = actor.take(MONTHLY)
    assert (event.store_id, event.kind, event.version) == (STORE, "subscription", 1)
    assert (actor.state.sold, actor.state.version) == (0, 1)
    assert actor.refuses(with_(SAVE, store_id="store-of-somebody-else")) == ("product_of_other_store", 403)


# -- counts -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("product W39")
def test_sales_are_counted_and_taken_back() -> None:
    actor = product()
    assert actor.take(m.CountSale(order_id="o1", quantity=3)) == [m.ProductSold(store_id=STORE, sold=3)]
    assert actor.take(m.CountSale(order_id="o2", quantity=2)) == [m.ProductSold(store_id=STORE, sold=5)]
    assert actor.take(m.UncountSale(order_id="o1", quantity=3)) == [m.ProductSold(store_id=STORE, sold=2)]
    # An order from before sales were counted takes nothing away.
    assert actor.take(m.UncountSale(order_id="old", quantity=9)) == [m.ProductSold(store_id=STORE, sold=0)]
    assert actor.take(m.UncountSale(order_id="old", quantity=9)) == []


@pytest.mark.spec("product W38")
def test_a_rating_counts_once_however_often_it_is_told() -> None:
    actor = product()

    def rated(review: str, rating: int) -> list[tuple[int, int]]:
        return [(one.reviews, one.rating_sum) for one in actor.take(m.RateProduct(review_id=review, rating=rating))]

    assert rated("r1", 9) == [(1, 9)]
    assert rated("r1", 9) == []
    assert rated("r2", 4) == [(2, 13)]
    assert rated("r1", 10) == [(2, 14)]
    assert rated("r1", 0) == [(1, 4)]
    assert rated("r1", 0) == []
    assert rated("r2", 0) == [(0, 0)]
    assert actor.states == {"": actor.state, "review": None, "rated/r1": None, "rated/r2": None}
    actor.take(m.RateProduct(review_id="r3", rating=1))
    assert actor.states["rated/r3"] == Rated(1)


def test_counts_outlive_edits() -> None:
    actor = product()
    actor.take(m.CountSale(order_id="o1", quantity=3))
    actor.take(m.RateProduct(review_id="r1", rating=9))
    actor.take(with_(EDIT, price=1))
    assert (actor.state.sold, actor.state.reviews, actor.state.rating_sum) == (3, 1, 9)


# -- waiting ----------------------------------------------------------------------------------------------------------------------

WANT, DROP = m.RegisterRestock(buyer=BUYER), m.CancelRestock(buyer=BUYER)


@pytest.mark.spec("product W12")
def test_a_buyer_waits_for_each_product_once() -> None:
    actor = product(status="DISCONTINUED")
    assert actor.take(WANT) == [m.RestockAwaited(buyer=BUYER, at=NOW)]
    assert actor.states[f"waiting/{BUYER}"] == Waiting(NOW)
    assert actor.take(WANT) == []
    assert actor.take(m.RegisterRestock(buyer="buyer-2")) == [m.RestockAwaited(buyer="buyer-2", at=NOW)]
    assert actor.take(DROP) == [m.RestockDropped(buyer=BUYER)]
    assert actor.take(DROP) == []
    assert actor.states[f"waiting/{BUYER}"] is None
    assert actor.take(WANT) == [m.RestockAwaited(buyer=BUYER, at=NOW)]


@pytest.mark.spec("product W27")
@pytest.mark.parametrize(
    ("status", "refusal"),
    [("SALE", ("product_not_discontinued", 409)), ("DELETED", ("product_unknown", 404)), (None, ("product_unknown", 404))],
)
def test_nobody_waits_for_what_is_sold_or_will_never_be(status: str | None, refusal: tuple[str, int]) -> None:
    actor = product(status=status) if status else Actor(CATALOG, PRODUCT, NOW)
    assert actor.refuses(WANT) == refusal
    assert actor.take(DROP) == []


def test_who_waits_may_stop_waiting_when_it_is_sold_again() -> None:
    actor = product(status="DISCONTINUED")
    actor.take(WANT)
    actor.take(with_(EDIT, status="SALE"))
    assert actor.take(DROP) == [m.RestockDropped(buyer=BUYER)]
