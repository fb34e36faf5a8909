"""Codes of six digits, profiles and passwords."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.accounts.ports import Refused, Unknown
from models.accounts.account import Account
from models.accounts.contacts import A_DAY, LASTS, PAUSE, TRIES
from models.accounts.messages import (
    CallFinished,
    CallStarted,
    ChangePassword,
    ChangeProfile,
    CodeRejected,
    CodeRequested,
    ConfirmContact,
    EmailChanged,
    PasswordChanged,
    PhoneChanged,
    ProfileChanged,
    ResetPassword,
)
from models.accounts.secrets import check, digits, hashed
from models.accounts.seller_messages import ConfirmRegistration, RegistrationLapsed
from models.accounts.session_messages import SessionEnded, SessionsEnded
from models.actor import DAY, HOUR, Refusal, Reminder
from tests.unit.accounts.given import (
    ACCOUNTS,
    BUYER,
    CODES,
    EMAIL,
    PERSON,
    PLAYED,
    SALT,
    SELLER,
    buyer,
    code,
    done,
    opening,
    right,
    seller,
    verified,
)
from tests.unit.history import Actor
from tests.unit.shop import NOW

ME, PHONE = f"{BUYER}-1", "+821098765432"


def asked(purpose: str = "phone", target: str = PHONE, salt: str = SALT) -> Any:
    return code(purpose, target, account=ME, row=BUYER, salt=salt)


def confirm(guess: str = "", purpose: Any = "phone") -> ConfirmContact:
    return ConfirmContact(once="c", account=ME, purpose=purpose, check=guess or right(purpose, BUYER))


@pytest.mark.spec("auth 13", "auth 32")
def test_a_phone_is_changed_by_the_code_that_it_was_sent() -> None:
    actor = buyer()
    (requested,) = actor.take(asked())
    assert requested == CodeRequested(purpose="phone", until=NOW + LASTS)
    assert PHONE not in msgspec.json.encode(requested).decode()
    (changed,) = actor.take(confirm())
    assert changed == PhoneChanged(account=ME)
    assert actor.state.person.phone == PHONE
    assert ACCOUNTS.private(BUYER, actor.states, changed).person.phone == PHONE  # type: ignore[union-attr]
    assert actor.refuses(confirm()) == ("code_unknown", 404)


def test_an_email_is_changed_by_its_code_and_no_other() -> None:
    actor = buyer()
    actor.take(asked("email", "new@example.com"))
    assert actor.refuses(confirm(right("email", BUYER))) == ("code_unknown", 404)
    assert actor.take(confirm(purpose="email")) == [EmailChanged(account=ME)]
    assert actor.state.person.email == "new@example.com"


@pytest.mark.spec("auth 13", "auth 44")
def test_a_code_is_tried_five_times() -> None:
    actor = buyer()
    actor.take(asked())
    for left in reversed(range(TRIES)):
        (rejected,) = actor.take(confirm("wrong"))
        assert rejected == CodeRejected(purpose="phone", left=left)
        assert ACCOUNTS.answer(BUYER, actor.states, rejected) == Refusal("code_wrong", 422, {"left": left})
    assert actor.refuses(confirm()) == ("code_expired", 410)
    assert actor.state.person == PERSON


def test_a_code_counts_for_ten_minutes() -> None:
    actor = buyer()
    actor.take(asked())
    actor.now += LASTS
    assert actor.refuses(confirm()) == ("code_expired", 410)


@pytest.mark.spec("auth 13")
def test_codes_are_sent_with_pauses_and_so_many_a_day() -> None:
    actor = buyer()
    actor.take(asked())
    assert actor.decide(asked(salt="2")) == Refusal("code_too_soon", 429, {"after": NOW + PAUSE})
    for number in range(1, A_DAY):
        actor.now += PAUSE
        actor.take(asked(salt=str(number)))
    actor.now += PAUSE
    assert actor.decide(asked(salt="x")) == Refusal("codes_exhausted", 429, {"after": NOW + DAY})
    actor.now = NOW + DAY
    actor.take(asked(salt="y"))


@pytest.mark.spec("auth 13")
def test_codes_that_a_stranger_has_sent_keep_nobody_from_those_of_another_purpose() -> None:
    actor = seller()
    actor.now += PAUSE
    for number in range(A_DAY):
        actor.now += PAUSE
        actor.take(code("registration", EMAIL, salt=f"r{number}"))
    assert actor.take(code("registration", EMAIL, salt="one more")) == []
    (requested,) = actor.take(code("password", EMAIL, salt="p"))
    assert requested == CodeRequested(purpose="password", until=actor.now + LASTS)
    assert {purpose: len(sent) for purpose, sent in actor.state.sent.items()} == {"registration": 1, "known": A_DAY, "password": 1}
    assert actor.take(ResetPassword(once="r", check=right("password", SELLER, "p"), password_hash="new"))[0].credential == 2


def test_a_row_of_before_that_counted_all_purposes_together_is_read() -> None:
    row = msgspec.to_builtins(buyer().state)
    row[12] = [NOW]
    del row[-1]
    assert msgspec.convert(row, Account).sends == (NOW,)
    assert msgspec.convert(row, Account).sent == {}


@pytest.mark.spec("auth 13")
def test_neither_row_nor_message_holds_the_digits() -> None:
    actor = buyer()
    message = asked()
    actor.take(message)
    secret = digits(CODES, BUYER, SALT)
    assert len(secret) == 6
    assert secret not in msgspec.json.encode(message).decode() + msgspec.json.encode(actor.state).decode()
    assert right("phone", BUYER) != right("email", BUYER), "a code is for one purpose"
    assert check(CODES, BUYER, "phone", secret) != check(CODES, SELLER, "phone", secret), "and for one row"


@pytest.mark.spec("auth 26")
def test_a_stranger_hears_the_same_whatever_is_known() -> None:
    for actor in (Actor(ACCOUNTS, SELLER, NOW), verified(), buyer()):
        assert actor.take(code("password", EMAIL)) == []
    known = seller()
    (told,) = known.take(_later(known, "registration"))
    assert told.purpose == "known"
    assert known.state.tasks[0].what == "known"
    assert "registration" not in known.state.codes
    assert known.take(code("registration", EMAIL, salt="3")) == [], "too soon is not said either"


def _later(actor: Actor, purpose: str) -> Any:
    actor.now += PAUSE
    return code(purpose, EMAIL, salt="2")


@pytest.mark.spec("auth 12")
def test_an_email_is_verified_once_and_gives_a_ticket() -> None:
    actor = verified()
    assert (actor.state.ticket, actor.state.ticket_until) == (hashed("ticket"), NOW + HOUR)
    again = ConfirmRegistration(once="c2", check=right("registration"), ticket_hash=hashed("other"))
    assert actor.refuses(again) == ("code_unknown", 404)


def test_a_registration_that_nobody_goes_on_with_is_forgotten() -> None:
    actor = verified()
    due = actor.wake()
    assert actor.decide(Reminder(due=due)) == []
    actor.now = due
    assert actor.take(Reminder(due=due)) == [RegistrationLapsed()]
    assert actor.state == Account(sent={"registration": (NOW,)})


def test_a_forgotten_password_is_reset_and_every_session_ends() -> None:
    actor = seller()
    actor.take(opening())
    actor.take(_later(actor, "password"))
    message = ResetPassword(once="r", check=right("password", SELLER, "2"), password_hash="new")
    changed, ended = actor.take(message)
    assert changed == PasswordChanged(account=f"{SELLER}-1", credential=2, reset=True)
    assert ended == SessionsEnded(account=f"{SELLER}-1", cause="password", sessions=("s1",))
    assert (actor.state.password_hash, actor.state.sessions) == ("new", {})
    assert actor.refuses(message) == ("code_unknown", 404)


def test_a_password_is_changed_from_the_one_that_was_compared() -> None:
    actor = seller()
    for name in ("mine", "other"):
        actor.take(opening(name))
    change = ChangePassword(once="p", account=f"{SELLER}-1", credential=1, password_hash="new", keep="mine")
    assert actor.take(change) == [
        PasswordChanged(account=f"{SELLER}-1", credential=2),
        SessionEnded(account=f"{SELLER}-1", session="other", cause="ended"),
    ]
    assert actor.refuses(change) == ("credential_changed", 409)


@pytest.mark.spec("auth 32", "auth 34")
def test_a_profile_keeps_what_is_not_said() -> None:
    actor = buyer()
    assert actor.take(ChangeProfile(account=ME, name="봄날")) == [ProfileChanged(account=ME)]
    assert actor.state.person == msgspec.structs.replace(PERSON, name="봄날")
    actor.take(ChangeProfile(account=ME, picture="image-1"))
    assert (actor.state.person.name, actor.state.person.picture, actor.state.person.phone) == ("봄날", "image-1", PERSON.phone)
    assert actor.refuses(ChangeProfile(account=f"{BUYER}-2", name="봄")) == ("account_gone", 404)


# -- the calls ------------------------------------------------------------------------------------------------------------------


async def test_the_worker_makes_the_digits_of_the_salt() -> None:
    actor = buyer()
    actor.take(asked())
    effect = ACCOUNTS.pending(actor.state)
    assert effect is not None
    assert ACCOUNTS.perform is not None
    PLAYED.sent.clear()
    outcome = await ACCOUNTS.perform(BUYER, actor.state, effect)
    ((kind, phone, text),) = PLAYED.sent
    assert (kind, phone) == ("sms", PHONE)
    assert digits(CODES, BUYER, SALT) in text
    assert actor.take(outcome) == [CallFinished(effect="sms", attempt=1, outcome="done")]
    assert actor.take(outcome) == [], "an outcome counts once"


async def test_a_call_that_is_refused_is_not_made_again() -> None:
    actor = buyer()
    actor.take(asked())
    effect = ACCOUNTS.pending(actor.state)
    assert effect is not None
    assert ACCOUNTS.perform is not None
    PLAYED.fails.append(Refused("-1"))
    outcome = await ACCOUNTS.perform(BUYER, actor.state, effect)
    assert actor.take(outcome) == [CallFinished(effect="sms", attempt=1, outcome="refused")]
    PLAYED.fails.append(Unknown("503"))
    with pytest.raises(Unknown):
        await ACCOUNTS.perform(BUYER, buyer_asking().state, effect)


def buyer_asking() -> Actor:
    actor = buyer()
    actor.take(asked())
    return actor


def test_calls_are_made_one_after_another() -> None:
    actor = buyer_asking()
    actor.now += PAUSE
    actor.take(asked("email", "new@example.com", "2"))
    assert [task.name for task in actor.state.tasks] == ["sms", "mail"]
    assert actor.take(done(actor)) == [
        CallFinished(effect="sms", attempt=1, outcome="done"),
        CallStarted(effect="mail", attempt=2, until=actor.now + 20_000),
    ]
    assert ACCOUNTS.pending(actor.state).name == "mail"  # type: ignore[union-attr]
