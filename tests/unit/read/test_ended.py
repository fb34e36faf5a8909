"""What has ended, out of what accounts say."""

from __future__ import annotations

from typing import Any

from models.accounts.messages import ProfileChanged
from models.accounts.session_messages import SessionEnded, SessionsEnded
from models.read.ended import MODEL, project
from models.read.facts import Fact


def fact(body: Any, at: int, seq: int = 1) -> Fact:
    return Fact("accounts", "row", seq, seq, at, f"id-{seq}", body)


def test_a_session_and_all_of_an_account_end_when_the_log_says_so() -> None:
    facts = [
        fact(SessionEnded(account="a-1", session="s1", cause="signed_out"), 10),
        fact(ProfileChanged(account="a-1"), 15, 2),
        fact(SessionsEnded(account="a-1", cause="withdrawn"), 20, 3),
        fact(SessionEnded(account="b-1", session="s2", cause="reuse"), 30, 4),
    ]
    assert project(facts) == {"s1": 10, "a-1": 20, "s2": 30}


def test_all_sessions_that_an_account_had_end_by_their_names() -> None:
    facts = [
        fact(SessionsEnded(account="a-1", cause="suspended", sessions=("s1", "s2")), 20),
        fact(SessionEnded(account="a-1", session="s1", cause="ended"), 10, 2),
    ]
    assert project(facts) == {"a-1": 20, "s1": 20, "s2": 20}


def test_the_last_end_counts_in_whatever_order_it_comes() -> None:
    facts = [fact(SessionsEnded(account="a-1", cause="suspended"), at) for at in (20, 10)]
    assert project(facts) == project(facts[::-1]) == {"a-1": 20}


def test_an_end_is_told_at_once_and_a_profile_can_wait() -> None:
    assert MODEL.urgent(fact(SessionEnded(account="a-1", session="s1", cause="ended"), 1))
    assert not MODEL.urgent(fact(ProfileChanged(account="a-1"), 1))
    assert MODEL.reported
