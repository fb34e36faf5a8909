"""Four hundred products with names that a florist might give them: those of the demo's day, and the rest made up from a seed.

Amounts in KRW, flowers in stems, minutes to make a piece.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from deploy.demo import shop
from deploy.demo.data.florists import FLORISTS
from deploy.demo.shop import (
    BASKET,
    BOX,
    BUNCH,
    CARNATION,
    CHRYSANTHEMUM,
    DAISY,
    DELPHINIUM,
    FREESIA,
    GERBERA,
    GYPSOPHILA,
    HYDRANGEA,
    LAVENDER,
    LISIANTHUS,
    PEONY,
    RANUNCULUS,
    STATICE,
    SUNFLOWER,
    TULIP,
    WHITE_ROSE,
    WREATH,
    Florist,
)
from models.actor import id_of
from models.catalog.reference import FLOWERS

EACH = 20
"""Products of a florist."""
LOVER, FRIEND, AIR, OPENING, PROMOTION, WEDDING, FUNERAL = "1", "2", "3", "4", "5", "6", "7"
"""Ids of the tags, as ``models/catalog/reference.py`` names them."""
STEM = {
    "1": 2_500, "2": 2_500, "3": 2_700, "4": 2_600, "5": 6_000, "6": 3_200, "7": 2_500, LISIANTHUS: 2_800, HYDRANGEA: 6_500,
    LAVENDER: 1_400, CHRYSANTHEMUM: 1_100, SUNFLOWER: 3_600, CARNATION: 1_500, GERBERA: 1_900, FREESIA: 1_600, TULIP: 2_400,
    RANUNCULUS: 2_600, GYPSOPHILA: 2_900, STATICE: 1_800, DAISY: 1_300, PEONY: 6_200, DELPHINIUM: 3_400,
}  # fmt: skip
"""What a stem costs, roughly."""
FILLERS = (GYPSOPHILA, STATICE, LAVENDER, DAISY, DELPHINIUM)
MOODS = (
    "첫눈 같은", "햇살 머금은", "봄비 내린 날의", "느린 오후의", "새벽에 고른", "마음을 담은", "너에게 주는", "여름밤의",
    "바람결의",
    "달콤한 아침의", "산책길에 만난", "오래 보고 싶은", "편지 같은", "수줍은", "반짝이는", "조용한 위로의", "계절이 남긴", "창가의",
    "작은 기쁨의", "그날의", "해 질 녘의", "안개 낀 아침의", "두근거리는", "다정한", "맑은 날의", "노을빛", "살랑이는",
    "처음 만난 날의",
)  # fmt: skip
FORMS = {
    BUNCH: ("다발", "미니 다발", "한 아름", "꽃다발"),
    BASKET: ("꽃바구니", "센터피스 바구니", "바구니"),
    BOX: ("꽃상자", "플라워 박스", "용돈 꽃상자"),
}
WREATHS = (
    ("개업 축하 3단 화환", (OPENING,)), ("결혼 축하 3단 화환", (WEDDING,)), ("승진 축하 화환", (PROMOTION,)),
    ("근조 3단 화환", (FUNERAL,)), ("취임 축하 화환", (PROMOTION,)), ("전시 축하 화환", (OPENING, FRIEND)),
    ("결혼 축하 쌀화환", (WEDDING,)), ("근조 바구니 화환", (FUNERAL,)),
)  # fmt: skip
PLANTS = ("화분", "테라코타 화분", "창가 화분")
AIRY = (HYDRANGEA, LAVENDER, CHRYSANTHEMUM, GERBERA)
"""Flowers that are sold in pots, too."""


class Piece(msgspec.Struct, frozen=True):
    """A product, whole. ``representative``: the flower that stands for it."""

    product_id: str
    store_id: str
    owner: str
    name: str
    summary: str
    description: str
    category: str
    price: int
    flowers: dict[str, int]
    representative: str
    tags: tuple[str, ...]
    minutes: int
    fresh: bool

    def body(self, thumbnail: str = "", images: tuple[str, ...] = ()) -> dict[str, object]:
        """As it is saved; the words are those of ``models.catalog.messages.SaveProduct``."""
        return {
            "store_id": self.store_id,
            "name": self.name,
            "summary": self.summary,
            "description": self.description,
            "category": self.category,
            "price": self.price,
            "flowers": self.flowers,
            "representative": self.representative,
            "tags": self.tags,
            "minutes": self.minutes,
            "tax_free": self.fresh,
            "thumbnail": thumbnail,
            "images": images,
        }


def pieces(florist: Florist, number: int = EACH) -> list[Piece]:
    """The florist's products: the demo's own first, then as many as it takes to have ``number``, all with different names."""
    made = [_of_the_day(florist, one) for one in florist.products]
    names = {one.name for one in made}
    for one in made_up(florist):
        if len(made) >= number:
            break
        if one.name not in names:
            names.add(one.name)
            made.append(one)
    return made


def everything() -> list[Piece]:
    """All four hundred."""
    return [one for florist in FLORISTS for one in pieces(florist)]


def _of_the_day(florist: Florist, one: shop.Product) -> Piece:
    tags = _tags(one.category, max(one.flowers, key=lambda flower: one.flowers[flower]), one.name)
    return _piece(florist, one.product_id, one.name, one.category, one.flowers, tags, one.fresh, one.price)


def made_up(florist: Florist, word: str = "products") -> Iterator[Piece]:
    """Products of the florist without end; other ones for another ``word``."""
    draw = random.Random(f"{word} of {florist.word}")
    count = 0
    while True:
        category = draw.choices((BUNCH, BASKET, BOX, WREATH), (9, 5, 4, 2))[0]
        fresh = category == WREATH or draw.random() < 0.85
        name, flowers, tags = _wreath(draw) if category == WREATH else _arranged(draw, category, fresh)
        count += 1
        yield _piece(florist, id_of("demo", word, florist.word, str(count)), name, category, flowers, tags, fresh)


def _arranged(draw: random.Random, category: str, fresh: bool) -> tuple[str, dict[str, int], tuple[str, ...]]:
    """The flower that the name tells of comes first."""
    main = draw.choice(list(FLOWERS))
    if fresh and main in AIRY and category == BASKET and draw.random() < 0.5:
        return f"{draw.choice(MOODS)} {FLOWERS[main].name_ko} {draw.choice(PLANTS)}", {main: draw.randint(2, 5)}, (AIR, FRIEND)
    flowers = {main: draw.randint(5, 12) if STEM[main] < 5_000 else draw.randint(3, 6)}
    others = [flower for flower in FLOWERS if flower != main and flower not in FILLERS]
    for flower in draw.sample(others, draw.choice((0, 1, 1, 2)) + (category == BASKET)):
        flowers[flower] = draw.randint(2, 5)
    if main not in FILLERS:
        flowers[draw.choice(FILLERS)] = draw.randint(2, 4)
    made_of = FLOWERS[main].name_ko if fresh else f"{draw.choice(('프리저브드', '드라이'))} {FLOWERS[main].name_ko}"
    name = f"{draw.choice(MOODS)} {made_of} {draw.choice(FORMS[category])}"
    return name, flowers, _tags(category, main, name)


def _wreath(draw: random.Random) -> tuple[str, dict[str, int], tuple[str, ...]]:
    name, tags = draw.choice(WREATHS)
    if FUNERAL in tags:
        return name, {CHRYSANTHEMUM: draw.randint(50, 90), WHITE_ROSE: draw.randint(5, 15)}, tags
    flowers = {GERBERA: draw.randint(25, 40), CHRYSANTHEMUM: draw.randint(20, 35), CARNATION: draw.randint(15, 25)}
    return f"{draw.choice(('', '프리미엄 ', '실속 '))}{name}", flowers, tags


def _tags(category: str, main: str, name: str) -> tuple[str, ...]:
    """What the product is good for, as one would guess by its kind, flower and name."""
    said = (("근조", FUNERAL), ("결혼", WEDDING), ("개업", OPENING), ("승진", PROMOTION), ("화분", AIR))
    tags = [tag for word, tag in said if word in name]
    if category != WREATH:
        tags += [LOVER] if int(main) <= 7 or main in (PEONY, RANUNCULUS, TULIP) else [FRIEND]
        tags += [WEDDING] if main in (WHITE_ROSE, LISIANTHUS) and category == BUNCH else []
    return tuple(dict.fromkeys(tags))


def _subject(word: str) -> str:
    """The word with its particle: 이 after a closing consonant, 가 after a vowel."""
    return f"{word}{'이' if (ord(word[-1]) - ord('가')) % 28 else '가'}"


def _piece(
    florist: Florist,
    product_id: str,
    name: str,
    category: str,
    flowers: dict[str, int],
    tags: tuple[str, ...],
    fresh: bool,
    price: int = 0,
) -> Piece:
    main = next(iter(flowers))
    stems = sum(flowers.values())
    work = {BUNCH: 8_000, BASKET: 18_000, BOX: 15_000, WREATH: 30_000}[category]
    cost = work + sum(STEM[flower] * count for flower, count in flowers.items())
    told = FLOWERS[main]
    said = ", ".join(f"{FLOWERS[flower].name_ko} {count}대" for flower, count in flowers.items())
    close = "그날 아침 시장에서 온 생화로 만듭니다." if fresh else "오래 두고 볼 수 있게 말리고 가공한 꽃입니다."
    return Piece(
        product_id=product_id,
        store_id=florist.store_id,
        owner=florist.owner,
        name=name,
        summary=f"{_subject(told.name_ko)} 주인공입니다. 꽃말은 ‘{told.language_ko}’.",
        description=f"{said}를 담았습니다. {told.name_ko}의 꽃말은 ‘{told.language_ko}’입니다. {close}",
        category=category,
        price=price or round(cost, -3) - 100,
        flowers=flowers,
        representative=main,
        tags=tags,
        minutes=min(120, {BUNCH: 15, BASKET: 30, BOX: 25, WREATH: 45}[category] + stems),
        fresh=fresh,
    )
