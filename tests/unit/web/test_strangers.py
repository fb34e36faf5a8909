"""What somebody who is not signed in learns of an e-mail, by the real actor: nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.accounts.contacts import LASTS, PAUSE
from models.accounts.messages import RequestCode, SuspendAccount
from models.accounts.secrets import check, digits, hashed
from models.accounts.seller_messages import ApplyAsSeller, BusinessNumberGranted, ConfirmRegistration, DenySeller, PermitSeller
from tests.unit.accounts.given import ACCOUNTS, CLAIM, EMAIL, NUMBER
from tests.unit.history import Actor
from tests.unit.shop import NOW
from tests.unit.web.answering import page
from tests.unit.web.desk import PEOPLE
from tests.unit.web.rows import Row
from web.routes import sellers

ROW = PEOPLE.row("seller", EMAIL)
CONFIRM, RESET = "/auth/seller/registrations/confirm", "/auth/seller/password/reset"
BODIES = {
    CONFIRM: {"email": EMAIL},
    RESET: {"email": EMAIL, "password": "password1"},
}


def unknown() -> Actor:
    return Actor(ACCOUNTS, ROW, NOW)


def registering() -> Actor:
    """The e-mail was sent digits, none of which was tried."""
    return asked(unknown(), "registration")


def verified() -> Actor:
    actor = registering()
    actor.take(ConfirmRegistration(once="c", check=_right("registration"), ticket_hash=hashed("t")))
    return actor


def applied() -> Actor:
    actor = verified()
    actor.take(
        ApplyAsSeller(
            row=ROW, ticket_hash=hashed("t"), email=EMAIL, name="이꽃집", password_hash="argon", business_number=NUMBER,
            claim=CLAIM, document="d",
        )
    )  # fmt: skip
    return actor


def pending() -> Actor:
    actor = applied()
    actor.take(BusinessNumberGranted(claim=CLAIM))
    return actor


def permitted() -> Actor:
    actor = pending()
    actor.take(PermitSeller(once="p", account=f"{ROW}-1", by="admin-1"))
    return actor


def denied() -> Actor:
    actor = pending()
    actor.take(DenySeller(once="d", account=f"{ROW}-1", by="admin-1", reason="other"))
    return actor


def suspended() -> Actor:
    actor = permitted()
    actor.take(SuspendAccount(once="s", account=f"{ROW}-1", by="admin-1", reason="abuse"))
    return actor


def forgetful() -> Actor:
    """A seller who was sent digits for a new password."""
    return asked(permitted(), "password")


STATES = (unknown, registering, verified, applied, pending, permitted, denied, suspended, forgetful)


def _right(purpose: str) -> str:
    return check(PEOPLE.codes, ROW, purpose, digits(PEOPLE.codes, ROW, "salt"))


def asked(actor: Actor, purpose: Any) -> Actor:
    actor.now += PAUSE
    actor.take(RequestCode(once=f"r-{purpose}", purpose=purpose, target=EMAIL, salt="salt", check=_right(purpose)))
    return actor


def wrong() -> str:
    """Digits that are not those that were sent."""
    return f"{(int(digits(PEOPLE.codes, ROW, 'salt')) + 1) % 10**6:06}"


EVEN = sellers.EVEN
"""As it is outside of these tests."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sellers, "EVEN", 0.0)


@pytest.mark.spec("auth 26")
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("path", BODIES)
async def test_digits_that_do_not_count_are_answered_alike_whatever_is_known(
    tmp_path: Path, path: str, state: Callable[[], Actor]
) -> None:
    actor = state()
    async with page(tmp_path, Row(actor)) as one:
        # More often than any digits may be tried, and after they have run out.
        for number in range(8):
            actor.now += LASTS * (number == 7)
            headers = {"Idempotency-Key": f"a-good-key-{number}", "Accept-Language": "en"}
            status, said, cookies = await one.call("POST", path, {**BODIES[path], "code": wrong()}, headers)
            assert (status, cookies) == (422, [])
            assert said == {
                "type": "urn:blooming-blooms:problem:code_wrong", "title": "The code is wrong", "status": 422, "code": "code_wrong",
                "detail": "Please check the digits, or ask for a new code.",
            }  # fmt: skip
        assert len(one.sent) == 8


async def test_right_digits_count(tmp_path: Path) -> None:
    code = digits(PEOPLE.codes, ROW, "salt")
    for path, actor, answer in ((CONFIRM, registering(), {"ticket", "valid_for"}), (RESET, forgetful(), {"done"})):
        async with page(tmp_path, Row(actor)) as one:
            status, said, _ = await one.call("POST", path, {**BODIES[path], "code": code})
            assert (status, set(said)) == (200, answer)


@pytest.mark.spec("auth 26")
async def test_no_answer_comes_sooner_since_there_is_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sellers, "EVEN", EVEN)
    for path, status in (
        ("/auth/seller/registrations", 200),
        ("/auth/seller/password/forgotten", 200),
        (CONFIRM, 422),
        (RESET, 422),
    ):
        async with page(tmp_path, Row(unknown())) as one:
            begun = time.monotonic()
            body = {**BODIES.get(path, {"email": EMAIL}), **({"code": wrong()} if path in BODIES else {})}
            assert (await one.call("POST", path, body))[0] == status
            assert time.monotonic() - begun >= 0.2
