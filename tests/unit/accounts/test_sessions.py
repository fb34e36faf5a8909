"""Buyers join and come back; sessions are exchanged, and a stolen secret ends them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.accounts.messages import (
    AccountJoined,
    AccountPrivate,
    AccountWithdrawn,
    CallRefused,
    ChangeProfile,
    ProfileChanged,
    SuspendAccount,
    WithdrawAccount,
)
from models.accounts.secrets import hashed
from models.accounts.session_messages import (
    EndSession,
    EndSessions,
    RefreshSession,
    RejoinRefused,
    SessionEnded,
    SessionOpened,
    SessionRefreshed,
    SessionsEnded,
)
from models.accounts.sessions import AT_MOST, GRACE, LIFETIME, MOST
from models.accounts.tasks import Task
from models.actor import DAY, HOUR, MINUTE, SECOND, Effect, EffectUnknown, Refusal, Reminder, Send
from models.carts.messages import ForgetBuyer
from models.catalog.image_messages import EraseImage, KeepImage
from models.kept import ERASE
from models.traces import ForgetTraces
from tests.unit.accounts.given import ACCOUNTS, BUYER, PERSON, SELLER, admin, applied, buyer, done, opening, seller, sign_in
from tests.unit.history import Actor
from tests.unit.shop import NOW

ME = f"{BUYER}-1"


def exchange(presented: str, following: str, session: str = "s1") -> RefreshSession:
    return RefreshSession(once=f"{presented}-{following}", session=session, presented=hashed(presented), next=hashed(following))


def test_a_buyer_joins_with_the_first_session() -> None:
    actor = Actor(ACCOUNTS, BUYER, NOW)
    joined, opened = actor.take(sign_in(device="chrome/windows"))
    assert joined == AccountJoined(account=ME, provider="kakao")
    assert opened == SessionOpened(account=ME, session="s1", device="chrome/windows", until=NOW + LIFETIME["buyer"])
    assert ACCOUNTS.private(BUYER, actor.states, joined) == AccountPrivate(account=ME, person=PERSON)
    assert ACCOUNTS.private(BUYER, actor.states, opened) is None
    public = msgspec.json.encode([joined, opened]).decode()
    assert not [text for text in (*msgspec.structs.astuple(PERSON), "4242") if text and text in public]
    assert ACCOUNTS.answer(BUYER, actor.states, opened) == {
        "account": ME, "role": "buyer", "status": "ACTIVE", "stores": [], "session": "s1", "until": NOW + LIFETIME["buyer"],
    }  # fmt: skip


def test_who_comes_back_keeps_their_own_profile() -> None:
    actor = buyer()
    assert actor.take(sign_in(session="s2", person=msgspec.structs.replace(PERSON, name="다른이름"))) == [
        SessionOpened(account=ME, session="s2", device="", until=NOW + LIFETIME["buyer"])
    ]
    assert actor.state.person == PERSON


@pytest.mark.spec("auth 14", "auth 15")
def test_a_secret_is_exchanged_and_never_taken_again() -> None:
    actor = buyer()
    refreshed = SessionRefreshed(account=ME, session="s1", until=NOW + LIFETIME["buyer"])
    assert actor.take(exchange("secret 0", "secret 1")) == [refreshed]
    actor.now += GRACE + 1
    assert actor.take(exchange("secret 1", "secret 2")) == [
        SessionRefreshed(account=ME, session="s1", until=actor.now + LIFETIME["buyer"])
    ]
    (ended,) = actor.take(exchange("secret 0", "mine"))
    assert ended == SessionEnded(account=ME, session="s1", cause="reuse")
    assert ACCOUNTS.answer(BUYER, actor.states, ended) == Refusal("session_reused", 401)
    assert actor.refuses(exchange("secret 2", "secret 3")) == ("session_ended", 401)


def test_two_tabs_may_exchange_the_same_secret_within_the_grace() -> None:
    actor = buyer()
    actor.take(exchange("secret 0", "secret 1"))
    before = actor.state
    actor.now += GRACE
    assert actor.take(exchange("secret 0", "secret 1")) == [
        SessionRefreshed(account=ME, session="s1", until=NOW + LIFETIME["buyer"], repeated=True)
    ]
    assert actor.state == before
    actor.now += 1
    assert actor.take(exchange("secret 0", "secret 1")) == [SessionEnded(account=ME, session="s1", cause="reuse")]


def test_a_browser_that_tries_again_while_the_worker_restarts_is_no_thief() -> None:
    """Its retries wait in the inbox: with a restart of 20 s and some room, the last one is a minute younger than the first."""
    actor = buyer()
    repeated = SessionRefreshed(account=ME, session="s1", until=NOW + LIFETIME["buyer"], repeated=True)
    assert actor.take(exchange("secret 0", "secret 1")) == [SessionRefreshed(account=ME, session="s1", until=repeated.until)]
    for seconds in (6, 12, 30, 60):
        actor.now = NOW + seconds * SECOND
        assert actor.take(exchange("secret 0", "secret 1")) == [repeated]
    assert list(actor.state.sessions) == ["s1"]


def test_who_steals_a_secret_within_the_grace_is_seen_at_the_next_exchange() -> None:
    actor = buyer()
    actor.take(exchange("secret 0", "secret 1"))
    actor.now += GRACE
    (thief,) = actor.take(exchange("secret 0", "secret 1"))
    assert thief.repeated
    actor.now += 10 * MINUTE
    assert actor.take(exchange("secret 1", "secret 2")) == [
        SessionRefreshed(account=ME, session="s1", until=actor.now + LIFETIME["buyer"])
    ]
    actor.now += GRACE + 1
    assert actor.take(exchange("secret 1", "secret 2")) == [SessionEnded(account=ME, session="s1", cause="reuse")]
    assert actor.state.sessions == {}


@pytest.mark.parametrize("session", ["s1", "never"])
def test_a_session_that_is_not_there_or_has_run_out_is_not_exchanged(session: str) -> None:
    actor = buyer()
    actor.now += LIFETIME["buyer"]
    assert actor.refuses(exchange("secret 0", "secret 1", session)) == ("session_ended", 401)


@pytest.mark.parametrize(("make", "days"), [(buyer, 180), (seller, 180), (admin, 1)])
def test_a_session_ends_however_much_it_is_used(make: Any, days: int) -> None:
    actor = make()
    if actor.state.kind != "buyer":
        actor.take(opening(step=1))
    opened, kind, secret = actor.now, actor.state.kind, 0
    end = opened + days * DAY
    while actor.now + LIFETIME[kind] < end:
        actor.now += LIFETIME[kind] - 1
        (refreshed,) = actor.take(exchange(f"secret {secret}", f"secret {secret + 1}"))
        assert refreshed.until == min(actor.now + LIFETIME[kind], end)
        secret += 1
    actor.now = end - 1
    (last,) = actor.take(exchange(f"secret {secret}", f"secret {secret + 1}"))
    assert (last.until, AT_MOST[kind]) == (end, days * DAY)
    actor.now = end
    assert actor.refuses(exchange(f"secret {secret + 1}", "one more")) == ("session_ended", 401)


def test_a_session_of_before_there_was_an_end_ends_too() -> None:
    actor = buyer()
    (one,) = actor.state.sessions.values()
    promised = msgspec.structs.replace(one, expires=NOW + 200 * DAY)
    actor.states[""] = msgspec.structs.replace(actor.state, sessions={"s1": promised})
    actor.now += 180 * DAY
    assert actor.refuses(exchange("secret 0", "secret 1")) == ("session_ended", 401)


def test_a_stranger_without_any_secret_ends_the_session_too() -> None:
    """A secret that was never one means that somebody knows the session's id, which only stands beside secrets."""
    assert buyer().take(exchange("guess", "mine")) == [SessionEnded(account=ME, session="s1", cause="reuse")]


