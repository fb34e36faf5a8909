"""The fold of coupons: editions, names that come apart, and who has what under which terms."""

from __future__ import annotations

from typing import Any

import pytest

from models.inventory import messages as m
from models.read import coupons_fold as fold
from models.read.facts import Fact

CREATED = m.CouponCreated(coupon_id="c", limit=3, discount=5, min_amount=9, starts="2026-11-24", ends="2026-11-30")
EDITED = m.CouponEdited(
    coupon_id="c", edition=1, limit=4, discount=6, min_amount=9, starts="2026-11-24", ends="2026-11-30", by="owner"
)
RENAMED = m.CouponEdited(
    coupon_id="c", edition=0, limit=3, discount=5, min_amount=9, starts="2026-11-24", ends="2026-11-30", by="owner", renamed=True
)
CLAIMED = m.CouponClaimed(coupon_id="c", buyer="ann", issued=1, at=70, edition=1)
HELD: dict[str, Any] = {"order_id": "o", "buyer": "ann", "flowers": {"rose": 1}, "coupon_id": "c"}
DAYS = ("2026-11-24", "2026-11-30")
NAMES = {
    fold.SAVE: "save", fold.TERMS: "terms", fold.CLOSE: "close", fold.NAME: "name", fold.COUNT: "count", fold.CLAIM: "claim",
    fold.GIVE_BACK: "back", fold.MARK: "mark",
}  # fmt: skip


def written(*events: Any) -> dict[str, Any]:
    """Word for the statement -> rows, of the writes that have any; the first event is number 1, at 1001."""
    facts = [
        Fact("inventory", "s", seq, seq, 1_000 + seq, "", event, private=isinstance(event, m.CouponPrivate))
        for seq, event in enumerate(events, 1)
    ]
    return {NAMES[write.sql]: list(write.rows) for write in fold.project(facts) if write.rows}


@pytest.mark.spec("store C11")
@pytest.mark.parametrize(
    ("events", "rows"),
    [
        ([CREATED], {"save": [("c", "s", 3, 5, 9, *DAYS, 0, 1, 1, 1)], "terms": [("c", 0, 5, 9, *DAYS)]}),
        ([CREATED, EDITED], {"save": [("c", "s", 4, 6, 9, *DAYS, 1, 1, 1, 2)],
                             "terms": [("c", 0, 5, 9, *DAYS), ("c", 1, 6, 9, *DAYS)]}),
        # Of one that came in an earlier batch 0 leaves what is there.
        ([EDITED], {"save": [("c", "s", 4, 6, 9, *DAYS, 1, 0, 0, 1)], "terms": [("c", 1, 6, 9, *DAYS)]}),
        ([RENAMED, m.CouponPrivate(coupon_id="c", name="겨울")],
         {"save": [("c", "s", 3, 5, 9, *DAYS, 0, 0, 1, 1)], "terms": [("c", 0, 5, 9, *DAYS)], "name": [("c", "s", "겨울", 2)]}),
        ([m.CouponClosed(coupon_id="c", by="owner")], {"close": [("c", "s", 1, 1)]}),
        ([CLAIMED], {"count": [("c", "s", 1)], "claim": [("c", "ann", "claimed", "", 70, 1, 1)]}),
        ([m.HoldPlaced(**HELD), m.HoldCommitted(**HELD)], {"mark": [("c", "ann", "used", "o", 1_002, 0)]}),
        ([m.HoldPlaced(**HELD), m.HoldReleased(**HELD)], {"mark": [("c", "ann", "claimed", "", 0, 0)]}),
        ([m.StockReturned(**HELD)], {"back": [("c", "ann", "o")]}),
    ],
)  # fmt: skip
def test_what_a_batch_comes_to(events: list[Any], rows: dict[str, Any]) -> None:
    assert written(*events) == rows
