"""When a registration is forgotten, and what of it a stranger, a second code or a failed application can change."""

from __future__ import annotations

import msgspec
import pytest

from models.accounts.account import Account
from models.accounts.common_messages import Purpose
from models.accounts.contacts import A_DAY, LASTS, TICKET
from models.accounts.messages import CodeRequested, EmailVerified
from models.accounts.secrets import hashed
from models.accounts.seller_messages import (
    ApplicationFiled,
    BusinessNumberGranted,
    BusinessNumberTaken,
    ConfirmRegistration,
    CountsForgotten,
    DenySeller,
    ReadLicence,
    RegistrationLapsed,
    SellerApplied,
)
from models.accounts.sellers import READS_A_DAY
from models.actor import DAY, HOUR, MINUTE, Refusal, Reminder
from models.kept import ERASE
from tests.unit.accounts.given import ACCOUNTS, CLAIM, EMAIL, SELLER, application, applied, code, done, opening, right, verified
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
def test_a_code_that_a_stranger_asks_for_does_not_keep_the_licence_of_who_was_denied(asked: Purpose, sent: Purpose) -> None:
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


def lapse(actor: Actor) -> RegistrationLapsed:
    """Nobody goes on with it."""
    actor.now = actor.wake()
    (event,) = actor.take(Reminder(due=actor.now))
    assert isinstance(event, RegistrationLapsed)
    return event


def test_codes_are_counted_beyond_a_registration_that_lapses() -> None:
    actor, sent = Actor(ACCOUNTS, SELLER, NOW), []
    for number in range(A_DAY):
        assert actor.take(code("registration", EMAIL, salt=f"r{number}")) == [
            CodeRequested(purpose="registration", until=actor.now + LASTS)
        ]
        sent.append(actor.now)
        actor.take(done(actor))
        assert actor.wake() == actor.now + LASTS + MINUTE
        event = lapse(actor)
        assert actor.state == Account(sent={"registration": tuple(sent)})
        assert ACCOUNTS.private(SELLER, actor.states, event) == ERASE
        assert ACCOUNTS.answer(SELLER, actor.states, event) == {}
        assert actor.wake() == sent[-1] + DAY
    before = actor.state
    assert actor.take(code("registration", EMAIL, salt="one more")) == []
    assert actor.state == before
    actor.now = NOW + DAY
    assert len(actor.take(code("registration", EMAIL, salt="the day after"))) == 1


def test_readings_are_counted_beyond_a_registration_that_lapses() -> None:
    actor = verified()
    for _ in range(READS_A_DAY):
        actor.take(ReadLicence(document="d", ticket_hash=hashed("ticket")))
        actor.take(done(actor))
    lapse(actor)
    assert actor.state == Account(sent={"registration": (NOW,)}, reads=(NOW,) * READS_A_DAY)
    actor.take(code("registration", EMAIL, salt="2"))
    actor.take(ConfirmRegistration(once="c2", check=right("registration", salt="2"), ticket_hash=hashed("second")))
    assert actor.wake() == actor.now + TICKET + MINUTE, "not as late as the counts"
    assert actor.decide(ReadLicence(document="d", ticket_hash=hashed("second"))) == Refusal(
        "licence_reads_exhausted", 429, {"after": NOW + DAY}
    )


def test_what_a_registration_leaves_is_no_account_and_goes_a_day_after_the_last_code() -> None:
    actor = verified()
    lapse(actor)
    left = actor.state
    assert actor.refuses(application()) == ("ticket_invalid", 403)
    assert actor.refuses(opening()) == ("sign_in_failed", 401)
    assert actor.take(code("password", EMAIL, salt="2")) == []
    actor.now = NOW + DAY - 1
    assert actor.take(Reminder(due=actor.now)) == []
    assert (actor.state, actor.wake()) == (left, NOW + DAY)
    actor.now += 1
    (gone,) = actor.take(Reminder(due=actor.now))
    assert gone == CountsForgotten()
    assert (actor.state, actor.sends) == (None, [])
    assert ACCOUNTS.private(SELLER, actor.states, gone) is None


def test_a_row_that_counted_otherwise_leaves_nothing() -> None:
    actor = verified()
    actor.states[""] = msgspec.structs.replace(actor.state, sent={}, sends=(NOW,))
    lapse(actor)
    assert actor.state is None
