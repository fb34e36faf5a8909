"""Products, counts, reviews, waiting and reference data on the real databases: as they are asked for by the web."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.local.stack import Stack
from models.actor import Event, id_of
from models.catalog import messages as m
from models.catalog.image_messages import (
    ImageCallStarted,
    ImageErased,
    ImageExpired,
    ImageForgotten,
    ImageReady,
    ImageRequested,
    OriginalDeleted,
)
from models.read import images, products_list
from models.read.cursors import BadCursor
from models.read.facts import EVENTS, Batch, Fact, Position, Settled, Spot
from models.read.products import LEAST, MODEL
from models.read.reviews import AUTHOR, DATE, HIGH, LOW, PRODUCT, STORE
from models.read.search import Search
from models.search.filters import Filters
from models.search.ranking import MANAGED, SORTS
from models.search.wire import Question
from models.stores.messages import SaveStore, SuspendStore
from tests.integration.reading import Reading, installation
from tests.integration.searching import searching
from tests.unit.catalog.given import FLOWER, SAVE, with_
from web.databases import Databases

ROSE, TULIP = "store-rose", "store-tulip"
MONTHLY = m.SaveProduct(store_id=ROSE, name="달마다", price=30_000, flowers={}, kind="subscription")


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


async def walked(ask: Any, limit: int) -> list[str]:
    """The ids of all pages; each page says the same total."""
    ids: list[str] = []
    cursor, totals = "", set()
    while True:
        page = await ask(limit, cursor)
        ids += [one.get("review_id") or one["product_id"] for one in page[0]]
        totals.add(page[2])
        cursor = page[1]
        if not cursor:
            assert totals == {len(ids)}
            return ids


@pytest.mark.spec("product W43", "product W46", "product W49")
async def test_products_are_listed_by_what_is_asked(reading: Reading, tmp_path: Path) -> None:
    log = reading.log
    log.send("stores", TULIP, SaveStore(owner="t", name="튤립집", delivery_fee=0, free_from=0))
    log.send("stores", TULIP, SuspendStore(by="admin-1", reason="신고"))
    for number in range(7):
        category, flowers = ("1", {"16": 5}) if number % 2 else ("2", {"1": 3, "16": 1})
        log.send("catalog", f"p{number}", with_(SAVE, category=category, flowers=flowers, representative=""))
        for order in range(number % 3):
            log.send("catalog", f"p{number}", m.CountSale(order_id=f"o{order}", quantity=2))
    log.send("catalog", "foreign", with_(SAVE, store_id=TULIP))
    log.send("catalog", "stopped", with_(SAVE, status="DISCONTINUED"))
    log.send("catalog", "removed", SAVE)
    log.send("catalog", "removed", m.CountSale(order_id="o", quantity=99))
    log.send("catalog", "removed", m.RemoveProduct(by="admin-1", reason="도용"))
    log.send("catalog", id_of("subscription", ROSE), MONTHLY)
    log.send("catalog", id_of("subscription", ROSE), m.CountSale(order_id="o", quantity=99))
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    async with searching(reading, tmp_path) as (_, client):
        await _listed(reading, products_list.Queries(client), client)


async def _listed(reading: Reading, lists: products_list.Queries, client: Search) -> None:
    async def of_rose(category: str = "", flower: str = "", status: str = "") -> list[str]:
        return await walked(lambda limit, cursor: lists.of_store(ROSE, category, flower, status, limit, cursor), 3)

    newest = ["stopped", *[f"p{number}" for number in range(6, -1, -1)]]
    assert await of_rose() == newest
    assert await of_rose(category="1", flower="16") == ["p5", "p3", "p1"]
    assert await of_rose(flower="1") == ["stopped", "p6", "p4", "p2", "p0"]
    assert await of_rose(status="DISCONTINUED") == ["stopped"]
    assert await of_rose(status="DELETED") == ["removed"]
    # All that its document in MongoDB says, and why.
    (removed,) = (await lists.of_store(ROSE, "", "", "DELETED", 1, "")).items
    assert (removed["removal"], removed["version"], removed["description"], removed["sold"]) == ("도용", 1, SAVE.description, 99)
    assert removed == {**(await reading.products.one("removed") or {}), "removal": "도용"}
    # Of a suspended store its seller sees everything, and of another's nothing.
    assert await walked(lambda limit, cursor: lists.of_store(TULIP, "", "", "", limit, cursor), 3) == ["foreign"]
    assert await lists.of_store("store-none", "", "", "", 3, "") == ([], "", 0)

    async def of_all(status: str, date: str, sales: str) -> list[str]:
        return await walked(lambda limit, cursor: lists.of_all(status, date, sales, limit, cursor), 4)

    made = [*[f"p{number}" for number in range(7)], "foreign", "stopped", "removed"]
    assert await of_all("", "OLD", "") == made
    assert await of_all("", "NEW", "") == made[::-1]
    assert await of_all("SALE", "OLD", "TOP") == ["p2", "p5", "p1", "p4", "p0", "p3", "p6", "foreign"]
    assert await of_all("SALE", "NEW", "BOTTOM") == ["foreign", "p6", "p3", "p0", "p4", "p1", "p5", "p2"]
    assert await of_all("DELETED", "NEW", "TOP") == ["removed"]
    # Nobody else sees what is removed or of a suspended store, whatever is asked for.
    for sort in ("", *SORTS, *MANAGED):
        for status in ("", "SALE", "DISCONTINUED", "DELETED"):
            public = await client.found(Question(Filters(status=status, sort=sort), 100))
            found = {msgspec.json.decode(one)["product_id"] for one in public.items}
            assert found == {one for one in newest if status in ("", "DISCONTINUED" if one == "stopped" else "SALE")}
            assert (public.total, public.next) == (len(found), "")
    for store_id in (TULIP, "store-none"):
        assert (await client.found(Question(Filters(store=store_id)))).total == 0
    # As the driver reads it, it is to be encoded.
    assert msgspec.json.decode(msgspec.json.encode(await reading.products.one("p1")))["created"] > 1 << 40
    best = [(one["product_id"], one["sold"]) for one in await lists.best_sellers(ROSE)]
    assert best == [("p5", 4), ("p2", 4), ("p4", 2), ("p1", 2)]
    terms = await reading.products.terms([id_of("subscription", ROSE), "p1", "stopped"])
    assert {key: one.on_sale for key, one in terms.items()} == {id_of("subscription", ROSE): False, "p1": True, "stopped": False}
    with pytest.raises(BadCursor):
        await lists.of_all("", "NEW", "TOP", 1, (await lists.of_all("", "NEW", "", 1, "")).cursor)


@pytest.mark.spec("product W38", "product W39")
async def test_counts_are_those_of_the_log_whoever_folds_them_and_however_often(reading: Reading) -> None:
    """Counts are put off: what a projector that ends has not written, its successor finds again."""
    log = reading.log
    log.shop()
    for number in range(3):
        log.place(f"order-{number}", "ann", both=True, quantity=number + 1)
        log.pay(f"order-{number}")
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
        log.cancel_store("order-1", ROSE)
        log.send("catalog", "bouquet", m.EditProduct(store_id=ROSE, version=1, price=21_000))
        for review, rating in (("r1", 9), ("r2", 4), ("r1", 10)):
            log.send("catalog", "bouquet", m.RateProduct(review_id=review, rating=rating))
        await reading.say()
    async with reading.projecting(name="successor") as projector:
        await reading.caught_up(projector)
        found = await reading.products.by_ids(["bouquet", "plant", "basket"])
        assert {key: one["sold"] for key, one in found.items()} == {"bouquet": 4, "plant": 2, "basket": 3}
        bouquet = await reading.products.one("bouquet")
        assert bouquet is not None
        assert (bouquet["price"], bouquet["version"], bouquet["reviews"], bouquet["average"]) == (21_000, 2, 2, 3.5)
        assert bouquet["name"] == "장미 다발"


async def test_counts_of_many_products_are_written_some_at_a_time_and_positions_wait_for_them(reading: Reading) -> None:
    spot, ids = Spot("catalog", EVENTS, 0), [f"p{number:02}" for number in range(2 * LEAST + 1)]
    store = MODEL.store(reading.databases, 1)
    assert await store.positions() == {}
    saved = m.ProductSaved(store_id=ROSE, price=1, flowers={}, status="SALE", tax_free=True, category="1")
    made = [Fact("catalog", one, 1, 1, 1, f"{one}-1", saved) for one in ids]
    await store.store(Batch(made, {spot: Position()}, {spot: Position(1)}))
    assert await store.settle({spot: Position(1)}) == Settled({spot: Position(1)})

    async def sold() -> list[int]:
        found = await reading.products.by_ids(ids)
        return [found[one]["sold"] for one in ids]

    def sales(seq: int) -> list[Fact]:
        return [Fact("catalog", one, seq, seq, seq, f"{one}-{seq}", m.ProductSold(store_id=ROSE, sold=seq)) for one in ids]

    await store.store(Batch(sales(2), {spot: Position(1)}, {spot: Position(2)}))
    assert await store.settle({spot: Position(2)}) == Settled({}, left=True)
    assert await sold() == [2] * LEAST + [0] * (LEAST + 1)
    # One that ends here is read again from where nothing was late.
    assert await MODEL.store(reading.databases, 1).positions() == {spot: Position(1)}
    # What is late longest goes first, and with its newest count.
    await store.store(Batch(sales(3)[LEAST:], {spot: Position(2)}, {spot: Position(3)}))
    assert await store.settle({spot: Position(3)}) == Settled({}, left=True)
    assert await sold() == [2] * LEAST + [3] * LEAST + [0]
    assert await store.settle({spot: Position(3)}) == Settled({spot: Position(3)})
    assert await sold() == [2] * LEAST + [3] * (LEAST + 1)
    assert await MODEL.store(reading.databases, 1).positions() == {spot: Position(3)}
    # However many are always late: the positions move on with what was late when they were reached, and a rebuild hears of it.
    noted, told = [], []
    for seq in range(4, 24):
        await store.store(Batch(sales(seq), {spot: Position(seq - 1)}, {spot: Position(seq)}))
        upto, left = await store.settle({spot: Position(seq)})
        assert left
        told.append(upto[spot].next if upto else 0)
        noted.append((await MODEL.store(reading.databases, 1).positions())[spot].next)
    assert noted == [3, 3, *[4] * 3, *[7] * 3, *[10] * 3, *[13] * 3, *[16] * 3, *[19] * 3]
    assert told == [0, 0, 4, 0, 0, 7, 0, 0, 10, 0, 0, 13, 0, 0, 16, 0, 0, 19, 0, 0]
    while (await store.settle({spot: Position(23)})).left:
        pass
    assert await sold() == [23] * len(ids)
    assert await MODEL.store(reading.databases, 1).positions() == {spot: Position(23)}


async def test_a_row_of_an_image_has_the_number_of_its_last_event_whatever_it_was(reading: Reading) -> None:
    """Who finishes an upload a second time waits for it."""
    spot, store = Spot("catalog", EVENTS, 0), images.MODEL.store(reading.databases, 1)
    ready = ImageReady(digest="d", width=4, height=3)
    await store.positions()
    for seq, event in enumerate((ready, ImageCallStarted(call="discard", attempt=1, until=9), OriginalDeleted()), 1):
        said = Fact("catalog", "image-1", seq, seq, seq, f"i-{seq}", event)
        assert await store.store(Batch([said], {spot: Position(seq - 1)}, {spot: Position(seq)})) == {"image-1": seq}
        found = await images.Queries(reading.databases, reading.registry).by_ids(["image-1"])
        assert [(one["status"], one["digest"], one["seq"]) for one in found.values()] == [("ready", "d", seq)]


async def test_of_an_image_that_is_forgotten_no_row_is_left(reading: Reading) -> None:
    spot, store = Spot("catalog", EVENTS, 0), images.MODEL.store(reading.databases, 1)
    asked = images.Queries(reading.databases, reading.registry)
    anew = ImageRequested(owner="ann", purpose="review", content_type="image/png", size=5, at=9)
    await store.positions()

    async def hears(first: int, *events: Event) -> list[tuple[str, int]]:
        """Status and seq of what is shown after ``events``."""
        said = [Fact("catalog", "image-1", seq, seq, seq, f"i-{seq}", event) for seq, event in enumerate(events, first)]
        await store.store(Batch(said, {spot: Position(first - 1)}, {spot: Position(first + len(said) - 1)}))
        return [(one["status"], one["seq"]) for one in await asked.dump()]

    assert await hears(1, ImageReady(digest="d", width=4, height=3), ImageErased()) == [("erased", 2)]
    assert await hears(3, OriginalDeleted(at=7)) == [("erased", 3)]
    assert await hears(4, ImageForgotten()) == []
    assert await hears(5, anew) == [("requested", 5)]
    assert await hears(6, ImageExpired(), ImageForgotten(), anew) == [("requested", 8)]
    assert await hears(9, ImageExpired(), OriginalDeleted(at=7), ImageForgotten()) == []


@pytest.mark.spec("product W47")
async def test_reviews_are_listed_whole_and_in_every_order(reading: Reading) -> None:
    log = reading.log
    ids = [id_of("review", f"line-{number}") for number in range(9)]
    for number, review in enumerate(ids):
        buyer, product = ("ann", "bouquet") if number < 7 else ("bob", "plant")
        allow = m.AllowReview(subject=f"line-{number}", kind="delivery", buyer=buyer, store_id=ROSE, product_id=product)
        log.send("catalog", review, allow)
        if number == 6:
            continue
        images = tuple(f"image-{at}" for at in range(number % 4))
        log.send("catalog", review, m.WriteReview(buyer=buyer, rating=1 + number % 3, text=f"후기 {number}", images=images))
    log.send("catalog", ids[0], m.EditReview(buyer="ann", rating=10, text="고침"))
    log.send("catalog", ids[0], m.ReplyToReview(store_id=ROSE, text="감사합니다"))
    log.send("catalog", ids[1], m.HideReview(by="admin-1", reason="욕설"))
    log.send("catalog", ids[2], m.DeleteReview(buyer="ann"))
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    reviews = reading.reviews

    async def listed(whose: str, ident: str, order: str, status: str = "written") -> list[int]:
        found = await walked(lambda limit, cursor: reviews.page(whose, ident, status, order, limit, cursor), 2)
        return [ids.index(one) for one in found]

    assert await listed(PRODUCT, "bouquet", DATE) == [5, 4, 3, 0]
    assert await listed(PRODUCT, "bouquet", HIGH) == [0, 5, 4, 3]
    assert await listed(PRODUCT, "bouquet", LOW) == [3, 4, 5, 0]
    assert await listed(STORE, ROSE, DATE) == [8, 7, 5, 4, 3, 0]
    assert await listed(AUTHOR, "bob", DATE) == [8, 7]
    assert await listed(AUTHOR, "ann", DATE, "allowed") == [6]
    assert await listed(AUTHOR, "ann", DATE, "hidden") == [1]
    first = await reviews.one(ids[0])
    assert first is not None
    assert (first["text"], first["reply"], first["stars"], first["seq"]) == ("고침", "감사합니다", 5.0, 4)
    gone = await reviews.one(ids[2])
    assert gone is not None
    assert (gone["status"], gone["text"], gone["seq"]) == ("deleted", "", 3)
    third = await reviews.one(ids[3])
    assert third is not None
    assert third["images"] == ["image-0", "image-1", "image-2"]


async def test_who_waits_and_what_admins_have_said(reading: Reading) -> None:
    log = reading.log
    for number in range(5):
        log.send("catalog", f"p{number}", with_(SAVE, status="DISCONTINUED"))
        log.send("catalog", f"p{number}", m.RegisterRestock(buyer="ann"))
    log.send("catalog", "p1", m.CancelRestock(buyer="ann"))
    log.send("catalog", "p1", m.RegisterRestock(buyer="bob"))
    log.send("catalog", m.REFERENCE, m.SaveFlower(flower_id="23", flower=FLOWER, by="admin-1"))
    log.send("catalog", m.REFERENCE, m.SaveTag(tag_id="1", label=m.Label(name_ko="사랑", name_en="love"), by="admin-1"))
    assert await reading.restock.one("ann", "p0") is None
    assert len((await reading.reference.now())[0].flowers) == 22
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    waits = reading.restock
    assert await walked(lambda limit, cursor: waits.of_buyer("ann", limit, cursor), 2) == ["p4", "p3", "p2", "p0"]
    dropped = await waits.one("ann", "p1")
    assert dropped is not None
    assert (dropped.at, dropped.seq) == (0, 3)
    assert [product for product, buyer, _ in await waits.dump() if buyer == "bob"] == ["p1"]
    known, seq = await reading.reference.now()
    assert (known.flowers["23"], known.tags["1"].name_ko, len(known.tags), seq) == (FLOWER, "사랑", 7, 2)
    asked = Databases(msgspec.structs.replace(reading.settings))
    try:
        assert await asked.reference_seq() == 2
        assert (await asked.reference()).flowers["23"] == FLOWER
        assert (await asked.restock_alert("bob", "p1") or {})["at"] > 0
    finally:
        await asked.stop()


async def test_a_document_is_found_by_its_id_without_a_look_at_the_others(reading: Reading) -> None:
    """FerretDB as it is published scans (deploy/local/ferretdb/mend.json): a page of 10,000 products' cost 130 ms of its CPU."""
    reading.log.shop()
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)
    for also in ({}, {"seq": 1, "pseq": 1}):
        find = {"find": "products_1", "filter": {"_id": "bouquet", **also}, "limit": 1}
        (plan,) = (await reading.databases.mongo.command({"explain": find}))["queryPlanner"]["Plan"]
        assert "USING INDEX" in plan
    # What the index finds is held against the rest of the filter.
    products = reading.databases.mongo["products_1"]
    assert await products.find_one({"_id": "bouquet", "seq": 99}) is None
    assert (await products.update_one({"_id": "bouquet", "seq": {"$lt": 1}}, {"$set": {"sold": 1}})).matched_count == 0
    assert (await products.update_one({"_id": "bouquet", "seq": {"$lt": 99}}, {"$set": {"sold": 1}})).matched_count == 1
