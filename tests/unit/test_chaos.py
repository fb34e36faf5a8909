"""A seed of ``tests/chaos`` replays: the same buyers want the same, and each blow falls at the same moment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.blows import BLOWS, SHORT, Blow
from tests.chaos.checkout import body_of
from tests.chaos.florists import Florist, Product
from tests.chaos.public import Public
from tests.chaos.run import moment
from tests.chaos.shoppers import Crowd

ENV = {"BB_PUBLIC_URL": "http://127.0.0.1:9", "BB_SANDBOX_URL": "http://127.0.0.1:9", "BB_TOKEN_KEY": "", "BB_WEB_SECRET": ""}
BUNCH, POT = Product("bunch", "튤립 다발", 20_000, {"tulip": 5}), Product("pot", "난 화분", 12_000, {"orchid": 1}, tax_free=True)
FLORISTS = [
    Florist(name, name, 3_000, 50_000, (BUNCH, POT), {"tulip": 9, "orchid": 9}, {f"coupon-{name}": {"discount": 1_000}})
    for name in ("one", "two")
]


def wills(word: str, account: str) -> list[tuple[str, Any, float]]:
    """What the first buyers of a crowd are about to do: intent, body of the order, the next draw of their chance."""
    crowd = Crowd(Public(ENV), FLORISTS, word, account=account)
    checkouts = [crowd.checkout(number, turn) for number in range(16) for turn in range(4)]
    return [(one.intent, body_of(*one.wishes), chance.random()) for one, chance in checkouts]


def test_a_seed_decides_what_every_buyer_wants_whatever_the_run() -> None:
    assert wills("7/kill trade", "first run") == wills("7/kill trade", "second run")
    assert wills("7/kill trade", "first run") != wills("8/kill trade", "first run")
    assert wills("7/kill trade", "first run") != wills("7/kill read", "first run")


@pytest.mark.parametrize("blow", BLOWS, ids=lambda blow: blow.name)
def test_a_blow_falls_into_the_midst_at_the_seeds_moment(blow: Blow) -> None:
    first, again, other = (moment(seed, blow, 10.0) for seed in (7, 7, 8))
    assert first == again != other
    assert 3.0 <= first <= 7.0


def test_the_short_schedule_names_blows() -> None:
    assert all(sum(blow.name.startswith(name) for blow in BLOWS) == 1 for name in SHORT)
