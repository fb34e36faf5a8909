"""Calls to the outside, beside the stream (design §5.7).

The row names the attempt before the call is made; its outcome comes back through the own inbox. After a crash the rows that
are flagged OPEN tell what was under way: what may be repeated is, anything else waits its lease out and counts as unknown,
and ``decide`` asks the other side.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from agents.runtime.domain import Domain
from agents.runtime.metrics import EFFECT_SECONDS
from agents.runtime.points import point
from models.actor import SECOND, Effect, EffectUnknown, Message, id_of
from models.effects import PortKind
from topics.tracing import CLIENT, OUTGOING, record, sampled, under

log = structlog.get_logger(__name__)
LEASE_ROOM = 5 * SECOND
"""A lease is the time-out and this much more (ms)."""
LATE_RATE = 100
"""Attempts a second that came too late and are said to be unknown. A lease counts from its message's time: after an outage all
have run out, and if all were asked for again at once, the next ones would wait behind each other in the inbox until they had run
out too, without end."""
REPEATABLE = {PortKind.KEYED, PortKind.REPEATABLE}

Tell = Callable[[str, str, Message, str], Awaitable[None]]
"""(domain, key, message, id): append to the inbox, return after the broker's acknowledgement."""


def now_ms() -> int:
    """The worker's clock; only for leases and reminders, never for a decision."""
    return int(time.time() * 1000)


class Effects:
    """The effects of one domain on this worker, at most ``domain.concurrency`` at a time, of each name if they are ``apart``."""

    def __init__(self, domain: Domain, tell: Tell) -> None:
        self.domain, self.tell = domain, tell
        self.pools = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(domain.concurrency))
        self.running: dict[str, tuple[str, int]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.late_until = 0.0

    def start(self, key: str, state: Any, trace: str = "", *, taken_over: bool = False) -> None:
        """Make the call that ``state`` waits for, unless this worker is at it. ``taken_over``: a predecessor may have begun.

        ``trace``: the ``traceparent`` of what the call is made for.
        """
        effect = self.domain.pending(state) if state is not None else None
        if effect is None or self.domain.perform is None:
            self.running.pop(key, None)
            return
        attempt = (effect.name, effect.attempt)
        if self.running.get(key) == attempt:
            return
        self.running[key] = attempt
        ask = taken_over and self.domain.kinds[effect.name] not in REPEATABLE
        task = asyncio.create_task(self._give_up(key, effect) if ask else self._perform(key, state, effect, trace))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def close(self) -> None:
        """The worker ends."""
        for task in self.tasks:
            task.cancel()

    async def _perform(self, key: str, state: Any, effect: Effect, trace: str) -> None:
        perform = self.domain.perform
        assert perform is not None
        # The call goes out with its own span, so that what the other side records hangs below it.
        span = under(trace, f"{self.domain.name} {effect.name}", key, str(effect.attempt)) if sampled(trace) else trace
        OUTGOING.set(span)
        async with self.pools[effect.name if self.domain.apart else ""]:
            left = (effect.until - LEASE_ROOM - now_ms()) / 1000
            started, outcome = time.perf_counter(), "done"
            message: Message
            if left <= 0:
                # A successor may believe that nobody is at it any more, so this attempt must not begin.
                outcome, message = "late", EffectUnknown(effect=effect.name, attempt=effect.attempt, error="lease ran out")
            else:
                try:
                    message = await asyncio.wait_for(perform(key, state, effect), left)
                except Exception as error:
                    outcome = "unknown"
                    message = EffectUnknown(effect=effect.name, attempt=effect.attempt, error=type(error).__name__)
            took = time.perf_counter() - started
            EFFECT_SECONDS.labels(self.domain.name, effect.name, outcome).observe(took)
            if sampled(trace):
                self._span(key, effect, outcome, span, trace, took)
        point("effect done")
        if outcome == "late":
            await asyncio.sleep(self._turn_of_the_late())
        await self._say(key, effect, message)

    def _turn_of_the_late(self) -> float:
        """Seconds that this late attempt has to wait for those before it."""
        now = time.monotonic()
        self.late_until = max(now, self.late_until + 1 / LATE_RATE)
        return self.late_until - now

    def _span(self, key: str, effect: Effect, outcome: str, span: str, trace: str, took: float) -> None:
        ended = time.time_ns()
        record(
            f"{self.domain.name} {effect.name}",
            span,
            trace,
            ended - int(took * 1e9),
            ended,
            CLIENT,
            {"bb.key": key, "bb.attempt": effect.attempt, "bb.outcome": outcome},
            "" if outcome == "done" else outcome,
        )

    async def _give_up(self, key: str, effect: Effect) -> None:
        """Nobody knows what the predecessor's call did: when nobody can be at it any more, say so."""
        await asyncio.sleep(max(0.0, (effect.until - now_ms()) / 1000))
        await self._say(key, effect, EffectUnknown(effect=effect.name, attempt=effect.attempt, error="its worker ended"))

    async def _say(self, key: str, effect: Effect, message: Message) -> None:
        """Until it is said: otherwise the aggregate waits until another worker takes the partition over."""
        ident = id_of(self.domain.name, key, effect.name, str(effect.attempt), type(message).__name__)
        while True:
            try:
                await self.tell(self.domain.name, key, message, ident)
                return point("outcome sent")
            except Exception as error:
                log.warning("outcome_not_sent", domain=self.domain.name, key=key, effect=effect.name, error=repr(error))
                await asyncio.sleep(1)
