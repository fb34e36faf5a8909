"""Sessions that have ended while a token of theirs still runs: at the door, before any handler."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.accounts.session_messages import SessionsEnded
from models.read.ended import project
from models.read.facts import Fact
from tests.unit.web.desk import Desk
from tests.unit.web.documents import BUYER, STRANGER, order_body
from tests.unit.web.serving import serving
from web.auth import Caller
from web.ended import Ended
from web.sse import Hub, Stream

SHOP, FRONT, EVIL = "https://shop.example", "https://store.example", "https://evil.example"
CORS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def bearer(desk: Desk, *who: Any, **more: Any) -> dict[str, str]:
    """The header of somebody's token."""
    return {"Authorization": f"Bearer {desk.token(*who, **more)}"}


class Heard(Ended):
    """Knows what the test tells it; Redis was there ``ago`` seconds ago."""

    def __init__(self, ago: float = 0.0) -> None:
        super().__init__("redis://127.0.0.1:9/0", "bb", 10.0, 4)
        self._alive = time.monotonic() - ago


def now() -> int:
    return round(time.time() * 1000)


@pytest.mark.spec("auth 14", "auth 16")
async def test_a_token_counts_no_more_from_the_moment_its_session_has_ended(desk: Desk) -> None:
    ended = Heard()
    mine, other = (bearer(desk, BUYER, "buyer", (), 600, session) for session in ("session-1", "session-2"))
    async with serving(desk, ended=ended) as served:
        assert [(await served.ask("GET", "/orders", one)).status for one in (mine, other)] == [200, 200]
        served.client.on_projected("ended", {"session-1": now(), "row-key": 7})
        said = await served.ask("GET", "/orders", mine)
        assert (said.status, said.code, said.headers["Content-Type"]) == (401, "session_ended", "application/problem+json")
        assert said.headers["WWW-Authenticate"].startswith("Bearer")
        # Not even on a route for everybody: the client learns that it must sign in anew.
        assert (await served.ask("GET", "/products", mine)).status == 401
        assert [(await served.ask("GET", path, other)).status for path in ("/orders", "/products")] == [200, 200]


@pytest.mark.spec("auth 16")
@pytest.mark.parametrize("session", ["", "session-1"])
async def test_all_sessions_of_an_account_end_and_a_later_one_counts(desk: Desk, session: str) -> None:
    ended = Heard()
    before = desk.token(BUYER, "buyer", (), 600, session)
    async with serving(desk, ended=ended) as served:
        await asyncio.sleep(0.002)
        served.client.on_projected("ended", {BUYER: now()})
        await asyncio.sleep(0.002)
        after = desk.token(BUYER, "buyer", (), 600, session and "session-2")
        assert after != before
        statuses = [(await served.ask("GET", "/orders", {"Authorization": f"Bearer {one}"})).status for one in (before, after)]
        assert statuses == [401, 200]
        assert (await served.ask("GET", "/orders", bearer(desk, STRANGER))).status == 200


@pytest.mark.spec("auth 16")
async def test_a_token_that_was_signed_after_the_end_is_of_the_session_that_has_ended(desk: Desk) -> None:
    """Signed while the end travelled, or by a process whose clock is ahead of the broker's."""
    ended = Heard()
    end = SessionsEnded(account=BUYER, cause="suspended", sessions=("session-1",))
    late, other = (desk.token(BUYER, "buyer", (), 600, session) for session in ("session-1", "session-2"))
    async with serving(desk, ended=ended) as served:
        served.client.on_projected("ended", project([Fact("accounts", "row", 1, 1, now() - 5_000, "id-1", end)]))
        said = [await served.ask("GET", "/orders", {"Authorization": f"Bearer {one}"}) for one in (late, other)]
        assert [(one.status, one.code) for one in said] == [(401, "session_ended"), (200, "")]


@pytest.mark.spec("auth 29")
@pytest.mark.parametrize(("ago", "status"), [(5.0, 200), (9.5, 200), (10.5, 503), (math.inf, 503)])
async def test_while_nobody_knows_who_is_signed_in_nobody_is(desk: Desk, ago: float, status: int) -> None:
    async with serving(desk, ended=Heard(ago)) as served:
        said = await served.ask("GET", "/orders", bearer(desk))
        assert said.status == status
        headers = {**served.desk.headers(), "Prefer": "wait=0"}
        assert (await served.ask("POST", "/orders", headers, order_body())).status == 503
        assert bool(served.sent) is (status == 200), "nothing is sent for somebody who may be nobody"
        # What is for everybody is still there, with a token as without.
        assert [(await served.ask("GET", "/products", one)).status for one in ({}, bearer(desk))] == [200, 200]


class Interrupted(Hub):
    """Has a place for everybody; ``meanwhile`` happens while it is taken."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__("redis://127.0.0.1:9/0", "bb", "test", 2)
        self.meanwhile, self.left = meanwhile, list[str]()

    async def open(self, account: str, last: str) -> tuple[Stream, list[bytes], str]:
        self.meanwhile()
        return Stream(account, "key"), [b"id: 1-0\n\n"], "1-0"

    async def close(self, stream: Stream) -> None:
        self.left.append(stream.account)


@pytest.mark.spec("auth 16")
async def test_a_stream_whose_session_ends_while_it_opens_does_not_outlive_it(desk: Desk) -> None:
    ended = Heard()
    headers = bearer(desk, BUYER, "buyer", (), 600, "session-1")
    async with serving(desk, ended=ended) as served:
        hub = Interrupted(lambda: served.client.on_projected("ended", {"session-1": now()}))
        served.shared.live = hub
        async with asyncio.timeout(5):
            said = await served.ask("GET", "/events", headers)
        assert (said.status, said.body, hub.left) == (200, b"", [BUYER])
        # The client comes back at once, and is told.
        assert (await served.ask("GET", "/events", headers)).code == "session_ended"


async def test_what_stays_open_is_closed_with_the_session() -> None:
    ended, closed = Heard(), list[str]()
    caller = Caller("account-1", "buyer", session="session-1")
    with ended.watching(caller, lambda: closed.append("one")), ended.watching(caller, lambda: closed.append("two")):
        ended.heard("ended", {"session-2": now()})
        ended.heard("orders", {"session-1": now()})
        assert closed == []
        ended.heard("ended", {"session-1": now()})
        assert sorted(closed) == ["one", "two"]
        ended.heard("ended", {"session-1": now() - 5})
        assert len(closed) == 2
        ended.heard("ended", {"account-1": now()})
        assert len(closed) == 4
    ended.heard("ended", {"session-1": now() + 5, "account-1": now() + 5})
    assert len(closed) == 4
