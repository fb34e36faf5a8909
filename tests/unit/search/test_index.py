"""Lists out of a real index in a folder of the test's own."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.search import index
from agents.search.index import Shelf
from agents.search.store import Dirty
from models.read.cursors import BadCursor, pack
from models.search import ranking
from models.search.documents import Product, Store
from models.search.filters import Filters, parsed
from models.search.ranking import FIELDS, MANAGED, SORTS, keys
from models.search.vocabulary import Names
from models.search.wire import Scope
from tests.unit.search.given import STORE, product


def put(shelf: Shelf, products: Iterable[Product], store: Store = STORE) -> None:
    shelf.take([Dirty(mark, one.id, one, store) for mark, one in enumerate(products)], Names())
    shelf.commit()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


def ids(shelf: Shelf, limit: int = 100, **given: str | list[str]) -> list[str]:
    """Of all pages of a public list."""
    return walked(shelf, parsed({name: value if isinstance(value, list) else [value] for name, value in given.items()}), limit)


def walked(shelf: Shelf, filters: Filters, limit: int = 100, scope: Scope = "public") -> list[str]:
    """Of all pages."""
    found: list[str] = []
    totals: set[int] = set()
    cursor = ""
    while True:
        page = shelf.page(filters, limit, cursor, scope)
        assert len(page.items) == limit or not page.next
        found += [msgspec.json.decode(one)["product_id"] for one in page.items]
        totals.add(page.total)
        cursor = page.next
        if not cursor:
            assert totals == {len(found)}, "every page says the same of the whole list"
            return found


SHOP = [
    product("red", name="빨간장미 꽃다발", price=30_000, sold=5),
    product("pink", name="분홍 장미 바구니", flowers={"4": 5}, category="2", tags=("2",), price=50_000, sold=1, summary=""),
    product("tulip", name="봄을 담은 상자", flowers={"16": 3}, category="3", tags=(), price=20_000, sold=9, summary="튤립 한가득"),
    product("wreath", name="축하 화환", flowers={"11": 5}, category="4", tags=("4",), price=100_000, store_id="s2", sold=7),
    product("gone", name="빨간장미 꽃다발", status="DISCONTINUED", price=10_000, sold=100),
]


def test_text_is_found_inside_words_and_by_what_flowers_are_called(shelf: Shelf) -> None:
    put(shelf, SHOP)
    assert set(ids(shelf, text="장미")) == {"red", "pink", "gone"}
    assert set(ids(shelf, text="빨간 장미")) == {"red", "gone"}
    assert set(ids(shelf, text="국화")) == {"wreath"}
    assert set(ids(shelf, text="Tulip")) == {"tulip"}
    assert set(ids(shelf, text="꽃바구니")) == {"pink"}
    assert set(ids(shelf, text="연인")) == {"red", "gone"}
    assert len(ids(shelf, text="봄꽃집")) == 5
    assert ids(shelf, text="해바라기") == []


def test_relevance_goes_before_sold_pieces_and_they_before_nothing(shelf: Shelf) -> None:
    named = product("named", name="튤립 다발", flowers={"16": 1}, sold=0, summary="")
    put(shelf, [*SHOP, named, product("named-too", name="튤립 다발", flowers={"16": 1}, sold=3, summary="")])
    assert ids(shelf, text="튤립") == ["named-too", "named", "tulip"]
    assert ids(shelf, text="튤립", limit=1) == ["named-too", "named", "tulip"]


def test_most_words_will_do_where_none_has_all(shelf: Shelf) -> None:
    put(shelf, SHOP)
    assert ids(shelf, text="축하 화환 아무말") == ["wreath"]
    assert shelf.facets(parsed({"text": ["축하 화환 아무말"]}))["category"] == {"4": 1}
    # Later pages go on with what the first one made do with.
    put(shelf, [product("second", name="축하 화환 큰 것", flowers={"11": 5}, price=90_000)])
    for sort in ({}, {"sort": "LOW"}):
        assert set(ids(shelf, 1, text="축하 화환 아무말", **sort)) == {"wreath", "second"}
    assert ids(shelf, 1, text="축하 화환 아무말", sort="LOW") == ["second", "wreath"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {"red", "pink", "tulip", "wreath", "gone"}),
        ({"category": "1"}, {"red", "gone"}),
        ({"category": "1,3"}, {"red", "gone", "tulip"}),
        ({"category": "-1"}, {"pink", "tulip", "wreath"}),
        ({"tag": "2"}, {"pink"}),
        ({"flower": "rose"}, {"red", "pink", "gone"}),
        ({"flower": ["rose", "18"]}, {"red", "gone"}),
        ({"flower": "rose,16"}, {"red", "pink", "gone", "tulip"}),
        ({"flower": ["rose", "-1"]}, {"pink"}),
        ({"color": "pink"}, {"pink", "tulip"}),
        ({"store": "s2"}, {"wreath"}),
        ({"status": "DISCONTINUED"}, {"gone"}),
        ({"min_price": "20000", "max_price": "50000"}, {"red", "pink", "tulip"}),
        ({"min_price": "100000"}, {"wreath"}),
        ({"max_price": "10000", "status": "SALE"}, set()),
        ({"category": "99"}, set()),
        ({"text": "장미", "flower": "-4", "status": "SALE"}, {"red"}),
    ],
)
def test_filters(shelf: Shelf, given: dict[str, Any], wanted: set[str]) -> None:
    put(shelf, SHOP)
    assert set(ids(shelf, **given)) == wanted


def test_a_card_has_all_that_a_list_shows(shelf: Shelf) -> None:
    put(shelf, SHOP)
    (card,) = shelf.page(parsed({"flower": ["1"], "status": ["SALE"]}), 5).items
    assert msgspec.json.decode(card) == {
        "product_id": "red", "name": "빨간장미 꽃다발", "summary": "안개꽃을 곁들인", "price": 30_000, "store_id": "s1",
        "store_name": "봄꽃집", "thumbnail": "image-1", "sold": 5, "reviews": 2, "average": 4.3, "status": "SALE", "category": "1",
        "tags": ["1"], "flowers": ["1", "18"], "created": SHOP[0].created,
    }  # fmt: skip


def test_facets_count_what_each_value_would_give(shelf: Shelf) -> None:
    put(shelf, SHOP)
    facets = shelf.facets(parsed({"category": ["1"], "status": ["SALE"]}))
    assert facets["category"] == {"1": 1, "2": 1, "3": 1, "4": 1}
    assert facets["flower"] == {"1": 1, "18": 1, "rose": 1}
    assert facets["tag"] == {"1": 1}
    assert facets["color"] == {"red": 1, "white": 1}


@pytest.mark.spec("product W46")
@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_every_order_hold_everything_once(shelf: Shelf, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where many share a value, and where even the bits that tell them apart are the same."""
    monkeypatch.setattr(ranking, "tie", lambda key: int(key) % 40)
    chance = random.Random(sort)
    products = [
        product(
            f"{number}", status=chance.choice(["SALE", "SALE", "DISCONTINUED"]), sold=chance.randrange(3),
            price=chance.randrange(3),
            created=1_600_000_000_000 + chance.randrange(3), reviews=chance.randrange(2),
            rating_sum=chance.randrange(3),
        )
        for number in range(300)
    ]  # fmt: skip
    put(shelf, products)
    field = FIELDS[sort]
    wanted = [one.id for one in sorted(products, key=lambda one: (-keys(one)[field], one.id))]
    for limit in (1, 7, 100):
        assert ids(shelf, limit, sort=sort) == wanted


