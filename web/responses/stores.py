"""What is answered to whoever changes stores, questions and notices."""

from __future__ import annotations

import msgspec


class StoreAnswer(msgspec.Struct):
    store_id: str


class QuestionAnswer(msgspec.Struct):
    question_id: str


class NoticeAnswer(msgspec.Struct):
    notice_id: str
