"""Signing in takes the guest's cart along, and never fails for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from models.accounts.common_messages import Person
from models.accounts.session_messages import OpenSession, SignIn
from models.actor import Command, id_of
from models.carts.messages import MergeCart
from tests.unit.web.answering import Agreeing, Page, page
from tests.unit.web.desk import PEOPLE
from tests.unit.web.documents import account_of
from topics.answers import Answer
from topics.client import Unavailable
from web import guests
from web.oauth.flow import Flow
from web.oauth.port import Identity

ROW = "0" * 32
ME = f"{ROW}-1"


class Provider:
    """One that knows who comes with any code, however often."""

    name = "kakao"

    async def identity(self, code: str, verifier: str, state: str, redirect: str) -> Identity:
        return Identity("4242", Person(name="김꽃님"))


class Row(Agreeing):
    """Opens every session, the same one for the same command. ``away``: what becomes of whatever goes to carts."""

    def __init__(self, away: Any = None) -> None:
        super().__init__()
        self.away = away
        self.commands: list[str] = []
        """Ids of what went to carts."""
        self.shown: list[tuple[str, str, int]] = []

    async def ask(self, domain: str, key: str, message: Command, *, id: str, wait: float, **more: Any) -> Answer | None:
        if domain != "carts":
            self.body = {"account": ME, "session": id_of("session", id), "role": "buyer", "status": "ACTIVE", "stores": []}
            return await super().ask(domain, key, message, id=id, wait=wait, **more)
        if isinstance(self.away, Exception):
            raise self.away
        self.commands.append(id)
        self.body = {"count": 1}
        answer = await super().ask(domain, key, message, id=id, wait=wait, **more)
        if self.away == "slow":
            await asyncio.sleep(5)
        return self.away if isinstance(self.away, Answer) else None if self.away == "silent" else answer

    async def projected(self, model: str, key: str, seq: int, wait: float) -> bool:
        self.shown.append((model, key, seq))
        return True


@pytest.fixture(autouse=True)
def _provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PEOPLE, "providers", {"kakao": Provider()})


def begun(shop: Page, *cookies: str) -> tuple[str, dict[str, str]]:
    """Where the provider sends back, and the headers of a browser that has begun there, with ``cookies``."""
    response = web.Response()
    state, _ = Flow("kakao", shop.desk.secret.read_bytes(), secure=False).begin(response)
    ours = response.headers["Set-Cookie"].partition(";")[0]
    return f"/auth/kakao/callback?code=c&state={state}", {"Cookie": "; ".join((ours, *cookies))}


async def guest(shop: Page) -> tuple[str, str]:
    """Somebody puts something into a cart: (row key of the cart, cookie)."""
    _, _, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"})
    owner = shop.sent[-1][1]
    shop.sent.clear()
    return owner, cookie.partition(";")[0]


def ended(cookies: list[str]) -> bool:
    """Has the guest's cookie been taken away?"""
    return any(one.startswith("bb_guest=") and "Max-Age=0" in one for one in cookies)


def merges(shop: Page) -> list[tuple[str, str, Any]]:
    return [one for one in shop.sent if one[0] == "carts"]


async def test_a_callback_brings_the_guests_cart_and_one_that_comes_again_merges_once(tmp_path: Path) -> None:
    row = Row()
    async with page(tmp_path, row) as shop:
        owner, cookie = await guest(shop)
        row.commands.clear()
        row.shown.clear()
        back, headers = begun(shop, cookie)
        for _ in range(2):
            status, said, cookies = await shop.call("GET", back, headers=headers)
            assert (status, said["account"], ended(cookies)) == (200, ME, True)
        assert [type(message) for _, _, message in shop.sent] == [SignIn, MergeCart] * 2
        assert merges(shop) == [("carts", ME, MergeCart(guest=owner))] * 2
        assert len(set(row.commands)) == 1
        # Whoever asks for the cart now sees it.
        assert ("carts", ME, 1) in row.shown
        again, headers = begun(shop, cookie)
        await shop.call("GET", again, headers=headers)
        assert len(set(row.commands)) == 2


