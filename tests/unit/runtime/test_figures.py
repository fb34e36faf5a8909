"""What a worker says of itself: sums over its partitions, alarms that are told once, and when it counts as dead."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from agents.orders import ORDERS
from agents.projectors import STUCK as READ_STUCK
from agents.projectors import Projector
from agents.runtime.decider import Decider
from agents.runtime.figures import STUCK, Figures
from agents.runtime.health import OPERATOR, health_app
from agents.runtime.oldest import Unfinished
from agents.runtime.reminders import Reminders
from agents.runtime.rows import PARKED, UNFINISHED, Ledger, header
from agents.runtime.turn import Input, Turn
from models.actor import MINUTE, Phase
from models.orders.decide import CAPTURE_ALARM
from models.settings import read
from tests.unit.orders.given import APPROVE, BOTH, CAPTURED, HELD_ROSE, HELD_TULIP, READY
from tests.unit.shop import NOW, ORDER
from topics.envelope import encode, seal

DOMAIN = "figures-test"


def actor(**given: Any) -> Any:
    """A partition as far as figures look at it."""
    plain: dict[str, Any] = {
        "domain": SimpleNamespace(name=DOMAIN), "owned": True, "lag": 0, "finished": 0, "parked": set(), "reminders": Reminders(),
        "unfinished": Unfinished({"CAPTURING": CAPTURE_ALARM}),
    }  # fmt: skip
    return SimpleNamespace(**{**plain, **given})


def kernel(*actors: Any, draining: bool = False, away: bool = False) -> Any:
    """A kernel as far as figures look at it."""
    started = SimpleNamespace(is_set=lambda: True)
    return SimpleNamespace(
        domains={DOMAIN: None}, actors=dict(enumerate(actors)), session=6.0, ready=lambda: None, draining=draining,
        app=SimpleNamespace(rebalancing=False), ticked=time.monotonic(), started=started, answering=SimpleNamespace(away=away),
    )  # fmt: skip


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"domain": DOMAIN, **labels})


def test_a_worker_says_while_redis_does_not_take_its_answers() -> None:
    for away in (True, False):
        Figures(kernel(away=away)).look(0)
        assert REGISTRY.get_sample_value("bb_answers_away") == away


def test_gauges_are_over_all_partitions_owned() -> None:
    late, due = Reminders(), Reminders()
    late.set(b"a", 1_000)
    due.set(b"b", 4_000)
    two = actor(lag=4, parked={b"y", b"z"}, reminders=late)
    given = [actor(lag=3, parked={b"x"}, reminders=due), two, actor(lag=9, owned=False)]
    Figures(kernel(*given)).look(5_000)
    assert value("bb_inbox_lag") == 7
    assert value("bb_parked_aggregates") == 3
    assert value("bb_reminder_overdue_seconds") == 4
    two.reminders.set(b"a", 0)
    Figures(kernel(*given)).look(5_000)
    assert value("bb_reminder_overdue_seconds") == 1


def test_what_wakes_somebody_is_counted_from_nothing() -> None:
    """An increase is seen only of what was there before."""
    quiet = kernel()
    quiet.domains = {"figures-quiet": None}
    Figures(quiet)
    for name, more in (
        ("bb_inputs_total", {"outcome": "dead"}), ("bb_input_holes_total", {}), ("bb_inputs_gone_total", {}),
        ("bb_foreign_rows_total", {}),
    ):  # fmt: skip
        assert REGISTRY.get_sample_value(name, {"domain": "figures-quiet", **more}) == 0, name


def test_a_capture_that_takes_too_long_is_told_once_and_its_age_until_it_ends() -> None:
    one, other = actor(), actor()
    one.unfinished.set(b"order-1", Phase("CAPTURING", 0))
    other.unfinished.set(b"order-2", Phase("CAPTURING", 5 * MINUTE))
    figures = Figures(kernel(one, other))
    with capture_logs() as said:
        figures.look(10 * MINUTE - 1)
    assert said == []
    with capture_logs() as said:
        figures.look(10 * MINUTE)
        figures.look(11 * MINUTE)
    assert [(line["event"], line["log_level"], line["key"], line["seconds"]) for line in said] == [
        ("saga_overdue", "error", "order-1", 600)
    ]
    assert value("bb_saga_oldest_seconds", phase="CAPTURING") == 660
    one.unfinished.set(b"order-1", None)
    figures.look(11 * MINUTE)
    assert value("bb_saga_oldest_seconds", phase="CAPTURING") == 360
    # The partition went to somebody else.
    one.unfinished, other.unfinished = Unfinished({}), Unfinished({})
    figures.look(11 * MINUTE)
    assert value("bb_saga_oldest_seconds", phase="CAPTURING") == 0


def test_a_worker_is_dead_that_finishes_nothing_while_there_is_something() -> None:
    busy = actor(lag=5, finished=100)
    figures = Figures(kernel(busy))
    figures.look(0)
    assert figures.stuck() is None
    figures.progressed -= figures.patience + 1
    assert figures.stuck() == f"there are inputs, and none has been finished for {figures.patience + 1:.0f} s"
    # Progress, or nothing to do, or a rebalance: it lives.
    busy.finished = 101
    figures.look(0)
    assert figures.stuck() is None
    figures.progressed -= figures.patience + 1
    busy.lag = 0
    figures.look(0)
    assert figures.stuck() is None
    busy.lag, figures.kernel.draining = 5, True
    figures.progressed -= figures.patience + 1
    figures.look(0)
    assert figures.stuck() is None


def test_a_worker_is_dead_whose_watch_has_ended() -> None:
    figures = Figures(kernel(actor()))
    figures.kernel.ticked -= STUCK + 1
    assert figures.stuck() == f"the watch has not looked for {STUCK + 1:.0f} s"


async def test_health_says_why() -> None:
    why: dict[str, str | None] = {"live": None, "ready": "rows are being loaded"}
    async with TestClient(TestServer(health_app(lambda: why["ready"], lambda: why["live"]))) as client:

        async def ask(page: str) -> tuple[int, Any]:
            answer = await client.get(f"/health/{page}")
            return answer.status, await answer.json()

        assert await ask("live") == (200, {"live": True, "why": None})
        assert await ask("ready") == (503, {"ready": False, "why": "rows are being loaded"})
        why["live"] = "stuck"
        assert await ask("live") == (503, {"live": False, "why": "stuck"})


@pytest.mark.spec("order W-41")
async def test_a_worker_is_told_something_by_a_post_of_a_known_word_only() -> None:
    told: list[str] = []
    words = {"pause": lambda: told.append("pause")}
    for known in (words, {}):
        async with TestClient(TestServer(health_app(lambda: None, words=known))) as client:
            for method, word in (("GET", "pause"), ("HEAD", "pause"), ("POST", "resume"), ("POST", "health/live"), ("GET", "")):
                assert (await client.request(method, f"/{word}")).status in (404, 405)
    assert told == []
    async with TestClient(TestServer(health_app(lambda: None, words=words))) as client:
        # A page in the operator's own browser can post here, but not with a header of its own.
        assert (await client.post("/pause")).status == 403
        assert told == []
        assert (await client.post("/pause", headers={OPERATOR: "1"})).status == 200
    assert told == ["pause"]


async def test_projectors_are_dead_that_read_no_more() -> None:
    projector = Projector(read({}))
    projector._turned -= READ_STUCK + 1
    # Without partitions there is nothing to read.
    assert projector.why_not_live() is None
    projector._assigned = frozenset(list(projector._spots)[:1])
    assert projector.why_not_live() == f"nothing has been read for {READ_STUCK + 1:.0f} s"


def flags_after(*messages: Any) -> tuple[int, dict[bytes, Phase | None]]:
    """Flags of an order's row after ``messages``, and what the turn says of its phase."""
    taken, decider = Turn(Ledger()), Decider(ORDERS, 0, "bb", lambda key: None)
    for offset, message in enumerate(messages):
        sealed = seal("orders", ORDER, message, id=f"m{offset}", source="/test")
        assert decider.take(taken, Input(offset, NOW + offset, ORDER, encode(sealed)))
    return header(taken.rows[ORDER.encode()] or b"")[0], taken.phases


@pytest.mark.parametrize(
    ("messages", "phase"),
    [
        ((BOTH,), Phase("RESERVING", NOW)),
        ((BOTH, HELD_ROSE, HELD_TULIP, READY), Phase("AWAITING_PAYMENT", NOW)),
        ((BOTH, HELD_ROSE, HELD_TULIP, READY, APPROVE), Phase("CAPTURING", NOW + 4)),
        ((BOTH, HELD_ROSE, HELD_TULIP, READY, APPROVE, CAPTURED), None),
    ],
)
def test_a_row_says_whether_its_saga_has_ended(messages: tuple[Any, ...], phase: Phase | None) -> None:
    flags, phases = flags_after(*messages)
    assert bool(flags & UNFINISHED) is (phase is not None)
    assert not flags & PARKED
    assert phases == {ORDER.encode(): phase}
