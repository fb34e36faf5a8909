"""Guessing is dear for whoever guesses, and nobody else is kept out by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio

from models.accounts.messages import RequestCode
from models.accounts.secrets import digits
from models.accounts.session_messages import OpenSession, RefreshSession
from tests.unit.accounts.given import EMAIL
from tests.unit.history import Actor
from tests.unit.web.answering import page
from tests.unit.web.desk import PEOPLE, Desk
from tests.unit.web.documents import account_of
from tests.unit.web.known import Known
from tests.unit.web.rows import Row
from tests.unit.web.serving import Said, Served, serving
from tests.unit.web.test_strangers import asked, permitted
from web.cookies import Refresh, fresh
from web.limits import Rate, SharedBuckets, State, network
from web.routes import sellers

ROW, ADMIN, FACTOR = PEOPLE.row("seller", EMAIL), PEOPLE.row("admin", "mina"), pyotp.random_base32()
MINE, THEIRS = "203.0.113.7", "198.51.100.9"
WRONG, RIGHT = {"email": EMAIL, "password": "wrong"}, {"email": EMAIL, "password": "password1"}


class Counted(SharedBuckets):
    """Buckets in a dict that never fill again."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:9/0", "bb", b"s" * 32)
        self.taken: dict[tuple[str, str], int] = {}
        self.places: set[tuple[str, str]] = set()

    async def take(self, buckets: Sequence[tuple[str, str, Rate]]) -> State:
        for name, who, rate in buckets:
            if self.taken.get((name, who), 0) >= rate.number:
                return State(rate, 0, rate.seconds, 1)
        for name, who, _ in buckets:
            self.taken[name, who] = self.taken.get((name, who), 0) + 1
        return min(
            (State(rate, rate.number - self.taken[name, who], 1, 0) for name, who, rate in buckets), key=lambda state: state.left
        )

    async def knows(self, account: str, address: str) -> bool:
        return (account, address) in self.places

    async def remember(self, account: str, address: str) -> None:
        self.places.add((account, address))


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    known = Known()
    kept = await PEOPLE.passwords.hashed("password1")
    known.accounts_[f"{ROW}-1"] = account_of(f"{ROW}-1", "seller", status="PERMITTED", password_hash=kept)
    sealed = PEOPLE.vault.seal(FACTOR, ADMIN)
    known.accounts_[f"{ADMIN}-1"] = account_of(f"{ADMIN}-1", "admin", password_hash=kept, totp=sealed)
    async with serving(Desk(tmp_path), known, buckets=Counted()) as one:
        yield one


def by(address: str, **more: str) -> dict[str, str]:
    """The headers of somebody who comes from there."""
    return {"X-Forwarded-For": address, **more}


def limit_of(said: Said) -> tuple[str, ...]:
    return tuple(said.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Policy"))


@pytest.mark.spec("auth 26")
async def test_who_guesses_is_kept_out_and_whose_account_it_is_is_not(served: Served) -> None:
    said = [await served.ask("POST", "/auth/seller", by(THEIRS), WRONG) for _ in range(11)]
    assert [(one.status, one.code) for one in said] == [(401, "sign_in_failed")] * 10 + [(429, "too_many_requests")]
    assert [limit_of(one) for one in (said[0], said[9], said[10])] == [
        ("10", "9", "10;w=900"), ("10", "0", "10;w=900"), ("10", "0", "10;w=900"),
    ]  # fmt: skip
    assert served.sent == []
    assert (await served.ask("POST", "/auth/seller", by(MINE), RIGHT)).status == 503
    assert [type(one) for one in served.sent] == [OpenSession]


@pytest.mark.spec("auth 26")
async def test_who_guesses_an_admin_s_is_kept_out_by_then_with_all_that_is_right_too(served: Served) -> None:
    right = {"name": "MINA", "password": "password1", "code": pyotp.TOTP(FACTOR).now()}
    wrong = {**right, "password": "wrong"}
    said = [await served.ask("POST", "/auth/admin", by(THEIRS), wrong) for _ in range(10)]
    said.append(await served.ask("POST", "/auth/admin", by(THEIRS), right))
    assert [(one.status, one.code) for one in said] == [(401, "sign_in_failed")] * 10 + [(429, "too_many_requests")]
    assert (limit_of(said[10]), served.sent) == (("10", "0", "10;w=900"), [])
    assert (await served.ask("POST", "/auth/admin", by(MINE), right)).status == 503
    assert [type(one) for one in served.sent] == [OpenSession]


async def test_a_cookie_is_exchanged_thirty_times_a_minute_from_wherever(served: Served) -> None:
    cookies = served.shared.cookies

    async def refresh(account: str, address: str) -> Said:
        cookie = f"{cookies.name}={cookies.text(Refresh(account, 'session-1', fresh()))}"
        own = {"Origin": "http://shop.test", "X-CSRF": "1", "Cookie": cookie}
        return await served.ask("POST", "/auth/refresh", by(address, **own))

    said = [await refresh(f"{ROW}-1", f"198.51.100.{number}") for number in range(31)]
    assert [one.status for one in said] == [503] * 30 + [429]
    assert limit_of(said[30]) == ("30", "0", "30;w=60")
    assert [type(one) for one in served.sent] == [RefreshSession] * 30
    assert ((await refresh(f"{ADMIN}-1", "198.51.100.30")).status, len(served.sent)) == (503, 31)


@pytest.mark.spec("auth 26")
@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_many_who_guess_together_have_an_end_too(served: Served, email: str) -> None:
    said = [
        await served.ask("POST", "/auth/seller", by(f"198.51.100.{number // 10}"), {**WRONG, "email": email})
        for number in range(101)
    ]
    assert [one.status for one in said] == [401] * 100 + [429]
    assert limit_of(said[-1]) == ("100", "0", "100;w=900")


def forgetful() -> Actor:
    """A seller who was sent digits for a new password."""
    return asked(permitted(), "password")


RESET = {"email": EMAIL, "code": digits(PEOPLE.codes, ROW, "salt"), "password": "password1"}


@pytest.mark.spec("auth 26")
@pytest.mark.parametrize(
    ("path", "wish", "actor", "used"), [("/auth/seller", RIGHT, permitted, 2), ("/auth/seller/password/reset", RESET, forgetful, 1)]
)
async def test_where_the_owner_has_signed_in_nobody_else_keeps_the_owner_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, wish: dict[str, str], actor: Callable[[], Actor], used: int
) -> None:
    """Ten networks of IPv6 cost as little as one. ``used``: tries from home until it is known."""
    monkeypatch.setattr(sellers, "EVEN", 0.0)
    home, unknown, key = "2001:db8:1:1::7", "2001:db8:1:2::7", {"Idempotency-Key": "a-key-of-mine"}
    async with page(tmp_path, Row(actor()), buckets=(counted := Counted())) as one:
        hashed = await PEOPLE.passwords.hashed("password1")
        one.known.accounts_[f"{ROW}-1"] = account_of(f"{ROW}-1", "seller", status="PERMITTED", password_hash=hashed)

        async def status(address: str, body: dict[str, str]) -> int:
            return (await one.call("POST", "/auth/seller", body, by(address)))[0]

        # A wrong password makes no place known.
        assert await status(home, WRONG) == 401
        assert counted.places == set()
        assert (await one.call("POST", path, wish, by(home, **key)))[0] == 200
        assert counted.places == {(ROW, network(home))}
        one.known.accounts_[f"{ROW}-1"] |= {"credential": 2 if wish is RESET else 1}
        tried = [await status(f"2001:db8:2:{number // 10}::1", WRONG) for number in range(100)]
        assert tried == [401] * (100 - used) + [429] * used
        assert await status(unknown, RIGHT) == 429
        assert await status(home, RIGHT) == 200
        # There, too, guessing is as dear as ever.
        assert [await status(home, WRONG) for _ in range(10)] == [401] * (9 - used) + [429] * (1 + used)
        assert await status(unknown, RIGHT) == 429
        assert counted.places == {(ROW, network(home))}


