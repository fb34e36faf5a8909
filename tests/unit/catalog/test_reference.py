"""Flowers, tags and categories: what every installation begins with, and what admins lay over it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.catalog import CATALOG
from models.actor import Refusal
from models.catalog import messages as m
from models.catalog.reference import CATEGORIES, FLOWERS, MAX_ENTRIES, TAGS, merged
from tests.unit.catalog.given import ADMIN, FLOWER, with_
from tests.unit.history import Actor
from tests.unit.shop import NOW

LABEL = m.Label(name_ko="생일", name_en="birthday")
SAVE = m.SaveFlower(flower_id="23", flower=FLOWER, by=ADMIN)


def reference() -> Actor:
    return Actor(CATALOG, m.REFERENCE, NOW)


def test_there_are_22_flowers_7_tags_and_4_categories_without_any_command() -> None:
    assert list(FLOWERS) == [str(number) for number in range(1, 23)]
    tags = ["연인 선물", "친구 선물", "공기 정화", "개업 축하", "승진 취임", "결혼식", "장례식"]
    assert [one.name_ko for one in TAGS.values()] == tags
    assert [one.name_ko for one in CATEGORIES.values()] == ["꽃다발", "꽃바구니", "꽃상자", "화환"]
    texts = [text for one in FLOWERS.values() for text in msgspec.structs.astuple(one)]
    assert all(text.strip() == text != "" for text in texts)
    assert len({one.name_ko for one in FLOWERS.values()}) == 22


@pytest.mark.spec("product W54")
def test_what_an_admin_says_lies_over_the_defaults() -> None:
    actor = reference()
    (event,) = actor.take(SAVE)
    assert event == m.FlowerSaved(flower_id="23", by=ADMIN)
    assert "백합" not in msgspec.json.encode(event).decode()
    actor.take(m.SaveTag(tag_id="1", label=LABEL, by=ADMIN))
    (event,) = actor.take(m.SaveCategory(category_id="5", label=LABEL, by=ADMIN))
    said = CATALOG.private(m.REFERENCE, actor.states, event)
    assert said == m.ReferencePrivate(flowers={"23": FLOWER}, tags={"1": LABEL}, categories={"5": LABEL})
    now = merged(said)
    assert (len(now.flowers), len(now.tags), len(now.categories)) == (23, 7, 5)
    assert (now.tags["1"], now.tags["2"], now.flowers["23"]) == (LABEL, TAGS["2"], FLOWER)
    assert CATALOG.answer(m.REFERENCE, actor.states, None) == {}


@pytest.mark.parametrize(
    ("change", "fields"), [({"name_ko": " "}, ["name_ko"]), ({"name_en": "x" * 41, "language_ko": ""}, ["name_en", "language_ko"])]
)
def test_names_that_cannot_be(change: dict[str, Any], fields: list[str]) -> None:
    wish = with_(SAVE, flower=with_(FLOWER, **change))
    assert reference().decide(wish) == Refusal("reference_invalid", 422, {"fields": fields})


def test_there_is_an_end_to_what_can_be_added() -> None:
    actor = reference()
    for number in range(MAX_ENTRIES):
        actor.take(with_(SAVE, flower_id=str(number)))
    assert actor.decide(with_(SAVE, flower_id="more")) == Refusal("reference_full", 409, {"most": MAX_ENTRIES})
    assert actor.take(with_(SAVE, flower_id="7"))
    assert len(msgspec.msgpack.encode(actor.states["reference"])) < 64 * 1024
