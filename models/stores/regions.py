"""The 17 sido and 229 gugun of Korea, and how the names of a postcode service become their codes (spec store App. A, V6). Pure.

Codes are the administrative ones that the issue's seed has; its 44133 said 천안시 a second time and is left out. Names follow
today's usage, former ones are aliases: who registers a store gives what the postcode service says, or the codes.
"""

from __future__ import annotations

from typing import NamedTuple


class Sido(NamedTuple):
    """A province or metropolitan city: full name, short name, its gugun (code -> name), other names it goes by."""

    name: str
    short: str
    gugun: dict[str, str]
    aliases: tuple[str, ...] = ()


class Place(NamedTuple):
    """Codes of a gugun and of the sido that it lies in."""

    sido: str
    gugun: str


def _gugun(sido: str, text: str) -> dict[str, str]:
    """``"110 종로구, 140 중구"`` of sido 11 -> ``{"11110": "종로구", ...}``."""
    pairs = (one.split() for one in text.split(","))
    return {sido + code: name for code, name in pairs}


SIDO: dict[str, Sido] = {
    "11": Sido("서울특별시", "서울", _gugun("11", """
        110 종로구, 140 중구, 170 용산구, 200 성동구, 215 광진구, 230 동대문구, 260 중랑구, 290 성북구, 305 강북구, 320 도봉구,
        350 노원구, 380 은평구, 410 서대문구, 440 마포구, 470 양천구, 500 강서구, 530 구로구, 545 금천구, 560 영등포구,
        590 동작구, 620 관악구, 650 서초구, 680 강남구, 710 송파구, 740 강동구"""), ("서울시",)),
    "26": Sido("부산광역시", "부산", _gugun("26", """
        110 중구, 140 서구, 170 동구, 200 영도구, 230 부산진구, 260 동래구, 290 남구, 320 북구, 350 해운대구, 380 사하구,
        410 금정구, 440 강서구, 470 연제구, 500 수영구, 530 사상구, 710 기장군"""), ("부산시",)),
    "27": Sido("대구광역시", "대구", _gugun("27", """
        110 중구, 140 동구, 170 서구, 200 남구, 230 북구, 260 수성구, 290 달서구, 710 달성군"""), ("대구시",)),
    "28": Sido("인천광역시", "인천", _gugun("28", """
        110 중구, 140 동구, 177 미추홀구, 185 연수구, 200 남동구, 237 부평구, 245 계양구, 260 서구, 710 강화군, 720 옹진군"""),
        ("인천시",)),
    "29": Sido("광주광역시", "광주", _gugun("29", "110 동구, 140 서구, 155 남구, 170 북구, 200 광산구"), ("광주시",)),
    "30": Sido("대전광역시", "대전", _gugun("30", "110 동구, 140 중구, 170 서구, 200 유성구, 230 대덕구"), ("대전시",)),
    "31": Sido("울산광역시", "울산", _gugun("31", "110 중구, 140 남구, 170 동구, 200 북구, 710 울주군"), ("울산시",)),
    "36": Sido("세종특별자치시", "세종", _gugun("36", "110 조치원읍"), ("세종시",)),
    "41": Sido("경기도", "경기", _gugun("41", """
        111 수원시, 131 성남시, 150 의정부시, 171 안양시, 190 부천시, 210 광명시, 220 평택시, 250 동두천시, 271 안산시, 281 고양시,
        290 과천시, 310 구리시, 360 남양주시, 370 오산시, 390 시흥시, 410 군포시, 430 의왕시, 450 하남시, 461 용인시, 480 파주시,
        500 이천시, 550 안성시, 570 김포시, 590 화성시, 610 광주시, 630 양주시, 650 포천시, 670 여주시, 800 연천군, 820 가평군,
        830 양평군""")),
    "42": Sido("강원특별자치도", "강원", _gugun("42", """
        110 춘천시, 130 원주시, 150 강릉시, 170 동해시, 190 태백시, 210 속초시, 230 삼척시, 720 홍천군, 730 횡성군, 750 영월군,
        760 평창군, 770 정선군, 780 철원군, 790 화천군, 800 양구군, 810 인제군, 820 고성군, 830 양양군"""), ("강원도",)),
    "43": Sido("충청북도", "충북", _gugun("43", """
        111 청주시, 130 충주시, 150 제천시, 720 보은군, 730 옥천군, 740 영동군, 745 증평군, 750 진천군, 760 괴산군, 770 음성군,
        800 단양군""")),
    "44": Sido("충청남도", "충남", _gugun("44", """
        131 천안시, 150 공주시, 180 보령시, 200 아산시, 210 서산시, 230 논산시, 250 계룡시, 270 당진시, 710 금산군, 760 부여군,
        770 서천군, 790 청양군, 800 홍성군, 810 예산군, 825 태안군""")),
    "45": Sido("전북특별자치도", "전북", _gugun("45", """
        111 전주시, 130 군산시, 140 익산시, 180 정읍시, 190 남원시, 210 김제시, 710 완주군, 720 진안군, 730 무주군, 740 장수군,
        750 임실군, 770 순창군, 790 고창군, 800 부안군"""), ("전라북도",)),
    "46": Sido("전라남도", "전남", _gugun("46", """
        110 목포시, 130 여수시, 150 순천시, 170 나주시, 230 광양시, 710 담양군, 720 곡성군, 730 구례군, 770 고흥군, 780 보성군,
        790 화순군, 800 장흥군, 810 강진군, 820 해남군, 830 영암군, 840 무안군, 860 함평군, 870 영광군, 880 장성군, 890 완도군,
        900 진도군, 910 신안군""")),
    "47": Sido("경상북도", "경북", _gugun("47", """
        111 포항시, 130 경주시, 150 김천시, 170 안동시, 190 구미시, 210 영주시, 230 영천시, 250 상주시, 280 문경시, 290 경산시,
        720 군위군, 730 의성군, 750 청송군, 760 영양군, 770 영덕군, 820 청도군, 830 고령군, 840 성주군, 850 칠곡군, 900 예천군,
        920 봉화군, 930 울진군, 940 울릉군""")),
    "48": Sido("경상남도", "경남", _gugun("48", """
        121 창원시, 170 진주시, 220 통영시, 240 사천시, 250 김해시, 270 밀양시, 310 거제시, 330 양산시, 720 의령군, 730 함안군,
        740 창녕군, 820 고성군, 840 남해군, 850 하동군, 860 산청군, 870 함양군, 880 거창군, 890 합천군""")),
    "50": Sido("제주특별자치도", "제주", _gugun("50", "110 제주시, 130 서귀포시"), ("제주도",)),
}  # fmt: skip

