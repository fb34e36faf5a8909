"""What buyers call flowers, colours, categories, tags, occasions and orders, and what we call them. Data only (spec product §1.4).

The keys are morphemes as the analyser gives them, or several put together (결혼기념일); ids are those of the reference data.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from models.catalog import reference

ROSES = "rose"
FAMILIES: Mapping[str, tuple[str, ...]] = {ROSES: ("1", "2", "3", "4", "5", "6", "7")}
"""Flowers that have one name in all their colours: who says 장미 means any of them."""
FAMILY_NAMES: Mapping[str, str] = {ROSES: "장미"}

FLOWER_NAMES: Mapping[str, str] = {key: one.name_ko for key, one in reference.FLOWERS.items()}
CATEGORY_NAMES: Mapping[str, str] = {key: one.name_ko for key, one in reference.CATEGORIES.items()}
TAG_NAMES: Mapping[str, str] = {key: one.name_ko for key, one in reference.TAGS.items()}
COLOR_NAMES: Mapping[str, str] = {
    "red": "빨강", "white": "하양", "orange": "주황", "pink": "분홍", "blue": "파랑", "purple": "보라", "yellow": "노랑",
}  # fmt: skip
SORT_NAMES: Mapping[str, str] = {
    "TOP_SALE": "판매량 높은순", "SALE": "판매량순", "BOTTOM_SALE": "판매량 낮은순", "NEW": "신규등록순", "OLD": "오래된순",
    "LOW": "낮은가격순", "HIGH": "높은가격순", "REVIEW": "리뷰많은순", "RATING": "평점높은순",
}  # fmt: skip
STATUS_NAMES: Mapping[str, str] = {"SALE": "판매중", "DISCONTINUED": "판매 중지"}

ROSE_COLORS: Mapping[str, str] = {"red": "1", "white": "2", "orange": "3", "pink": "4", "blue": "5", "purple": "6", "yellow": "7"}
COLORS_OF: Mapping[str, tuple[str, ...]] = {
    "1": ("red",), "2": ("white",), "3": ("orange",), "4": ("pink",), "5": ("blue",), "6": ("purple",), "7": ("yellow",),
    "8": ("white", "purple"), "9": ("blue", "purple"), "10": ("purple",), "11": ("white", "yellow"), "12": ("yellow",),
    "13": ("red", "pink"), "14": ("orange", "pink"), "15": ("yellow",), "16": ("red", "pink", "yellow"), "17": ("pink", "orange"),
    "18": ("white",), "19": ("purple",), "20": ("white",), "21": ("pink",), "22": ("blue",),
}  # fmt: skip
"""Flower -> the colours that florists usually have it in. A product also has the colours that its texts name."""

COLORS: Mapping[str, str] = {
    "빨갛": "red", "빨강": "red", "빨강색": "red", "빨간색": "red", "붉": "red", "레드": "red", "적색": "red", "다홍": "red",
    "하얗": "white", "하양": "white", "하얀색": "white", "희": "white", "흰색": "white", "화이트": "white", "백색": "white",
    "주황": "orange", "주황색": "orange", "오렌지": "orange", "오렌지색": "orange",
    "분홍": "pink", "분홍색": "pink", "연분홍": "pink", "연분홍색": "pink", "핑크": "pink", "핑크색": "pink", "분홍빛": "pink",
    "파랗": "blue", "파랑": "blue", "파란색": "blue", "파랑색": "blue", "푸르": "blue", "블루": "blue", "하늘색": "blue",
    "보라": "purple", "보라색": "purple", "보랏빛": "purple", "연보라": "purple", "연보라색": "purple", "퍼플": "purple",
    "자주색": "purple",
    "노랗": "yellow", "노랑": "yellow", "노란색": "yellow", "노랑색": "yellow", "옐로우": "yellow", "옐로": "yellow",
}  # fmt: skip
COLOR_WORDS: Mapping[str, tuple[str, ...]] = {
    "red": ("빨간", "빨강", "붉은", "레드"), "white": ("하얀", "하양", "흰", "화이트"), "orange": ("주황", "오렌지"),
    "pink": ("분홍", "핑크"), "blue": ("파란", "파랑", "푸른", "블루"), "purple": ("보라", "퍼플"),
    "yellow": ("노란", "노랑", "옐로"),
}  # fmt: skip
"""Colour -> what a product's text calls it."""

