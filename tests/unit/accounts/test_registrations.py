"""When a registration is forgotten, and what of it a stranger, a second code or a failed application can change."""

from __future__ import annotations

import pytest

from models.accounts.contacts import LASTS
from models.accounts.messages import CodeRequested, EmailVerified
from models.accounts.secrets import hashed
from models.accounts.seller_messages import (
    ApplicationFiled,
    BusinessNumberGranted,
    BusinessNumberTaken,
    ConfirmRegistration,
    DenySeller,
    RegistrationLapsed,
    SellerApplied,
)
from models.actor import DAY, HOUR, MINUTE, Reminder
from tests.unit.accounts.given import CLAIM, EMAIL, SELLER, application, applied, code, done, right, verified
from tests.unit.history import Actor
from tests.unit.shop import NOW

ME = f"{SELLER}-1"


def failed() -> Actor:
    """A florist whose business number is somebody else's."""
    actor = verified()
    actor.take(application())
    actor.take(BusinessNumberTaken(claim=CLAIM))
    return actor


def test_who_failed_starts_over_with_another_code() -> None:
    actor = failed()
    assert actor.wake() == NOW + HOUR + MINUTE
    actor.now += 55 * MINUTE
    assert actor.take(code("registration", EMAIL, salt="2")) == [CodeRequested(purpose="registration", until=actor.now + LASTS)]
    assert (actor.state.status, actor.wake()) == ("FAILED", actor.now + LASTS + MINUTE)
    actor.take(done(actor))
    again = ConfirmRegistration(once="c2", check=right("registration", salt="2"), ticket_hash=hashed("second"))
    assert actor.take(again) == [EmailVerified(until=actor.now + HOUR)]
    assert actor.wake() == actor.now + HOUR + MINUTE
    assert actor.refuses(application(claim="other")) == ("ticket_invalid", 403)
    actor.take(application(claim="other", ticket_hash=hashed("second"), password_hash="new"))
    assert actor.take(BusinessNumberGranted(claim="other")) == [ApplicationFiled(account=ME)]
    assert (actor.state.password_hash, actor.wake()) == ("new", 0)


def test_who_failed_is_sent_no_code_for_a_password_and_is_forgotten_in_time() -> None:
    actor = failed()
    before, due = actor.state, actor.wake()
    actor.now += MINUTE
    assert actor.take(code("password", EMAIL, salt="2")) == []
    assert actor.state == before
    actor.now = due
    assert actor.take(Reminder(due=due)) == [RegistrationLapsed(account=ME, document="documents/1")]


@pytest.mark.parametrize(("asked", "sent"), [("password", "password"), ("registration", "known")])
def test_a_code_that_a_stranger_asks_for_does_not_keep_the_licence_of_who_was_denied(asked: str, sent: str) -> None:
    actor = applied()
    actor.take(DenySeller(once="d", account=ME, by="admin-1", reason="unreadable"))
    actor.take(done(actor))
    actor.now += MINUTE
    assert actor.take(code(asked, EMAIL, salt="2")) == [CodeRequested(purpose=sent, until=actor.now + LASTS)]
    actor.take(done(actor))
    assert actor.wake() == NOW + 30 * DAY


def test_a_second_code_does_not_take_back_the_time_that_a_ticket_has() -> None:
    actor = verified()
    actor.now += MINUTE
    actor.take(code("registration", EMAIL, salt="2"))
    actor.take(done(actor))
    assert actor.wake() == NOW + HOUR + MINUTE
    assert actor.take(application()) == [SellerApplied(account=ME, claim=CLAIM, document="documents/1")]
