"""What the read models of stores write, from facts in any order: pure."""

from __future__ import annotations

from typing import Any

import pytest

from models.catalog.messages import ProductRated
from models.read import notices, questions, store_ratings, stores
from models.read.facts import Fact
from models.read.mysql import ERASED, Whole, Write
from models.stores.messages import (
    NoticeDeleted,
    NoticeEdited,
    NoticePosted,
    NoticePrivate,
    QuestionAnswered,
    QuestionAsked,
    QuestionDeleted,
    QuestionEdited,
    QuestionPrivate,
    QuestionRead,
    StoreRestored,
    StoreSuspended,
    SuspensionLifted,
)
from tests.unit.shop import NOW
from tests.unit.stores.given import ADMIN, TEXT
from tests.unit.stores.test_store import SAVED


def fact(key: str, seq: int, body: Any, *, private: bool = False, domain: str = "stores") -> Fact:
    return Fact(domain, key, seq, seq, NOW, f"{key}-{seq}", body, private)


def written(writes: list[Write]) -> dict[str, list[tuple[Any, ...]]]:
    """Statement -> rows, of those that have any."""
    return {write.sql: list(write.rows) for write in writes if write.rows}


POLICY = (
    SAVED.owner, 3_000, 50_000, "17:30", 30, "41", "41111", 37.25, 127.05,
    '{"mon":{"opens":"09:00","closes":"19:00"},"sat":{"opens":"10:00","closes":"15:30"}}', 2, 600, NOW,
)  # fmt: skip
WORDS = (
    TEXT.name, TEXT.detail, TEXT.thumbnail, TEXT.phone, TEXT.bank, TEXT.account_number, TEXT.address, "", TEXT.zipcode, "",
)  # fmt: skip


def test_a_stores_policy_status_and_words_are_three_writes() -> None:
    facts = [
        fact("b", 1, SAVED),
        fact("a", 1, SAVED),
        fact("a", 2, StoreSuspended(by=ADMIN, at=NOW)),
        fact("a", 2, TEXT, private=True),
    ]
    assert written(stores.project(facts)) == {
        stores.SAVE: [("a", *POLICY, 1), ("b", *POLICY, 1)],
        stores.STATUS: [("a", "SUSPENDED", 2)],
        stores.NAMES: [("a", *WORDS, 2)],
    }


def test_of_a_batch_the_last_word_counts() -> None:
    facts = [
        fact("a", 1, StoreSuspended(by=ADMIN, at=NOW)),
        fact("a", 2, StoreRestored(by=ADMIN, at=NOW)),
        fact("a", 1, TEXT, private=True),
        fact("a", 2, None, private=True),
    ]
    assert written(stores.project(facts)) == {stores.STATUS: [("a", "OPEN", 2)], stores.ERASE: [("a",)]}
    assert f"pseq = {ERASED}" in stores.ERASE
    # What was erased may be said anew.
    assert written(stores.project([*facts, fact("a", 3, TEXT, private=True)]))[stores.NAMES] == [("a", *WORDS, 3)]


def test_a_store_of_which_one_suspension_is_over_stays_closed() -> None:
    facts = [fact("a", 1, StoreSuspended(by=ADMIN, at=NOW)), fact("a", 2, SuspensionLifted(by=ADMIN, at=NOW, of_owner=True))]
    assert written(stores.project(facts)) == {stores.STATUS: [("a", "SUSPENDED", 2)]}


def test_questions_and_notices_are_no_stores_and_the_other_way_round() -> None:
    asked = QuestionAsked(buyer="ann", store_id="s", product_id="p", secret=False, at=1)
    strangers = [fact("q", 1, asked), fact("n", 1, NoticePosted(store_id="s", at=1)), fact("s", 1, SAVED)]
    assert written(stores.project(strangers[:2])) == {}
    assert written(questions.project(strangers[1:])) == {}
    assert written(notices.project([strangers[0], strangers[2]])) == {}


