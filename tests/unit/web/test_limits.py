"""How often somebody may ask: buckets of a process, and what a client is told. Those in Redis: tests/integration/test_edge.py."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from web import limits as module
from web.limits import LIMITS, Limit, Limiter, Local, Rate, SharedBuckets, State, limits, network
from web.problems import Problem
from web.routes import API, ROUTES


class Clock:
    """Stands where monotonic time stands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def told(state: State) -> tuple[int, int, int]:
    """Left, reset, retry."""
    return state.left, state.reset, state.retry


def test_a_bucket_empties_and_fills(clock: Clock) -> None:
    bucket, rate = Local(), Rate(3, 30)
    assert [told(bucket.take("read", "a", rate)) for _ in range(4)] == [(2, 10, 0), (1, 20, 0), (0, 30, 0), (0, 30, 10)]
    # A refusal takes nothing.
    assert told(bucket.take("read", "a", rate)) == (0, 30, 10)
    clock.now += 9.5
    assert told(bucket.take("read", "a", rate)) == (0, 21, 1)
    clock.now += 0.5
    assert told(bucket.take("read", "a", rate)) == (0, 30, 0)
    clock.now += 1000
    assert told(bucket.take("read", "a", rate)) == (2, 10, 0)


@pytest.mark.spec("auth 31")
def test_everybody_has_a_bucket_of_their_own_in_each_limit(clock: Clock) -> None:
    bucket, rate = Local(), Rate(1, 60)
    assert [bucket.take(name, who, rate).retry for name, who in (("read", "a"), ("read", "b"), ("write", "a"))] == [0, 0, 0]
    assert bucket.take("read", "a", rate).retry == 60


def test_processes_share_a_limit(clock: Clock) -> None:
    processes = [Local(2), Local(2)]
    states = [processes[number % 2].take("read", "a", Rate(10, 60)) for number in range(12)]
    assert [state.retry > 0 for state in states] == [False] * 10 + [True] * 2
    assert [state.left for state in states[::2]] == [8, 6, 4, 2, 0, 0]


def test_a_share_of_less_than_one_request_still_lets_one_through(clock: Clock) -> None:
    bucket = Local(4)
    assert told(bucket.take("read", "a", Rate(2, 60))) == (0, 120, 0)
    assert told(bucket.take("read", "a", Rate(2, 60))) == (0, 120, 120)


