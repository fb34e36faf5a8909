"""Questions and notices: who may do what to them, and until when (docs/stores.md)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.stores import STORES
from models.actor import Message, Refusal, Send
from models.kept import ERASE
from models.stores.messages import (
    AnswerEdited,
    AnswerQuestion,
    AskQuestion,
    DeleteNotice,
    DeleteQuestion,
    EditAnswer,
    EditNotice,
    EditQuestion,
    ForgetAsker,
    MarkQuestionRead,
    NoticeDeleted,
    NoticeEdited,
    NoticePosted,
    NoticePrivate,
    PostNotice,
    QuestionAnswered,
    QuestionAsked,
    QuestionDeleted,
    QuestionEdited,
    QuestionPrivate,
    QuestionRead,
    SaveStore,
)
from models.traces import DropTrace, KeepTrace
from tests.unit.history import Actor
from tests.unit.shop import NOW

ASK = AskQuestion(
    buyer="ann", store_id="store-rose", product_id="bouquet", title="언제 오나요", content="내일 받을 수 있나요", secret=True
)
TEXT = QuestionPrivate(title="언제 오나요", content="내일 받을 수 있나요")
ANSWER = AnswerQuestion(store_id="store-rose", content="네, 됩니다")
POST = PostNotice(store_id="store-rose", title="휴무", content="추석에 쉽니다")
with_ = msgspec.structs.replace


def asked(*then: Message) -> Actor:
    """A question, and what happened to it since."""
    actor = Actor(STORES, "question", NOW)
    for message in (ASK, *then):
        actor.take(message)
    actor.now = NOW + 9
    return actor


def kept(actor: Actor, event: Any) -> Any:
    return STORES.private("question", actor.states, event)


def test_a_question_is_asked_and_its_words_stay_private() -> None:
    actor = Actor(STORES, "question", NOW)
    (event,) = actor.take(ASK)
    assert event == QuestionAsked(buyer="ann", store_id="store-rose", product_id="bouquet", secret=True, at=NOW)
    assert (kept(actor, event), actor.sends) == (TEXT, [Send("stores", "ann", KeepTrace(item="question"))])
    assert STORES.answer("question", actor.states, None) == {"question_id": "question"}
    public = msgspec.json.encode(event).decode()
    assert "언제" not in public
    assert "내일" not in public


@pytest.mark.spec("store V5")
@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({"title": ""}, ["title"]),
        ({"title": "x" * 51, "content": ""}, ["title", "content"]),
        ({"content": "x" * 101}, ["content"]),
    ],
)
def test_a_question_that_cannot_be(said: dict[str, Any], fields: list[str]) -> None:
    wrong = Refusal("question_invalid", 422, {"fields": fields})
    assert Actor(STORES, "question", NOW).decide(with_(ASK, **said)) == wrong
    actor = asked()
    assert actor.decide(EditQuestion(buyer="ann", **said)) == wrong
    assert actor.state.text == TEXT


def test_its_asker_edits_it_until_it_is_answered() -> None:
    actor = asked()
    (event,) = actor.take(EditQuestion(buyer="ann", content="모레는요", secret=False))
    assert event == QuestionEdited(secret=False, at=NOW + 9)
    assert kept(actor, event) == with_(TEXT, content="모레는요")
    assert actor.take(EditQuestion(buyer="ann", content="모레는요")) == []
    actor.take(ANSWER)
    before = actor.state
    assert actor.refuses(EditQuestion(buyer="ann", content="아니요")) == ("question_answered", 409)
    assert actor.state == before


@pytest.mark.spec("store V5")
def test_it_is_answered_once_and_the_answer_can_be_edited() -> None:
    actor = asked()
    (event,) = actor.take(ANSWER)
    assert event == QuestionAnswered(at=NOW + 9)
    assert kept(actor, event) == with_(TEXT, answer="네, 됩니다")
    assert actor.state.read_at == NOW + 9
    assert actor.refuses(with_(ANSWER, content="둘째")) == ("question_answered", 409)
    (edited,) = actor.take(EditAnswer(store_id="store-rose", content="아니요"))
    assert edited == AnswerEdited(at=NOW + 9)
    assert kept(actor, edited) == with_(TEXT, answer="아니요")
    for content in ("", "x" * 1_001):
        wrong = Refusal("question_invalid", 422, {"fields": ["answer"]})
        assert actor.decide(EditAnswer(store_id="store-rose", content=content)) == wrong
    assert asked().refuses(EditAnswer(store_id="store-rose", content="x")) == ("question_not_answered", 409)


@pytest.mark.spec("store A2")
def test_reading_is_marked_once_by_the_store_alone() -> None:
    actor = asked()
    assert actor.state.read_at == 0
    (event,) = actor.take(MarkQuestionRead(store_id="store-rose"))
    assert event == QuestionRead(at=NOW + 9)
    # The words go out again with every event, so that a read model knows when it has all of a question.
    assert kept(actor, event) == TEXT
    assert actor.take(MarkQuestionRead(store_id="store-rose")) == []


@pytest.mark.parametrize("then", [(), (ANSWER,)], ids=["unanswered", "answered"])
def test_its_asker_deletes_it_with_its_words(then: tuple[Message, ...]) -> None:
    actor = asked(*then)
    (event,) = actor.take(DeleteQuestion(buyer="ann"))
    assert event == QuestionDeleted(at=NOW + 9, buyer="ann")
    assert actor.sends == [Send("stores", "ann", DropTrace(item="question"))]
    assert kept(actor, event) is ERASE
    assert actor.state is None
    assert STORES.answer("question", actor.states, None) == {}
    for message in (DeleteQuestion(buyer="ann"), ANSWER, MarkQuestionRead(store_id="store-rose")):
        assert actor.refuses(message) == ("question_unknown", 404)


@pytest.mark.parametrize("then", [(), (ANSWER,)], ids=["unanswered", "answered"])
def test_it_goes_with_its_answer_when_its_asker_leaves(then: tuple[Message, ...]) -> None:
    actor = asked(*then)
    before = actor.state
    assert actor.take(ForgetAsker(buyer="bob")) == []
    assert actor.state == before
    (event,) = actor.take(ForgetAsker(buyer="ann"))
    assert event == QuestionDeleted(at=NOW + 9, buyer="ann")
    assert (kept(actor, event), actor.state) == (ERASE, None)
    assert actor.take(ForgetAsker(buyer="ann")) == []


@pytest.mark.spec("store A2")
@pytest.mark.parametrize(
    "message",
    [
        EditQuestion(buyer="bob", title="x"),
        DeleteQuestion(buyer="bob"),
        AnswerQuestion(store_id="store-tulip", content="x"),
        EditAnswer(store_id="store-tulip", content="x"),
        MarkQuestionRead(store_id="store-tulip"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_to_strangers_it_is_unknown(message: Message) -> None:
    for actor in (asked(), asked(ANSWER)):
        before = actor.state
        assert actor.refuses(message) == ("question_unknown", 404)
        assert actor.state == before


def test_under_its_key_there_is_no_store() -> None:
    actor = asked()
    before = actor.state
    assert actor.refuses(SaveStore(owner="ann", name="n", delivery_fee=0, free_from=0)) == ("not_found", 404)
    assert actor.refuses(ASK) == ("question_exists", 409)
    assert actor.state == before


# -- notices --------------------------------------------------------------------------------------------------------------------


def posted() -> Actor:
    actor = Actor(STORES, "notice", NOW)
    actor.take(POST)
    actor.now = NOW + 9
    return actor


def test_a_notice_is_posted_edited_and_deleted() -> None:
    actor = Actor(STORES, "notice", NOW)
    (event,) = actor.take(POST)
    assert event == NoticePosted(store_id="store-rose", at=NOW)
    assert kept(actor, event) == NoticePrivate(title="휴무", content="추석에 쉽니다")
    assert STORES.answer("notice", actor.states, None) == {"notice_id": "notice"}
    actor.now = NOW + 9
    (edited,) = actor.take(EditNotice(store_id="store-rose", content="설에 쉽니다"))
    assert edited == NoticeEdited(at=NOW + 9)
    assert kept(actor, edited) == NoticePrivate(title="휴무", content="설에 쉽니다")
    assert actor.take(EditNotice(store_id="store-rose", title="휴무")) == []
    (deleted,) = actor.take(DeleteNotice(store_id="store-rose"))
    assert deleted == NoticeDeleted(at=NOW + 9)
    assert kept(actor, deleted) is ERASE
    assert actor.refuses(EditNotice(store_id="store-rose", title="x")) == ("notice_unknown", 404)


@pytest.mark.parametrize("message", [EditNotice(store_id="store-tulip", title="x"), DeleteNotice(store_id="store-tulip")], ids=str)
def test_another_stores_notice_is_unknown(message: Message) -> None:
    actor = posted()
    before = actor.state
    assert actor.refuses(message) == ("notice_unknown", 404)
    assert actor.state == before


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({"title": ""}, ["title"]),
        ({"title": "x" * 51, "content": "x" * 1_001}, ["title", "content"]),
        ({"content": ""}, ["content"]),
    ],
)
def test_a_notice_that_cannot_be(said: dict[str, Any], fields: list[str]) -> None:
    wrong = Refusal("notice_invalid", 422, {"fields": fields})
    assert Actor(STORES, "notice", NOW).decide(with_(POST, **said)) == wrong
    assert posted().decide(EditNotice(store_id="store-rose", **said)) == wrong


def test_a_notice_is_posted_once() -> None:
    assert posted().refuses(POST) == ("notice_exists", 409)
