"""A run: for each blow two florists and a crowd of their own, the blow in the middle, and the books at the end."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from deploy.local.stack import Stack
from tests.chaos.blows import Blow
from tests.chaos.habits import Deliveries
from tests.chaos.judge import GRACE, judge, overdue
from tests.chaos.public import Public
from tests.chaos.shoppers import Crowd, two_florists

WINDOW = 75.0
"""Seconds in which an order must be paid: longer than any outage that is played, or what was accepted could not be paid."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"call": "ready", "fault": "delay", "probability": 0.1, "delay_ms": 500},
    {"call": "ready", "fault": "error_before", "probability": 0.05},
    {"call": "ready", "fault": "lost_answer", "probability": 0.03},
    {"call": "approve", "fault": "delay", "probability": 0.1, "delay_ms": 1_500},
    {"call": "approve", "fault": "error_before", "probability": 0.05},
    {"call": "approve", "fault": "error_after", "probability": 0.05},
    {"call": "approve", "fault": "lost_answer", "probability": 0.05},
    {"call": "approve", "fault": "expired", "probability": 0.02},
    {"call": "order", "fault": "error_before", "probability": 0.05},
    {"call": "cancel", "fault": "error_after", "probability": 0.05},
    {"call": "cancel", "fault": "lost_answer", "probability": 0.05},
    {"call": "pay", "fault": "double_callback", "probability": 0.2},
)
"""The gateway's bad days (``deploy/sandbox/faults.py``)."""


@dataclass
class Result:
    """What came of one blow. From its end on, ``ready``: seconds until every program was ready again; ``next``: until an order that
    came in after the blow was confirmed (-1: none was); ``settled``: until every checkout that it met under way had ended."""

    blow: Blow
    crowd: Crowd
    under_way: int
    took: float
    ready: float
    next: float
    settled: float
    failed: int
    requests: int
    findings: list[str] = field(default_factory=list)


def moment(seed: int, blow: Blow, seconds: float) -> float:
    """When the blow falls, in seconds after the first buyer: in the middle of the ``seconds`` in which buyers come in."""
    return seconds * (0.3 + 0.4 * random.Random(f"{seed}/{blow.name}").random())


class Run:
    """One run against ``stack``; ``seed`` decides wills, faults and moments. Use as ``async with``.

    ``abandon`` False: nobody leaves an order unpaid, so that nothing has to be waited for.
    """

    def __init__(self, stack: Stack, seed: int, seconds: float, *, abandon: bool = True) -> None:
        self.stack, self.seed, self.seconds, self.abandon = stack, seed, seconds, abandon
        # Ids of the seed alone would meet the florists of an earlier run with the same seed.
        self.word = uuid.uuid4().hex[:8]
        self.public = Public(stack.env())
        self._deliveries = Deliveries(stack)
        self.results: list[Result] = []

    async def __aenter__(self) -> Self:
        await self.public.__aenter__()
        await self._deliveries.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._deliveries.__aexit__(kind, error, trace)
        await self.public.__aexit__(kind, error, trace)

    async def strike(self, blow: Blow) -> Result:
        """Strike in the midst of the crowd, wait until everybody has ended, look for what is overdue."""
        florists = await two_florists(self.public, self.word, str(self.seed), blow.name)
        await self.public.faults(FAULTS if blow.faults else (), self.seed)
        # The one process that answers lists is away while it starts again.
        crowd = Crowd(
            self.public, florists, f"{self.seed}/{blow.name}", account=self.word, abandon=self.abandon, look=not blow.flawless,
            allow=self._deliveries,
        )  # fmt: skip
        failed, requests = len(self.public.failures), self.public.requests
        crowd.start()
        await asyncio.sleep(moment(self.seed, blow, self.seconds))
        met, begun = [one for one in crowd.checkouts if not one.ended], time.monotonic()
        await blow.act(self.stack)
        ended, clock = time.monotonic(), time.time()
        # By name: without names, what supervisord has just seen dying would not be waited for.
        await asyncio.to_thread(self.stack.wait_ready, list(self.stack.programs))
        ready, restarted = time.monotonic(), time.time()
        await asyncio.sleep(self.seconds / 2)
        await crowd.finish()
        later = [one.ended - clock for one in crowd.checkouts if one.began > clock and one.outcome == "CONFIRMED"]
        result = Result(
            blow,
            crowd,
            len(met),
            ended - begun,
            ready - ended,
            min(later, default=-1.0),
            max((one.ended - clock for one in met), default=0.0),
            len(self.public.failures) - failed,
            self.public.requests - requests,
        )
        await asyncio.sleep(max(0.0, restarted + GRACE - time.time()))
        result.findings += await overdue(self.public, crowd, restarted)
        if blow.flawless and result.failed:
            result.findings += [f"{one.request}: {one.why}" for one in self.public.failures[failed:]]
        self.results.append(result)
        print(line(result), flush=True)
        return result

    async def verdict(self) -> list[Result]:
        """Wait until every order has had its time, then judge every crowd's books."""
        await self.public.faults()
        last = max((one.deadline for result in self.results for one in result.crowd.checkouts), default=0.0)
        await asyncio.sleep(max(0.0, last + GRACE - time.time()))
        for result in self.results:
            found = await judge(self.public, result.crowd, result.blow.faults)
            result.findings += found
        return self.results


def line(result: Result) -> str:
    """One row of the table."""
    says = "good" if not result.findings else f"{len(result.findings)} findings"
    confirmed = sum(one.outcome == "CONFIRMED" for one in result.crowd.checkouts)
    cells = (
        result.blow.name,
        f"{result.took:.1f} s",
        f"{result.ready:.1f} s",
        f"{result.next:.1f} s" if result.next >= 0 else "–",
        f"{result.failed} of {result.requests}",
        f"{result.under_way}, {max(0.0, result.settled):.1f} s",
        f"{confirmed} of {len(result.crowd.checkouts)}",
        says,
    )
    return "| " + " | ".join(cells) + " |"


def table(results: Sequence[Result]) -> str:
    """The Markdown table for docs/reliability.md, and every finding below it."""
    head = ("blow", "lasted", "all ready after", "next new order confirmed after", "failed requests",
            "checkouts under way, settled after", "confirmed of all", "verdict")  # fmt: skip
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *(line(result) for result in results)]
    rows += [f"\n{result.blow.name}: {finding}" for result in results for finding in result.findings]
    return "\n".join(rows)
