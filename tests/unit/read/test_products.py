"""The folds of products, reviews, waiting buyers and reference data: pure, and right whichever half of a thing comes first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.catalog import messages as m
from models.read import products, reference, restock, reviews
from models.read.facts import Fact
from tests.unit.catalog.given import FLOWER, SAVED

TEXT = m.ProductPrivate(name="장미 다발", summary="고백에", images=("i",))


def fact(seq: int, body: Any, key: str = "p", private: bool = False) -> Fact:
    return Fact("catalog", key, seq, seq, 1_000 + seq, f"e{seq}", body, private)


def folded(*facts: Fact, known: dict[str, Any] | None = None) -> dict[str, Any]:
    return products.project(facts, known or {})


SOLD = m.ProductSold(store_id="s", sold=5)
RATED = m.ProductRated(store_id="s", reviews=2, rating_sum=13, review_id="r", rating=4)


def test_a_product_is_its_last_event_its_texts_and_its_counts() -> None:
    said = [fact(1, SAVED), fact(1, TEXT, private=True), fact(2, SOLD), fact(3, RATED)]
    for order in (said, said[1:2] + said[:1] + said[2:], said[::1] + said):
        (document,) = folded(*order).values()
        told = products.told(document)
        assert (told["name"], told["price"], told["tags"], told["images"]) == ("장미 다발", 20_000, ["1", "2"], ["i"])
        assert (told["sold"], told["reviews"], told["average"], told["seq"]) == (5, 2, 3.3, 3)
        assert products._whole(document) == 3


def test_a_document_is_whole_once_its_texts_are_there_and_counts_need_none() -> None:
    document = folded(fact(1, SAVED), fact(2, SOLD))["p"]
    assert products._whole(document) == 0
    document = folded(fact(1, TEXT, private=True), known={"p": document})["p"]
    assert products._whole(document) == 2
    document = folded(fact(3, SAVED), known={"p": document})["p"]
    assert (products._whole(document), document["sold"]) == (1, 5)


def test_a_document_of_before_reads_as_one_without_counts() -> None:
    old = {"_id": "p", "store_id": "s", "price": 1, "flowers": {}, "status": "SALE", "tax_free": False, "category": "",
           "name": "n", "description": "", "thumbnail": "", "seq": 4, "pseq": 4}  # fmt: skip
    told = products.told(old)
    assert (told["kind"], told["sold"], told["average"], told["version"]) == ("ordinary", 0, 0.0, 0)
    assert products._whole(old) == 4
    assert folded(fact(5, SOLD), known={"p": old})["p"]["sold"] == 5


def test_what_is_not_about_a_product_makes_none() -> None:
    saying: Any
    for saying in (m.FlowerSaved(flower_id="1", by="a"), m.ReviewDeleted(product_id="p", at=1)):
        assert folded(fact(1, saying, "r")) == {}
    assert folded(fact(1, m.ReviewPrivate(text="t"), "r", private=True), fact(0, None, "r", private=True)) == {}


def test_a_removed_product_is_deleted_and_does_not_say_why() -> None:
    removed = m.ProductRemoved(store_id="s", by="admin-1")
    why = msgspec.structs.replace(TEXT, removal="남의 사진")
    document = folded(fact(1, SAVED), fact(2, removed), fact(2, why, private=True))["p"]
    assert (document["status"], products._whole(document)) == ("DELETED", 2)
    # Documents of before have it.
    for one in (document, {**document, "removal": "남의 사진"}):
        assert "removal" not in products.told(one)


def test_another_kind_under_the_id_begins_at_nothing() -> None:
    before = folded(fact(1, SAVED), fact(2, SOLD), fact(3, RATED))
    after_ = folded(fact(4, msgspec.structs.replace(SAVED, kind="subscription")), known=before)["p"]
    assert (after_["sold"], after_["reviews"], after_["rating_sum"]) == (0, 0, 0)


@pytest.mark.spec("product W45")
@pytest.mark.parametrize(("count", "total", "stars"), [(0, 0, 0.0), (1, 9, 4.5), (3, 20, 3.3), (2, 19, 4.8), (2, 17, 4.3)])
def test_a_page_says_the_average_that_lists_say(count: int, total: int, stars: float) -> None:
    document = folded(fact(1, SAVED))["p"]
    assert products.told({**document, "reviews": count, "rating_sum": total})["average"] == stars


# -- reviews ----------------------------------------------------------------------------------------------------------------------

NAMES = {
    reviews.ALLOW: "allow", reviews.WRITE: "write", reviews.EDIT: "edit", reviews.REPLY: "reply", reviews.END: "end",
    reviews.TEXTS: "texts",
}  # fmt: skip
ALLOWED = m.ReviewAllowed(subject="line-1", kind="delivery", buyer="ann", store_id="s", product_id="p", at=1)
WRITTEN = m.ReviewWritten(buyer="ann", store_id="s", product_id="p", rating=9, at=2)


def writes(*facts: Fact) -> list[tuple[str, list[Any]]]:
    return [(NAMES[write.sql], list(write.rows)) for write in reviews.project(facts) if write.rows]


def test_a_review_is_written_in_the_order_of_its_life() -> None:
    said = (
        fact(1, ALLOWED, "r"), fact(2, WRITTEN, "r"), fact(2, m.ReviewPrivate(text="t", images=("i",)), "r", private=True),
        fact(3, m.ReviewEdited(product_id="p", rating=4, at=3), "r"), fact(4, m.ReviewReplied(store_id="s", at=4), "r"),
        fact(4, m.ReviewPrivate(text="u", reply="v"), "r", private=True),
        fact(5, m.ReviewHidden(product_id="p", by="a", at=5), "r"), fact(6, m.ReviewDeleted(product_id="p", at=6), "r"),
    )  # fmt: skip
    assert writes(*said) == [
        ("allow", [("r", "p", "s", "ann", "delivery", "line-1", "allowed", 1, 1)]),
        ("write", [("r", "written", 9, 2, 2, 2)]),
        ("edit", [("r", 4, 3, 3, 3)]),
        ("reply", [("r", 4, 4, 4)]),
        ("end", [("r", "deleted", 6, 6)]),
        ("texts", [("r", "u", "[]", "v", "", 4)]),
    ]


def test_what_is_of_products_writes_no_review() -> None:
    assert writes(fact(1, SAVED), fact(1, TEXT, private=True), fact(2, SOLD)) == []
    assert not reviews.MODEL.urgent(fact(2, SOLD))
    assert reviews.MODEL.urgent(fact(1, ALLOWED, "r"))


# -- waiting, reference -----------------------------------------------------------------------------------------------------------


def test_the_last_word_on_waiting_counts() -> None:
    said = (
        fact(1, m.RestockAwaited(buyer="ann", at=7)), fact(2, m.RestockAwaited(buyer="bob", at=8)),
        fact(3, m.RestockDropped(buyer="ann")), fact(4, SOLD),
    )  # fmt: skip
    (write,) = restock.project(said)
    assert write.rows == [("ann", "p", 0, 3), ("bob", "p", 8, 2)]
    assert restock.project([fact(4, SOLD)])[0].rows == []


def test_the_last_record_of_the_reference_counts() -> None:
    first, last = m.ReferencePrivate(flowers={"23": FLOWER}), m.ReferencePrivate(flowers={"24": FLOWER})
    said = [fact(1, first, "reference", True), fact(2, last, "reference", True), fact(9, TEXT, private=True)]
    (write,) = reference.project(said)
    ((key, text, seq),) = write.rows
    assert (key, seq, msgspec.json.decode(text, type=m.ReferencePrivate)) == ("reference", 2, last)