async def test_where_a_page_shows_who_has_come_the_cart_comes_too(tmp_path: Path) -> None:
    async with page(tmp_path, Row(), sign_in_url="http://127.0.0.1:9/welcome") as shop:
        owner, cookie = await guest(shop)
        back, headers = begun(shop, cookie)
        async with shop.http.get(f"{shop.url}/api/v1{back}", headers=headers, allow_redirects=False) as answer:
            cookies = answer.headers.getall("Set-Cookie")
            assert (answer.status, answer.headers["Location"], ended(cookies)) == (303, "http://127.0.0.1:9/welcome", True)
        assert merges(shop) == [("carts", ME, MergeCart(guest=owner))]


async def test_without_a_cookie_of_ours_there_is_no_cart_to_bring(tmp_path: Path) -> None:
    async with page(tmp_path, Row()) as shop:
        _, cookie = await guest(shop)
        forged = cookie[:-1] + ("A" if cookie[-1] != "A" else "Q")
        for given in ((), (forged,), ("bb_guest=guest-1",)):
            back, headers = begun(shop, *given)
            status, _, cookies = await shop.call("GET", back, headers=headers)
            assert (status, any("bb_guest" in one for one in cookies)) == (200, False)
        assert [type(message) for _, _, message in shop.sent] == [SignIn] * 3


async def test_whoever_is_not_let_in_keeps_the_cart(tmp_path: Path) -> None:
    async with page(tmp_path, Row()) as shop:
        _, cookie = await guest(shop)
        back, headers = begun(shop, cookie)
        status, said, cookies = await shop.call("GET", f"{back}x", headers=headers)
        assert (status, said["code"], any("bb_guest" in one for one in cookies), shop.sent) == (400, "oauth_state", False, [])


async def test_a_seller_brings_no_cart(tmp_path: Path) -> None:
    row = PEOPLE.row("seller", "florist@example.com")
    async with page(tmp_path, Row()) as shop:
        hashed = await PEOPLE.passwords.hashed("password1")
        shop.known.accounts_[f"{row}-1"] = account_of(f"{row}-1", "seller", status="PERMITTED", password_hash=hashed)
        _, cookie = await guest(shop)
        body = {"email": "florist@example.com", "password": "password1"}
        status, _, cookies = await shop.call("POST", "/auth/seller", body, {"Cookie": cookie})
        assert (status, any("bb_guest" in one for one in cookies)) == (200, False)
        assert [type(message) for _, _, message in shop.sent] == [OpenSession]


@pytest.mark.parametrize(
    ("away", "kept"),
    [
        # The broker has not taken it: the cookie is still good for ``POST /cart/merge``.
        (Unavailable("cut"), True),
        ("slow", True),
        (Answer("c", "carts", ME, 1, 403, "account_withdrawn"), True),
        # It has, and only nobody has answered yet.
        ("silent", False),
    ],
    ids=["no broker", "a slow broker", "refused", "no answer"],
)
async def test_a_cart_that_is_away_fails_no_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: Any, kept: bool) -> None:
    monkeypatch.setattr(guests, "GIVE_UP", 0.2)
    row = Row()
    async with page(tmp_path, row) as shop:
        owner, cookie = await guest(shop)
        row.away = away
        back, headers = begun(shop, cookie)
        status, said, cookies = await shop.call("GET", back, headers=headers)
        assert (status, said["account"], ended(cookies)) == (200, ME, not kept)
        assert any(one.startswith("bb-refresh=") for one in cookies)
        row.away = None
        shop.sent.clear()
        status, _, cookies = await shop.call("POST", "/cart/merge", {}, shop.desk.headers(ME) | {"Cookie": cookie})
        assert (status, ended(cookies), merges(shop)) == (200, True, [("carts", ME, MergeCart(guest=owner))])
