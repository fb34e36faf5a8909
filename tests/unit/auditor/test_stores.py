"""What the auditor expects the stores' read model to show: the last policy, as of the last event of whatever kind."""

from __future__ import annotations

from typing import Any

from agents.auditor import compare
from agents.auditor.books import Books
from models.read.facts import Fact
from models.stores.messages import StoreSuspended
from tests.unit.shop import NOW
from tests.unit.stores.given import ADMIN
from tests.unit.stores.test_store import SAVED


def test_a_suspension_moves_the_number_on_and_leaves_the_policy() -> None:
    books = Books()
    for seq, event in enumerate((SAVED, StoreSuspended(by=ADMIN, at=NOW)), 1):
        books.fold(Fact("stores", "s", seq, seq, NOW, f"e{seq}", event))
    row: dict[str, Any] = {name: getattr(SAVED, name) for name in SAVED.__struct_fields__}
    row |= {"store_id": "s", "status": "SUSPENDED", "name": "꽃집"}
    assert list(compare.stores(books, [{**row, "seq": 2}])) == []
    stale, differs = list(compare.stores(books, [{**row, "seq": 1}])), list(compare.stores(books, [{**row, "seq": 2, "lat": 1.0}]))
    assert [one.detail for one in stale] == ["shown as of event 1, not 2"]
    assert [one.detail for one in differs] == ["lat: 37.25 is shown as 1.0"]
