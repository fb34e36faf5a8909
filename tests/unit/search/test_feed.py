"""The write pass of the search process: what is folded while it writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from agents.search import feed
from agents.search.feed import Feed
from agents.search.serve import Searching
from models.catalog.messages import Label, ReferencePrivate
from models.read.facts import EVENTS, PRIVATE, Fact, Spot
from models.search.filters import parsed
from models.search.wire import Awaited
from models.settings import Settings
from tests.unit.search.given import TEXTS, said, saved

CATALOG, TEXTS_OF = Spot("catalog", EVENTS, 0), Spot("catalog", PRIVATE, 0)
RENAMED = ReferencePrivate(tags={"1": Label(name_ko="은사님께", name_en="for a teacher")})


@pytest.mark.spec("product W54", "product W36")
async def test_names_that_come_between_two_takes_reach_every_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold fill: products and the reference lie in one log, and the writer is in the middle of them when a tag is renamed."""
    monkeypatch.setattr(feed, "CHANGES", 2)
    made = Feed(Settings(), tmp_path)
    keys = [f"p{number}" for number in range(5)]
    facts = [fact for key in keys for fact in (said(key, saved(), 1), said(key, TEXTS, 1, private=True))]
    made._folded.fold(facts, {CATALOG: 5, TEXTS_OF: 5})
    take, takes = made._take, 0

    def interrupted() -> bool:
        nonlocal takes
        more = take()
        takes += 1
        if takes == 1:
            # Just here the reader folds: in the writer's thread, after one take and before the next.
            made._folded.fold([said("reference", RENAMED, 1, private=True)], {TEXTS_OF: 6})
        return more

    monkeypatch.setattr(made, "_take", interrupted)
    writing = asyncio.create_task(made._write())
    async with asyncio.timeout(20):
        while made._indexed != 0:
            await asyncio.sleep(0.01)
    made.stop()
    await writing
    found = made.shelf.page(parsed({"text": ["은사님께"]}), 10)
    assert sorted(msgspec.json.decode(one)["product_id"] for one in found.items) == keys
    # All five were marked anew by the fold: two of them had been taken before.
    assert (takes, made._folded.dirty(0, 10)) == (4, [])
    made._close()


@pytest.fixture
async def fed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Feed]:
    """One that writes, and would not write again by itself before the test is over."""
    monkeypatch.setattr(feed, "COMMIT", 3_600.0)
    made = Feed(Settings(), tmp_path)
    writing = asyncio.create_task(made._write())
    async with asyncio.timeout(20):
        while made._indexed != 0:
            await asyncio.sleep(0.01)
    yield made
    made.stop()
    made._changed.set()
    await writing
    made._close()


async def fold(made: Feed, *facts: Fact) -> None:
    """As ``_read`` does it."""
    await asyncio.get_running_loop().run_in_executor(made._thread, made._folded.fold, facts, {CATALOG: 1})
    made._folds += 1
    made._changed.set()


async def test_who_waits_for_an_event_is_told_when_lists_show_it_and_nobody_else_before(fed: Feed) -> None:
    waiting = {seq: asyncio.create_task(fed.shows("p", seq, 60.0)) for seq in (1, 2)}
    stranger = asyncio.create_task(fed.shows("q", 1, 60.0))
    assert not await fed.shows("p", 1, 0.0)
    await fold(fed, said("p", saved(), 1))
    await fold(fed, said("p", TEXTS, 1, private=True))
    async with asyncio.timeout(20):
        assert await waiting[1]
    assert [msgspec.json.decode(one)["product_id"] for one in fed.shelf.page(parsed({}), 10).items] == ["p"]
    assert not waiting[2].done()
    assert not stranger.done()
    # Long since there, it is said at once; what no list holds, it has passed too.
    assert await fed.shows("p", 1, 0.0)
    await fold(fed, said("p", saved(status="DELETED"), 2), said("p", TEXTS, 2, private=True))
    await fold(fed, said("q", saved(kind="subscription"), 1), said("q", TEXTS, 1, private=True))
    async with asyncio.timeout(20):
        assert (await waiting[2], await stranger) == (True, True)
    assert fed.shelf.page(parsed({}), 10).items == []
    assert fed._waiting == []


async def test_nobody_waits_longer_than_they_wanted_and_then_it_does_not_hurry_any_more(fed: Feed) -> None:
    assert not await fed.shows("p", 1, 0.05)
    assert (fed._waiting, fed._asked.is_set()) == ([], False)


async def test_of_an_index_that_ends_nobody_waits_for_anything(fed: Feed) -> None:
    waiting = asyncio.create_task(fed.shows("p", 1, 3_600.0))
    while not fed._waiting:
        await asyncio.sleep(0)
    fed.stop()
    async with asyncio.timeout(20):
        assert (await waiting, await fed.shows("p", 1, 3_600.0)) == (False, False)


async def test_whoever_waits_while_another_index_takes_over_is_answered_by_that(tmp_path: Path) -> None:
    made = Searching(msgspec.structs.replace(Settings(), search_dir=str(tmp_path)))
    old, new = made.feed, Feed(Settings(), tmp_path / "new")
    facts = [said("p", saved(), 1), said("p", TEXTS, 1, private=True)]
    new._folded.fold(facts, {CATALOG: 1})
    new._take()
    new._commit()
    waiting = asyncio.create_task(made.shown(Awaited("p", 1, 3_600.0)))
    while not old._waiting:
        await asyncio.sleep(0)
    made.feed = new
    old.stop()
    async with asyncio.timeout(20):
        assert await waiting
    assert not await made.shown(Awaited("p", 2, 0.0))
    for one in (old, new):
        one._close()


def test_a_new_index_takes_over_once_it_has_all_that_the_old_one_has_read(tmp_path: Path) -> None:
    old, new = Feed(Settings(), tmp_path / "old"), Feed(Settings(), tmp_path / "new")
    one, other = list(new._spots)[:2]
    old._next, new._next, new._shown = {one: 5, other: 3}, {one: 5, other: 4}, {one: 5, other: 2}
    assert not new.past(old)
    new._shown = {one: 5, other: 3}
    assert new.past(old)
    old._next[one] = 6
    assert not new.past(old)
    for made in (old, new):
        made._close()