FLOWERS: Mapping[str, str] = {
    "장미": ROSES, "장미꽃": ROSES, "로즈": ROSES,
    "리시안셔스": "8", "리시안서스": "8", "리시안": "8", "수국": "9", "라벤더": "10", "국화": "11", "국화꽃": "11",
    "해바라기": "12",
    "카네이션": "13", "거베라": "14", "프리지아": "15", "프리지어": "15", "후리지아": "15", "튤립": "16", "튜울립": "16",
    "라넌큘러스": "17",
    "라넌": "17", "안개꽃": "18", "안개": "18", "스타티스": "19", "데이지": "20", "작약": "21", "작약꽃": "21", "델피늄": "22",
    "델피니움": "22",
}  # fmt: skip
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(FAMILIES[ROSES], ("장미", "로즈", "rose")),
    "8": ("리시안서스", "lisianthus"), "9": ("hydrangea",), "10": ("lavender",), "11": ("chrysanthemum",), "12": ("sunflower",),
    "13": ("carnation",), "14": ("gerbera",), "15": ("프리지어", "후리지아", "freesia"), "16": ("tulip",), "17": ("ranunculus",),
    "18": ("gypsophila",), "19": ("statice",), "20": ("daisy",), "21": ("작약꽃", "peony"), "22": ("델피니움", "delphinium"),
}  # fmt: skip
"""Flower -> other words under which its products are found."""

CATEGORIES: Mapping[str, str] = {
    "꽃다발": "1", "다발": "1", "부케": "1", "꽃바구니": "2", "바구니": "2", "꽃상자": "3", "꽃박스": "3", "상자": "3", "박스": "3",
    "플라워박스": "3", "화환": "4", "근조화환": "4", "축하화환": "4",
}  # fmt: skip

OCCASIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(
        ("연인", "애인", "여자친구", "남자친구", "여친", "남친", "아내", "와이프", "남편", "프러포즈", "프로포즈", "청혼", "고백",
         "발렌타인데이", "밸런타인데이", "화이트데이", "결혼기념일", "짝사랑", "신랑", "배우자", "커플"), (("tag", "1"),)),
    **dict.fromkeys(("친구", "절친", "베프", "동료", "우정", "동기"), (("tag", "2"),)),
    **dict.fromkeys(("공기정화", "미세먼지", "공기", "정화", "집들이"), (("tag", "3"),)),
    **dict.fromkeys(("개업", "개업식", "오픈", "창업", "개원", "개소", "개소식", "개점", "개업축하"), (("tag", "4"),)),
    **dict.fromkeys(("승진", "취임", "취임식", "영전", "진급", "승진축하"), (("tag", "5"),)),
    **dict.fromkeys(("결혼식", "결혼", "웨딩", "예식", "예식장", "신부", "결혼식장"), (("tag", "6"),)),
    **dict.fromkeys(("장례식", "장례", "장례식장", "조문", "근조", "부고", "추모", "빈소", "문상", "조의"), (("tag", "7"),)),
    "근조화환": (("tag", "7"), ("category", "4")),
    "부케": (("tag", "6"), ("category", "1")),
    **dict.fromkeys(("어버이날", "스승의날", "스승", "은사"), (("flower", "13"),)),
    "로즈데이": (("flower", ROSES),),
    **dict.fromkeys(("졸업", "졸업식", "입학", "입학식"), (("category", "1"),)),
}  # fmt: skip
"""Whom or what it is for -> what that means among our tags, categories and flowers."""

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "사랑": ("1",), "매력": ("2", "17"), "첫사랑": ("3",), "행복": ("4", "22"), "기적": ("5",), "영원": ("6", "15"),
    "기대": ("10",),
    "희망": ("10",), "평화": ("11",), "감사": ("13",), "신비": ("14",), "우정": ("15",), "애정": ("16",), "순수": ("18",),
    "수줍음": ("21",), "진심": ("9",), "일편단심": ("12",),
}  # fmt: skip
"""A word of the language of flowers -> those that say it; counts where a sentence speaks of 꽃말 or 의미."""
MEANING_WORDS = ("꽃말", "의미", "뜻")

