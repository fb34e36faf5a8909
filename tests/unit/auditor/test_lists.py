"""Reviews, those who wait, and lists of products held against the books."""

from __future__ import annotations

from typing import Any

from agents.auditor import compare
from agents.auditor.books import Books
from models.catalog.messages import (
    ProductRated,
    ProductRemoved,
    ProductSaved,
    ProductSold,
    RestockAwaited,
    RestockDropped,
    ReviewAllowed,
    ReviewDeleted,
    ReviewEdited,
    ReviewHidden,
    ReviewReplied,
    ReviewWritten,
)
from models.read.facts import Fact
from models.search.documents import Card
from models.stores.messages import StoreRestored, StoreSuspended
from tests.unit.stores.test_store import SAVED as STORE

SAVED = ProductSaved(store_id="s", price=9_000, flowers={"1": 3}, status="SALE", tax_free=False, category="1")
ALLOWED = ReviewAllowed(subject="line", kind="delivery", buyer="ann", store_id="s", product_id="p", at=1)
WRITTEN = ReviewWritten(buyer="ann", store_id="s", product_id="p", rating=9, at=2)


def books(*events: tuple[str, str, Any]) -> Books:
    """What the logs say: domain, key, event."""
    made, last = Books(), dict[tuple[str, str], int]()
    for domain, key, event in events:
        seq = last[domain, key] = last.get((domain, key), 0) + 1
        made.fold(Fact(domain, key, seq, seq, seq, f"{key}{seq}", event))
    return made


def review(*events: Any) -> Books:
    return books(*(("catalog", "r", event) for event in (ALLOWED, *events)))


def row(**change: Any) -> dict[str, Any]:
    """A review as its read model has it."""
    told = {
        "review_id": "r", "product_id": "p", "store_id": "s", "author": "ann", "kind": "delivery", "subject": "line",
        "status": "allowed", "rating": 0, "written_at": 0, "edited_at": 0, "replied_at": 0, "seq": 1,
    }  # fmt: skip
    return {**told, **change}


def test_a_review_is_shown_as_of_its_last_event() -> None:
    life: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}),
        ((WRITTEN,), {"status": "written", "rating": 9, "written_at": 2, "seq": 2}),
        ((WRITTEN, ReviewEdited(product_id="p", rating=4, at=3)), {"rating": 4, "edited_at": 3, "seq": 3}),
        ((WRITTEN, ReviewReplied(store_id="s", at=5)), {"rating": 9, "replied_at": 5, "seq": 3}),
        ((WRITTEN, ReviewHidden(product_id="p", by="admin", at=3)), {"status": "hidden", "rating": 9, "seq": 3}),
        ((WRITTEN, ReviewDeleted(product_id="p", at=3)), {"status": "deleted", "rating": 9, "seq": 3}),
    ]
    for events, change in life:
        written = {"status": "written", "written_at": 2} if events else {}
        assert list(compare.reviews(review(*events), [row(**{**written, **change})])) == []
    known = review(WRITTEN)
    (late,) = compare.reviews(known, [row()])
    assert (late.invariant, late.id, late.token) == ("read_reviews", "r", "1")
    (wrong,) = compare.reviews(known, [row(status="written", rating=8, written_at=2, seq=2)])
    assert wrong.detail == "rating: 9 is shown as 8"
    assert [one.detail for one in compare.reviews(known, [])] == ["not shown"]
    assert [one.detail for one in compare.reviews(books(), [row()])] == ["shown, but never saved"]


def test_who_waits_is_who_the_log_says() -> None:
    waits = [("catalog", "p", event) for event in (SAVED, RestockAwaited(buyer="ann", at=7), RestockAwaited(buyer="bob", at=8))]
    known = books(*waits, ("catalog", "p", RestockDropped(buyer="bob")))
    assert list(compare.restock(known, [("p", "ann", 7)])) == []
    assert [one.id for one in compare.restock(known, [("p", "ann", 7), ("p", "bob", 8)])] == ["p/bob"]
    assert [one.id for one in compare.restock(known, [])] == ["p/ann"]


def card(**change: Any) -> Card:
    """The product as lists have it."""
    told: dict[str, Any] = {
        "product_id": "p", "name": "장미", "summary": "", "price": 9_000, "store_id": "s", "store_name": "꽃집", "thumbnail": "",
        "sold": 4, "reviews": 2, "average": 4.3, "status": "SALE", "category": "1", "tags": (), "flowers": ("1",), "created": 1,
    }  # fmt: skip
    return Card(**{**told, **change})


def test_lists_have_what_is_sold_in_open_stores_as_the_log_has_it() -> None:
    rated = [ProductRated(store_id="s", review_id=f"r{n}", rating=8 + n, reviews=n + 1, rating_sum=8 + 9 * n) for n in range(2)]
    said = [("stores", "s", STORE), *(("catalog", "p", event) for event in (SAVED, ProductSold(store_id="s", sold=4), *rated))]
    known = books(*said)
    assert list(compare.search(known, [card()])) == []
    for change in ({"price": 1}, {"sold": 3}, {"reviews": 1}, {"average": 4.2}, {"status": "DISCONTINUED"}):
        assert [(one.invariant, one.id) for one in compare.search(known, [card(**change)])] == [("read_search", "p")]
    assert [one.id for one in compare.search(known, [])] == ["p"]
    closed = ("stores", "s", StoreSuspended(by="admin", at=1))
    assert list(compare.search(books(*said, closed), [])) == []
    assert list(compare.search(books(*said, closed, ("stores", "s", StoreRestored(by="admin", at=1))), [card()])) == []
    assert list(compare.search(books(*said, ("catalog", "p", ProductRemoved(store_id="s", by="admin"))), [])) == []
