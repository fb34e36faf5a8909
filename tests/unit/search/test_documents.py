"""The fold of the logs: last value wins, whatever comes twice or in whatever order of its topics."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from models.catalog.messages import ProductRated, ProductRemoved, ProductSold, RestockAwaited, RestockDropped, ReviewPrivate
from models.read.facts import Fact
from models.search.documents import ERASED, Product, Store, listed, product_after, shown, store_after, upto
from models.search.whole import whole
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
    for fact in (*EVENTS, *PRIVATE, said("roses", ReviewPrivate(text="좋아요"), 9, private=True)):
        assert product_after(product, fact) is product
    # Who waits for it is not its business, but the row's number is: an edit that changes nothing is answered with it.
    waiting = [said("roses", RestockAwaited(buyer="b", at=1), 4), said("roses", RestockDropped(buyer="b"), 5)]
    assert folded([*EVENTS, *PRIVATE, *waiting]) == msgspec.structs.replace(product, seq=5)
    nothing = Product("review-1")
    assert product_after(nothing, said("review-1", None, 0, private=True)) is nothing


def test_the_first_time_that_it_was_saved_counts() -> None:
    old = folded([said("roses", saved(created=0), 1, at=NOW - 5), said("roses", saved(created=0, price=1), 2, at=NOW + 5)])
    assert (old.created, old.price) == (NOW - 5, 1)
    assert folded([said("roses", saved(representative="", flowers={"4": 1, "2": 1}), 1)]).representative == "4"


@pytest.mark.spec("product W43")
def test_of_another_kind_of_product_nothing_is_counted_for_this_one() -> None:
    other = folded([*EVENTS, *PRIVATE, said("roses", saved(kind="subscription"), 4)])
    assert (other.sold, other.reviews, other.rating_sum, other.kind) == (0, 0, 0, "subscription")
    assert folded([*EVENTS, *PRIVATE, said("roses", saved(price=1), 4)]).sold == 5


@pytest.mark.spec("product W49")
def test_its_seller_and_admins_read_all_that_a_product_says() -> None:
    why = msgspec.structs.replace(TEXTS, removal="도용")
    made = saved(minutes=40, version=7, tax_free=True)
    facts = [said("roses", made, 1), *EVENTS[1:], said("roses", ProductRemoved(store_id="s1", by="admin"), 4)]
    told = whole(folded([*facts, said("roses", why, 4, private=True)]))
    assert msgspec.json.decode(msgspec.json.encode(told)) == {
        "product_id": "roses", "store_id": "s1", "kind": "ordinary", "name": "빨간장미 꽃다발", "status": "DELETED",
        "thumbnail": "image-1", "summary": "안개꽃을 곁들인", "description": "긴 글", "images": ["image-2"], "price": 30_000,
        "tax_free": True, "category": "1", "tags": ["1"], "flowers": {"1": 10, "18": 2}, "representative": "1", "minutes": 40,
        "version": 7, "created": NOW, "sold": 5, "reviews": 2, "rating_sum": 17, "average": 4.3, "seq": 4, "removal": "도용",
    }  # fmt: skip


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
    gone = {"name": "", "summary": "", "thumbnail": "", "description": "", "images": ()}
    assert (erased, shown(erased, STORE)) == (msgspec.structs.replace(product, pseq=ERASED, **gone), False)


def test_its_seller_and_admins_see_what_is_no_subscription_whatever_became_of_it() -> None:
    product = folded([*EVENTS, *PRIVATE])
    closed = msgspec.structs.replace(STORE, suspended=True)
    erased = folded([*EVENTS, *PRIVATE, said("roses", None, 0, private=True)])
    removed = folded([*EVENTS, *PRIVATE, said("roses", ProductRemoved(store_id="s1", by="admin"), 4)])
    for one in (product, removed, erased, folded(EVENTS), msgspec.structs.replace(product, status="DISCONTINUED")):
        assert (listed(one), shown(one, closed)) == (True, False)
    assert not listed(folded(PRIVATE))
    assert not listed(msgspec.structs.replace(product, kind="subscription"))


def test_a_product_is_whole_up_to_the_event_whose_texts_are_there_and_counts_have_none() -> None:
    removed = said("roses", ProductRemoved(store_id="s1", by="admin"), 4)
    assert [upto(folded(facts)) for facts in (EVENTS, PRIVATE, [*EVENTS, *PRIVATE], [*EVENTS, *PRIVATE, removed])] == [0, 0, 3, 1]
    assert upto(folded([*EVENTS, removed, said("roses", TEXTS, 4, private=True)])) == 4
    assert upto(folded([*EVENTS, *PRIVATE, said("roses", saved(), 4)])) == 1
    # Folded by a release that did not know it.
    assert upto(Product("roses", seq=3, pseq=1)) == 3


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
