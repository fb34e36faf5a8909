"""The write pass of the search process: what is folded while it writes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from agents.search import feed
from agents.search.feed import Feed
from models.catalog.messages import Label, ReferencePrivate
from models.read.facts import EVENTS, PRIVATE, Spot
from models.search.filters import parsed
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
