"""A circuit breaker: who has failed ``LIMIT`` times in a row is left alone for ``PAUSE`` seconds, then tried once."""

from __future__ import annotations

LIMIT = 5
PAUSE = 30.0


class Breaker:
    """Not for several threads. Times are the caller's, in seconds."""

    def __init__(self, limit: int = LIMIT, pause: float = PAUSE) -> None:
        self._limit, self._pause = limit, pause
        self._failures = 0
        self._until = 0.0
        self._trying = False

    def allows(self, now: float) -> bool:
        """May a call be made ``now``? While it is open one call in ``PAUSE`` seconds tries whether it is better."""
        if self._failures < self._limit:
            return True
        if now < self._until or self._trying:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """A call was answered."""
        self._failures, self._trying = 0, False

    def failed(self, now: float) -> None:
        """A call was not answered, or not in time."""
        self._failures += 1
        self._trying = False
        if self._failures >= self._limit:
            self._until = now + self._pause

    def released(self) -> None:
        """A call that was allowed was not made."""
        self._trying = False