async def test_ways_to_a_provider_keep_nobody_at_their_address_from_signing_in(served: Served) -> None:
    """A page that shows pictures of ``/start`` makes them; nobody has guessed anything."""
    ways = [await served.ask("GET", f"/auth/kakao/{way}", by(MINE)) for _ in range(150) for way in ("start", "callback")]
    assert [one.status for one in ways] == [303, 400] * 150
    assert limit_of(ways[-1]) == ("600", "300", "600;w=300")
    for path, wish in (("/auth/seller", WRONG), ("/auth/admin", {"name": "admin", "password": "wrong", "code": "123456"})):
        said = await served.ask("POST", path, by(MINE), wish)
        assert (path, said.status, said.code, limit_of(said)) == (path, 401, "sign_in_failed", ("10", "9", "10;w=900"))


async def test_the_address_is_told_where_it_holds_less(served: Served) -> None:
    limits: list[Mapping[str, str]] = []
    for number in range(55):
        body = {"email": f"florist{number}@example.com", "password": "wrong"}
        limits.append((await served.ask("POST", "/auth/seller", by(THEIRS), body)).headers)
    assert [limits[at]["RateLimit-Policy"] for at in (0, 49, 51, 54)] == ["10;w=900", "10;w=900", "60;w=300", "60;w=300"]
    assert limits[54]["RateLimit-Remaining"] == "5"


@pytest.mark.spec("auth 26")
async def test_codes_that_somebody_has_sent_keep_nobody_from_a_new_password(served: Served) -> None:
    for number in range(11):
        said = await served.ask(
            "POST", "/auth/seller/password/forgotten", by(THEIRS, **{"Idempotency-Key": f"their-key-{number}"}), {"email": EMAIL}
        )
        assert said.status == (503 if number < 10 else 429)
    del served.sent[:]
    key = {"Idempotency-Key": "a-key-of-mine"}
    assert (await served.ask("POST", "/auth/seller/password/forgotten", by(MINE, **key), {"email": EMAIL})).status == 503
    assert [type(one) for one in served.sent] == [RequestCode]


async def test_who_is_signed_in_does_not_share_a_carriers_address(served: Served) -> None:
    statuses = []
    for number in range(40):
        headers = served.desk.headers(f"{number:032x}-1", X_Forwarded_For=MINE)
        statuses.append((await served.ask("POST", "/me/phone", headers, {"phone": "010-2345-6789"})).status)
    assert statuses == [503] * 40
    assert len(served.sent) == 40
    mine = [
        await served.ask("POST", "/me/phone", served.desk.headers(f"{0:032x}-1", X_Forwarded_For=MINE), {"phone": "010-2345-6789"})
        for _ in range(10)
    ]
    assert [one.status for one in mine] == [503] * 9 + [429]
