"""Amounts of money in Korean sentences: 5만원 이하, 3~5만원, 삼만오천원, 5만원대, 50,000원 미만 (spec product §4.2). Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

LEAST, MOST = 100, 10_000_000
"""KRW; what is less or more in a sentence about flowers is no amount."""
ABOUT = 0.2
"""쯤, 정도: a fifth more or less."""
_DIGITS = {name: value for value, name in enumerate("영일이삼사오육칠팔구")} | {
    "륙": 6,
    "공": 0,
    "두": 2,
    "세": 3,
    "네": 4,
    "한": 1,
}
_UNITS = {"십": 10, "백": 100, "천": 1000}
_WORD = r"[일이삼사오육칠팔구한두세네십백천]"
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d)?|{_WORD}+)"
# 5만 3천 원, 5만3000원, 50000원, 오만원, 만원, 5천원, 5만
# The 이 of 송이 만원 is no two: before a blank a number in words begins a word.
_HEAD = rf"(?:\d{{1,3}}(?:,\d{{3}})+\s?|\d+(?:\.\d)?\s?|(?<![가-힣]){_WORD}+\s|{_WORD}+)"
_AMOUNT = rf"(?:₩?{_HEAD}?만\s?(?:{_NUMBER}\s?천?)?\s?원?|{_NUMBER}\s?천\s?원|{_NUMBER}\s?원|₩\s?{_NUMBER})"
# 50000 이하: money only with a bound behind it.
_PLAIN = r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d{4,8})(?![\d.,]*\d)"
# 삼사만원, 이삼십만 원: from the one to the other.
_PAIR = re.compile(
    r"(?<![가-힣])(일이|이삼|삼사|사오|오륙|오육|육칠|칠팔|팔구)\s?(십|백)?\s?(?:(만)\s?원?|(천)\s?원)(?!\s?(?:송이|명|개|번))"
    r"(?:(대)|\s?(?:사이|정도|쯤|이하|까지|내외|안팎))?"
)
_BETWEEN = r"\s?(?:~|-|–|〜|에서|부터)\s?"
_RANGE = re.compile(rf"({_AMOUNT}|{_NUMBER}){_BETWEEN}({_AMOUNT})(대)?(?:\s?(?:사이|까지|이하|정도))?")
_ONE = re.compile(rf"(?P<from>최소|적어도)?(?P<upto>최대|많아야|아무리)?\s?(?P<amount>{_AMOUNT}|{_PLAIN})(?P<after>.{{0,20}})")
# 3만 송이 and 3만 명 are no money; neither is the end of another word (기만, 장미만).
_COUNTED = re.compile(r"\s?(?:송이|개|명|번|회|시|분|일|월|년|살|세|주|박스|그루|장|다발)")
_AFTER = (
    ("less", re.compile(r"\s?(?:원\s?)?(?:짜리\s?)?(?:미만|보다\s?(?:싼|적|낮|저렴|아래))")),
    ("more", re.compile(r"\s?(?:을|를)?\s?(?:초과|넘[는어은었]|보다\s?(?:비싼|많|높))")),
    (
        "most",
        re.compile(
            r"\s?(?:짜리\s?)?[을를은는이가]?\s?"
            r"(?:이하|까지|이내|안쪽|안으로|안에|내로|밑|아래|넘지|안\s?넘|한도|선에서)"
        ),
    ),
    ("least", re.compile(r"\s?(?:은|는)?\s?(?:이상|부터|위로|넘게)")),
    ("band", re.compile(r"대(?!학)")),
    ("about", re.compile(r"\s?(?:짜리\s?)?(?:쯤|정도|내외|전후|안팎|가량|선|언저리)")),
)  # fmt: skip
# 미만이 아닌, 이하는 말고, 넘는 건 빼고; but not 이하가 아니면, which is an or.
_NOT = re.compile(
    r"(?:으?로)?(?:인|은|는|을|를|이|가|도|짜리)?\s?(?:게|것|거|건|걸)?(?:은|는|을|를|이|가)?\s?(?:아니(?!면)|아닌|말고|빼|제외|싫)"
)
_AS_WELL = re.compile(r"(?:[이가]\s?)?아니(?:어|여|라)도")
_OPPOSITE = {"less": "least", "least": "less", "most": "more", "more": "most"}


class Amounts(NamedTuple):
    """Bounds in KRW, inclusive, ``None``: none; ``spans``: where in the text they stand, to be left out of its words."""

    least: int | None
    most: int | None
    spans: tuple[tuple[int, int], ...]


def amounts(text: str) -> Amounts:
    """What ``text`` (normalised) says about money. A bare amount is the most; of two bounds of a kind the later counts.

    A bound that is not wanted (3만원 미만이 아닌) means its opposite, unless that contradicts what is wanted.
    """
    spans: list[tuple[int, int]] = []
    least: int | None = None
    most: int | None = None
    spared: dict[str, int] = {}
    for found in _RANGE.finditer(text):
        high = value(found[2])
        low = value(found[1])
        if low is not None and high is not None and low < 10_000 and not re.search("[만천원]", found[1]):
            # 3~5만원: the unit of the second counts for the first.
            low *= 10_000 if "만" in found[2] else 1_000 if "천" in found[2] else 1
        if low is None or high is None:
            continue
        low, high = min(low, high), max(low, high)
        if not LEAST <= low <= high <= MOST:
            continue
        if refused := _NOT.match(text, found.end()):
            # All but what lies between cannot be asked for.
            spans.append((found.start(), refused.end()))
            continue
        least, most = low, high + _step(high) - 1 if found[3] else high
        spans.append(found.span())
    rest = blanked(text, spans)
    for found in _PAIR.finditer(rest):
        unit = _UNITS.get(found[2], 1) * (10_000 if found[3] else 1_000)
        refused = _NOT.match(rest, found.end())
        if not refused:
            least, high = (_DIGITS[digit] * unit for digit in found[1])
            most = high + _step(high) - 1 if found[5] else high
        spans.append((found.start(), refused.end() if refused else found.end()))
    rest = blanked(text, spans)
    at = 0
    while found_one := _ONE.search(rest, at):
        at = found_one.end("amount")
        amount = value(found_one["amount"])
        after = found_one["after"]
        if amount is None or not LEAST <= amount <= MOST or _not_money(rest, found_one):
            continue
        kind, end = _kind(after)
        if kind == "" and found_one["from"]:
            kind = "least"
        if not kind and not found_one["upto"] and re.fullmatch(_PLAIN, found_one["amount"]):
            continue
        refused = _NOT.match(after, end)
        if refused:
            end = (_AS_WELL.match(after, end) or refused).end()
            if not _AS_WELL.match(after, refused.start()):
                spared |= _bound(_OPPOSITE.get(kind, ""), amount)
            spans.append((found_one.start(), at + end))
            continue
        match kind:
            case "less" | "more" | "least":
                bound = _bound(kind, amount)
                least, most = bound.get("least", least), bound.get("most", most)
            case "band":
                least, most = amount, amount + _step(amount) - 1
                follow, further = _kind(after[end:])
                if follow in ("most", "less"):
                    least, end = None, end + further
                elif follow == "least":
                    most, end = None, end + further
            case "about":
                least, most = round(amount * (1 - ABOUT)), round(amount * (1 + ABOUT))
            case _:
                most = amount
        spans.append((found_one.start(), at + end))
    if least is not None and most is not None and least > most:
        least, most = most, least
    if least is None and spared.get("least", 0) <= (MOST if most is None else most):
        least = spared.get("least")
    if most is None and spared.get("most", MOST) >= (least or 0):
        most = spared.get("most")
    return Amounts(least, most, tuple(spans))


def _bound(kind: str, amount: int) -> dict[str, int]:
    """The inclusive bound that ``kind`` makes of ``amount``."""
    match kind:
        case "less":
            return {"most": amount - 1}
        case "most":
            return {"most": amount}
        case "more":
            return {"least": amount + 1}
        case "least":
            return {"least": amount}
    return {}


def value(said: str) -> int | None:
    """KRW of an amount such as 3만5천원; ``None`` if it is none."""
    said = re.sub(r"[\s,원₩]", "", said)
    if not said:
        return None
    high, ten_thousand, low = said.partition("만")
    if not ten_thousand:
        number = _number(said)
        return None if number is None else round(number)
    upper = 1.0 if not high else _number(high)
    lower = 0.0 if not low else _number(low)
    if upper is None or lower is None:
        return None
    if low.isdecimal() and len(low) == 1:
        # 3만5 is 35,000.
        lower *= 1000
    return round(upper * 10_000 + lower)


def blanked(text: str, spans: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> str:
    """``text`` with blanks where ``spans`` are."""
    for begin, end in spans:
        text = text[:begin] + " " * (end - begin) + text[end:]
    return text


def _number(said: str) -> float | None:
    if re.fullmatch(r"\d+(?:\.\d)?", said):
        return float(said)
    total, digit = 0.0, None
    for run in re.findall(r"\d+(?:\.\d)?|.", said):
        if run in _UNITS:
            total += (1.0 if digit is None else digit) * _UNITS[run]
            digit = None
        elif run in _DIGITS and digit is None:
            digit = float(_DIGITS[run])
        elif run[0].isdecimal() and digit is None:
            digit = float(run)
        else:
            return None
    return total + (digit or 0.0)


def _not_money(text: str, found: re.Match[str]) -> bool:
    said = found["amount"]
    if "원" in said or "₩" in said:
        return False
    begin = found.start("amount")
    joined = begin > 0 and "가" <= text[begin - 1] <= "힣" and not said[0].isdecimal()
    return joined or said.strip()[0] == "만" or bool(_COUNTED.match(found["after"]))


def _kind(after: str) -> tuple[str, int]:
    for kind, pattern in _AFTER:
        if found := pattern.match(after):
            return kind, found.end()
    return "", 0


def _step(amount: int) -> int:
    """The width of 대: 5만원대 is up to 59,999, 15만원대 up to 159,999, 10만원대 up to 199,999, 5천원대 up to 5,999."""
    step = 1_000
    while amount % (step * 10) == 0:
        step *= 10
    return step
