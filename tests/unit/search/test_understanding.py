"""Who answers a sentence: the model within its budget, what is remembered of it, or the rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisAway

from agents.search.breaker import Breaker
from agents.search.model import ModelAway, said, version
from agents.search.understand import MODEL, RULES, Understanding
from models.read import sentences
from models.search.answer import BadAnswer
from models.search.filters import Choice, Filters
from models.search.sentence import Morpheme
from models.search.vocabulary import Names

SENTENCE = "장미 보여줘"
EMPTY: dict[str, Any] = {
    "flowers": [], "categories": [], "tags": [], "colors": [], "min_price": None, "max_price": None, "sort": None, "keywords": [],
}  # fmt: skip
TULIPS = json.dumps({**EMPTY, "flowers": [{"ids": ["16"], "without": False}]})
BY_MODEL = (Filters(flower=(Choice(("16",)),), status="SALE", sort="SALE"), MODEL)
BY_RULES = (Filters(flower=(Choice(("rose",)),), status="SALE", sort="SALE"), RULES)


class Pipe:
    def __init__(self, redis: Redis) -> None:
        self._redis, self._wanted = redis, list[tuple[str, str]]()

    async def __aenter__(self) -> Pipe:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def incr(self, key: str) -> None:
        self._wanted.append(("incr", key))

    def expire(self, key: str, seconds: int) -> None:
        self._wanted.append(("expire", key))

    async def execute(self) -> list[Any]:
        self._redis.look()
        wanted, self._wanted = self._wanted, []
        return [self._redis.count(key) if what == "incr" else True for what, key in wanted]


class Redis:
    """Keys in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.seconds: dict[str, int] = {}
        self.away = False

    def look(self) -> None:
        if self.away:
            raise RedisAway

    async def get(self, key: str) -> Any:
        self.look()
        return self.kept.get(key)

    async def set(self, key: str, value: bytes, ex: int) -> None:
        self.look()
        self.kept[key], self.seconds[key] = value, ex

    def count(self, key: str) -> int:
        self.kept[key] = int(self.kept.get(key, 0)) + 1
        return int(self.kept[key])

    def pipeline(self, transaction: bool) -> Pipe:
        return Pipe(self)


class Databases:
    """Of which only Redis is asked."""

    prefix = "test"

    def __init__(self) -> None:
        self.redis = Redis()


class Spoken:
    """A model that answers as it is told."""

    def __init__(self, answer: Callable[[], str], delay: float = 0.0) -> None:
        self.answer, self.delay = answer, delay
        self.asked: list[str] = []

    async def complete(self, sentence: str, names: Names, seconds: float) -> str:
        self.asked.append(sentence)
        await asyncio.sleep(self.delay)
        return self.answer()


def analyse(text: str) -> list[Morpheme]:
    return [Morpheme("장미", "NNG", 0), Morpheme("보이", "VV", 3)] if "장미" in text else []


def made(model: Spoken | None, budget: float = 0.8) -> tuple[Understanding, Databases]:
    databases: Any = Databases()
    return Understanding(model, databases, analyse, Names, budget), databases


def fails(error: Exception) -> Callable[[], str]:
    def answer() -> str:
        raise error

    return answer


@pytest.mark.spec("product W35")
async def test_a_sentence_is_asked_once_and_remembered() -> None:
    model = Spoken(lambda: TULIPS)
    understanding, databases = made(model)
    assert await understanding.read(f"  {SENTENCE} ", "v") == BY_MODEL
    assert await understanding.read(SENTENCE, "w") == BY_MODEL
    assert model.asked == [SENTENCE]
    kept = " ".join(map(str, [*databases.redis.kept, *databases.redis.kept.values()]))
    assert not any(word in kept for word in ("장미", "보여"))
    assert sorted(databases.redis.seconds.values()) == [sentences.KEPT]


async def test_those_who_ask_the_same_at_once_are_one_call() -> None:
    model = Spoken(lambda: TULIPS, 0.05)
    understanding, _ = made(model)
    assert await asyncio.gather(*(understanding.read(SENTENCE, f"v{n}") for n in range(5))) == [BY_MODEL] * 5
    assert len(model.asked) == 1


