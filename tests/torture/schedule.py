"""What is done to whom and when: a pure function of the seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from enum import Enum

import msgspec


class Kind(Enum):
    """What is done. All but ``JOIN`` and the broker's are undone after ``Action.seconds``."""

    JOIN = "join"
    """One worker more."""
    TERM = "SIGTERM"
    """It stops by itself, and is started again later."""
    KILL = "SIGKILL"
    """It is started again later, now and then after its session."""
    FREEZE = "SIGSTOP"
    """It stands still for longer than its session, then goes on where it was."""
    CUT = "cut"
    """Nothing passes between it and the broker for longer than its session; then everything that waited does."""
    BROKER_TERM = "broker SIGTERM"
    BROKER_KILL = "broker SIGKILL"


class Action(msgspec.Struct, frozen=True):
    """``at``: seconds since the first message; ``seconds``: how long it lasts."""

    at: float
    kind: Kind
    worker: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        lasts = f" {self.seconds:.0f} s" if self.seconds else ""
        return f"{self.at:.0f}: {self.kind.value}{f' {self.worker}' if self.worker else ''}{lasts}"


FIRST = ("w0", "w1")
"""Workers that run from the beginning."""
JOINING = ("w2", "w3")
ONE_WORKER = (Kind.TERM, Kind.KILL, Kind.FREEZE, Kind.CUT)


def schedule(seed: int, session: float, kinds: Iterable[Kind] = Kind, more: int = 3) -> list[Action]:
    """Each of ``kinds`` once in an order of chance, and ``more`` of those that hit one worker. ``session``: its time-out (s)."""
    chance = random.Random(seed)
    chosen = list(kinds)
    extras = [kind for kind in ONE_WORKER if kind in chosen] or chosen
    chosen += [chance.choice(extras) for _ in range(more)]
    chance.shuffle(chosen)
    running, waiting = list(FIRST), list(JOINING)
    busy: dict[str, float] = {}
    actions, at = [], 2.0
    for kind in chosen:
        at += chance.uniform(1.0, session)
        if kind is Kind.JOIN:
            if waiting:
                running.append(waiting.pop(0))
                actions.append(Action(at, kind, running[-1]))
            continue
        if kind not in ONE_WORKER:
            actions.append(Action(at, kind))
            continue
        past = kind in (Kind.FREEZE, Kind.CUT)
        seconds = session + chance.uniform(1.0, session / 2) if past else chance.uniform(0.0, 1.5 * session)
        worker = chance.choice(running)
        # One thing at a time to one worker, or the second would hit nobody.
        at = max(at, busy.get(worker, 0.0))
        busy[worker] = at + seconds + 3.0
        actions.append(Action(at, kind, worker, seconds))
    return actions