def test_sessions_are_ended_one_by_one_and_all_but_the_own() -> None:
    actor = buyer()
    for name in ("s2", "s3", "s4"):
        actor.take(sign_in(session=name))
    assert actor.take(EndSession(once="1", account=ME, session="s2")) == [SessionEnded(account=ME, session="s2", cause="ended")]
    assert actor.take(EndSession(once="2", account=ME, session="s2")) == []
    assert actor.take(EndSession(once="3", account=ME, session="s1", presented=hashed("guess"))) == []
    assert actor.take(EndSession(once="3", account=ME, session="s1", presented=hashed("secret 0"))) == [
        SessionEnded(account=ME, session="s1", cause="signed_out")
    ]
    assert actor.take(EndSessions(once="4", account=ME, keep="s4")) == [SessionEnded(account=ME, session="s3", cause="ended")]
    assert list(actor.state.sessions) == ["s4"]
    assert actor.take(EndSession(once="5", account=f"{BUYER}-2", session="s4")) == []


def test_sessions_that_have_run_out_or_are_too_many_make_room() -> None:
    actor = buyer()
    for number in range(2, MOST + 1):
        actor.now += 1
        actor.take(sign_in(session=f"s{number}"))
    actor.now += 1
    first, _ = actor.take(sign_in(session="one-more"))
    assert first == SessionEnded(account=ME, session="s1", cause="too_many")
    actor.now += LIFETIME["buyer"]
    *ended, opened = actor.take(sign_in(session="late"))
    assert {one.cause for one in ended} == {"expired"}
    assert len(ended) == MOST
    assert list(actor.state.sessions) == [opened.session] == ["late"]


