"""What the demo's florists sell: always the same, so that seeding may be repeated. Amounts in KRW, flowers in stems.

Fresh flowers and plants are free of value-added tax in Korea; what was dried or preserved, and anything that comes along, is not.
"""

from __future__ import annotations

import msgspec

from models.actor import id_of
from models.catalog.reference import FLOWERS

RED_ROSE, WHITE_ROSE, ORANGE_ROSE, PINK_ROSE, BLUE_ROSE, PURPLE_ROSE, YELLOW_ROSE = "1", "2", "3", "4", "5", "6", "7"
LISIANTHUS, HYDRANGEA, LAVENDER, CHRYSANTHEMUM, SUNFLOWER, CARNATION, GERBERA = "8", "9", "10", "11", "12", "13", "14"
FREESIA, TULIP, RANUNCULUS, GYPSOPHILA, STATICE, DAISY, PEONY, DELPHINIUM = "15", "16", "17", "18", "19", "20", "21", "22"
"""Ids of the 22 flowers, as ``models/catalog/reference.py`` names them."""
STEMS = 1_000
"""Stems of each of a florist's flowers in the beginning."""
BUNCH, BASKET, BOX, WREATH = "1", "2", "3", "4"
"""Ids of the categories."""


class Product(msgspec.Struct, frozen=True):
    """``flowers``: flower id -> stems a piece. ``fresh``: free of tax."""

    word: str
    name: str
    category: str
    price: int
    flowers: dict[str, int]
    fresh: bool = True

    @property
    def product_id(self) -> str:
        """Follows from ``word``."""
        return id_of("demo", "product", self.word)

    @property
    def description(self) -> str:
        """Which flowers, and what they say."""
        said = ", ".join(f"{FLOWERS[flower].name_ko}({FLOWERS[flower].language_ko})" for flower in self.flowers)
        return f"{said}. {'그날 아침 시장에서 온 생화입니다.' if self.fresh else '오래 두고 보는 가공화입니다.'}"


class Coupon(msgspec.Struct, frozen=True):
    """``discount`` KRW from ``min_amount`` KRW of goods on."""

    word: str
    name: str
    discount: int
    min_amount: int
    limit: int = 1_000_000


class Florist(msgspec.Struct, frozen=True):
    """A store: goods of ``free_from`` KRW or more are delivered free of ``fee``. ``stems``: where it is not ``STEMS``."""

    word: str
    name: str
    fee: int
    free_from: int
    cut_off: str
    products: tuple[Product, ...]
    coupons: tuple[Coupon, ...]
    stems: dict[str, int] = {}

    @property
    def store_id(self) -> str:
        """Follows from ``word``."""
        return id_of("demo", "store", self.word)

    @property
    def owner(self) -> str:
        """The account that runs it: that of ``make token ROLE=seller NAME=<word>``."""
        return id_of("account", self.word)

    @property
    def stock(self) -> dict[str, int]:
        """Stems of each flower in the beginning."""
        return {flower: self.stems.get(flower, STEMS) for one in self.products for flower in one.flowers}


