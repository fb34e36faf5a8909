"""Questions to a store about a product, and their answers. Pure (spec store §2.1, A2, A7, V5; rules: docs/stores.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from models.actor import Event, Refusal, Send
from models.kept import ERASE
from models.stores.messages import (
    QUESTION_EVENTS,
    QUESTION_INBOX,
    AnswerEdited,
    AnswerQuestion,
    AskQuestion,
    DeleteQuestion,
    EditAnswer,
    EditQuestion,
    ForgetAsker,
    MarkQuestionRead,
    QuestionAnswered,
    QuestionAsked,
    QuestionDeleted,
    QuestionEdited,
    QuestionPrivate,
    QuestionRead,
)
from models.traces import DropTrace, KeepTrace

MAX_TITLE, MAX_CONTENT, MAX_ANSWER = 50, 100, 1_000
"""Characters (spec frontend §9)."""


class Question(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``answered_at``, ``read_at``: ms, 0: not yet."""

    buyer: str
    store_id: str
    product_id: str
    secret: bool
    text: QuestionPrivate
    answered_at: int = 0
    read_at: int = 0


UNKNOWN = Refusal("question_unknown", 404)
"""Also to whomever it does not concern: a stranger must not learn what exists."""
_replace = msgspec.structs.replace


def decide(question: Question | None, message: QUESTION_INBOX, now: int) -> list[Event] | Refusal:
    """What ``message`` brings about: the asker's or the seller's wish, each only about what is his."""
    if isinstance(message, AskQuestion):
        return _ask(message, now) if question is None else Refusal("question_exists")
    if isinstance(message, ForgetAsker):
        mine = question is not None and question.buyer == message.buyer
        return [QuestionDeleted(at=now, buyer=message.buyer)] if mine else []
    if question is None or not _concerned(question, message):
        return UNKNOWN
    match message:
        case EditQuestion():
            return _edit(question, message, now)
        case DeleteQuestion():
            return [QuestionDeleted(at=now, buyer=message.buyer)]
        case AnswerQuestion(content=content) if not question.answered_at:
            return _texts(question, QuestionAnswered(at=now), answer=content)
        case AnswerQuestion():
            return Refusal("question_answered")
        case EditAnswer(content=content) if question.answered_at:
            return _texts(question, AnswerEdited(at=now), answer=content)
        case EditAnswer():
            return Refusal("question_not_answered")
        case MarkQuestionRead():
            return [] if question.read_at else [QuestionRead(at=now)]


def _concerned(question: Question, message: Any) -> bool:
    if isinstance(message, EditQuestion | DeleteQuestion):
        return bool(message.buyer == question.buyer)
    return bool(message.store_id == question.store_id)


def _ask(message: AskQuestion, now: int) -> list[Event] | Refusal:
    text = QuestionPrivate(title=message.title, content=message.content)
    wrong = faults(text)
    if wrong:
        return Refusal("question_invalid", 422, {"fields": wrong})
    asked = QuestionAsked(
        buyer=message.buyer, store_id=message.store_id, product_id=message.product_id, secret=message.secret, at=now
    )
    return [asked.keeping(text)]


def _edit(question: Question, message: EditQuestion, now: int) -> list[Event] | Refusal:
    if question.answered_at:
        return Refusal("question_answered")
    secret = question.secret if message.secret is None else message.secret
    said = {name: value for name in ("title", "content") if (value := getattr(message, name)) is not None}
    if secret == question.secret and _replace(question.text, **said) == question.text:
        return []
    return _texts(question, QuestionEdited(secret=secret, at=now), **said)


Written = QuestionEdited | QuestionAnswered | AnswerEdited


def _texts(question: Question, event: Written, **said: str) -> list[Event] | Refusal:
    """``event`` with the texts after it."""
    text = _replace(question.text, **said)
    wrong = faults(text, answered="answer" in said)
    return Refusal("question_invalid", 422, {"fields": wrong}) if wrong else [event.keeping(text)]


def faults(text: QuestionPrivate, answered: bool = False) -> list[str]:
    """The names of the texts that cannot be."""
    sound = {
        "title": 0 < len(text.title) <= MAX_TITLE,
        "content": 0 < len(text.content) <= MAX_CONTENT,
        "answer": (not answered or bool(text.answer)) and len(text.answer) <= MAX_ANSWER,
    }
    return [name for name, right in sound.items() if not right]


def evolve(question: Question | None, event: QUESTION_EVENTS) -> Question | None:
    """The question after ``event``; deleted, it is gone."""
    if isinstance(event, QuestionAsked):
        return Question(event.buyer, event.store_id, event.product_id, event.secret, event.kept)
    assert question is not None
    match event:
        case QuestionEdited(secret=secret, kept=text):
            return _replace(question, secret=secret, text=text)
        case QuestionAnswered(at=at, kept=text):
            # Whoever has answered it has read it.
            return _replace(question, answered_at=at, read_at=question.read_at or at, text=text)
        case AnswerEdited(kept=text):
            return _replace(question, text=text)
        case QuestionRead(at=at):
            return _replace(question, read_at=at)
        case QuestionDeleted():
            return None


def route(key: str, event: QUESTION_EVENTS) -> Iterator[Send]:
    """The asker's rows know what they have asked, so that it goes when they leave."""
    match event:
        case QuestionAsked(buyer=buyer):
            yield Send("stores", buyer, KeepTrace(item=key))
        case QuestionDeleted(buyer=buyer) if buyer:
            yield Send("stores", buyer, DropTrace(item=key))


def private(question: Question | None) -> msgspec.Struct:
    """Title, content and answer for ``bb.stores.private``; of a deleted one nothing is left."""
    return ERASE if question is None else question.text
