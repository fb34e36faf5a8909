"""The golden sentences, on the rules with the real analyser and on the answers that are written down for the model."""

from __future__ import annotations

import json

import pytest

from agents.search.morphemes import Analyser
from deploy.sandbox.llm.golden import Golden, golden
from models.search.answer import BadAnswer, believed, instructions, schema
from models.search.filters import Choice, Filters, parameters
from models.search.sentence import MAX_SENTENCE, offered, read
from models.search.text import normalised
from models.search.vocabulary import Names

NAMES = Names()
EMPTY: dict[str, object] = {
    "flowers": [], "categories": [], "tags": [], "colors": [], "min_price": None, "max_price": None, "sort": None, "keywords": [],
}  # fmt: skip


@pytest.fixture(scope="session")
def analyse() -> Analyser:
    return Analyser()


def said(filters: Filters) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parameters(filters):
        found.setdefault(name, []).append(value)
    return found


def test_there_are_enough_and_hostile_ones_among_them() -> None:
    assert len({one.sentence for one in golden()}) == len(golden()) >= 60
    assert sum(one.hostile for one in golden()) >= 12


@pytest.mark.spec("product W35", "product W36")
@pytest.mark.parametrize("one", golden(), ids=lambda one: one.sentence)
def test_what_rules_understand(one: Golden, analyse: Analyser) -> None:
    assert said(read(one.sentence, analyse)) == one.rules


@pytest.mark.spec("product W34", "product W36")
@pytest.mark.parametrize("one", [one for one in golden() if one.answer is not None], ids=lambda one: one.sentence)
def test_what_of_a_models_answer_counts(one: Golden) -> None:
    assert one.answer is not None
    try:
        filters = believed(one.answer, normalised(one.sentence), NAMES)
    except BadAnswer:
        assert one.model is None
        assert one.hostile
    else:
        assert (said(filters) or None) == one.model


@pytest.mark.spec("product W34")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"flowers": [{"ids": ["23"], "without": False}]}, "not on the list"),
        ({"categories": [{"ids": ["5"], "without": False}]}, "not on the list"),
        ({"tags": [{"ids": ["1", "8"], "without": True}]}, "not on the list"),
        ({"colors": [{"ids": ["black"], "without": False}]}, "not on the list"),
        ({"flowers": [{"ids": [], "without": False}]}, "length"),
        ({"min_price": -1}, ">= 0"),
        ({"max_price": 10_000_001}, "<= 10000000"),
        ({"max_price": "50000"}, "int"),
        ({"min_price": 2, "max_price": 1}, "above"),
        ({"sort": "price; drop"}, "sort"),
        ({"keywords": ["백합"]}, "no word of the sentence"),
        ({"keywords": ["장미 꽃"]}, "no word of the sentence"),
        ({"store": "s1"}, "unknown field"),
    ],
)
def test_an_answer_that_leaves_the_list_counts_for_nothing(change: dict[str, object], why: str) -> None:
    with pytest.raises(BadAnswer, match=why):
        believed(json.dumps({**EMPTY, **change}, ensure_ascii=False), "장미 꽃", NAMES)


@pytest.mark.parametrize(
    "answer", ["", "장미", "null", "[]", "{}", '{"flowers":', "[" * 100_000, '{"flowers": [{"ids": ["\\ud800"]}]}']
)
def test_what_is_no_such_object_counts_for_nothing(answer: str) -> None:
    with pytest.raises(BadAnswer):
        believed(answer, "장미", NAMES)


@pytest.mark.spec("product W34", "product W36")
def test_the_instructions_hold_the_names_of_now_and_no_sentence() -> None:
    names = Names(flowers={**NAMES.flowers, "23": "백합"})
    assert "23=백합" in instructions(names)
    ids = schema(names)["properties"]["flowers"]["items"]["properties"]["ids"]["items"]["enum"]
    assert ids == [*map(str, range(1, 24)), "rose"]
    with pytest.raises(BadAnswer):
        believed(json.dumps({**EMPTY, "flowers": [{"ids": ["23"], "without": False}]}), "", NAMES)
    known = believed(json.dumps({**EMPTY, "flowers": [{"ids": ["23"], "without": False}]}), "", names)
    assert known == Filters(flower=(Choice(("23",)),))


def test_an_answer_to_a_sentence_is_what_can_be_bought_the_best_sold_first() -> None:
    assert offered(Filters()) == Filters(status="SALE", sort="SALE")
    assert offered(Filters(text="백합", status="DISCONTINUED")) == Filters(text="백합", status="DISCONTINUED")
    assert offered(Filters(sort="LOW")) == Filters(status="SALE", sort="LOW")


def test_a_long_sentence_is_read_as_far_as_it_may_be(analyse: Analyser) -> None:
    assert read("꽃 " * MAX_SENTENCE + "장미", analyse) == Filters()
    assert read("장미 " + "꽃 " * MAX_SENTENCE, analyse) == Filters(flower=(Choice(("rose",)),))