@pytest.mark.parametrize(("picture", "erased"), [("image-1", True), ("https://k.kakaocdn.net/me.jpg", False), ("", False)])
def test_the_picture_of_whoever_withdraws_is_erased_if_it_is_ours(picture: str, erased: bool) -> None:
    actor = buyer()
    actor.take(ChangeProfile(account=ME, picture=picture))
    gone, _ = actor.take(WithdrawAccount(once="w", account=ME))
    assert gone == AccountWithdrawn(account=ME, provider="kakao", picture="image-1" if erased else "")
    assert [send for send in actor.sends if isinstance(send.message, EraseImage)] == (
        [Send("catalog", "image-1", EraseImage(owner=ME))] if erased else []
    )


def test_a_picture_is_kept_and_one_that_is_replaced_is_erased() -> None:
    actor = buyer()
    wish = ChangeProfile(account=ME, picture="image-1")
    assert actor.take(wish) == [ProfileChanged(account=ME, picture="image-1")]
    assert actor.sends == [Send("catalog", "image-1", KeepImage(holder=ME))]
    assert actor.take(wish) == [ProfileChanged(account=ME)]
    assert actor.take(ChangeProfile(account=ME, name="새 이름")) == [ProfileChanged(account=ME)]
    assert actor.sends == []
    assert actor.take(ChangeProfile(account=ME, picture="image-2")) == [
        ProfileChanged(account=ME, replaced="image-1", picture="image-2")
    ]
    assert actor.sends == [
        Send("catalog", "image-1", EraseImage(owner=ME, holder=ME)),
        Send("catalog", "image-2", KeepImage(holder=ME)),
    ]
    assert actor.take(ChangeProfile(account=ME, picture="")) == [ProfileChanged(account=ME, replaced="image-2")]
    assert actor.sends == [Send("catalog", "image-2", EraseImage(owner=ME, holder=ME))]


@pytest.mark.spec("auth 16", "auth 33")
def test_whoever_withdraws_is_forgotten_and_may_come_back_after_a_day_as_somebody_new() -> None:
    actor = buyer()
    gone, ended = actor.take(WithdrawAccount(once="w", account=ME))
    assert gone == AccountWithdrawn(account=ME, provider="kakao")
    assert ended == SessionsEnded(account=ME, cause="withdrawn", sessions=("s1",))
    forgets = (("carts", ForgetBuyer(buyer=ME)), ("catalog", ForgetTraces()), ("stores", ForgetTraces()))
    assert actor.sends == [Send(domain, ME, message) for domain, message in forgets]
    assert ACCOUNTS.private(BUYER, actor.states, gone) == ERASE
    row = msgspec.json.encode(actor.state).decode()
    assert not [text for text in msgspec.structs.astuple(PERSON) if text and text in row]
    assert actor.state.sessions == {}
    # Kakao's own id is needed until it is unlinked.
    assert (actor.state.subject, ACCOUNTS.pending(actor.state).name) == ("4242", "unlink")  # type: ignore[union-attr]
    actor.take(done(actor))
    assert "4242" not in msgspec.json.encode(actor.state).decode()
    actor.now += DAY - 1
    actor.now += 1
    joined, _ = actor.take(sign_in(session="s9"))
    assert joined == AccountJoined(account=f"{BUYER}-2", provider="kakao")
    assert actor.refuses(WithdrawAccount(once="w2", account=ME)) == ("account_gone", 404)


@pytest.mark.spec("auth 16", "auth 45")
def test_whoever_comes_back_too_soon_is_unlinked_again() -> None:
    actor = buyer()
    actor.take(WithdrawAccount(once="w", account=ME))
    gone = actor.state
    refused = RejoinRefused(until=NOW + DAY)
    assert actor.take(sign_in(session="s9")) == [refused]
    assert actor.sends == []
    assert ACCOUNTS.answer(BUYER, actor.states, refused) == Refusal("rejoin_too_soon", 409, {"from": NOW + DAY})
    assert ACCOUNTS.private(BUYER, actor.states, refused) is None
    # The call under way may have been heard before; the next one waits behind it, and one is enough.
    waiting = Task("unlink", "kakao", "4242")
    assert actor.state == msgspec.structs.replace(gone, tasks=(gone.tasks[0], waiting))
    assert actor.take(sign_in(session="s10")) == [refused]
    assert actor.state.tasks == (gone.tasks[0], waiting)
    actor.take(done(actor))
    assert (actor.state.subject, ACCOUNTS.pending(actor.state).name) == ("4242", "unlink")  # type: ignore[union-attr]
    actor.take(done(actor))
    assert (actor.state.subject, actor.state.tasks) == ("", ())
    actor.now += DAY - 1
    assert actor.take(sign_in(session="s11")) == [refused]
    assert ACCOUNTS.pending(actor.state) == Effect("unlink", 3, actor.now + 20_000)
    actor.take(done(actor))
    assert "4242" not in msgspec.json.encode(actor.state).decode()


