"""Answers the web's questions over HTTP on this machine, and rebuilds the index from the log beside the one that answers.

Versions of the index are folders ``v1``, ``v2``, …; the file ``live`` names the one that answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
from aiohttp import web
from prometheus_client import Histogram

from agents.search.feed import Feed
from agents.search.kept import Kept
from agents.search.understand import Understanding
from models.read.cursors import BadCursor
from models.search.chips import chips
from models.search.filters import Filters, parameters
from models.search.vocabulary import Names
from models.search.whole import whole
from models.search.wire import MOST, ROW, ROWS, Awaited, Found, Main, Question, Row, Sentence, Understood
from models.settings import Settings

log = structlog.get_logger(__name__)
SECONDS = Histogram(
    "bb_search_seconds",
    "Questions, from their decoding to their answer",
    ["question"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 1),
)
STUCK = 60.0
"""Seconds without asking the broker after which the process counts as dead."""
_encode = msgspec.json.Encoder().encode
_question = msgspec.json.Decoder(Question).decode
_sentence = msgspec.json.Decoder(Sentence).decode
_awaited = msgspec.json.Decoder(Awaited).decode


class Searching:
    """The live index and, while it is rebuilt, the one that follows it."""

    def __init__(self, settings: Settings) -> None:
        """Opens the live index. Raises what ``Feed`` does."""
        self._settings = settings
        self._root = Path(settings.search_dir)
        self._root.mkdir(parents=True, exist_ok=True)
        live = self._root / "live"
        self._version = int(live.read_text()) if live.exists() else 1
        self._drop_others()
        self.feed = Feed(settings, self._folder(self._version))
        self.understanding: Understanding | None = None
        """Set once the analyser is loaded."""
        self._was_ready = False
        self._kept = Kept(settings.search_kept)
        self._rebuild = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def names(self) -> Names:
        """What ids are called now."""
        return self.feed.names

    def why_not_ready(self) -> str | None:
        """For ``/health/ready``: once it has caught up it stays ready, an old answer is better than none."""
        return self._why_no_lists() or (None if self.understanding is not None else "the analyser is loading")

    def _why_no_lists(self) -> str | None:
        self._was_ready = self._was_ready or self.feed.caught_up
        # A list of half of the products would look like all of them.
        return None if self._was_ready else f"{self.feed.lag} records are not folded yet"

    def why_not_live(self) -> str | None:
        """For ``/health/live``."""
        silent = time.monotonic() - self.feed.turned
        return f"the log has not been read for {silent:.0f} s" if silent > STUCK else None

    # -- life --------------------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Feed the index until ``stop``; on ``rebuild`` fill a new one and go over to it. Raises what ``Feed.run`` does."""
        running = asyncio.create_task(self.feed.run())
        stop = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                asked = asyncio.create_task(self._rebuild.wait())
                await asyncio.wait((running, stop, asked), return_when=asyncio.FIRST_COMPLETED)
                asked.cancel()
                if running.done():
                    running.result()
                    return
                if self._rebuild.is_set():
                    running = await self._rebuilt(running)
                    self._rebuild.clear()
        finally:
            stop.cancel()
            self.feed.stop()
            await running

    def stop(self) -> None:
        """End ``run`` soon."""
        self._stopping.set()

    def rebuild(self) -> None:
        """An operator's word: fold the log anew from its beginning."""
        self._rebuild.set()

    async def _rebuilt(self, running: asyncio.Task[None]) -> asyncio.Task[None]:
        """The task that feeds the new index, which is live then; the old one's if the new one could not be filled."""
        version = self._version + 1
        log.info("search_rebuild", version=version)
        # Opening files waits for the disk, which questions must not.
        feed = await asyncio.to_thread(Feed, self._settings, self._folder(version))
        filling = asyncio.create_task(feed.run())

        def over() -> bool:
            return filling.done() or running.done() or self._stopping.is_set()

        while not (feed.caught_up or over()):
            await asyncio.sleep(0.1)
        # What the old one has shown to whoever waited for it the new one shall show too: so it must not get further meanwhile.
        self.feed.held = True
        while not (feed.past(self.feed) or over()):
            await asyncio.sleep(0.02)
        if over():
            self.feed.held = False
            feed.stop()
            with contextlib.suppress(Exception):
                await filling
            log.error("search_rebuild_failed", version=version)
            return running
        draft = self._root / "live.new"
        draft.write_text(str(version))
        draft.rename(self._root / "live")
        before, self.feed, self._version = self.feed, feed, version
        before.stop()
        await running
        await asyncio.to_thread(self._drop_others)
        log.info("search_rebuilt", version=version, products=feed.shelf.products)
        return filling

    def _folder(self, version: int) -> Path:
        return self._root / f"v{version}"

    def _drop_others(self) -> None:
        """Of a rebuild that was cut short, or of the version before."""
        for folder in self._root.glob("v[0-9]*"):
            if folder != self._folder(self._version):
                shutil.rmtree(folder, ignore_errors=True)

    # -- questions ---------------------------------------------------------------------------------------------------------------

    def found(self, question: Question) -> Found:
        """A page of a list. Raises ``BadCursor``."""
        shelf = self.feed.shelf
        page = shelf.page(question.filters, min(max(question.limit, 1), MOST), question.cursor, question.scope)
        facets = shelf.facets(question.filters, question.scope) if question.facets else None
        items = page.items
        if question.scope != "public":
            items = [msgspec.Raw(_encode(whole(one))) for one in self.feed.products(page.ids)]
        return Found(items, page.next, page.total, facets)

    def listed(self, asked: bytes) -> bytes:
        """A ``Question`` and its ``Found``, encoded. Raises ``BadCursor``, ``msgspec.MsgspecError``."""
        return self._kept.answer(self.feed.shelf.state, asked, lambda: _encode(self.found(_question(asked))))

    def main_page(self) -> bytes:
        """``Main``, encoded."""
        return self._kept.answer(self.feed.shelf.state, b"main", lambda: _encode(self.main()))

    def main(self) -> Main:
        """The rows of the main page: what is on sale now."""
        shelf = self.feed.shelf
        return Main([Row(name, shelf.page(Filters(status="SALE", sort=sort), ROW).items) for name, sort in ROWS])

    async def understood(self, asked: Sentence) -> Understood:
        """What a sentence asks for, as chips, and the first page of it."""
        assert self.understanding is not None
        filters, by = await self.understanding.read(asked.sentence, asked.visitor)
        found = self.found(Question(filters, asked.limit))
        said: dict[str, list[str]] = {}
        for name, value in parameters(filters):
            said.setdefault(name, []).append(value)
        return Understood(by, said, chips(filters, self.names), found.items, found.next, found.total)

    async def shown(self, asked: Awaited) -> bool:
        """True as soon as lists show what is asked for; False if they do not in time."""
        deadline = time.monotonic() + asked.seconds
        while True:
            feed = self.feed
            if await feed.shows(asked.product_id, asked.seq, max(deadline - time.monotonic(), 0.0)):
                return True
            if feed is self.feed:
                return False
            # Another index has taken over meanwhile.

    def routes(self) -> list[web.RouteDef]:
        """The questions as routes."""

        async def products(request: web.Request) -> web.Response:
            asked = await request.read()
            with SECONDS.labels("products").time():
                return _raw(self.listed(asked))

        async def main(request: web.Request) -> web.Response:
            with SECONDS.labels("main").time():
                return _raw(self.main_page())

        async def sentences(request: web.Request) -> web.Response:
            if self.understanding is None:
                return _json({"why": "the analyser is loading"}, 503)
            asked = _sentence(await request.read())
            with SECONDS.labels("sentences").time():
                return _json(await self.understood(asked))

        async def shown(request: web.Request) -> web.Response:
            # Asked while lists are not answered yet, too: what they begin with shall not be older.
            try:
                asked = _awaited(await request.read())
            except msgspec.MsgspecError as error:
                return _json({"code": "bad_question", "why": str(error)}, 422)
            return _json(await self.shown(asked))

        return [
            web.post("/shown", shown),
            web.post("/products", self._asked(products)),
            web.get("/main", self._asked(main)),
            web.post("/sentences", self._asked(sentences)),
        ]

    def _asked(
        self, question: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            if why := self._why_no_lists():
                return _json({"why": why}, 503)
            try:
                return await question(request)
            except BadCursor:
                return _json({"code": "bad_cursor"}, 400)
            except msgspec.MsgspecError as error:
                return _json({"code": "bad_question", "why": str(error)}, 422)

        return answer


def _json(value: Any, status: int = 200) -> web.Response:
    return _raw(_encode(value), status)


def _raw(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
