"""What a read model folds, and what it promises to the projector that feeds it (design §8; ``agents/projectors.py``).

A read model is three things in one module: its schema, a pure fold of facts into writes, and its queries. Facts come in the
order of their partition, each at least once; a model's store must drop what it has already folded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import msgspec

EVENTS, PRIVATE = "events", "private"


class Spot(NamedTuple):
    """A partition of ``<prefix>.<domain>.<kind>``."""

    domain: str
    kind: str
    partition: int

    @property
    def name(self) -> str:
        """As it is stored: ``orders.events/3``."""
        return f"{self.domain}.{self.kind}/{self.partition}"


class Position(msgspec.Struct, frozen=True):
    """How far a spot is folded: the ``next`` offset, and per sending actor the highest position that was ``heard``."""

    next: int = 0
    heard: dict[str, int] = {}


class Fact(msgspec.Struct, frozen=True):
    """An event of an aggregate, or its private record (``private``; ``body`` None: it was erased).

    ``seq`` counts the aggregate's events; a private record has that of the last event it was said with, as has ``last`` for an
    event. ``at``: when the broker appended it, ms since the epoch; of an event that was said twice, its first
    copy's counts. ``trace``: its ``traceparent``, if the trace is sampled. ``first``: the aggregate's first event, after a jump of
    ``seq`` that is none.
    """

    domain: str
    key: str
    seq: int
    last: int
    at: int
    id: str
    body: Any
    private: bool = False
    trace: str = ""
    first: bool = False


class Batch(msgspec.Struct):
    """Facts to fold, and where their spots stand before and after it."""

    facts: list[Fact]
    before: dict[Spot, Position]
    after: dict[Spot, Position]


class Settled(NamedTuple):
    """What a settlement came to. ``upto``: all before these positions is stored and they are noted (empty: none were noted).
    ``left``: something is put off still, so that another settlement is due."""

    upto: Mapping[Spot, Position]
    left: bool = False


class Poison(Exception):
    """The pure fold fails on this fact, and would for ever."""

    def __init__(self, fact: Fact, cause: Exception) -> None:
        super().__init__(f"{type(fact.body).__name__} of {fact.domain} {fact.key}: {type(cause).__name__}: {cause}")
        self.fact = fact


class Refused(Exception):
    """The database refuses what some fact of the batch is folded into (too long, out of range), and would for ever."""


class Outrun(Exception):
    """Another worker has folded further: read the stored positions again."""


class Store(Protocol):
    """The stored side of a version of a read model. What it raises beside ``Poison``, ``Refused``, ``Outrun`` means: try again."""

    async def positions(self) -> Mapping[Spot, Position]:
        """Where each spot stands; a spot that is missing begins at 0."""

    async def store(self, batch: Batch) -> Mapping[str, int]:
        """Fold the batch: all of it or nothing, or so that it may be repeated.

        What nobody waits for may be put off until ``settle``. Returns for each aggregate the ``seq`` up to which it is now shown
        complete. Raises ``Poison``, ``Outrun``.
        """

    async def settle(self, positions: Mapping[Spot, Position]) -> Settled:
        """Store what ``store`` has put off, or some of it, and note positions where ``store`` does not do so itself: ``positions``
        or those of a settlement before. Called each second, and at the end until nothing is left. Raises ``Outrun``.
        """


@runtime_checkable
class Beating(Protocol):
    """A store that notes how current it is, for somebody who must not go on without it."""

    async def beat(self, ages: Mapping[Spot, float]) -> None:
        """Everything that each spot had so many seconds ago is stored. Raises ``Outrun``: it is not."""


class ReadModel(msgspec.Struct, frozen=True, kw_only=True):
    """A read model as the projector sees it.

    ``sources``: (domain, kind) of the topics it folds. ``store(databases, version)`` opens a version of it. ``reported``: is there
    somebody who waits to read it? ``urgent``: does somebody wait for this very fact? One that is not urgent may wait ``patience``
    milliseconds for others, so that they share a write. ``pace``: milliseconds that a batch's successor waits for each fact in the
    batch (at most ``longest``): a busy model writes long batches, an idle one at once. ``versioned``: False: it is not rebuilt.
    """

    name: str
    sources: tuple[tuple[str, str], ...]
    store: Callable[[Any, int], Store]
    reported: bool = True
    urgent: Callable[[Fact], bool] = lambda fact: True
    patience: float = 100.0
    pace: float = 2.0
    longest: float = 40.0
    versioned: bool = True
    create: Callable[[Any, int], Any] | None = None
    drop: Callable[[Any, int], Any] | None = None


T = TypeVar("T")


def folded(project: Callable[[Sequence[Fact]], T], facts: Sequence[Fact]) -> T:
    """``project(facts)``. Raises ``Poison`` with the fact on which it fails."""
    try:
        return project(facts)
    except Poison:
        raise
    except Exception as error:
        for fact in facts:
            try:
                project([fact])
            except Exception as cause:
                raise Poison(fact, cause) from cause
        raise Poison(facts[0], error) from error


def highest(facts: Sequence[Fact]) -> dict[str, int]:
    """For each aggregate the highest ``seq`` of its events."""
    seen: dict[str, int] = {}
    for fact in facts:
        if not fact.private and fact.seq > seen.get(fact.key, 0):
            seen[fact.key] = fact.seq
    return seen
