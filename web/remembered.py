"""Where ready images are, remembered by a process until a change of theirs is reported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

Urls = dict[str, str]
"""Width -> path."""
KEPT = 20_000
"""Images: 200 bytes each."""


class Pictures:
    """Addresses of ready images. They never change, but an image may be erased: then its address leads nowhere.

    ``hearing`` answers since when (monotonic) every change is told to ``changed``; what was remembered before that is not believed.
    """

    def __init__(self, hearing: Callable[[], float]) -> None:
        self._hearing, self._since = hearing, hearing()
        self._kept: dict[str, Urls] = {}
        self._reports = 0

    def changed(self, ids: Iterable[str]) -> None:
        """The read model has stored something new about each of ``ids``."""
        self._reports += 1
        for one in ids:
            self._kept.pop(one, None)

    async def get(self, ids: Iterable[str], load: Callable[[list[str]], Awaitable[Mapping[str, Urls]]]) -> dict[str, Urls]:
        """Addresses of the ready ones among ``ids``; ``load`` finds those that are not remembered. Raises what ``load`` raises."""
        wanted, since = list(ids), self._hearing()
        if since != self._since:
            self._kept.clear()
            self._since = since
        found = {one: self._kept[one] for one in wanted if one in self._kept}
        if missing := [one for one in wanted if one not in found]:
            reports = self._reports
            loaded = await load(missing)
            found |= loaded
            # What was reported meanwhile may be about one of these, from after it was looked at.
            if (reports, since) == (self._reports, self._hearing()):
                self._kept |= loaded
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return found
