"""Cursors: what clients may send, asked of every list that goes on by a number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.read import accounts, audit, carts, coupons, mysql, notices, questions, restock, reviews, stock, stores
from models.read.cursors import BadCursor, number, pack, unpack
from models.read.questions import About
from models.read.stores import Wanted

Ask = Callable[[str], Awaitable[Any]]
NOWHERE: Any = object()


class Registry:
    """Every read model has its first version."""

    async def version(self, name: str) -> int:
        return 1


def paged() -> dict[str, tuple[Ask, int]]:
    """List -> how it is asked with a cursor, and how many numbers that has; an id follows, but not for coupons.

    Those of products come out of the search index (``tests/unit/search/test_index.py``).
    """
    of: Any = Registry()
    return {
        "accounts": (lambda cursor: accounts.Queries(NOWHERE, of).page("buyer", "", 5, cursor), 1),
        "audit": (lambda cursor: audit.Queries(NOWHERE, of).page("", "", 5, cursor), 1),
        "likes": (lambda cursor: carts.Queries(NOWHERE, of).likes("b", "product", 5, cursor), 1),
        "coupons": (lambda cursor: coupons.Queries(NOWHERE, of).mine("b", 5, cursor), 1),
        "coupons of a store": (lambda cursor: coupons.Queries(NOWHERE, of).all_of_store("s", 5, cursor), 1),
        "coupon holders": (lambda cursor: coupons.Queries(NOWHERE, of).holders("s", "c", 5, cursor), 1),
        "notices": (lambda cursor: notices.Queries(NOWHERE, of).page("s", 5, cursor), 1),
        "questions": (lambda cursor: questions.Queries(NOWHERE, of).page(About(store_id="s"), 5, cursor), 1),
        "restock": (lambda cursor: restock.Queries(NOWHERE, of).of_buyer("b", 5, cursor), 1),
        "reviews": (lambda cursor: reviews.Queries(NOWHERE, of).page("author", "b", "written", "HIGH", 5, cursor), 2),
        "stock history": (lambda cursor: stock.Queries(NOWHERE, of).history("s", "", 5, cursor), 1),
        "stores": (lambda cursor: stores.Queries(NOWHERE, of).page(Wanted(), 5, cursor), 1),
    }


@pytest.mark.parametrize("name", paged())
@pytest.mark.parametrize("forged", ["9" * 19, "9" * 700, "٣", "²", "-1", "1.5", " "])
async def test_a_forged_number_is_no_cursor_and_no_row_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, name: str, forged: str
) -> None:
    async def select(databases: Any, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        assert sql.startswith("SELECT COUNT(*)") or "LIMIT" not in sql
        return [(1,)]

    monkeypatch.setattr(mysql, "select", select)
    ask, numbers = paged()[name]
    for at in range(numbers):
        said = ["1"] * (numbers + (name != "coupons of a store"))
        said[at] = forged
        with pytest.raises(BadCursor):
            await ask(pack(*said))


@pytest.mark.parametrize("cursor", ["!", "a", pack("1"), pack("1", "2", "3"), "/w", "gICA"])
def test_what_is_none_of_ours_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadCursor):
        unpack(cursor, 2)


def test_a_number_comes_back_as_it_went() -> None:
    assert [number(one) for one in ("0", "1753000000000", "9" * 18)] == [0, 1_753_000_000_000, 10**18 - 1]
    assert unpack(pack("1", "꽃"), 2) == ["1", "꽃"]