def test_a_questions_events_each_change_their_own_columns() -> None:
    statements = {kind: statement for kind, (statement, _) in questions.CHANGES.items()}
    facts = [
        fact("q", 1, QuestionAsked(buyer="ann", store_id="s", product_id="p", secret=False, at=1)),
        fact("q", 2, QuestionEdited(secret=True, at=2)),
        fact("q", 3, QuestionRead(at=3)),
        fact("q", 4, QuestionAnswered(at=4)),
        fact("q", 4, QuestionPrivate(title="t", content="c", answer="a"), private=True),
    ]
    assert written(questions.project(facts)) == {
        statements[QuestionAsked]: [("q", "ann", "s", "p", False, 1, 1)],
        statements[QuestionEdited]: [("q", True, 2, 2)],
        statements[QuestionAnswered]: [("q", 4, 4)],
        statements[QuestionRead]: [("q", 3, 3)],
        questions.TEXTS: [("q", "t", "c", "a", 4)],
    }
    deleted = [fact("q", 5, QuestionDeleted(at=5)), fact("q", 5, None, private=True)]
    assert written(questions.project([*facts, *deleted])) == {
        statements[QuestionAsked]: [("q", "ann", "s", "p", False, 1, 1)],
        statements[QuestionEdited]: [("q", True, 2, 2)],
        statements[QuestionAnswered]: [("q", 4, 4)],
        statements[QuestionRead]: [("q", 3, 3)],
        statements[QuestionDeleted]: [("q", 5, 5)],
        questions.ERASE: [("q",)],
    }


def test_a_notices_events() -> None:
    statements = {kind: statement for kind, (statement, _) in notices.CHANGES.items()}
    facts = [
        fact("n", 1, NoticePosted(store_id="s", at=1)),
        fact("n", 1, NoticePrivate(title="t", content="c"), private=True),
        fact("n", 2, NoticeEdited(at=2)),
        fact("n", 2, NoticePrivate(title="t", content="d"), private=True),
    ]
    assert written(notices.project(facts)) == {
        statements[NoticePosted]: [("n", "s", 1, 1)],
        statements[NoticeEdited]: [("n", 2, 2)],
        notices.TEXTS: [("n", "t", "d", 2)],
    }
    deleted = notices.project([fact("n", 3, NoticeDeleted(at=3)), fact("n", 3, None, private=True)])
    assert written(deleted) == {statements[NoticeDeleted]: [("n", 3, 3)], notices.ERASE: [("n",)]}


@pytest.mark.spec("store Q11", "product W44")
def test_ratings_are_absolute_and_stores_are_summed_after_their_products() -> None:
    def rated(product: str, seq: int, store_id: str, reviews: int, rating_sum: int) -> Fact:
        event = ProductRated(store_id=store_id, reviews=reviews, rating_sum=rating_sum, review_id="r", rating=1)
        return fact(product, seq, event, domain="catalog")

    facts = [rated("p2", 3, "s2", 1, 9), rated("p1", 3, "s1", 1, 10), rated("p1", 4, "s1", 2, 13)]
    assert [(write.sql, list(write.rows)) for write in store_ratings.project(facts)] == [
        (store_ratings.PRODUCTS, [("p1", "s1", 2, 13), ("p2", "s2", 1, 9)]),
        (store_ratings.STORES, [("s1",), ("s2",)]),
    ]
    assert (store_ratings.average(2, 13), store_ratings.average(0, 0), store_ratings.average(3, 10)) == (3.25, None, 1.67)


class Cursor:
    """Answers what a table would: key -> LEAST(seq, pseq)."""

    def __init__(self, **rows: int) -> None:
        self.rows, self.asked = rows, list[str]()

    async def execute(self, sql: str, values: list[str]) -> None:
        self.asked = values

    async def fetchall(self) -> list[tuple[str, int]]:
        return [(key, self.rows[key]) for key in self.asked if key in self.rows]


async def test_an_aggregate_is_shown_up_to_the_lower_of_its_two_numbers_and_others_are_passed() -> None:
    model = stores.MODEL.store(None, 1)
    assert isinstance(model, Whole)
    posted = fact("n", 4, NoticePosted(store_id="s", at=1))
    facts = [fact("a", 1, SAVED), fact("b", 2, TEXT, private=True), fact("c", 1, None, private=True), posted]
    cursor = Cursor(a=1, b=0, c=7)
    assert model.asks(facts)
    assert await model.shown(cursor, facts) == {"a": 1, "c": 7, "n": 4}
    assert cursor.asked == ["a", "b", "c"]
    # Where nothing is its own, no question is asked.
    assert not model.asks([posted])
    assert await model.shown(None, [posted]) == {"n": 4}
