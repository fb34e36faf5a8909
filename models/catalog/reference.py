"""Flowers, tags and categories: what every installation begins with, and what admins have said since (spec product §1.4).

Products hold ids; names are joined when they are read, so a new name reaches every product (product W54). A reader knows the
defaults without any command, and lays the aggregate's record over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from models.actor import Event, Refusal, State
from models.catalog.messages import (
    REFERENCE_EVENTS,
    REFERENCE_INBOX,
    CategorySaved,
    Flower,
    FlowerSaved,
    Label,
    ReferencePrivate,
    SaveCategory,
    SaveFlower,
    SaveTag,
    TagSaved,
)

MAX_NAME, MAX_ENTRIES = 40, 100
"""Characters of a name, and entries of each kind that admins may add or change: they bound the row."""


def _flower(name_ko: str, name_en: str, language_ko: str, language_en: str) -> Flower:
    return Flower(name_ko=name_ko, name_en=name_en, language_ko=language_ko, language_en=language_en)


FLOWERS: Mapping[str, Flower] = {
    "1": _flower("빨간 장미", "red rose", "사랑", "love"),
    "2": _flower("하얀 장미", "white rose", "매력", "attractiveness"),
    "3": _flower("주황 장미", "orange rose", "첫사랑", "first love"),
    "4": _flower("분홍 장미", "pink rose", "행복한 사랑", "happy love"),
    "5": _flower("파랑 장미", "blue rose", "기적", "miracle"),
    "6": _flower("보라 장미", "purple rose", "영원한 사랑", "eternal love"),
    "7": _flower("노란 장미", "yellow rose", "변하지 않는 사랑", "unchanging love"),
    "8": _flower("리시안셔스", "lisianthus", "변하지 않는 사랑", "unchanging love"),
    "9": _flower("수국", "hydrangea", "진실된 마음", "true heart"),
    "10": _flower("라벤더", "lavender", "기대", "hope"),
    "11": _flower("국화", "chrysanthemum", "평화", "peace"),
    "12": _flower("해바라기", "sunflower", "일편단심", "single-minded"),
    "13": _flower("카네이션", "carnation", "감사", "thanks"),
    "14": _flower("거베라", "gerbera", "신비", "mystery"),
    "15": _flower("프리지아", "freesia", "영원한 우정", "eternal friendship"),
    "16": _flower("튤립", "tulip", "애정", "affection"),
    "17": _flower("라넌큘러스", "ranunculus", "매력", "attractiveness"),
    "18": _flower("안개꽃", "gypsophila", "순수한 사랑", "pure love"),
    "19": _flower("스타티스", "statice", "변하지 않는 사랑", "unchanging love"),
    "20": _flower("데이지", "daisy", "사랑스러움", "loveliness"),
    "21": _flower("작약", "peony", "수줍음", "shyness"),
    "22": _flower("델피늄", "delphinium", "행복", "happiness"),
}
TAGS: Mapping[str, Label] = {
    "1": Label(name_ko="연인 선물", name_en="for a lover"),
    "2": Label(name_ko="친구 선물", name_en="for a friend"),
    "3": Label(name_ko="공기 정화", name_en="air purification"),
    "4": Label(name_ko="개업 축하", name_en="business opening"),
    "5": Label(name_ko="승진 취임", name_en="promotion or inauguration"),
    "6": Label(name_ko="결혼식", name_en="wedding"),
    "7": Label(name_ko="장례식", name_en="funeral"),
}
CATEGORIES: Mapping[str, Label] = {
    "1": Label(name_ko="꽃다발", name_en="bouquet"),
    "2": Label(name_ko="꽃바구니", name_en="basket"),
    "3": Label(name_ko="꽃상자", name_en="box"),
    "4": Label(name_ko="화환", name_en="wreath"),
}


class Reference(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Part ``reference``: what admins have said."""

    said: ReferencePrivate = ReferencePrivate()


def merged(said: ReferencePrivate) -> ReferencePrivate:
    """The defaults with ``said`` over them: what holds now."""
    return ReferencePrivate(
        flowers={**FLOWERS, **said.flowers}, tags={**TAGS, **said.tags}, categories={**CATEGORIES, **said.categories}
    )


def decide(state: State, message: REFERENCE_INBOX, now: int) -> list[Event] | Refusal:
    """Refused: ``reference_invalid`` (422, every field at fault), ``reference_full`` (409)."""
    said = _said(state)
    texts = msgspec.structs.asdict(message.flower if isinstance(message, SaveFlower) else message.label)
    wrong = [name for name, text in texts.items() if len(text) > MAX_NAME or not text.strip()]
    if wrong:
        return Refusal("reference_invalid", 422, {"fields": wrong})
    match message:
        case SaveFlower(flower_id=ident):
            saved: Event = FlowerSaved(flower_id=ident, by=message.by).keeping(message.flower)
            known: Mapping[str, Any] = said.flowers
        case SaveTag(tag_id=ident):
            saved, known = TagSaved(tag_id=ident, by=message.by).keeping(message.label), said.tags
        case SaveCategory(category_id=ident):
            saved, known = CategorySaved(category_id=ident, by=message.by).keeping(message.label), said.categories
    if ident not in known and len(known) >= MAX_ENTRIES:
        return Refusal("reference_full", 409, {"most": MAX_ENTRIES})
    return [saved]


def evolve(state: State, event: REFERENCE_EVENTS) -> Mapping[str, Reference]:
    """The record with the new entry."""
    said = _said(state)
    match event:
        case FlowerSaved(flower_id=ident):
            said = msgspec.structs.replace(said, flowers={**said.flowers, ident: event.kept})
        case TagSaved(tag_id=ident):
            said = msgspec.structs.replace(said, tags={**said.tags, ident: event.kept})
        case CategorySaved(category_id=ident):
            said = msgspec.structs.replace(said, categories={**said.categories, ident: event.kept})
    return {"reference": Reference(said)}


def _said(state: State) -> ReferencePrivate:
    reference: Reference = state["reference"] or Reference()
    return reference.said
