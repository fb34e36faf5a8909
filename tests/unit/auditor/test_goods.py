"""Products in the auditor's books: counts that are told as sums are added up again from what each review gave."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.auditor.books import Books
from agents.auditor.compare import products
from models.catalog.messages import ProductRated, ProductRemoved, ProductSaved, ProductSold, RestockAwaited
from models.read.facts import Fact

SAVED = ProductSaved(
    store_id="s", price=9_000, flowers={"1": 3}, status="SALE", tax_free=True, category="1", tags=("1", "2"), representative="1"
)


def books(*events: Any) -> Books:
    """What the log says of product ``p``."""
    made = Books()
    for number, event in enumerate(events, 1):
        made.fold(Fact("catalog", "p", number, number, number, f"e{number}", event))
    return made


def rated(review_id: str, rating: int, reviews: int, rating_sum: int) -> ProductRated:
    return ProductRated(store_id="s", review_id=review_id, rating=rating, reviews=reviews, rating_sum=rating_sum)


def row(**change: Any) -> dict[str, Any]:
    """The document as a read model has it."""
    fields = {name: getattr(SAVED, name) for name in SAVED.__struct_fields__}
    return {"product_id": "p", **fields, "tags": ["1", "2"], "sold": 0, "reviews": 0, "rating_sum": 0, "seq": 1, **change}


def wrong(found: Books) -> list[tuple[str, str]]:
    """What can never be right again; who gave what is asked of the reviews themselves in ``test_invariants.py``."""
    return list(found.faults)


def test_a_rating_counts_once_with_what_it_gives_last() -> None:
    told = (SAVED, rated("a", 8, 1, 8), rated("b", 3, 2, 11), rated("a", 10, 2, 13), rated("b", 0, 1, 10))
    assert wrong(books(*told)) == []
    for number, broken in enumerate((rated("a", 8, 2, 16), rated("b", 3, 1, 8), rated("a", 10, 3, 21), rated("b", 0, 2, 10)), 1):
        assert wrong(books(*told[:number], broken)) == [("review_counted_once", f"p/{broken.review_id}")]


def test_a_document_is_held_against_terms_counts_and_state() -> None:
    known = books(SAVED, ProductSold(store_id="s", sold=4), rated("a", 8, 1, 8))
    good = row(sold=4, reviews=1, rating_sum=8, seq=3)
    assert list(products(known, [good])) == []
    for change in ({"sold": 5}, {"reviews": 2}, {"rating_sum": 7}, {"price": 1}, {"tags": ["2"]}, {"status": "DELETED"}):
        assert [(one.invariant, one.id) for one in products(known, [{**good, **change}])] == [("read_products", "p")]
    # What is put off for a second is behind, not wrong for good: its token is where it stands.
    (late,) = products(known, [row(sold=4, seq=2)])
    assert (late.detail, late.token) == ("shown as of event 2, not 3", "2")
    assert [one.detail for one in products(known, [])] == ["not shown"]
    assert [one.detail for one in products(books(), [good])] == ["shown, but never saved"]


def test_who_waits_for_a_product_moves_its_number_alone_and_an_admin_its_state() -> None:
    waited = books(SAVED, RestockAwaited(buyer="ann", at=1))
    assert list(products(waited, [row(seq=2)])) == []
    removed = books(SAVED, ProductRemoved(store_id="s", by="admin"))
    assert list(products(removed, [row(seq=2, status="DELETED")])) == []
    assert [one.invariant for one in products(removed, [row(seq=2)])] == ["read_products"]


def test_another_kind_of_product_under_an_id_begins_anew() -> None:
    other = msgspec.structs.replace(SAVED, kind="subscription")
    known = books(SAVED, ProductSold(store_id="s", sold=4), rated("a", 8, 1, 8), other)
    assert list(products(known, [row(kind="subscription", seq=4)])) == []
