"""What was found, and for how long: a violation is what is still found, unchanged, after the grace time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from agents.auditor.invariants import WITHIN_ONE_AGGREGATE, Violation

Name = tuple[str, str]


class News(NamedTuple):
    """What a look has changed: violations that are new, and those that hold again."""

    violated: list[Violation]
    restored: list[Violation]


class _Doubt(msgspec.Struct):
    violation: Violation
    since: float


class Doubts:
    """``grace``: seconds. A ``group`` is what one look finds together, so that what it no longer finds holds again."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._doubts: dict[str, dict[Name, _Doubt]] = {}
        self._violated: dict[str, dict[Name, Violation]] = {}

    def look(self, group: str, found: Iterable[Violation], now: float) -> News:
        """Take what was found of ``group`` at ``now`` (seconds of any clock that only goes forward)."""
        before, doubts = self._doubts.get(group, {}), {}
        known, violated = self._violated.get(group, {}), {}
        for one in found:
            name = (one.invariant, one.id)
            doubt = before.get(name)
            same = doubt is not None and doubt.violation.token == one.token
            since = doubt.since if doubt is not None and same else now
            if name in known or one.invariant in WITHIN_ONE_AGGREGATE or now - since >= self._grace:
                violated[name] = one
            else:
                doubts[name] = _Doubt(one, since)
        self._doubts[group], self._violated[group] = doubts, violated
        return News(
            [one for name, one in violated.items() if name not in known],
            [one for name, one in known.items() if name not in violated],
        )

    def forget(self, group: str = "") -> None:
        """Doubts (of one group) begin anew: nothing could be looked at, or come to rest, meanwhile. Violations stay."""
        for name in [group] if group else list(self._doubts):
            self._doubts[name] = {}

    @property
    def violated(self) -> list[Violation]:
        """What is violated now."""
        return sorted(one for group in self._violated.values() for one in group.values())

    @property
    def doubted(self) -> list[Violation]:
        """What may yet come to rest."""
        return sorted(doubt.violation for group in self._doubts.values() for doubt in group.values())

    def doubts(self, group: str) -> bool:
        """Is there anything of the group that may yet come to rest?"""
        return bool(self._doubts.get(group))
