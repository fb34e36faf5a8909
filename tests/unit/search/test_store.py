"""What the search process remembers: documents, positions and marks in one step."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agents.search.store import Folded
from models.catalog.messages import Flower, Label, ProductSold, ReferencePrivate
from models.read.facts import EVENTS, PRIVATE, Spot
from models.search.documents import Product, Store
from models.stores.messages import StorePrivate
from tests.unit.search.given import ROSES, STORE_TEXTS, TEXTS, said, saved

CATALOG, CATALOG_PRIVATE, STORES = Spot("catalog", EVENTS, 0), Spot("catalog", PRIVATE, 0), Spot("stores", PRIVATE, 0)


@pytest.fixture
def folded(tmp_path: Path) -> Iterator[Folded]:
    made = Folded(tmp_path)
    yield made
    made.close()


def filled(folded: Folded, *keys: str) -> None:
    facts = [fact for key in keys for fact in (said(key, saved(), 1), said(key, TEXTS, 1, private=True))]
    folded.fold(facts, {CATALOG: len(keys), CATALOG_PRIVATE: len(keys)})


def marked(folded: Folded) -> list[str]:
    return [one.id for one in folded.dirty(0, 100)]


def test_what_is_folded_is_there_after_a_start(tmp_path: Path) -> None:
    first = Folded(tmp_path)
    assert first.positions() == {}
    filled(first, "roses")
    first.fold([said("s1", STORE_TEXTS, 1, domain="stores", private=True)], {STORES: 7})
    first.close()
    second = Folded(tmp_path)
    assert second.positions() == {"catalog.events/0": 1, "catalog.private/0": 1, "stores.private/0": 7}
    (dirty,) = second.dirty(0, 10)
    assert (dirty.product, dirty.store) == (
        Product(**{name: getattr(ROSES, name) for name in Product.__struct_fields__} | {"sold": 0, "reviews": 0, "rating_sum": 0}),
        Store("s1", 0, 1, "봄꽃집"),
    )
    second.close()


def test_a_failure_leaves_nothing_half_done(folded: Folded) -> None:
    filled(folded, "roses")
    before = folded.positions(), marked(folded)
    with pytest.raises(AttributeError):
        folded.fold([said("tulip", saved(), 1), said("reference", object(), 2, private=True)], {CATALOG: 9})
    assert (folded.positions(), marked(folded), folded.count()) == (*before, 1)


def test_a_mark_goes_when_the_index_has_it_and_not_if_it_came_anew(folded: Folded) -> None:
    filled(folded, "a", "b", "c")
    taken = folded.dirty(0, 2)
    assert [one.id for one in taken] == ["a", "b"]
    folded.fold([said("a", ProductSold(store_id="s1", sold=3), 2)], {CATALOG: 4})
    folded.clean(taken[-1].mark)
    assert marked(folded) == ["c", "a"]
    assert [one.product.sold for one in folded.dirty(0, 9) if one.product] == [0, 3]
    # Said again it is nothing new.
    folded.clean(folded.dirty(0, 9)[-1].mark)
    filled(folded, "a", "b", "c")
    assert marked(folded) == []
    folded.mark_all()
    assert marked(folded) == ["a", "b", "c"]


@pytest.mark.spec("product W54")
def test_a_store_s_name_reaches_its_products_and_no_others(folded: Folded) -> None:
    filled(folded, "a", "b")
    folded.fold([said("c", saved(store_id="s2"), 1)], {CATALOG: 3})
    folded.clean(folded.dirty(0, 9)[-1].mark)
    folded.fold([said("s1", StorePrivate(name="새 이름"), 2, domain="stores", private=True)], {STORES: 1})
    assert [(one.id, one.store.name) for one in folded.dirty(0, 9)] == [("a", "새 이름"), ("b", "새 이름")]


@pytest.mark.spec("product W54", "product W36")
def test_a_renamed_tag_and_a_new_flower_reach_every_product(folded: Folded) -> None:
    filled(folded, "a", "b")
    folded.clean(folded.dirty(0, 9)[-1].mark)
    news = ReferencePrivate(
        flowers={"23": Flower(name_ko="백합", name_en="lily")}, tags={"1": Label(name_ko="사랑하는 사람에게", name_en="for a love")}
    )
    fact = said("reference", news, 1, private=True)
    folded.fold([fact], {CATALOG_PRIVATE: 9})
    names = folded.names()
    assert (names.flowers["23"], names.flowers["1"], names.tags["1"]) == ("백합", "빨간 장미", "사랑하는 사람에게")
    assert marked(folded) == ["a", "b"]
    folded.clean(folded.dirty(0, 9)[-1].mark)
    folded.fold([fact], {CATALOG_PRIVATE: 10})
    assert marked(folded) == []


def test_the_index_has_what_is_whole_and_not_marked(folded: Folded) -> None:
    assert folded.indexed("a") == 0
    folded.fold([said("a", saved(), 1)], {CATALOG: 1})
    folded.clean(folded.dirty(0, 9)[-1].mark)
    assert folded.indexed("a") == 0
    folded.fold([said("a", TEXTS, 1, private=True)], {CATALOG_PRIVATE: 1})
    assert folded.indexed("a") == 0
    taken = folded.dirty(0, 9)[-1].mark
    folded.fold([said("a", ProductSold(store_id="s1", sold=3), 2)], {CATALOG: 2})
    folded.clean(taken)
    assert folded.indexed("a") == 0
    folded.clean(folded.dirty(0, 9)[-1].mark)
    assert folded.indexed("a") == 2


def test_products_are_read_beside_the_writer_in_the_order_asked_for(folded: Folded) -> None:
    filled(folded, "a", "b")
    with ThreadPoolExecutor(1) as other:
        folded._db.execute("BEGIN IMMEDIATE")
        folded._products([said("a", saved(price=1), 2)])
        assert [(one.id, one.price) for one in other.submit(folded.products, ["b", "never", "a"]).result(20)] == [
            ("b", 30_000), ("a", 30_000),
        ]  # fmt: skip
        folded._db.execute("COMMIT")
        assert [one.price for one in other.submit(folded.products, ["a"]).result(20)] == [1]
