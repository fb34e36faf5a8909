"""What the web asks, sends and shows of questions to stores and of their notices; and what it shows to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from models.stores.messages import (
    AnswerQuestion,
    AskQuestion,
    DeleteNotice,
    DeleteQuestion,
    EditAnswer,
    EditNotice,
    EditQuestion,
    MarkQuestionRead,
    PostNotice,
)
from tests.unit.web.answering import Page, seller
from tests.unit.web.documents import (
    ADMIN,
    BUYER,
    OTHER_SELLER,
    OTHER_STORE,
    QUESTION,
    SECRET,
    SELLER,
    STORE,
    STRANGER,
    question_document,
)
from web.commands import models_of
from web.reads import About

# -- questions ------------------------------------------------------------------------------------------------------------------


def words(question: dict[str, Any]) -> tuple[Any, ...]:
    return question["hidden"], question["title"], question["content"], question["answer"]


OPEN_WORDS = (False, "언제 오나요", "내일 되나요", "네, 됩니다")
MASKED = (True, "", "", "")


@pytest.mark.spec("store A7")
@pytest.mark.parametrize(
    ("account", "role", "stores", "secret", "mine"),
    [
        ("", "", (), MASKED, False),
        (STRANGER, "buyer", (), MASKED, False),
        (OTHER_SELLER, "seller", (OTHER_STORE,), MASKED, False),
        (BUYER, "seller", (), MASKED, False),
        (BUYER, "buyer", (), OPEN_WORDS, True),
        (SELLER, "seller", (STORE,), OPEN_WORDS, False),
        (ADMIN, "admin", (), OPEN_WORDS, False),
    ],
)
async def test_who_reads_a_secret_question_and_its_answer(
    shop: Page, account: str, role: str, stores: tuple[str, ...], secret: Any, mine: bool
) -> None:
    headers = shop.desk.headers(account, role, stores) if account else None
    status, body, _ = await shop.call("GET", "/products/product-1/questions", headers=headers)
    plain, hidden = body["items"]
    assert (status, body["total"], plain["question_id"], hidden["question_id"]) == (200, 2, QUESTION, SECRET)
    assert (words(plain), words(hidden)) == (OPEN_WORDS, secret)
    assert (plain["mine"], hidden["mine"], hidden["answered"], hidden["secret"]) == (mine, mine, True, True)
    assert (plain["nickname"], hidden["nickname"]) == ("꽃님", "꽃님")
    assert BUYER not in str(body)
    # Whether the store has read it is its own business.
    assert ("read_at" in hidden) is (role == "admin" or STORE in stores)


async def test_what_is_one_persons_is_not_kept_by_caches(shop: Page) -> None:
    url = f"{shop.url}/api/v1/products/product-1/questions"
    async with shop.http.get(url) as answer:
        assert answer.headers["Cache-Control"].startswith("public")
    async with shop.http.get(url, headers=shop.desk.headers()) as answer:
        assert answer.headers["Cache-Control"] == "no-store"


async def test_lists_of_questions_are_of_the_caller(shop: Page) -> None:
    await shop.call("GET", "/questions?answered=false", headers=shop.desk.headers())
    await shop.call("GET", f"/stores/{STORE}/questions?answered=true", headers=seller(shop))
    await shop.call("GET", "/products/product-1/questions")
    await shop.call("GET", "/questions?product_id=product-1&answered=true", headers=shop.desk.headers())
    assert [about for about, _, _ in shop.known.asked] == [
        About(buyer=BUYER, answered=False), About(store_id=STORE, answered=True), About(product_id="product-1"),
        About(buyer=BUYER, product_id="product-1", answered=True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "name"), [("answered=maybe", "answered"), ("product_id=a.b", "product_id"), (f"product_id={'p' * 65}", "product_id")]
)
async def test_a_parameter_that_cannot_be_is_named(shop: Page, query: str, name: str) -> None:
    status, body, _ = await shop.call("GET", f"/questions?{query}", headers=shop.desk.headers())
    assert (status, body["code"], body["details"]["name"], shop.known.asked) == (400, "bad_parameter", name, [])


async def test_a_question_names_its_product_as_it_is_called_now(shop: Page) -> None:
    """Not on the product's own page; the names of a list are one question."""
    shop.known.questions_[SECRET]["product_id"] = "product-2"
    shop.known.questions_["question-3"] = question_document("question-3", secret=False) | {"product_id": "gone"}
    for path, headers in (("/questions", shop.desk.headers()), (f"/stores/{STORE}/questions", seller(shop))):
        shop.known.named.clear()
        status, body, _ = await shop.call("GET", path, headers=headers)
        assert (status, [one["product_name"] for one in body["items"]]) == (200, ["꽃다발 1", "꽃다발 2", ""])
        assert shop.known.named == [("products", ["gone", "product-1", "product-2"])]
    shop.known.details_["product-2"] = {"name": "봄 다발"}
    _, body, _ = await shop.call("GET", f"/stores/{STORE}/questions/{SECRET}", headers=seller(shop))
    assert body["product_name"] == "봄 다발"
    shop.known.named.clear()
    _, body, _ = await shop.call("GET", "/products/product-1/questions")
    assert (["product_name" in one for one in body["items"]], shop.known.named) == ([False] * 3, [])