@pytest.mark.spec("product W34", "product W35")
@pytest.mark.parametrize(
    "answer",
    [
        lambda: "장미입니다", lambda: "{}", lambda: TULIPS.replace("16", "99"), fails(BadAnswer("refused")),
        fails(ModelAway("500")), fails(RuntimeError("ours")), lambda: json.dumps(EMPTY),
    ],
)  # fmt: skip
async def test_rules_answer_whenever_the_model_does_not(answer: Callable[[], str]) -> None:
    understanding, _ = made(Spoken(answer))
    assert await understanding.read(SENTENCE, "v") == BY_RULES


@pytest.mark.spec("product W35")
async def test_a_slow_model_is_not_waited_for() -> None:
    model = Spoken(lambda: TULIPS, 5.0)
    understanding, _ = made(model, 0.05)
    async with asyncio.timeout(1):
        assert await understanding.read(SENTENCE, "v") == BY_RULES
    assert len(model.asked) == 1


async def test_without_a_model_or_a_word_nobody_is_asked() -> None:
    understanding, _ = made(None)
    assert await understanding.read(SENTENCE, "v") == BY_RULES
    model = Spoken(lambda: TULIPS)
    understanding, _ = made(model)
    assert (await understanding.read(" \n ", "v"))[1] == RULES
    assert model.asked == []


@pytest.mark.spec("product W35")
async def test_where_nothing_can_be_counted_nothing_is_spent() -> None:
    model = Spoken(lambda: TULIPS)
    understanding, databases = made(model)
    databases.redis.away = True
    assert await understanding.read(SENTENCE, "v") == BY_RULES
    assert model.asked == []
    databases.redis.away = False
    assert await understanding.read(SENTENCE, "v") == BY_MODEL


@pytest.mark.spec("product W35")
async def test_a_visitor_has_his_share_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "PER_VISITOR", 2)
    monkeypatch.setattr(sentences, "PER_DAY", 3)
    model = Spoken(lambda: TULIPS)
    understanding, _ = made(model)
    for number, (visitor, by) in enumerate([("v", MODEL), ("v", MODEL), ("v", RULES), ("v", RULES), ("w", MODEL), ("x", RULES)]):
        assert (await understanding.read(f"장미 {number}", visitor))[1] == by, number
    assert len(model.asked) == 3


async def test_who_does_not_answer_is_left_alone_for_a_while_and_who_answers_badly_is_not() -> None:
    away = Spoken(fails(ModelAway("timeout")))
    understanding, _ = made(away)
    for number in range(8):
        assert (await understanding.read(f"장미 {number}", "v"))[1] == RULES
    assert len(away.asked) == 5
    wrong = Spoken(lambda: "no json")
    understanding, databases = made(wrong)
    for number in range(8):
        assert (await understanding.read(f"장미 {number}", "v"))[1] == RULES
    assert len(wrong.asked) == 8
    assert set(databases.redis.seconds.values()) == {sentences.KEPT_REFUSED}
    # The same sentence is not paid for again at once.
    await understanding.read("장미 0", "v")
    assert len(wrong.asked) == 8


def test_a_breaker_tries_once_in_a_while() -> None:
    breaker = Breaker(limit=2, pause=10.0)
    for now in (1.0, 2.0):
        assert breaker.allows(now)
        breaker.failed(now)
    assert not breaker.allows(11.9)
    assert breaker.allows(12.0)
    assert not breaker.allows(12.0), "one trial at a time"
    breaker.failed(12.5)
    assert not breaker.allows(22.4)
    assert breaker.allows(22.5)
    breaker.released()
    assert breaker.allows(22.5)
    breaker.succeeded()
    assert breaker.allows(22.6)
    assert breaker.allows(22.6)


def test_only_a_whole_answer_is_one() -> None:
    class Thing:
        def __init__(self, **fields: Any) -> None:
            self.__dict__.update(fields)

    def completion(finish: str = "stop", **message: Any) -> Thing:
        return Thing(choices=[Thing(finish_reason=finish, message=Thing(**{"content": "{}", "refusal": None, **message}))])

    assert said(completion()) == "{}"
    for bad in (
        completion("length"), completion("content_filter"), completion(refusal="no"), completion(content=None), Thing(choices=[]),
        Thing(), Thing(choices=None),
    ):  # fmt: skip
        with pytest.raises(BadAnswer):
            said(bad)


def test_answers_to_other_instructions_are_others() -> None:
    assert version(Names()) == version(Names())
    assert version(Names()) != version(Names(tags={"1": "연인"}))
