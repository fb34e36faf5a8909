"""A Korean sentence to filters by rules: what answers when no model does, or when it is slow or wrong (product W35, W36).

``read`` is pure: the morphological analyser is given. What a sentence says is only ever looked up here; none of its words reach a
query but as ``text``, and that only where nothing else was understood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from models.search import vocabulary as words
from models.search.amounts import amounts, blanked
from models.search.filters import Choice, Filters
from models.search.text import normalised, wanted

MAX_SENTENCE = 200
"""Characters of a sentence (product W35)."""
MAX_KEYWORDS = 4
PERSONS, EVENTS = ("1", "2"), ("3", "4", "5", "6", "7")
"""Tags for whom, and tags for what: a friend's wedding is a wedding."""
OR = {"나", "이나", "또는", "혹은", "든지", "든", "이든"}
AND = {"랑", "이랑", "와", "과", "하고", "및", "그리고", ","}
SKIPPED = {"꽃", "색", "색깔", "계열", "거", "것", "걸", "들", "종류", "쪽", "은", "는", "너무", "같", "부분"}
REACH = 5
"""Morphemes between a thing and the word that says not."""


class Morpheme(NamedTuple):
    """``form``: the stem (빨갛 of 빨간); ``tag``: Sejong's tag set; ``begin``: where in the text."""

    form: str
    tag: str
    begin: int


Analyse = Callable[[str], Sequence[Morpheme]]


class _Mention(NamedTuple):
    """Something that a sentence names, in the morphemes from ``begin`` to before ``end``. ``weak``: only hinted at."""

    kind: str
    values: tuple[str, ...]
    begin: int
    end: int
    weak: bool = False


def read(sentence: str, analyse: Analyse) -> Filters:
    """What ``sentence`` asks for; ``Filters()`` without a word that says anything."""
    text = normalised(sentence)[:MAX_SENTENCE]
    money = amounts(text)
    found = list(analyse(blanked(text, money.spans)))
    mentions = _colored(list(_mentions(found)), found)
    groups = _joined(mentions, found)
    filters = _filled(groups, found)
    filters = msgspec.structs.replace(filters, min_price=money.least, max_price=money.most, sort=_sort(found))
    return filters if filters.understood else Filters(text=" ".join(_keywords(found)))


def offered(filters: Filters) -> Filters:
    """``filters`` as an answer to a sentence: what can be bought now, the best sold first (spec product §4.2)."""
    sort = filters.sort or ("" if filters.text else "SALE")
    return msgspec.structs.replace(filters, status=filters.status or "SALE", sort=sort)


# -- what is named ---------------------------------------------------------------------------------------------------------------


def _mentions(found: Sequence[Morpheme]) -> Iterator[_Mention]:
    speaks_of_meaning = any(one.form in words.MEANING_WORDS for one in found)
    at = 0
    while at < len(found):
        for length in (3, 2, 1):
            said = found[at : at + length]
            if len(said) < length or (length > 1 and not all(one.tag[0] in "NSX" for one in said)):
                continue
            named = list(_named("".join(one.form for one in said), said[0].tag, at, at + length, speaks_of_meaning))
            if named:
                yield from named
                at += length
                break
        else:
            at += 1


def _named(form: str, tag: str, begin: int, end: int, speaks_of_meaning: bool) -> Iterator[_Mention]:
    if tag[0] not in "NVSXM":
        return
    if speaks_of_meaning and form in words.MEANINGS:
        yield _Mention("flower", words.MEANINGS[form], begin, end)
    elif form in words.FLOWERS:
        yield _Mention("flower", (words.FLOWERS[form],), begin, end)
    elif form in words.COLORS and not (form == "희" and tag[0] != "V"):
        yield _Mention("color", (words.COLORS[form],), begin, end)
    elif form in words.OCCASIONS:
        for kind, value in words.OCCASIONS[form]:
            weak = kind == "flower" or (kind == "category" and form not in words.CATEGORIES)
            yield _Mention(kind, (value,), begin, end, weak)
    elif form in words.CATEGORIES:
        yield _Mention("category", (words.CATEGORIES[form],), begin, end)


def _colored(mentions: list[_Mention], found: Sequence[Morpheme]) -> list[_Mention]:
    """빨간 장미 is one flower: a colour right before a rose makes it the rose of that colour."""
    result: list[_Mention] = []
    for mention in mentions:
        before = result[-1] if result else None
        if (
            before is not None
            and before.kind == "color"
            and mention.values == (words.ROSES,)
            and _describes(found[before.end : mention.begin])
        ):
            flowers = tuple(words.ROSE_COLORS[color] for color in before.values)
            result[-1] = _Mention("flower", flowers, before.begin, mention.end)
        else:
            result.append(mention)
    return result


def _describes(between: Sequence[Morpheme]) -> bool:
    """Is what stands before ``between`` said of what stands behind it?"""
    return all(one.tag in ("ETM", "JKG") or one.form in ("색", "빛", "색깔") for one in between)


# -- how it is joined, and what must not be --------------------------------------------------------------------------------------


class _Group(NamedTuple):
    """Mentions of one kind, joined by ``either`` (or) or all of them; ``without``: none of them."""

    kind: str
    mentions: tuple[_Mention, ...]
    either: bool
    without: bool


def _joined(mentions: Sequence[_Mention], found: Sequence[Morpheme]) -> list[_Group]:
    groups: list[_Group] = []
    for mention in mentions:
        last = groups[-1] if groups else None
        if last is not None and last.kind == mention.kind:
            link = _link(found[last.mentions[-1].end : mention.begin])
            if link:
                either = link == "or" or last.either
                groups[-1] = _Group(last.kind, (*last.mentions, mention), either, False)
                continue
        groups.append(_Group(mention.kind, (mention,), False, False))
    judged = [_judged(group, found) for group in groups]
    # Who wants no white chrysanthemums has said nothing about white.
    return [
        group
        for group, after in zip(judged, [*judged, None][1:], strict=True)
        if not (group.kind == "color" and after and after.kind == "flower" and after.without and _touch(group, after, found))
    ]


