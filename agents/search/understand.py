"""A sentence to filters: by the model within its budget, else by the rules; either way the same shape (product W34 to W36).

Order of looking: what is remembered of the sentence, then whether a call may be made (breaker, spend of the visitor and of all),
then the model, whose answer is checked against what it was allowed to say. Whatever goes wrong on the way, the rules answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog
from prometheus_client import Counter, Histogram

from agents.search.breaker import Breaker
from agents.search.model import Model, ModelAway, version
from models.read.databases import Databases
from models.read.sentences import Away, Sentences
from models.search import sentence as rules
from models.search.answer import BadAnswer, believed
from models.search.filters import Filters
from models.search.text import normalised
from models.search.vocabulary import Names

log = structlog.get_logger(__name__)
BUDGET = 0.8
"""Seconds that the model has, what is remembered included."""
MEMORY = 0.1
"""Seconds that Redis has for each question of it."""
MODEL, RULES = "model", "rules"
OUTCOMES = Counter("bb_search_model_total", "What came of asking the language model, or why it was not asked", ["outcome"])
SECONDS = Histogram("bb_search_model_seconds", "Calls of the language model", buckets=(0.1, 0.2, 0.4, 0.6, 0.8, 1.2))


class Understanding:
    """``model`` ``None``: there is none, the rules answer everything."""

    def __init__(
        self,
        model: Model | None,
        databases: Databases,
        analyse: rules.Analyse,
        names: Callable[[], Names],
        budget: float = BUDGET,
    ) -> None:
        self._model, self._databases, self._analyse, self._names = model, databases, analyse, names
        self._budget = budget
        self.breaker = Breaker()
        self._asking: dict[str, asyncio.Task[Filters | None]] = {}

    async def read(self, sentence: str, visitor: str) -> tuple[Filters, str]:
        """What ``sentence`` asks for, and who understood it: ``model`` or ``rules``."""
        text = normalised(sentence)[: rules.MAX_SENTENCE]
        filters = await self._modelled(text, visitor) if self._model is not None and text else None
        if filters is not None and filters != Filters():
            return rules.offered(filters), MODEL
        return rules.offered(rules.read(text, self._analyse)), RULES

    async def _modelled(self, text: str, visitor: str) -> Filters | None:
        """By the model; several who ask the same at once are one call. ``None``: the rules are to answer."""
        task = self._asking.get(text)
        if task is None:
            task = self._asking[text] = asyncio.create_task(self._within_budget(text, visitor))
            task.add_done_callback(lambda _: self._asking.pop(text, None))
        return await asyncio.shield(task)

    async def _within_budget(self, text: str, visitor: str) -> Filters | None:
        try:
            return await self._asked(text, visitor, time.monotonic() + self._budget)
        except Exception:
            # An error of ours in here must not take the rules' answer away.
            log.error("understanding_failed", exc_info=True)
            OUTCOMES.labels("failed").inc()
            return None

    async def _asked(self, text: str, visitor: str, deadline: float) -> Filters | None:
        names = self._names()
        memory = Sentences(self._databases, version(names))
        try:
            async with asyncio.timeout(MEMORY):
                known = await memory.recall(text)
            if known is not None:
                OUTCOMES.labels("remembered").inc()
                return known.filters
            if not self.breaker.allows(time.monotonic()):
                OUTCOMES.labels("broken").inc()
                return None
            try:
                async with asyncio.timeout(MEMORY):
                    paid = await memory.spend(visitor, time.time())
            except BaseException:
                self.breaker.released()
                raise
        except (*Away, TimeoutError) as error:
            # Where nothing can be counted nothing may be spent.
            log.warning("redis_away", error=type(error).__name__)
            OUTCOMES.labels("uncounted").inc()
            return None
        if not paid:
            self.breaker.released()
            OUTCOMES.labels("spent").inc()
            return None
        return await self._called(text, names, memory, deadline)

    async def _called(self, text: str, names: Names, memory: Sentences, deadline: float) -> Filters | None:
        assert self._model is not None
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, deadline - began)):
                answer = await self._model.complete(text, names, max(0.05, deadline - began))
            filters: Filters | None = believed(answer, text, names)
        except (ModelAway, TimeoutError) as error:
            self.breaker.failed(time.monotonic())
            OUTCOMES.labels("away").inc()
            log.warning("model_away", error=type(error).__name__, why=str(error))
            return None
        except BadAnswer as error:
            # It answers, so the breaker stays closed: else a visitor could open it for all by what he writes.
            self.breaker.succeeded()
            OUTCOMES.labels("wrong").inc()
            log.info("model_wrong", why=str(error)[:200])
            filters = None
        except BaseException:
            self.breaker.released()
            raise
        else:
            self.breaker.succeeded()
            OUTCOMES.labels("answered").inc()
        finally:
            SECONDS.observe(time.monotonic() - began)
        await self._remember(memory, text, filters)
        return filters

    async def _remember(self, memory: Sentences, text: str, filters: Filters | None) -> None:
        try:
            async with asyncio.timeout(MEMORY):
                await memory.remember(text, filters)
        except (*Away, TimeoutError) as error:
            log.warning("redis_away", error=type(error).__name__)
