"""A command that changes nothing is done, although no read model will ever show anything of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.actor import Command
from models.catalog.messages import CancelRestock
from tests.unit.web.answering import Agreeing, page
from tests.unit.web.documents import BUYER
from topics.answers import Answer
from web.routes import API

PATH = "/products/product-1/restock-alert"


class Silent(Agreeing):
    """The row's last event was 7, about something else: no report comes. ``waited``: (model, key, seq) of each wait."""

    def __init__(self, unchanged: bool) -> None:
        super().__init__()
        self.unchanged = unchanged
        self.waited: list[tuple[str, str, int]] = []
        self.reported = False

    async def ask(self, domain: str, key: str, message: Command, *, id: str, wait: float, **more: Any) -> Answer | None:
        await super().ask(domain, key, message, id=id, wait=wait)
        return self.answer(id)

    async def inquire(self, domain: str, key: str, command: str, wait: float, part: str = "") -> Answer | None:
        return self.answer(command)

    def answer(self, command: str) -> Answer:
        return Answer(command, "catalog", "product-1", 7, unchanged=self.unchanged)

    async def projected(self, model: str, key: str, seq: int, wait: float) -> bool:
        self.waited.append((model, key, seq))
        return self.reported


@pytest.mark.parametrize(("unchanged", "status"), [(True, 200), (False, 202)])
async def test_what_is_never_shown_is_pending_unless_nothing_was_changed(tmp_path: Path, unchanged: bool, status: int) -> None:
    client = Silent(unchanged)
    async with page(tmp_path, client) as shop:
        # What the buyer last said of the product was event 1.
        shop.known.restock_[BUYER, "product-1"] = 0
        assert (await shop.call("DELETE", PATH, headers=shop.desk.headers()))[0] == status
        assert shop.sent == [("catalog", "product-1", CancelRestock(buyer=BUYER))]
        # It was waited for all the same: an earlier change of the same client may be on its way.
        assert client.waited == [("restock", "product-1", 7)] * 2


async def test_where_it_is_asked_what_became_of_it_it_is_done_too(tmp_path: Path) -> None:
    client = Silent(unchanged=False)
    async with page(tmp_path, client) as shop:
        async with shop.http.delete(shop.url + API + PATH, headers=shop.desk.headers()) as said:
            assert said.status == 202
            where = shop.url + said.headers["Location"]
        for client.unchanged, client.reported, status in ((False, False, 202), (True, False, 200), (False, True, 200)):
            async with shop.http.get(where, headers=shop.desk.headers()) as said:
                assert said.status == status
