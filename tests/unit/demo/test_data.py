"""The demo's data: believable, whole, within what the marketplace takes, and the same at any time."""

from __future__ import annotations

import hashlib
import io
import itertools

import msgspec
import pytest
from PIL import Image

from agents.catalog import CATALOG
from agents.images.pixels import Pictures, pictures
from deploy.demo.data.drawing import SIDE, picture, shop_front
from deploy.demo.data.florists import FLORISTS, PLACES, store_body
from deploy.demo.data.products import EACH, everything, pieces
from deploy.demo.data.scale import scaled
from deploy.demo.data.talk import BUYERS, questions, reviews
from deploy.demo.shop import FLORISTS as DAY
from models.catalog.images import MAX_SIZE
from models.catalog.messages import SaveProduct
from models.catalog.reference import CATEGORIES, FLOWERS, TAGS
from tests.unit.history import Actor
from tests.unit.shop import NOW

ALL = everything()


def test_twenty_florists_over_seoul_and_beyond() -> None:
    assert [florist.word for florist in FLORISTS] == list(PLACES)
    assert len({florist.name for florist in FLORISTS}) == len({florist.store_id for florist in FLORISTS}) == len(FLORISTS) == 20
    assert tuple(FLORISTS[: len(DAY)]) == DAY
    seoul = [place for place in PLACES.values() if place.sido == "11"]
    assert len(seoul) == 12
    assert len({place.sido for place in PLACES.values()}) == 9
    for place in seoul:
        assert 37.42 < place.lat < 37.70
        assert 126.76 < place.lon < 127.19
    for place in PLACES.values():
        assert 33.1 < place.lat < 38.6
        assert 125.0 < place.lon < 131.0
        assert place.gugun.startswith(place.sido)
        assert place.opens < place.closes


def test_four_hundred_products_with_every_flower_category_and_tag() -> None:
    assert (len(ALL), len({one.product_id for one in ALL}), EACH) == (400, 400, 20)
    assert {flower for one in ALL for flower in one.flowers} == set(FLOWERS)
    assert {one.category for one in ALL} == set(CATEGORIES)
    assert {tag for one in ALL for tag in one.tags} == set(TAGS)
    for florist in FLORISTS:
        names = [one.name for one in pieces(florist)]
        assert len(set(names)) == EACH
        assert [one.product_id for one in florist.products] == [one.product_id for one in pieces(florist)][: len(florist.products)]


@pytest.mark.parametrize("one", ALL[::7], ids=lambda one: one.name)
def test_the_catalogue_takes_each_as_it_is(one: object) -> None:
    assert isinstance(one, type(ALL[0]))
    message = msgspec.convert(one.body("00000000-0000-5000-8000-000000000001"), SaveProduct)
    (saved,) = Actor(CATALOG, one.product_id, NOW).take(message)
    assert (saved.price, saved.representative, saved.tags) == (one.price, one.representative, one.tags)
    assert one.representative in one.flowers


def test_a_store_says_everything_of_itself() -> None:
    body = store_body(FLORISTS[0], "picture")
    assert (body["sido"], body["gugun"], body["name"], body["thumbnail"]) == ("11", "11200", "성수 봄날의온실", "picture")
    assert "thumbnail" not in store_body(FLORISTS[0])
    assert len({str(store_body(florist)["account_number"]) for florist in FLORISTS}) == 20


def test_what_is_said_is_bounded_and_each_review_is_somebody_else_s() -> None:
    said = [review for one in ALL for review in reviews(one)]
    asked = [question for one in ALL for question in questions(one)]
    assert (len(said) > 600, len(asked) > 150) == (True, True)
    assert len({review.subject for review in said}) == len(said)
    assert {review.buyer for review in said} <= set(BUYERS)
    for one in ALL:
        assert len({review.buyer for review in reviews(one)}) == len(reviews(one))
    assert all(1 <= review.rating <= 10 for review in said)
    assert {bool(review.reply) for review in said} == {bool(question.answer) for question in asked} == {True, False}
    assert {question.secret for question in asked} == {True, False}


def test_the_same_data_on_every_machine() -> None:
    """A loaded marketplace is recognised by it: whoever changes the data changes everybody's demo, and pins the new digest."""
    told = msgspec.json.encode([[one, reviews(one), questions(one)] for one in ALL])
    assert told == msgspec.json.encode([[one, reviews(one), questions(one)] for one in everything()])
    assert hashlib.sha256(told).hexdigest()[:16] == "69f70306b20d3fe0"


@pytest.mark.parametrize("one", [ALL[0], ALL[4], ALL[6], ALL[29]], ids=lambda one: one.name)
def test_a_picture_is_drawn_the_same_each_time_and_passes_the_door(one: object) -> None:
    assert isinstance(one, type(ALL[0]))
    data = picture(one)
    assert picture(one) == data
    assert len(data) < 400_000 < MAX_SIZE
    found = pictures(data, "image/jpeg")
    assert isinstance(found, Pictures)
    assert (found.width, found.height) == (SIDE, SIDE)


def test_pictures_differ() -> None:
    drawn = [picture(one) for one in ALL[:6]] + [shop_front(florist) for florist in FLORISTS[:2]]
    assert len(set(drawn)) == len(drawn)
    for data in drawn:
        colours = Image.open(io.BytesIO(data)).convert("RGB").resize((64, 64)).getcolors(4096)
        assert colours is not None
        assert len(colours) > 200


def test_any_number_of_products_for_the_bench() -> None:
    found = list(scaled(1_500))
    assert len({one.product_id for one in found}) == 1_500
    assert found == list(scaled(1_500))
    assert found[:400] != ALL
    assert {one.store_id for one in found} == {florist.store_id for florist in FLORISTS}
    assert list(itertools.islice(scaled(10**9), 3)) == found[:3]
