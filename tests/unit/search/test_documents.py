"""The fold of the logs: last value wins, whatever comes twice or in whatever order of its topics."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from models.catalog.messages import ProductRated, ProductRemoved, ProductSold, RestockAwaited, ReviewPrivate
from models.read.facts import Fact
from models.search.documents import Product, Store, product_after, shown, store_after
from models.stores.messages import StoreRestored, StoreSaved, StoreSuspended
from tests.unit.search.given import NOW, ROSES, STORE, STORE_TEXTS, TEXTS, said, saved

SOLD = ProductSold(store_id="s1", sold=5)
RATED = ProductRated(store_id="s1", reviews=2, rating_sum=17, review_id="r", rating=8)
EVENTS = [said("roses", saved(), 1), said("roses", SOLD, 2), said("roses", RATED, 3)]
PRIVATE = [said("roses", TEXTS, 1, private=True)]


def folded(facts: list[Fact]) -> Product:
    product = Product("roses")
    for fact in facts:
        product = product_after(product, fact)
    return product


def test_a_product_is_what_its_logs_say_in_any_interleaving_and_said_twice() -> None:
    wanted = msgspec.structs.replace(ROSES, seq=3)
    for at in range(4):
        facts = [*EVENTS[:at], *PRIVATE, *EVENTS[at:]]
        assert folded(facts) == wanted
        assert folded([*facts, *facts]) == wanted
        assert folded(list(itertools.chain.from_iterable((one, one) for one in facts))) == wanted


def test_what_says_nothing_new_changes_nothing() -> None:
    product = folded([*EVENTS, *PRIVATE])
    waiting = said("roses", RestockAwaited(buyer="b", at=1), 4)
    for fact in (*EVENTS, *PRIVATE, waiting, said("roses", ReviewPrivate(text="좋아요"), 9, private=True)):
        assert product_after(product, fact) is product
    nothing = Product("review-1")
    assert product_after(nothing, said("review-1", None, 0, private=True)) is nothing


def test_the_first_time_that_it_was_saved_counts() -> None:
    old = folded([said("roses", saved(created=0), 1, at=NOW - 5), said("roses", saved(created=0, price=1), 2, at=NOW + 5)])
    assert (old.created, old.price) == (NOW - 5, 1)
    assert folded([said("roses", saved(representative="", flowers={"4": 1, "2": 1}), 1)]).representative == "4"


@pytest.mark.spec("product W43")
def test_lists_show_only_what_is_whole_ordinary_and_of_an_open_store() -> None:
    product = folded([*EVENTS, *PRIVATE])
    assert shown(product, STORE)
    assert shown(msgspec.structs.replace(product, status="DISCONTINUED"), STORE)
    assert not shown(folded(EVENTS), STORE)
    assert not shown(folded(PRIVATE), STORE)
    assert not shown(msgspec.structs.replace(product, kind="subscription"), STORE)
    assert not shown(msgspec.structs.replace(product, status="DELETED"), STORE)
    assert not shown(product, msgspec.structs.replace(STORE, suspended=True))
    assert not shown(folded([*EVENTS, *PRIVATE, said("roses", ProductRemoved(store_id="s1", by="admin"), 4)]), STORE)
    erased = folded([*EVENTS, *PRIVATE, said("roses", None, 0, private=True), *PRIVATE])
    assert (erased.name, shown(erased, STORE)) == ("", False)


def test_a_store_is_its_name_and_whether_it_is_open() -> None:
    event = StoreSaved(owner="o", delivery_fee=0, free_from=0, cut_off="18:00", threshold=50)
    store = Store("s1")
    for fact in (said("s1", event, 1, domain="stores"), said("s1", STORE_TEXTS, 1, domain="stores", private=True)):
        store = store_after(store, fact)
        assert store_after(store, fact) is store
    assert store == STORE
    assert store_after(store, said("s1", None, 0, domain="stores", private=True)).name == ""
    closed = store_after(store, said("s1", StoreSuspended(by="admin"), 2, domain="stores"))
    assert closed == Store("s1", 2, 1, "봄꽃집", True)
    assert store_after(closed, said("s1", StoreRestored(by="admin"), 3, domain="stores")) == Store("s1", 3, 1, "봄꽃집", False)
    assert store_after(closed, said("s1", StoreSuspended(by="admin"), 2, domain="stores")) is closed