@pytest.mark.parametrize("given", [{"sort": "SALE"}, {"sort": "RATING"}, {"sort": "LOW"}, {"text": "장미"}])
def test_ids_made_to_share_their_bits_end_no_list(shelf: Shelf, given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "tie", lambda key: 7 if key.startswith("forged") else int(key))
    forged = [product(f"forged-{number:02}") for number in range(40)]
    others = [product(f"{number}", sold=number % 7, price=20_000 + number % 3 * 10_000) for number in range(200)]
    put(shelf, [*reversed(forged), *others])
    whole = ids(shelf, 100, **given)
    assert sorted(whole) == sorted(one.id for one in (*forged, *others))
    assert [one for one in whole if one.startswith("forged")] == [one.id for one in forged]
    for limit in (1, 20):
        assert ids(shelf, limit, **given) == whole


def test_of_more_than_a_list_puts_in_order_some_are_left_out_but_nothing_after_them(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "GROUPS", 30)
    monkeypatch.setattr(ranking, "tie", lambda key: 7 if key.startswith("forged") else int(key))
    put(shelf, [product(f"forged-{number:03}") for number in range(300)] + [product(f"{number}") for number in range(6)])
    found: list[str] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        page = shelf.page(Filters(sort="LOW"), 5, cursor)
        found += [msgspec.json.decode(one)["product_id"] for one in page.items]
        cursor, pages = page.next, pages + 1
    # 22, then 88 of one key are looked at: none twice, and then those below them.
    assert (len(found), len(set(found)), found[-6:]) == (94, 94, ["5", "4", "3", "2", "1", "0"])
    assert pages == 20