WELCOME = Coupon("welcome", "첫 주문 3,000원", 3_000, 20_000)
FLORISTS = (
    Florist(
        "seongsu", "성수 봄날의온실", 3_000, 50_000, "18:00",
        (
            Product("seongsu-first", "첫눈에 반한 장미 다발", BUNCH, 39_000, {RED_ROSE: 10, GYPSOPHILA: 3}),
            Product("seongsu-pink", "분홍빛 고백", BUNCH, 42_000, {PINK_ROSE: 8, LISIANTHUS: 4, GYPSOPHILA: 2}),
            Product("seongsu-spring", "봄날의 튤립", BUNCH, 33_000, {TULIP: 12}),
            Product("seongsu-ranun", "라넌큘러스 한 아름", BUNCH, 46_000, {RANUNCULUS: 15, DAISY: 5}),
            Product("seongsu-basket", "온실에서 온 바구니", BASKET, 58_000, {PINK_ROSE: 6, HYDRANGEA: 2, DELPHINIUM: 3}),
            Product("seongsu-dry", "드라이 안개 다발", BUNCH, 24_000, {GYPSOPHILA: 8, STATICE: 6}, fresh=False),
            Product("seongsu-box", "장미와 향초 상자", BOX, 52_000, {RED_ROSE: 5, PINK_ROSE: 4}, fresh=False),
        ),
        (WELCOME, Coupon("season", "계절 꽃 5,000원", 5_000, 50_000)),
    ),
    Florist(
        "yeonnam", "연남화실", 3_500, 60_000, "17:00",
        (
            Product("yeonnam-white", "하얀 오후", BUNCH, 36_000, {WHITE_ROSE: 7, LISIANTHUS: 5}),
            Product("yeonnam-lilac", "보랏빛 산책", BUNCH, 41_000, {PURPLE_ROSE: 6, LAVENDER: 8, STATICE: 4}),
            Product("yeonnam-gerbera", "거베라 스케치", BUNCH, 27_000, {GERBERA: 9}),
            Product("yeonnam-sun", "해바라기 드로잉", BUNCH, 32_000, {SUNFLOWER: 5, DAISY: 6}),
            Product("yeonnam-canvas", "캔버스 꽃바구니", BASKET, 65_000, {ORANGE_ROSE: 6, GERBERA: 5, FREESIA: 6}),
            Product("yeonnam-preserved", "프리저브드 장미 돔", BOX, 59_000, {RED_ROSE: 3}, fresh=False),
            Product("yeonnam-thanks", "감사 카네이션 상자", BOX, 38_000, {CARNATION: 12, GYPSOPHILA: 2}),
        ),
        (WELCOME, Coupon("gallery", "전시 기념 4,000원", 4_000, 40_000)),
    ),
    Florist(
        "seochon", "서촌 꽃다방", 4_000, 70_000, "16:00",
        (
            Product("seochon-peony", "작약이 피는 골목", BUNCH, 55_000, {PEONY: 7}),
            Product("seochon-hanok", "한옥 마당 수국", BASKET, 62_000, {HYDRANGEA: 5, DELPHINIUM: 4}),
            Product("seochon-miracle", "파랑 장미의 기적", BUNCH, 89_000, {BLUE_ROSE: 10, GYPSOPHILA: 3}),
            Product("seochon-tea", "꽃차와 데이지 상자", BOX, 34_000, {DAISY: 10}, fresh=False),
            Product("seochon-letter", "편지 곁에 두는 다발", BUNCH, 29_000, {LISIANTHUS: 6, LAVENDER: 4}),
            Product("seochon-autumn", "가을 국화 한 다발", BUNCH, 26_000, {CHRYSANTHEMUM: 12}),
        ),
        (WELCOME, Coupon("alley", "골목 산책 6,000원", 6_000, 60_000)),
        {BLUE_ROSE: 20},
    ),
    Florist(
        "seokchon", "석촌 꽃피는호수", 3_000, 40_000, "19:00",
        (
            Product("seokchon-lake", "호수 위의 프리지아", BUNCH, 28_000, {FREESIA: 14}),
            Product("seokchon-cherry", "벚꽃길 분홍 다발", BUNCH, 37_000, {PINK_ROSE: 6, CARNATION: 6}),
            Product("seokchon-open", "개업 축하 꽃바구니", BASKET, 79_000, {SUNFLOWER: 6, ORANGE_ROSE: 8, GERBERA: 6}),
            Product("seokchon-wreath", "축하 3단 화환", WREATH, 110_000, {GERBERA: 40, CHRYSANTHEMUM: 30, CARNATION: 20}),
            Product("seokchon-condolence", "근조 3단 화환", WREATH, 105_000, {CHRYSANTHEMUM: 80}),
            Product("seokchon-wine", "와인과 장미 상자", BOX, 84_000, {RED_ROSE: 9}, fresh=False),
            Product("seokchon-mini", "한 손에 미니 다발", BUNCH, 15_000, {DAISY: 5, STATICE: 3}),
        ),
        (WELCOME, Coupon("lake", "호수 산책 7,000원", 7_000, 70_000)),
    ),
    Florist(
        "yangjae", "양재 청초원", 2_500, 30_000, "20:00",
        (
            Product("yangjae-hydrangea", "수국 화분", BASKET, 35_000, {HYDRANGEA: 3}),
            Product("yangjae-lavender", "라벤더 화분", BASKET, 22_000, {LAVENDER: 6}),
            Product("yangjae-mum", "소국 화분", BASKET, 18_000, {CHRYSANTHEMUM: 8}),
            Product("yangjae-morning", "새벽시장 모둠 다발", BUNCH, 19_900, {CARNATION: 4, FREESIA: 4, STATICE: 4}),
            Product("yangjae-hundred", "백 송이 장미", BUNCH, 149_000, {RED_ROSE: 100}),
            Product("yangjae-yellow", "노란 장미 열 송이", BUNCH, 23_000, {YELLOW_ROSE: 10}),
            Product("yangjae-vase", "튤립과 유리 화병", BOX, 44_000, {TULIP: 8}, fresh=False),
        ),
        (WELCOME, Coupon("market", "꽃시장 2,000원", 2_000, 15_000)),
    ),
    Florist(
        "sillim", "신림 달빛정원", 0, 0, "18:30",
        (
            Product("sillim-moon", "달빛 리시안셔스", BUNCH, 31_000, {LISIANTHUS: 9, WHITE_ROSE: 2}),
            Product("sillim-night", "밤하늘 델피늄", BUNCH, 34_000, {DELPHINIUM: 8, STATICE: 4}),
            Product("sillim-friend", "오랜 친구에게", BUNCH, 25_000, {FREESIA: 8, YELLOW_ROSE: 3}),
            Product("sillim-basket", "달맞이 꽃바구니", BASKET, 56_000, {PEONY: 3, RANUNCULUS: 6, WHITE_ROSE: 4}),
            Product("sillim-graduate", "졸업식 해바라기", BUNCH, 21_000, {SUNFLOWER: 3, GYPSOPHILA: 2}),
            Product("sillim-garland", "드라이 리스 화환", WREATH, 48_000, {LAVENDER: 12, STATICE: 10}, fresh=False),
        ),
        (WELCOME, Coupon("moon", "달빛 3,500원", 3_500, 30_000)),
    ),
)  # fmt: skip

REGULARS = {"haru": ("seongsu", "yeonnam"), "sora": ("yangjae",), "minjun": ("seokchon", "sillim")}
"""Buyers who have claimed the welcome coupon of these florists: their tokens are those of ``make token NAME=haru``."""
SCARCE = "seochon-miracle"
"""There are stems for two of these, and who wants three is refused."""
