"""Stores, questions and notices in MySQL as the web asks for them: found to the metre, sorted, masked by nobody but the web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local.stack import Stack
from models.catalog.messages import ProductRated
from models.read import store_ratings
from models.read.facts import Batch, Fact, Position, Spot
from models.read.questions import About
from models.read.stores import Wanted
from models.stores.messages import (
    AnswerQuestion,
    AskQuestion,
    ChangeStore,
    DeleteNotice,
    DeleteQuestion,
    EditNotice,
    MarkQuestionRead,
    PostNotice,
    RegisterStore,
    RestoreStore,
    StoreProfile,
    SuspendStore,
)
from tests.integration.reading import Reading, installation
from tests.unit.stores.given import ADMIN, PROFILE
from tests.unit.stores.test_near import LAT, LON, aside
from web.databases import Databases
from web.reads import BadCursor


@pytest.fixture
async def reading(stack: Stack) -> AsyncIterator[Reading]:
    async with installation(stack) as made:
        yield made


@pytest.fixture
async def asked(reading: Reading) -> AsyncIterator[Databases]:
    made = Databases(reading.settings)
    yield made
    await made.stop()


def register(reading: Reading, store_id: str, **said: Any) -> None:
    """A store of its own seller, as ``given.PROFILE`` but for ``said``."""
    profile = StoreProfile(**{name: said.get(name, getattr(PROFILE, name)) for name in PROFILE.__struct_fields__})
    reading.log.send("stores", store_id, RegisterStore(owner=f"owner-of-{store_id}", profile=profile))


async def project(reading: Reading) -> None:
    await reading.say()
    async with reading.projecting() as projector:
        await reading.caught_up(projector)


async def walked(asked: Databases, wanted: Wanted, limit: int) -> list[str]:
    """The ids of all pages; each says how many there are."""
    found: list[str] = []
    totals: set[int] = set()
    cursor = ""
    while True:
        items, cursor, total = await asked.stores(wanted, limit, cursor)
        found += [one["store_id"] for one in items]
        totals.add(total)
        if not cursor:
            assert totals == {len(found)}
            return found


@pytest.mark.spec("store Q1", "store Q2")
async def test_near_is_a_circle_with_real_distances_nearest_first(reading: Reading, asked: Databases) -> None:
    places = {
        "edge": (2000.0 - 0.01, 10), "beyond": (2001.0, 190), "corner": (2400.0, 45), "north": (140.0, 0), "east": (151.0, 90),
        "west": (900.0, 270),
    }  # fmt: skip
    for store_id, (metres, degrees) in places.items():
        lat, lon = aside(metres, degrees)
        register(reading, store_id, lat=lat, lon=lon, address=f"주소 {store_id}")
    reading.log.shop()
    await project(reading)

    async def near(metres: int) -> list[tuple[str, int]]:
        return [(one["store_id"], one["distance"]) for one in await asked.stores_near(LAT, LON, metres)]

    assert await near(2_000) == [("north", 140), ("east", 151), ("west", 900), ("edge", 2_000)]
    assert await near(150) == [("north", 140)]
    # Each with its own address: in the original they were joined by the wrong key.
    assert {one["store_id"]: one["address"] for one in await asked.stores_near(LAT, LON, 2_000)}["west"] == "주소 west"
    reading.log.send("stores", "north", SuspendStore(by=ADMIN, reason="신고"))
    await project(reading)
    assert await near(150) == []


@pytest.mark.spec("store Q10", "store Q11")
async def test_lists_by_region_rating_and_age_page_by_page(reading: Reading, asked: Databases) -> None:
    for number, (sido, gugun) in enumerate([("11", "11680"), ("11", "11710"), ("41", "41111"), ("11", "11680"), ("11", "11110")]):
        register(reading, f"s{number}", sido=sido, gugun=gugun)
    await project(reading)
    await rate(reading, {"p1": ("s1", 2, 18), "p2": ("s1", 1, 3), "p3": ("s3", 1, 8), "p4": ("s4", 10, 81)})
    # s4: 8.1 half stars, s3: 8, s1: 21 in 3 reviews, which is 7 and not the mean of its products; the others have none.
    best = ["s4", "s3", "s1", "s0", "s2"]
    newest = ["s4", "s3", "s2", "s1", "s0"]
    for limit in (1, 2, 5, 6):
        assert await walked(asked, Wanted(), limit) == best
        assert await walked(asked, Wanted(sort="DATE"), limit) == newest
    assert await walked(asked, Wanted(sido="11"), 2) == ["s4", "s3", "s1", "s0"]
    assert await walked(asked, Wanted(sido="11", gugun="11680", sort="DATE"), 1) == ["s3", "s0"]
    shown = await asked.store("s1")
    assert shown is not None
    assert (shown["reviews"], shown["rating"]) == (3, 3.5)
    await rate(reading, {"p2": ("s1", 0, 0), "p1": ("s1", 1, 10)})
    shown = await asked.store("s1")
    assert shown is not None
    assert (shown["reviews"], shown["rating"]) == (1, 5.0)
    for cursor in ("no-cursor", "eB9zMQ"):
        with pytest.raises(BadCursor):
            await asked.stores(Wanted(), 5, cursor)


async def rate(reading: Reading, figures: dict[str, tuple[str, int, int]]) -> None:
    """What the catalogue says of products, stored as the projector does it: product -> (store, reviews, half stars)."""
    model = store_ratings.MODEL.store(reading.databases, await reading.registry.version("store_ratings"))
    at = dict(await model.positions())
    spot = Spot("catalog", "events", 0)
    before = at.get(spot, Position())
    said = {
        product: ProductRated(store_id=store, reviews=many, rating_sum=halves, review_id="r", rating=1)
        for product, (store, many, halves) in figures.items()
    }
    facts = [Fact("catalog", product, 1, 1, 1, product, event) for product, event in said.items()]
    await model.store(Batch(facts, {spot: before}, {spot: Position(before.next + len(facts))}))


async def test_a_suspended_store_leaves_lists_and_takes_no_orders_but_keeps_its_page(reading: Reading, asked: Databases) -> None:
    register(reading, "s1")
    register(reading, "s2")
    reading.log.send("stores", "s1", SuspendStore(by=ADMIN, reason="신고가 많습니다"))
    await project(reading)
    assert await walked(asked, Wanted(), 5) == ["s2"]
    assert await walked(asked, Wanted(status=""), 5) == ["s1", "s2"]
    assert await walked(asked, Wanted(status="SUSPENDED"), 5) == ["s1"]
    assert {one: terms.open for one, terms in (await asked.store_terms(["s1", "s2", "s3"])).items()} == {"s1": False, "s2": True}
    shown = await asked.store("s1")
    assert shown is not None
    assert (shown["status"], shown["reason"], shown["seq"], shown["hours"]["sat"]) == (
        "SUSPENDED", "신고가 많습니다", 2, {"opens": "10:00", "closes": "15:30"},
    )  # fmt: skip
    reading.log.send("stores", "s1", ChangeStore(by="owner-of-s1", profile=StoreProfile(name="새 이름")))
    reading.log.send("stores", "s1", RestoreStore(by=ADMIN))
    await project(reading)
    shown = await asked.store("s1")
    assert shown is not None
    assert (shown["status"], shown["reason"], shown["name"], shown["lat"]) == ("OPEN", "", "새 이름", PROFILE.lat)
    assert await walked(asked, Wanted(), 5) == ["s1", "s2"]
    assert (await asked.store_terms(["s1"]))["s1"].open


async def test_questions_newest_first_with_what_became_of_them(reading: Reading, asked: Databases) -> None:
    log = reading.log
    for number in range(5):
        product, buyer = f"p{number % 2}", "ann" if number < 3 else "bob"
        question = AskQuestion(
            buyer=buyer, store_id="s1", product_id=product, title=f"t{number}", content=f"c{number}", secret=number == 1
        )
        log.send("stores", f"q{number}", question)
    log.send("stores", "q0", AnswerQuestion(store_id="s1", content="a0"))
    log.send("stores", "q1", MarkQuestionRead(store_id="s1"))
    log.send("stores", "q2", DeleteQuestion(buyer="ann"))
    await project(reading)

    async def ids(limit: int = 10, **about: Any) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            items, cursor, total = await asked.questions(About(**about), limit, cursor)
            found += [one["question_id"] for one in items]
            if not cursor:
                assert total == len(found)
                return found

    for limit in (1, 2, 10):
        assert await ids(limit, store_id="s1") == ["q4", "q3", "q1", "q0"]
    assert await ids(product_id="p0") == ["q4", "q0"]
    assert await ids(buyer="ann") == ["q1", "q0"]
    assert [await ids(buyer="ann", product_id=product) for product in ("p0", "p1", "p2")] == [["q0"], ["q1"], []]
    assert await ids(buyer="ann", product_id="p0", answered=False) == []
    assert await ids(store_id="s1", answered=True) == ["q0"]
    assert await ids(store_id="s1", answered=False, limit=2) == ["q4", "q3", "q1"]
    assert await ids(store_id="s2") == []
    first, second = await asked.question("q0"), await asked.question("q1")
    assert first is not None
    assert second is not None
    assert (first["answer"], first["answered_at"] > first["asked_at"], first["read_at"] > 0) == ("a0", True, False)
    assert (second["secret"], second["read_at"] > 0, second["title"], second["answer"]) == (True, True, "t1", "")
    assert await asked.question("q2") is None
    # What a client that wrote waits for: each is shown up to its last event, whatever kind it is of.
    assert [await asked.shelved(key) for key in ("q0", "q1", "nothing")] == [2, 2, 0]
    assert await asked.shelved("q2") >= 2
    # Of a deleted question no word is left in the database.
    async with (await reading.databases.mysql()).acquire() as connection, connection.cursor() as cursor:
        await cursor.execute("SELECT title, content, answer FROM questions_1 WHERE question_id = 'q2'")
        assert await cursor.fetchall() == (("", "", ""),)


async def test_notices_of_a_store(reading: Reading, asked: Databases) -> None:
    log = reading.log
    for number in range(3):
        log.send("stores", f"n{number}", PostNotice(store_id="s1", title=f"t{number}", content=f"c{number}"))
    log.send("stores", "n0", EditNotice(store_id="s1", content="neu"))
    log.send("stores", "n1", DeleteNotice(store_id="s1"))
    await project(reading)
    items, cursor, total = await asked.notices("s1", 1, "")
    assert ([(one["notice_id"], one["title"], one["content"]) for one in items], total) == ([("n2", "t2", "c2")], 2)
    items, cursor, total = await asked.notices("s1", 1, cursor)
    assert [(one["notice_id"], one["content"], one["edited_at"] > 0) for one in items] == [("n0", "neu", True)]
    assert (cursor, total, await asked.notices("s2", 5, "")) == ("", 2, ([], "", 0))
    assert [await asked.shelved(key) for key in ("n0", "n2")] == [2, 1]


async def test_a_rebuild_shows_the_same(reading: Reading, asked: Databases) -> None:
    """From offset 0, events and words again: nothing that was deleted comes back."""
    from agents.rebuild import rebuild

    register(reading, "s1")
    reading.log.send("stores", "s1", SuspendStore(by=ADMIN, reason="신고"))
    for number in range(2):
        question = AskQuestion(buyer="ann", store_id="s1", product_id="p", title="t", content="c")
        reading.log.send("stores", f"q{number}", question)
    reading.log.send("stores", "q0", DeleteQuestion(buyer="ann"))
    await project(reading)
    before = await asked.store("s1"), await asked.questions(About(store_id="s1"), 5, "")
    models = ("stores", "questions", "notices", "store_ratings")
    assert await asyncio.gather(*(rebuild(reading.settings, model) for model in models)) == [2, 2, 2, 2]
    fresh = Databases(reading.settings)
    try:
        assert (await fresh.store("s1"), await fresh.questions(About(store_id="s1"), 5, "")) == before
    finally:
        await fresh.stop()
