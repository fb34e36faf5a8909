"""Reviews: a right that is used once, texts that stay private, and a product that always hears what a review gives it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.catalog import CATALOG
from models.actor import Refusal, Send
from models.catalog import messages as m
from models.catalog.image_messages import EraseImage, KeepImage
from models.catalog.reviews import EDITABLE
from tests.unit.catalog.given import ADMIN, ALLOW, BUYER, PRODUCT, REVIEW, SAVE, STORE, WRITE, allowed, with_, written
from tests.unit.history import Actor
from tests.unit.shop import NOW

EDIT = m.EditReview(buyer=BUYER, rating=4, text="다시 보니 아쉬워요", images=())
DELETE, HIDE = m.DeleteReview(buyer=BUYER), m.HideReview(by=ADMIN, reason="욕설")
REPLY = m.ReplyToReview(store_id=STORE, text="감사합니다")
ALL = m.ReviewPrivate(text="정말 예뻐요", images=("image-3",))
WORDS = ("예뻐요", "아쉬워요", "욕설", "감사")


def rate(rating: int) -> list[Send]:
    return [Send("catalog", PRODUCT, m.RateProduct(review_id=REVIEW, rating=rating))]


def erased(*images: str) -> list[Send]:
    return [Send("catalog", image, EraseImage(owner=BUYER, holder=REVIEW)) for image in images]


def kept(*images: str) -> list[Send]:
    return [Send("catalog", image, KeepImage(holder=REVIEW)) for image in images]


def test_a_right_is_given_once() -> None:
    actor = Actor(CATALOG, REVIEW, NOW)
    assert actor.take(ALLOW) == [
        m.ReviewAllowed(subject="line-1", kind="delivery", buyer=BUYER, store_id=STORE, product_id=PRODUCT, at=NOW)
    ]
    assert actor.take(ALLOW) == []
    actor.take(WRITE)
    assert actor.take(ALLOW) == []


@pytest.mark.spec("product W14", "product W28")
def test_a_review_is_written_once_and_its_product_hears_of_it_in_the_same_step() -> None:
    actor = allowed()
    (event,) = actor.take(WRITE)
    assert event == m.ReviewWritten(buyer=BUYER, store_id=STORE, product_id=PRODUCT, rating=9, at=NOW, new_images=("image-3",))
    assert actor.sends == [*rate(9), *kept("image-3")]
    assert CATALOG.private(REVIEW, actor.states, event) == ALL
    assert CATALOG.answer(REVIEW, actor.states, None) == {"review_id": REVIEW}
    assert actor.refuses(WRITE) == ("review_exists", 409)


@pytest.mark.parametrize("review", [allowed, written])
def test_a_product_never_takes_the_place_of_a_review(review: Any) -> None:
    """Their texts share a key in ``bb.catalog.private``, whose compaction keeps the last ones only."""
    actor = review()
    before = dict(actor.states)
    assert actor.refuses(SAVE) == ("other_kind", 404)
    assert (actor.states, actor.state) == (before, None)


@pytest.mark.spec("product W28")
def test_who_has_not_bought_it_cannot_review_it() -> None:
    assert Actor(CATALOG, REVIEW, NOW).refuses(WRITE) == ("review_unknown", 404)
    stranger: Any
    for stranger in (with_(WRITE, buyer="buyer-2"), with_(EDIT, buyer="buyer-2"), with_(DELETE, buyer="buyer-2")):
        assert written().refuses(stranger) == ("review_unknown", 404)
        assert allowed().refuses(stranger) == ("review_unknown", 404)


@pytest.mark.spec("product W28")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"rating": 0}, ["rating"]),
        ({"rating": 11, "text": " \n"}, ["rating", "text"]),
        ({"text": "x" * 1_001}, ["text"]),
        ({"images": ("a", "b", "c", "d", "e")}, ["images"]),
        ({"images": ("a", "a")}, ["images"]),
    ],
)
def test_a_review_that_cannot_be(changes: dict[str, Any], fields: list[str]) -> None:
    refusal = Refusal("review_invalid", 422, {"fields": fields})
    assert allowed().decide(with_(WRITE, **changes)) == refusal
    assert written().decide(with_(with_(EDIT, images=()), **changes)) == refusal


def test_its_author_may_say_something_else_for_thirty_days() -> None:
    actor = written()
    actor.now = NOW + EDITABLE
    (event,) = actor.take(EDIT)
    assert event == m.ReviewEdited(product_id=PRODUCT, rating=4, at=NOW + EDITABLE, dropped_images=("image-3",))
    assert actor.sends == [*rate(4), *erased("image-3")]
    assert CATALOG.private(REVIEW, actor.states, event) == m.ReviewPrivate(text="다시 보니 아쉬워요")
    actor.now += 1
    assert actor.refuses(EDIT) == ("review_final", 409)
    assert allowed().refuses(EDIT) == ("review_not_written", 409)


def test_an_edit_that_says_nothing_of_the_images_leaves_them() -> None:
    actor = written()
    (event,) = actor.take(with_(EDIT, images=None))
    assert event == m.ReviewEdited(product_id=PRODUCT, rating=4, at=NOW)
    assert actor.sends == rate(4)
    assert CATALOG.private(REVIEW, actor.states, event) == m.ReviewPrivate(text="다시 보니 아쉬워요", images=("image-3",))
    actor.take(DELETE)
    assert actor.sends == [*rate(0), *erased("image-3")]


def test_what_its_author_takes_back_is_gone_for_good() -> None:
    actor = written()
    actor.take(REPLY)
    (event,) = actor.take(DELETE)
    assert event == m.ReviewDeleted(product_id=PRODUCT, at=NOW, dropped_images=("image-3",))
    assert actor.sends == [*rate(0), *erased("image-3")]
    assert CATALOG.private(REVIEW, actor.states, event) == m.ReviewPrivate()
    assert actor.take(DELETE) == []
    assert [actor.refuses(one) for one in (WRITE, EDIT, REPLY, HIDE)] == [
        ("review_exists", 409), *[("review_not_written", 409)] * 3
    ]  # fmt: skip
    assert allowed().refuses(DELETE) == ("review_not_written", 409)


def test_the_store_answers_and_may_answer_otherwise() -> None:
    actor = written()
    for text in ("감사합니다", "또 오세요"):
        (event,) = actor.take(with_(REPLY, text=text))
        assert event == m.ReviewReplied(store_id=STORE, at=NOW)
        assert CATALOG.private(REVIEW, actor.states, event) == with_(ALL, reply=text)
        assert actor.sends == []
    actor.take(EDIT)
    assert actor.states["review"].text == m.ReviewPrivate(text="다시 보니 아쉬워요", reply="또 오세요")
    assert actor.refuses(with_(REPLY, store_id="store-tulip")) == ("review_unknown", 404)
    assert actor.refuses(with_(REPLY, text=" ")) == ("review_invalid", 422)
    assert allowed().refuses(REPLY) == ("review_not_written", 409)


def test_what_an_admin_hides_does_not_count_and_is_nobodys_to_change() -> None:
    actor = written()
    assert actor.refuses(with_(HIDE, reason="")) == ("review_invalid", 422)
    (event,) = actor.take(HIDE)
    assert event == m.ReviewHidden(product_id=PRODUCT, by=ADMIN, at=NOW, dropped_images=("image-3",))
    assert actor.sends == [*rate(0), *erased("image-3")]
    assert CATALOG.private(REVIEW, actor.states, event) == with_(ALL, images=(), reason="욕설")
    assert (actor.take(HIDE), actor.sends) == ([], [])
    assert [actor.refuses(one) for one in (EDIT, REPLY)] == [("review_hidden", 409)] * 2
    assert actor.take(DELETE) == [m.ReviewDeleted(product_id=PRODUCT, at=NOW)]
    assert actor.states["review"].text == m.ReviewPrivate(reason="욕설"), "why it was hidden is read in the audit log"


def test_the_pictures_that_an_edit_leaves_out_are_erased_and_new_ones_kept() -> None:
    """And of older data no addresses, which are nobody's to erase."""
    actor = allowed()
    actor.take(with_(WRITE, images=("image-1", "/old/rose.webp", "image-2", "image-3")))
    (event,) = actor.take(with_(EDIT, images=("image-3", "image-4", "image-1")))
    assert (event.dropped_images, event.new_images) == (("image-2",), ("image-4",))
    assert actor.sends == [*rate(4), *erased("image-2"), *kept("image-4")]
    actor.take(DELETE)
    assert actor.sends == [*rate(0), *erased("image-3", "image-4", "image-1")]
    assert (actor.take(DELETE), actor.sends) == ([], [])


def test_no_word_of_a_review_is_public() -> None:
    actor = allowed()
    said = "".join(msgspec.json.encode(event).decode() for one in (WRITE, EDIT, REPLY, HIDE, DELETE) for event in actor.take(one))
    assert not [word for word in WORDS if word in said]


def test_a_product_under_a_reviews_id_does_not_take_the_right_away() -> None:
    actor = Actor(CATALOG, REVIEW, NOW)
    actor.take(SAVE)
    actor.take(ALLOW)
    assert actor.take(WRITE)
    assert actor.state.store_id == STORE
