"""Answers that are given again while nothing has changed: the first pages of lists are asked for by everybody."""

from __future__ import annotations

from collections.abc import Callable


class Kept:
    """Answers of one state of the index. The next one, or too many of them, and all are forgotten (product W42)."""

    def __init__(self, most: int) -> None:
        """``most``: answers that are kept; 0: none."""
        self._most = most
        self._state: object = None
        self._answers: dict[bytes, bytes] = {}

    def answer(self, state: object, question: bytes, make: Callable[[], bytes]) -> bytes:
        """What was answered to ``question`` in this very ``state``, else what ``make`` makes; what it raises is not kept.

        ``state`` is to be taken before ``make`` reads anything: what was made of a newer one is then forgotten too early, never too
        late.
        """
        if state is not self._state or len(self._answers) >= self._most:
            self._state, self._answers = state, {}
        known = self._answers.get(question)
        if known is None:
            known = self._answers[question] = make()
        return known