def test_nobody_is_unlinked_who_did_not_come_by_kakao() -> None:
    actor = Actor(ACCOUNTS, BUYER, NOW)
    actor.take(sign_in(provider="google"))
    actor.take(WithdrawAccount(once="w", account=ME))
    assert actor.decide(sign_in(provider="google")) == Refusal("rejoin_too_soon", 409, {"from": NOW + DAY})


def test_an_unlinking_is_never_given_up_and_its_id_is_kept_until_it_is_done() -> None:
    actor = buyer()
    actor.take(WithdrawAccount(once="w", account=ME))
    waits = []
    for attempt in range(1, 60):
        (postponed,) = actor.take(EffectUnknown(effect="unlink", attempt=attempt))
        waits.append(postponed.again_at - actor.now)
        actor.now = postponed.again_at
        actor.take(Reminder(due=actor.now))
    assert waits == [*(5_000 * 2**tries for tries in range(10)), *[HOUR] * 49]
    refused = msgspec.structs.replace(actor.state)
    actor.take(done(actor))
    assert (actor.state.subject, actor.state.tasks) == ("", ())
    actor.states[""] = refused
    actor.take(CallRefused(effect="unlink", attempt=60, code="-2"))
    assert (actor.state.subject, actor.state.tasks) == ("4242", ())


def test_only_kakao_is_unlinked_and_a_new_start_forgets_the_old_call() -> None:
    actor = Actor(ACCOUNTS, BUYER, NOW)
    actor.take(sign_in(provider="google"))
    actor.take(WithdrawAccount(once="w", account=ME))
    assert (actor.state.subject, actor.state.tasks) == ("", ())
    other = buyer()
    other.take(WithdrawAccount(once="w", account=ME))
    other.now += DAY
    other.take(sign_in(session="s2"))
    assert ACCOUNTS.pending(other.state) is None


@pytest.mark.parametrize(
    ("make", "credential", "step", "code"),
    [
        (seller, 2, 0, "sign_in_failed"),
        (admin, 1, 0, "sign_in_failed"),
        (buyer, 0, 0, "sign_in_failed"),
    ],
    ids=["other password", "no second factor", "a buyer has no password"],
)
def test_a_session_is_opened_only_for_what_was_verified(make: Any, credential: int, step: int, code: str) -> None:
    assert make().refuses(opening("new", credential, step)) == (code, 401)


def test_unknown_and_half_known_sellers_cannot_sign_in() -> None:
    assert Actor(ACCOUNTS, SELLER, NOW).refuses(opening()) == ("sign_in_failed", 401)


@pytest.mark.spec("auth 3")
def test_a_code_of_the_second_factor_opens_one_session() -> None:
    actor = admin()
    (opened,) = actor.take(opening("s1", 1, step=100))
    assert (opened.step, opened.until) == (100, NOW + 12 * HOUR)
    assert actor.refuses(opening("s2", 1, step=100)) == ("sign_in_failed", 401)
    assert actor.refuses(opening("s2", 1, step=99)) == ("sign_in_failed", 401)
    actor.take(opening("s2", 1, step=101))


@pytest.mark.spec("auth 25")
def test_what_tokens_may_say_follows_the_application() -> None:
    pending, permitted = applied(), seller()
    pending.take(opening())
    permitted.take(opening())
    said = [ACCOUNTS.answer(SELLER, one.states, None) for one in (pending, permitted)]
    assert [(one["role"], len(one["stores"])) for one in said if isinstance(one, dict)] == [("applicant", 0), ("seller", 1)]


def test_a_suspended_account_cannot_come_in_by_any_door() -> None:
    for actor, message in ((buyer(), sign_in(session="s2")), (seller(), opening("s2", 1))):
        actor.take(SuspendAccount(once="x", account=actor.state.id, by="admin-1", reason="abuse"))
        assert actor.decide(message) == Refusal("account_suspended", 403, {"reason": "abuse"})
        assert actor.state.sessions == {}
    assert buyer().state.suspended == ""


def test_a_suspended_buyer_cannot_leave_to_come_back() -> None:
    actor = buyer()
    actor.take(SuspendAccount(once="x", account=ME, by="admin-1", reason="abuse"))
    assert actor.refuses(WithdrawAccount(once="w", account=ME)) == ("account_suspended", 403)


def test_a_seller_does_not_withdraw() -> None:
    assert seller().refuses(WithdrawAccount(once="w", account=f"{SELLER}-1")) == ("not_a_buyer", 403)