@pytest.mark.spec("store A2")
async def test_reading_one_marks_nothing_and_only_the_stores_own_are_there(shop: Page) -> None:
    status, body, _ = await shop.call("GET", f"/stores/{STORE}/questions/{SECRET}", headers=seller(shop))
    assert (status, words(body), body["read_at"], shop.sent) == (200, OPEN_WORDS, 2, [])
    headers = seller(shop, OTHER_SELLER, OTHER_STORE)
    assert (await shop.call("GET", f"/stores/{OTHER_STORE}/questions/{SECRET}", headers=headers))[0] == 404


@pytest.mark.spec("store V5", "store M6")
async def test_a_question_goes_to_the_store_that_sells_the_product(shop: Page) -> None:
    body = {"title": "언제", "content": "내일", "secret": True}
    status, _, _ = await shop.call("POST", "/products/product-1/questions", body, shop.desk.headers(key="ask-once-1"))
    ((domain, key, message),) = shop.sent
    asked = AskQuestion(buyer=BUYER, store_id=STORE, product_id="product-1", title="언제", content="내일", secret=True)
    assert (status, domain, message) == (201, "stores", asked)
    # The same wish again is the same question.
    await shop.call("POST", "/products/product-1/questions", body, shop.desk.headers(key="ask-once-1"))
    assert [one for _, one, _ in shop.sent] == [key, key]
    assert (await shop.call("POST", "/products/nothing/questions", body, shop.desk.headers()))[0] == 404
    for field in ("store_id", "nickname", "product_name"):
        status, said, _ = await shop.call("POST", "/products/product-1/questions", {**body, field: "x"}, shop.desk.headers())
        assert (status, said["errors"][0]["code"]) == (422, "unknown_field")
    assert len(shop.sent) == 2


async def test_what_asker_and_store_do_to_a_question(shop: Page) -> None:
    mine, theirs = f"/questions/{QUESTION}", f"/stores/{STORE}/questions/{QUESTION}"
    said = [
        await shop.call("PATCH", mine, {"title": "다시"}, shop.desk.headers()),
        await shop.call("DELETE", mine, None, shop.desk.headers()),
        await shop.call("POST", f"{theirs}/answer", {"content": "네"}, seller(shop)),
        await shop.call("PATCH", f"{theirs}/answer", {"content": "아니요"}, seller(shop)),
        await shop.call("POST", f"{theirs}/read", None, seller(shop)),
    ]
    assert [(status, body.get("code")) for status, body, _ in said] == [
        (200, None),
        (200, None),
        (201, None),
        (200, None),
        (200, None),
    ]
    assert shop.sent == [
        ("stores", QUESTION, EditQuestion(buyer=BUYER, title="다시")),
        ("stores", QUESTION, DeleteQuestion(buyer=BUYER)),
        ("stores", QUESTION, AnswerQuestion(store_id=STORE, content="네")),
        ("stores", QUESTION, EditAnswer(store_id=STORE, content="아니요")),
        ("stores", QUESTION, MarkQuestionRead(store_id=STORE)),
    ]


@pytest.mark.spec("store V5")
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"title": "x" * 51, "content": "x" * 101}, [("/title", "too_long"), ("/content", "too_long")]),
        ({"title": " ", "content": "\n"}, [("/title", "blank"), ("/content", "blank")]),
        ({}, [("/title", "required"), ("/content", "required")]),
    ],
)
async def test_the_words_of_a_question_have_their_bounds(shop: Page, body: Any, errors: list[tuple[str, str]]) -> None:
    status, said, _ = await shop.call("POST", "/products/product-1/questions", body, shop.desk.headers())
    assert (status, [(one["pointer"], one["code"]) for one in said["errors"]], shop.sent) == (422, errors, [])


@pytest.mark.parametrize(
    ("said", "models"),
    [
        ({"store_id": "s"}, ("stores",)),
        ({"question_id": "q"}, ("questions",)),
        ({"notice_id": "n"}, ("notices",)),
        ({}, ("questions", "notices")),
    ],
)
def test_what_a_client_reads_after_a_command(said: dict[str, str], models: tuple[str, ...]) -> None:
    assert models_of("stores", "", said) == models


# -- notices --------------------------------------------------------------------------------------------------------------------


async def test_a_store_tells_its_visitors_something(shop: Page) -> None:
    path = f"/stores/{STORE}/notices"
    status, body, _ = await shop.call("GET", path)
    assert (status, body["total"], body["items"][0]["title"]) == (200, 1, "휴무 안내")
    assert (await shop.call("POST", path, {"title": "휴무", "content": "설"}, seller(shop)))[0] == 201
    await shop.call("PATCH", f"{path}/notice-1", {"content": "추석"}, seller(shop))
    await shop.call("DELETE", f"{path}/notice-1", None, seller(shop))
    assert [(domain, message) for domain, _, message in shop.sent] == [
        ("stores", PostNotice(store_id=STORE, title="휴무", content="설")),
        ("stores", EditNotice(store_id=STORE, content="추석")),
        ("stores", DeleteNotice(store_id=STORE)),
    ]
    assert [key for _, key, _ in shop.sent][1:] == ["notice-1", "notice-1"]


async def test_a_store_that_is_not_registered_has_no_notices(shop: Page) -> None:
    headers = seller(shop, "seller-9", "store-9")
    status, body, _ = await shop.call("POST", "/stores/store-9/notices", {"title": "휴무", "content": "설"}, headers)
    assert (status, body["code"], shop.sent) == (404, "not_found", [])
