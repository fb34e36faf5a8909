"""Safe consumption and recovery on the real broker (issue §2): a short torture, and a start that takes long."""

from __future__ import annotations

import asyncio

import pytest

from deploy.local.stack import Stack
from tests.bench.recover import COLD, WARM, Recovery
from tests.torture.proxy import Proxy
from tests.torture.run import SESSION, Run
from tests.torture.schedule import Kind, schedule

MESSAGES = 4_000
ROOM = 3
"""Times the bound that a busy machine may take."""


def test_a_seed_always_gives_the_same_schedule_and_every_kind_is_in_it() -> None:
    for seed in range(50):
        actions = schedule(seed, SESSION)
        assert actions == schedule(seed, SESSION)
        assert {action.kind for action in actions} == set(Kind)
        past = [action for action in actions if action.kind in (Kind.FREEZE, Kind.CUT)]
        assert all(action.seconds > SESSION for action in past)
    assert len({tuple(map(str, schedule(seed, SESSION))) for seed in range(50)}) == 50


@pytest.mark.timeout(400)
async def test_nothing_is_lost_or_doubled_whatever_is_done_to_workers_and_broker(stack: Stack) -> None:
    actions = schedule(2, SESSION, (Kind.KILL, Kind.FREEZE, Kind.CUT, Kind.BROKER_KILL), more=0)
    run = Run(stack, 2, actions, load=False, messages=MESSAGES)
    outcome = await run.go()
    assert outcome.good(MESSAGES), (outcome.verdict, run.folder)
    assert outcome.verdict.messages == MESSAGES


@pytest.mark.timeout(400)
async def test_a_killed_worker_is_ready_again_within_its_bounds(stack: Stack) -> None:
    recovery = Recovery(stack, rows=100_000, prefix="recover-test")
    await recovery.fill()
    try:
        cold = await asyncio.to_thread(recovery.start)
        warm = await asyncio.to_thread(recovery.start)
        assert cold.seconds <= ROOM * COLD
        assert warm.seconds <= ROOM * WARM
    finally:
        await recovery.drop()


@pytest.mark.timeout(400)
async def test_loading_may_take_longer_than_the_session(stack: Stack) -> None:
    recovery = Recovery(stack, rows=40_000, prefix="recover-slow")
    await recovery.fill()
    try:
        # 20 MB at 2 MB a second, with a session of four seconds.
        async with Proxy(recovery.settings.kafka, rate=2_000_000) as wire:
            environment = {"BB_KAFKA": wire.address, "BB_SESSION_TIMEOUT": "4"}
            # A worker that is thrown out of its group while it loads ends itself or begins again: ``start`` raises.
            start = await asyncio.to_thread(recovery.start, 180.0, environment)
        assert start.seconds > 8
    finally:
        await recovery.drop()
