"""A short run of ``python -m tests.chaos``: a handful of blows, one of each kind, by a fixed seed."""

from __future__ import annotations

import pytest

from deploy.local.stack import Stack
from tests.chaos.__main__ import audit
from tests.chaos.blows import BLOWS, SHORT
from tests.chaos.judge import judge
from tests.chaos.run import Run, table

SEED, SECONDS = 20_261_126, 3.0


@pytest.mark.timeout(900)
@pytest.mark.spec("order W-5", "order W-6", "order W-10", "order W-16", "order W-17", "order W-19", "order W-22", "order W-56")
async def test_blows_lose_nothing_double_nothing_and_leave_nothing_hanging(stack: Stack) -> None:
    """The stack's payment window is the shop's own, so those who abandon their orders are left out: nothing of theirs ends here."""
    async with Run(stack, SEED, SECONDS, abandon=False) as run:
        for name in SHORT:
            await run.strike(next(blow for blow in BLOWS if blow.name.startswith(name)))
        await run.public.faults()
        for result in run.results:
            result.findings += await judge(run.public, result.crowd, result.blow.faults)
    assert [finding for result in run.results for finding in result.findings] == [], table(run.results)
    assert all(any(one.outcome == "CONFIRMED" for one in result.crowd.checkouts) for result in run.results), table(run.results)
    assert audit(stack) == []