def test_what_is_remembered_is_bounded_and_the_last_used_is_kept(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEYS", 10)
    bucket, rate = Local(), Rate(1, 3600)
    bucket.take("read", "kept", rate)
    for number in range(15):
        bucket.take("read", f"stranger-{number}", rate)
        assert len(bucket._young) + len(bucket._old) <= 20
    assert bucket.take("read", "kept", rate).retry > 0, "fifteen strangers are too few to forget anybody"
    for number in range(40):
        bucket.take("read", f"other-{number}", rate)
    assert bucket.take("read", "kept", rate).retry == 0


def test_what_the_client_is_told() -> None:
    state = State(Rate(1200, 60), 7, 3, 0)
    assert state.headers() == {
        "RateLimit-Limit": "1200", "RateLimit-Remaining": "7", "RateLimit-Reset": "3", "RateLimit-Policy": "1200;w=60",
    }  # fmt: skip
    refused = State(Rate(5, 60), 0, 60, 12).problem()
    assert (refused.status, refused.code, refused.details) == (429, "too_many_requests", {"after": 12})
    assert refused.headers["Retry-After"] == "12"
    assert refused.headers["RateLimit-Remaining"] == "0"


def test_an_account_is_not_asked_for_its_address_and_an_address_has_its_own(clock: Clock) -> None:
    limiter = Limiter({"read": Limit(Rate(1, 60), Rate(2, 60))}, 1, None)

    def ask(account: str, address: str) -> bool:
        state = limiter.local("read", account, address)
        assert state is not None
        return not state.retry

    assert [ask("a", "1.1.1.1"), ask("b", "1.1.1.1"), ask("", "1.1.1.1"), ask("", "1.1.1.1")] == [True] * 4
    assert [ask("a", "2.2.2.2"), ask("", "1.1.1.1"), ask("", "2.2.2.2")] == [False, False, True]


@pytest.mark.spec("auth 29")
async def test_a_limit_against_guessing_does_not_fall_open() -> None:
    limiter = Limiter(LIMITS, 1, None)
    assert limiter.local("sign_in", "", "1.1.1.1") is None
    with pytest.raises(Problem) as refused:
        await limiter.shared("sign_in", "", "1.1.1.1")
    assert (refused.value.status, refused.value.code) == (503, "unavailable")


class Spying(SharedBuckets):
    """Says which buckets a request is taken from."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:9/0", "bb", b"s" * 32)
        self.asked: list[list[tuple[str, str, Rate]]] = []

    async def take(self, buckets: Sequence[tuple[str, str, Rate]]) -> State:
        self.asked.append(list(buckets))
        return State(buckets[0][2], 1, 1, 0)


@pytest.mark.spec("auth 26")
@pytest.mark.parametrize(
    ("name", "account", "buckets"),
    [
        ("code", "", [("code", "address:1.1.1.1", Rate(30, 3_600))]),
        ("code", "a", [("code", "account:a", Rate(100, 3_600)), ("code", "pair:a:1.1.1.1", Rate(10, 3_600))]),
        ("sign_in", "a", [("sign_in", "account:a", Rate(100, 900)), ("sign_in", "pair:a:1.1.1.1", Rate(10, 900))]),
        ("refresh", "a", [("refresh", "account:a", Rate(30, 60))]),
    ],
)
async def test_an_account_is_counted_from_each_address_and_from_all(
    name: str, account: str, buckets: list[tuple[str, str, Rate]]
) -> None:
    spying = Spying()
    await Limiter(LIMITS, 1, spying).shared(name, account, "1.1.1.1")
    assert spying.asked == [buckets]


# -- settings -------------------------------------------------------------------------------------------------------------


def test_limits_are_changed_by_a_setting() -> None:
    assert limits("") == LIMITS
    changed = limits("*.address=7/1, sign_in.address=9/60,read.account=5/2,code.pair=3/4")
    assert {name: one.address for name, one in changed.items()} == {**dict.fromkeys(LIMITS, Rate(7, 1)), "sign_in": Rate(9, 60)}
    assert changed["read"].account == Rate(5, 2)
    assert changed["sign_in"].account == LIMITS["sign_in"].account
    assert changed["sign_in"].shared
    assert (changed["code"].pair, changed["sign_in"].pair) == (Rate(3, 4), Rate(10, 900))


@pytest.mark.parametrize(
    "setting", ["off", "read=5/60", "nothing.account=5/60", "read.account=0/60", "read.account=5/0", "read.x=1/1"]
)
def test_a_setting_that_is_none_is_said(setting: str) -> None:
    with pytest.raises(ValueError, match="BB_LIMITS"):
        limits(setting)


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a:b:no address", "a:b:no address"),
        ("", ""),
    ],
)
def test_a_household_has_one_bucket(address: str, whose: str) -> None:
    assert network(address) == whose


def test_every_route_has_a_limit_that_there_is() -> None:
    assert [rule.path for rule in ROUTES if rule.bucket not in LIMITS] == []
    assert {rule.bucket for rule in ROUTES if not rule.limit} == {"read", "write"}


def test_what_leaves_a_trace_in_a_buyers_rows_has_a_limit_of_its_own() -> None:
    found = {(rule.method, rule.path.removeprefix(API)) for rule in ROUTES if rule.limit == "ask"}
    assert found == {("POST", "/products/{product_id}/questions"), ("PUT", "/products/{product_id}/restock-alert")}
    assert LIMITS["ask"].account == Rate(30, 600)


def test_every_upload_has_a_limit_of_uploads_or_of_codes() -> None:
    """A stranger's licence comes with a ticket of a code that was sent, and is counted as dearly as the code."""
    ways = ("/images", "/documents", "/finish")
    found = {rule.path.removeprefix(API): rule.limit for rule in ROUTES if rule.method == "POST" and rule.path.endswith(ways)}
    assert found == {
        "/images": "upload",
        "/images/{image_id}/finish": "upload",
        "/auth/seller/documents": "code",
        "/auth/seller/documents/{image_id}/finish": "code",
        "/me/application/documents": "upload",
        "/me/application/documents/{image_id}/finish": "upload",
    }