ONLY = {"36": "36110"}
"""Sejong has no districts: its one code stands for all of it, whatever the postcode service says of it."""
ELSEWHERE: dict[tuple[str, str], Place] = {
    # In Daegu since July 2023; the table has it where the seed has it.
    ("27", "군위군"): Place("47", "47720"),
    # Names of before: renamed, raised to a city, or joined with one.
    ("28", "남구"): Place("28", "28177"),
    ("41", "여주군"): Place("41", "41670"),
    ("43", "청원군"): Place("43", "43111"),
    ("44", "당진군"): Place("44", "44270"),
    ("44", "연기군"): Place("36", "36110"),
}
"""(sido, name) -> where it is found."""

_SIDO_CODES = {name: code for code, sido in SIDO.items() for name in (code, sido.name, sido.short, *sido.aliases)}
_GUGUN_CODES = {
    (code, name): gugun for code, sido in SIDO.items() for gugun, named in sido.gugun.items() for name in (gugun, named)
}


def sido_code(text: str) -> str:
    """The code of a sido given by code or name, ``""``: there is none such."""
    return _SIDO_CODES.get(text.strip(), "")


def known(sido: str, gugun: str) -> bool:
    """True if ``gugun`` (code) lies in ``sido`` (code)."""
    return sido in SIDO and gugun in SIDO[sido].gugun


def resolve(sido: str, gugun: str) -> Place:
    """The codes for what a postcode service calls them: ``("경기", "수원시 영통구")`` -> ``("41", "41111")``. Codes are taken too.

    Of a gugun the first word counts: the districts of large cities have no stores of their own. Raises ``LookupError`` with the
    argument that nobody knows: ``sido`` or ``gugun``.
    """
    code = sido_code(sido)
    if not code:
        raise LookupError("sido")
    word = gugun.split()[0] if gugun.strip() else ""
    if code in ONLY and sido_code(word or code) == code:
        return Place(code, ONLY[code])
    found = _GUGUN_CODES.get((code, word))
    if found:
        return Place(code, found)
    if (code, word) in ELSEWHERE:
        return ELSEWHERE[code, word]
    raise LookupError("gugun")


def names(sido: str, gugun: str) -> tuple[str, str]:
    """The names of a sido and of a gugun, ``""`` where a code is not known."""
    found = SIDO.get(sido)
    return (found.name, found.gugun.get(gugun, "")) if found else ("", "")