def _judged(group: _Group, found: Sequence[Morpheme]) -> _Group:
    end = group.mentions[-1].end
    among = end < len(found) and found[end].form in ("중", "가운데")
    return group._replace(either=group.either or among, without=_refused(found, end))


def _touch(group: _Group, after: _Group, found: Sequence[Morpheme]) -> bool:
    return _describes(found[group.mentions[-1].end : after.mentions[0].begin])


def _link(between: Sequence[Morpheme]) -> str:
    """``or``, ``and``, or "": the two belong to different wishes."""
    forms = [one.form for one in between if one.form not in SKIPPED]
    if forms == ["아니", "면"] or (len(forms) == 1 and forms[0] in OR):
        return "or"
    if all(form in AND for form in forms) and (forms or not between):
        return "and" if forms else ""
    return ""


def _refused(found: Sequence[Morpheme], at: int) -> bool:
    """Does what follows the thing before ``at`` say that it is not wanted?"""
    rest = found[at : at + REACH]
    for number, one in enumerate(rest):
        following = [later.form for later in found[at + number + 1 : at + number + 4]]
        if one.tag.startswith("J") or one.tag in ("ETM", "XSN") or one.form in SKIPPED:
            continue
        if one.form == "아니":
            return "면" not in following[:1]
        if one.form == "좋아하":
            return following[:2] == ["지", "않"]
        if one.form == "안":
            return bool(following) and following[0] in ("좋아하", "들어가")
        if one.form == "들어가":
            return following[:2] == ["지", "않"]
        if one.form == "말":
            return one.tag[0] == "V"
        return one.form in ("빼", "빼고", "제외", "없", "없이", "싫", "싫어하", "알레르기", "알러지", "말고", "별로", "금지")
    return False


# -- filters ---------------------------------------------------------------------------------------------------------------------


def _filled(groups: Sequence[_Group], found: Sequence[Morpheme]) -> Filters:
    chosen: dict[str, list[Choice]] = {"category": [], "tag": [], "flower": [], "color": []}
    explicit = {group.kind for group in groups if not group.without and not all(one.weak for one in group.mentions)}
    for group in groups:
        if group.without:
            chosen[group.kind] += [Choice(one.values, True) for one in group.mentions]
            continue
        said = [one for one in group.mentions if not (one.weak and group.kind in explicit)]
        if group.either and said:
            chosen[group.kind].append(Choice(tuple(dict.fromkeys(value for one in said for value in one.values))))
        else:
            chosen[group.kind] += [Choice(one.values) for one in said]
    chosen["category"] = _alternatives(chosen["category"], lambda value: True)
    chosen["tag"] = _tags(chosen["tag"])
    return Filters(
        category=_consistent(chosen["category"]),
        tag=_consistent(chosen["tag"]),
        flower=_consistent(chosen["flower"]),
        color=_consistent(chosen["color"]),
    )


def _alternatives(choices: list[Choice], belongs: Callable[[str], bool]) -> list[Choice]:
    """The wishes among ``choices`` put together as alternatives: a product has one category, and is for one person."""
    wishes = [one for one in choices if not one.without and all(map(belongs, one.any))]
    if not wishes:
        return choices
    together = Choice(tuple(dict.fromkeys(value for one in wishes for value in one.any)))
    return [together, *(one for one in choices if one not in wishes)]


def _tags(choices: list[Choice]) -> list[Choice]:
    if any(not one.without and set(one.any) & set(EVENTS) for one in choices):
        choices = [one for one in choices if one.without or not set(one.any) <= set(PERSONS)]
    return _alternatives(choices, lambda value: value in PERSONS)


def _consistent(choices: list[Choice]) -> tuple[Choice, ...]:
    """Each once; what must not be is not wished for as well."""
    refused = {value for one in choices if one.without for value in one.any}
    kept = []
    for one in dict.fromkeys(choices):
        left = one if one.without else Choice(tuple(value for value in one.any if value not in refused))
        if left.any:
            kept.append(left)
    return tuple(kept)


def _sort(found: Sequence[Morpheme]) -> str:
    """The order that the sentence wishes for; of several the last."""
    wished = ""
    forms = [one.form for one in found]
    for at, one in enumerate(found):
        sort = words.SORT_WORDS.get(one.form, "")
        after = forms[at + 1 : at + 5]
        if sort and one.form in ("싸", "비싸") and one.tag[0] != "V":
            continue
        if sort in ("RATING", "REVIEW"):
            if not {"좋", "많", "높"} & set(after):
                continue
        elif one.form == "인기" and {"없", "낮", "적"} & set(after):
            continue
        elif sort == "HIGH" and one.form in ("비싸", "값비싸"):
            refused = "않" in after or "말" in after or "안" in forms[max(0, at - 1) : at] or "싫" in after or "빼" in after
            sort = "LOW" if refused else sort
        wished = sort or wished
    for phrase, sort in words.PHRASES:
        if any(tuple(forms[at : at + len(phrase)]) == phrase for at in range(len(forms))):
            wished = sort
    return wished


def _keywords(found: Sequence[Morpheme]) -> list[str]:
    """Nouns to search for as they are."""
    nouns = [one.form for one in found if one.tag in ("NNG", "NNP", "SL") and len(one.form) > 1 and one.form not in words.IDLE]
    return [noun for noun in dict.fromkeys(nouns) if wanted(noun)][:MAX_KEYWORDS]
