"""Calls to providers that are away: what is owed is made however late, codes while they count, and nobody waits for another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from models.accounts.account import Account
from models.accounts.contacts import LASTS, PAUSE
from models.accounts.messages import CallFinished, CallPostponed, CallStarted, RestoreAccount, SuspendAccount
from models.accounts.secrets import hashed
from models.accounts.seller_messages import DenySeller, LicenceRead, PermitSeller, ReadLicence
from models.accounts.tasks import Task
from models.actor import HOUR, MINUTE, SECOND, EffectUnknown, Reminder
from tests.unit.accounts.given import ACCOUNTS, BUYER, SELLER, applied, buyer, code, done, seller, verified
from tests.unit.history import Actor

ME, SOLD, PHONE, NEW = f"{BUYER}-1", f"{SELLER}-1", "+821098765432", "new@example.com"
LEASE = 20 * SECOND


def asked(purpose: str, target: str, salt: str = "1") -> Any:
    return code(purpose, target, account=ME, row=BUYER, salt=salt)


def nothing_known(actor: Actor) -> list[Any]:
    """The call under way has no outcome."""
    effect = ACCOUNTS.pending(actor.state)
    assert effect is not None
    return actor.take(EffectUnknown(effect=effect.name, attempt=effect.attempt))


def waits(actor: Actor, most: int = 100) -> list[int]:
    """Ms between the attempts of the one call in the queue, made in vain ``most`` times at most."""
    found: list[int] = []
    while len(found) < most:
        (said, *_) = nothing_known(actor)
        if not isinstance(said, CallPostponed):
            break
        assert ACCOUNTS.pending(actor.state) is None
        assert actor.wake() == said.again_at
        assert actor.decide(Reminder(due=actor.now)) == [], "a reminder that came early"
        found.append(said.again_at - actor.now)
        actor.now = said.again_at
        (begun,) = actor.take(Reminder(due=actor.now))
        assert begun == CallStarted(effect=said.effect, attempt=said.attempt + 1, until=actor.now + LEASE)
    return found


@pytest.mark.parametrize(("purpose", "target", "call"), [("phone", PHONE, "sms"), ("email", NEW, "mail")])
def test_a_code_is_tried_for_as_long_as_it_counts_and_not_sent_late(purpose: str, target: str, call: str) -> None:
    actor = buyer()
    began = actor.now
    actor.take(asked(purpose, target))
    assert waits(actor) == [5_000, 10_000, 20_000, 40_000, *[MINUTE] * 8]
    assert actor.now - began == 555_000 < LASTS
    assert actor.state.tasks == ()
    # The last word: another attempt would have come when the code counts no more.
    actor.take(asked(purpose, target, "2"))
    actor.now += LASTS - 5 * SECOND
    assert nothing_known(actor) == [CallFinished(effect=call, attempt=14, outcome="given_up")]


@pytest.mark.parametrize(
    ("make", "act"),
    [
        (applied, PermitSeller(once="p", account=SOLD, by="a")),
        (applied, DenySeller(once="d", account=SOLD, by="a", reason="other")),
        (seller, SuspendAccount(once="s", account=SOLD, by="a", reason="abuse")),
    ],
)
def test_what_an_admin_did_is_told_however_long_the_mail_is_away(make: Callable[[], Actor], act: Any) -> None:
    actor = make()
    actor.take(act)
    assert waits(actor, 60) == [*(5_000 * 2**tries for tries in range(10)), *[HOUR] * 50]
    assert actor.take(done(actor))[0].outcome == "done"
    assert actor.state.tasks == ()


def test_a_licence_is_read_twice_at_most_and_then_nothing_was_found() -> None:
    actor = verified()
    actor.take(ReadLicence(document="documents/1", ticket_hash=hashed("ticket")))
    assert waits(actor) == [5_000]
    assert actor.state.tasks == ()
    actor.take(ReadLicence(document="documents/1", ticket_hash=hashed("ticket")))
    waited = waits(actor, 1)
    finished, read = nothing_known(actor)
    assert (waited, finished.outcome, read) == ([5_000], "given_up", LicenceRead(found=False))
    assert ACCOUNTS.answer(SELLER, actor.states, read) == {"business_number": ""}


def test_nobody_waits_for_a_provider_that_is_not_theirs() -> None:
    actor = buyer()
    actor.take(asked("email", NEW))
    (put_off,) = nothing_known(actor)
    actor.take(asked("phone", PHONE, "2"))
    assert ACCOUNTS.pending(actor.state).name == "sms"  # type: ignore[union-attr]
    assert actor.take(done(actor)) == [CallFinished(effect="sms", attempt=2, outcome="done")]
    assert actor.wake() == put_off.again_at
    actor.now = put_off.again_at
    assert actor.take(Reminder(due=actor.now)) == [CallStarted(effect="mail", attempt=3, until=actor.now + LEASE)]


def test_one_that_waits_behind_a_call_that_hangs_is_made_once_that_has_no_outcome() -> None:
    actor = buyer()
    actor.take(asked("email", NEW))
    actor.take(asked("phone", PHONE, "2"))
    assert [task.name for task in actor.state.tasks] == ["mail", "sms"]
    actor.now += 10 * SECOND
    put_off, begun = nothing_known(actor)
    assert put_off == CallPostponed(effect="mail", attempt=1, again_at=actor.now + 5_000)
    assert begun == CallStarted(effect="sms", attempt=2, until=actor.now + LEASE)
    # Its time comes while the other is under way: it is made after that.
    actor.now += 5_000
    assert actor.take(Reminder(due=actor.now)) == []
    assert actor.take(done(actor))[1:] == [CallStarted(effect="mail", attempt=3, until=actor.now + LEASE)]


def test_a_newer_code_takes_the_place_of_one_that_waits() -> None:
    actor = buyer()
    actor.take(asked("phone", PHONE, "1"))
    nothing_known(actor)
    actor.now += PAUSE
    actor.take(asked("phone", PHONE, "2"))
    assert [(task.salt, task.attempt, task.until) for task in actor.state.tasks] == [("2", 2, actor.now + LEASE)]
    # One that is under way may have been heard, so its outcome is waited for.
    actor.now += PAUSE
    actor.take(asked("phone", PHONE, "3"))
    assert [task.salt for task in actor.state.tasks] == ["2", "3"]
    actor.now += PAUSE
    actor.take(asked("phone", PHONE, "4"))
    assert [task.salt for task in actor.state.tasks] == ["2", "4"]


def test_a_code_of_each_purpose_goes_for_itself() -> None:
    actor = seller()
    for purpose in ("registration", "password"):
        actor.take(code(purpose, "florist@example.com", salt=purpose))
    assert [task.what for task in actor.state.tasks] == ["known", "password"]
    nothing_known(actor)
    assert [(task.what, bool(task.until)) for task in actor.state.tasks] == [("password", True), ("known", False)]


def test_acts_are_told_in_their_order_and_a_code_does_not_wait_for_them() -> None:
    actor = seller()
    actor.take(SuspendAccount(once="s", account=SOLD, by="a", reason="abuse"))
    nothing_known(actor)
    actor.take(RestoreAccount(once="r", account=SOLD, by="a"))
    assert ACCOUNTS.pending(actor.state) is None, "it would be told before what came first"
    actor.take(code("password", "florist@example.com"))
    assert [task.what for task in actor.state.tasks] == ["password", "suspended", "restored"]
    actor.take(done(actor))
    actor.now = actor.wake()
    told = []
    actor.take(Reminder(due=actor.now))
    while actor.state.tasks:
        told.append(actor.state.tasks[0].what)
        actor.take(done(actor))
    assert told == ["suspended", "restored"]


def test_a_code_that_ran_out_while_it_waited_is_not_sent() -> None:
    actor = buyer()
    actor.take(asked("email", NEW))
    actor.take(asked("phone", PHONE, "2"))
    actor.now += LASTS
    assert nothing_known(actor) == [
        CallFinished(effect="mail", attempt=1, outcome="given_up"), CallFinished(effect="sms", attempt=0, outcome="given_up"),
    ]  # fmt: skip
    assert actor.state.tasks == ()


def test_a_queue_of_before_goes_on() -> None:
    actor = buyer()
    old = (Task("mail", "email", NEW, "1", 1, again_at=actor.now + 5_000, tries=1), Task("sms", "phone", PHONE, "2"))
    row = msgspec.json.decode(msgspec.json.encode(msgspec.structs.replace(actor.state, tasks=old, attempts=1)), type=Account)
    actor.states[""] = row
    actor.now = actor.wake()
    assert actor.take(Reminder(due=actor.now)) == [CallStarted(effect="mail", attempt=2, until=actor.now + LEASE)]
    assert [type(event) for event in nothing_known(actor)] == [CallPostponed, CallStarted]
    assert ACCOUNTS.pending(actor.state).name == "sms"  # type: ignore[union-attr]
