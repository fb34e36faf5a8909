"""What a worker says of itself: metrics, the one log line of a saga, alarms, spans of sampled messages, and whether it lives.

Nothing here is needed for correctness, and none of it is paid for by a message that nobody looks at.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from agents.runtime import metrics
from agents.runtime.rows import split_key
from topics.tracing import CONSUMER, record

if TYPE_CHECKING:
    from agents.runtime.kernel import Kernel
    from agents.runtime.partition import Partition
    from agents.runtime.turn import Step, Turn

log = structlog.get_logger(__name__)
saga_log = structlog.get_logger("saga")
STUCK = 30.0
"""Seconds without any progress while there are inputs, or three sessions if that is more, after which the worker counts as dead."""


class Figures:
    """Of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.patience = max(STUCK, 3 * kernel.session)
        self.progressed = time.monotonic()
        self.reached = -1
        self.largest: dict[str, int] = {}
        self.phases: dict[str, set[str]] = {}
        """Domain -> phases that were ever seen: without a saga in them they go back to 0."""
        for name in kernel.domains:
            metrics.begin(name)

    # -- after each turn -------------------------------------------------------------------------------------------------------

    def turn(self, turns: Sequence[tuple[Partition, Turn]], seconds: float) -> None:
        """A turn has ended: its outputs are acknowledged."""
        metrics.TURN_SECONDS.observe(seconds)
        metrics.TURN_INPUTS.observe(sum(turn.inputs for _, turn in turns))
        for actor, turn in turns:
            name = actor.domain.name
            for outcome, number in turn.outcomes.items():
                metrics.INPUTS.labels(name, outcome).inc(number)
            largest = max((len(value) for value in turn.rows.values() if value), default=0)
            if largest > self.largest.get(name, 0):
                self.largest[name] = largest
                metrics.ROW_BYTES.labels(name).set(largest)
            for row, phase in turn.phases.items():
                actor.unfinished.set(row, phase)
            for summary in turn.summaries:
                saga_log.info("saga", **summary)
            if turn.spans:
                self._spans(actor, turn.spans, seconds)

    def _spans(self, actor: Partition, steps: Sequence[Step], seconds: float) -> None:
        ended = time.time_ns()
        begun = ended - int(seconds * 1e9)
        for step in steps:
            attributes = {
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": actor.inbox.topic,
                "messaging.destination.partition.id": str(actor.number),
                "messaging.kafka.offset": step.offset,
                "bb.key": step.key,
                "bb.outcome": step.outcome,
                "bb.waited_ms": max(0, begun // 1_000_000 - step.appended),
            }
            error = step.outcome if step.outcome in ("dead", "parked") else ""
            record(f"{actor.domain.name} {step.name}", step.trace, step.parent, begun, ended, CONSUMER, attributes, error)

    # -- now and then ----------------------------------------------------------------------------------------------------------

    def look(self, now: int) -> None:
        """Set the gauges, and tell once of each saga that takes too long. ``now``: ms since the epoch."""
        kernel = self.kernel
        metrics.READY.set(1 if kernel.ready() is None else 0)
        metrics.ANSWERS_AWAY.set(kernel.answering.away)
        behind = reached = 0
        for name in kernel.domains:
            actors = [actor for actor in kernel.actors.values() if actor.domain.name == name and actor.owned]
            lag = sum(actor.lag for actor in actors)
            behind, reached = behind + lag, reached + sum(actor.finished for actor in actors)
            metrics.LAG.labels(name).set(lag)
            metrics.PARKED.labels(name).set(sum(len(actor.parked) for actor in actors))
            metrics.OVERDUE.labels(name).set(max((actor.reminders.overdue(now) for actor in actors), default=0) / 1000)
            self._sagas(name, actors, now)
        if not behind or reached != self.reached or kernel.draining or getattr(kernel.app, "rebalancing", False):
            self.reached, self.progressed = reached, time.monotonic()

    def _sagas(self, domain: str, actors: Sequence[Partition], now: int) -> None:
        oldest = dict.fromkeys(self.phases.setdefault(domain, set()), 0)
        for actor in actors:
            for phase, age in actor.unfinished.ages(now):
                oldest[phase] = max(age, oldest.get(phase, 0))
            for row, late in actor.unfinished.overdue(now):
                key = split_key(row)[0]
                log.error("saga_overdue", domain=domain, key=key, phase=late.name, seconds=(now - late.since) // 1000)
        self.phases[domain].update(oldest)
        for phase, age in oldest.items():
            metrics.SAGA_AGE.labels(domain, phase).set(age / 1000)

    def stuck(self) -> str | None:
        """Why this process will not come right by itself, ``None``: it works, or there is nothing to do.

        That this is answered at all says that the loop turns. A broker that is away ends a worker by its own time-outs.
        """
        silent = time.monotonic() - self.kernel.ticked
        if self.kernel.started.is_set() and silent > self.patience:
            return f"the watch has not looked for {silent:.0f} s"
        waited = time.monotonic() - self.progressed
        if self.kernel.started.is_set() and waited > self.patience:
            return f"there are inputs, and none has been finished for {waited:.0f} s"
        return None
