"""Refusals of stores, questions and notices."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "store_exists": Text("이미 가게를 등록했습니다", "You already have a store", "가게 {store_id}", "Store {store_id}"),
    "store_unknown": Text("없는 가게입니다", "There is no such store"),
    "store_invalid": Text("가게 정보를 확인해 주세요", "The store cannot be like this", "{fields}", "{fields}"),
    "not_your_store": Text("다른 판매자의 가게입니다", "The store is another seller's"),
    "store_suspended": Text("이미 정지된 가게입니다", "The store is suspended already"),
    "store_not_suspended": Text("정지되지 않은 가게입니다", "The store is not suspended"),
    "question_unknown": Text("없는 문의입니다", "There is no such question"),
    "question_answered": Text(
        "이미 답변된 문의입니다", "The question has been answered",
        "답변된 문의는 고칠 수 없고 삭제만 할 수 있습니다. 답변은 수정할 수 있습니다.",
        "An answered question can only be deleted; its answer can be edited.",
    ),
    "question_not_answered": Text("아직 답변하지 않은 문의입니다", "The question has no answer yet"),
    "question_invalid": Text("문의 내용을 확인해 주세요", "The question cannot be like this"),
    "question_exists": Text("이미 등록된 문의입니다", "The question is there already"),
    "notice_unknown": Text("없는 공지입니다", "There is no such notice"),
    "notice_invalid": Text("공지 내용을 확인해 주세요", "The notice cannot be like this"),
    "notice_exists": Text("이미 등록된 공지입니다", "The notice is there already"),
}  # fmt: skip