def test_the_order_is_the_same_whatever_came_first(tmp_path: Path) -> None:
    """Two hosts, or a host before and after a rebuild: a cursor of one goes on at the other."""
    products = [product(f"p{number}", sold=number % 2) for number in range(60)]
    one, other = Shelf(tmp_path / "one"), Shelf(tmp_path / "other")
    put(one, products)
    for at in range(60, 0, -7):
        put(other, products[max(0, at - 7) : at])
    for given in ({"sort": "SALE"}, {"sort": "NEW"}):
        assert ids(one, 7, **given) == ids(other, 11, **given)
    first = one.page(parsed({"sort": ["SALE"]}), 10)
    second = other.page(parsed({"sort": ["SALE"]}), 10, first.next)
    assert [*first.items, *second.items] == one.page(parsed({"sort": ["SALE"]}), 20).items
    one.close()
    other.close()


def test_a_cursor_belongs_to_its_order(shelf: Shelf) -> None:
    put(shelf, SHOP)
    cursor = shelf.page(Filters(sort="LOW"), 2).next
    for filters, bad in (
        (Filters(sort="HIGH"), cursor), (Filters(text="장미"), cursor), (Filters(), "x"), (Filters(), pack("NEW", "x", "p")),
        (Filters(), pack("NEW", str(1 << 64), "p")), (Filters(text="장미"), pack("relevance", "-1", "1", "p")),
    ):  # fmt: skip
        with pytest.raises(BadCursor):
            shelf.page(filters, 2, bad)


@pytest.mark.spec("product W42")
def test_a_change_takes_the_place_of_what_was_there(shelf: Shelf) -> None:
    put(shelf, SHOP)
    put(shelf, [product("red", status="DELETED"), product("pink", price=1), product("tulip", kind="subscription")])
    assert set(ids(shelf)) == {"pink", "wreath", "gone"}
    assert ids(shelf, max_price="1") == ["pink"]
    put(shelf, [product("pink")], Store("s1", suspended=True))
    assert "pink" not in ids(shelf)
    shelf.take([Dirty(9, "wreath", None, STORE)], Names())
    shelf.commit()
    assert ids(shelf) == ["gone"]