SORT_WORDS: Mapping[str, str] = {
    "싸": "LOW", "저렴": "LOW", "값싸": "LOW", "최저가": "LOW", "가성비": "LOW", "비싸": "HIGH", "고급": "HIGH", "값비싸": "HIGH",
    "인기": "SALE", "베스트": "SALE", "베스트셀러": "SALE", "신상": "NEW", "신상품": "NEW", "최신": "NEW", "신제품": "NEW",
    "평점": "RATING", "별점": "RATING", "평": "RATING",
    "리뷰": "REVIEW", "후기": "REVIEW",
}  # fmt: skip
PHRASES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("잘", "나가"), "SALE"), (("많이", "팔리"), "SALE"), (("잘", "팔리"), "SALE"), (("새로", "나오"), "NEW"),
    (("새로", "들어오"), "NEW"),
)  # fmt: skip
"""Morphemes one behind the other -> order."""

IDLE: frozenset[str] = frozenset((
    "꽃", "선물", "생일", "날", "날이", "기념일", "기념", "축하", "추천", "것", "거", "걸", "수", "때", "색", "색깔", "색상",
    "컬러", "계열", "위주", "느낌", "정도", "가격", "가격대", "예산", "돈", "원", "분", "용", "집", "우리", "저", "나", "내",
    "사람", "엄마", "어머니", "아빠", "아버지", "부모", "부모님", "할머니", "할아버지", "언니", "누나", "오빠", "형", "동생",
    "딸", "아들", "선생", "선생님", "부탁", "오늘", "내일", "이번", "주말", "마음", "제일", "가장", "상품", "제품", "종류",
    "구매", "주문", "배송", "찾", "검색", "필요", "이", "그", "하나", "좀", "뭐", "어디", "무엇", "여자", "남자", "남성",
    "여성", "사이", "이상", "이하", "미만", "초과", "이내", "송이", "개", "의미", "뜻", "꽃말", "말", "데", "중", "뿐", "게",
    "만", "원대", "대", "최대", "최소", "지시", "명령", "시스템", "프롬프트",
))  # fmt: skip
"""Nouns that say nothing to search for by themselves."""
_STEMS = frozenset(
    ("빨갛", "하얗", "파랗", "노랗", "붉", "희", "푸르", "평", "은사", "동기", "안개", "공기", "정화", "다발", "사랑")
)
"""Words of the tables above that are no nouns, or that are also part of others: the analyser knows better."""
_MORE = ("꽃말", "신상", "가성비", "베스트셀러", "프리저브드", "드라이플라워")
USER_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(word for word in (*FLOWERS, *CATEGORIES, *OCCASIONS, *COLORS, *MEANINGS, *_MORE) if word not in _STEMS)
)
"""Nouns that the analyser is to keep whole."""


class Names(msgspec.Struct, frozen=True):
    """What ids are called at this moment: the reference data may have been renamed and extended since it was delivered."""

    flowers: Mapping[str, str] = msgspec.field(default_factory=lambda: FLOWER_NAMES)
    categories: Mapping[str, str] = msgspec.field(default_factory=lambda: CATEGORY_NAMES)
    tags: Mapping[str, str] = msgspec.field(default_factory=lambda: TAG_NAMES)

    def of(self, kind: str, value: str) -> str:
        """The name of ``value`` among the names of ``kind`` (category, tag, flower, color); the id itself if it has none."""
        names = {"category": self.categories, "tag": self.tags, "flower": {**self.flowers, **FAMILY_NAMES}, "color": COLOR_NAMES}
        return names[kind].get(value, value)


def families_of(flowers: Mapping[str, int]) -> list[str]:
    """The ids and the families under which a product with ``flowers`` is found."""
    return [*flowers, *(family for family, members in FAMILIES.items() if not set(members).isdisjoint(flowers))]


def colors_of(flowers: Mapping[str, int], *texts: str) -> list[str]:
    """The colours of a product: of its flowers, and those that its texts name."""
    found = {color for flower in flowers for color in COLORS_OF.get(flower, ())}
    found |= {color for color, words in COLOR_WORDS.items() if any(word in text for word in words for text in texts)}
    return sorted(found)