def test_what_is_not_for_everybody_is_in_no_public_list_and_in_those_of_its_seller_and_of_admins(shelf: Shelf) -> None:
    closed = Store("s2", 1, 1, "닫은집", suspended=True)
    put(shelf, SHOP[:3])
    deleted, half = product("deleted", status="DELETED", sold=50), product("half", pseq=0, name="")
    put(shelf, [deleted, half, product("off", status="DISCONTINUED")])
    put(shelf, [SHOP[3], product("shut", store_id="s2", price=1)], closed)
    put(shelf, [product("sub", kind="subscription")])
    public = {"red", "pink", "tulip", "off"}
    for sort in ("", *SORTS, *MANAGED):
        assert set(walked(shelf, Filters(sort=sort), 2)) == public
    for status, wanted in (("SALE", {"red", "pink", "tulip"}), ("DISCONTINUED", {"off"}), ("DELETED", set())):
        assert set(walked(shelf, Filters(status=status))) == wanted
    for hidden in (Filters(store="s2"), Filters(text="축하 화환"), Filters(max_price=1)):
        assert walked(shelf, hidden) == []
    assert shelf.facets(Filters(text="장미"))["category"] == {"1": 2, "2": 1}
    assert shelf.facets(Filters())["category"] == {"1": 2, "2": 1, "3": 1}

    def of(store: str, status: str = "") -> set[str]:
        return set(walked(shelf, Filters(store=store, status=status, sort="ALL_NEW"), 2, "seller"))

    assert of("s1") == public | {"half"}
    assert (of("s1", "SALE"), of("s1", "DELETED")) == ({"red", "pink", "tulip", "half"}, {"deleted"})
    assert (of("s2"), of("s3")) == ({"wreath", "shut"}, set())
    everything = public | {"half", "deleted", "wreath", "shut"}
    assert set(walked(shelf, Filters(sort="TOP_NEW"), 3, "admin")) == everything
    assert walked(shelf, Filters(status="DELETED", sort="TOP_NEW"), 3, "admin") == ["deleted"]
    assert shelf.products == len(everything)
    # Open again, it is everybody's, and a deleted one is nobody's but its seller's.
    put(shelf, [SHOP[3], product("shut", store_id="s2", price=1)])
    put(shelf, [product("red", status="DELETED")])
    assert set(ids(shelf)) == {"pink", "tulip", "off", "wreath", "shut"}
    assert (of("s1", "DELETED"), of("s2")) == ({"deleted", "red"}, {"wreath", "shut"})


@pytest.mark.spec("product W33", "product W46")
@pytest.mark.parametrize("sort", MANAGED)
def test_pages_of_sellers_and_admins_hold_everything_once(shelf: Shelf, sort: str) -> None:
    """Also where more products were made and sold alike than a key has bits to tell apart: an import makes thousands a second."""
    chance = random.Random(sort)
    products = [
        product(
            f"{number}", status=chance.choice(["SALE", "DISCONTINUED", "DELETED"]), sold=chance.randrange(2),
            created=1_600_000_000_000 + chance.randrange(3),
        )
        for number in range(300)
    ]  # fmt: skip
    put(shelf, products)
    field = MANAGED[sort]
    wanted = [one.id for one in sorted(products, key=lambda one: (-keys(one)[field], one.id))]
    for limit in (1, 7, 100):
        assert walked(shelf, Filters(sort=sort), limit, "admin") == wanted
    kept = {one.id for one in products if one.status != "DELETED"}
    assert walked(shelf, Filters(store="s1", sort=sort), 7, "seller") == [one for one in wanted if one in kept]


@pytest.mark.parametrize("forged", ["9" * 21, "9" * 700, "٣", "²", "-1", "1.5", " ", str(1 << 64)])
def test_a_forged_number_is_no_cursor(shelf: Shelf, forged: str) -> None:
    put(shelf, SHOP)
    for sort in (*SORTS, *MANAGED):
        with pytest.raises(BadCursor):
            shelf.page(Filters(sort=sort), 2, pack(sort, forged, "p"), "admin")


def test_an_index_is_opened_again_but_not_one_of_another_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Shelf(tmp_path)
    assert first.fresh
    put(first, SHOP)
    first.close()
    second = Shelf(tmp_path)
    assert (second.fresh, second.products) == (False, 5)
    second.close()
    monkeypatch.setattr(index, "KINDS", ("category", "tag", "flower", "color", "scent"))
    third = Shelf(tmp_path)
    assert (third.fresh, third.products) == (True, 0)
    third.close()
