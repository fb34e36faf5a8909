"""Faust's consumer, told by the kernel where to read and what to commit (design §5.1, §5.9).

Faust 0.15.3 counts holes as acknowledged, drops records while a rebalance pauses partitions, and forgets acknowledgements
when partitions are revoked. None of that matters here: the position of a partition is its ledger's, which the changelog
holds; the offset committed to the broker is only a copy of it for lag metrics and for a first start. What is overridden
besides is speed, each with its reason. Checked against the pinned versions at import.
"""

from __future__ import annotations

import asyncio
import time
import types
from collections.abc import Generator, Mapping
from importlib.metadata import version
from typing import Any, Protocol

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

VERIFIED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}
for _name, _version in VERIFIED.items():
    if version(_name) != _version:
        raise RuntimeError(f"agents/runtime/consumer.py was verified with {_name} {_version}, found {version(_name)}")

FETCH_WAIT_MS, BRIEF_WAIT_MS = 500, 10


class Positions(Protocol):
    """What the kernel answers."""

    def is_ours(self, tp: TP) -> bool: ...
    def position(self, tp: TP, committed: int | None, earliest: int) -> int: ...
    def finished(self) -> Mapping[TP, int]: ...
    async def drain(self) -> None: ...


def _positions(app: Any) -> Positions:
    kernel: Positions = app.kernel
    return kernel


class _Inline:
    """Runs the consumer's service on the worker's own loop: a thread costs two hops and the GIL for every fetch.

    Heartbeats share the loop, so no handler may block it; the kernel's own watch ends a process that did (design §5.10).
    """

    def __init__(self, service: Any) -> None:
        self.service = service

    def start(self) -> None:
        self.task = self.service.parent_loop.create_task(self.service._serve())

    def stop(self) -> None:
        pass


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """See ``_Inline``; and fetches that do not wait 1.5 s, which Faust has hard-coded."""

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        loop = kwargs.get("loop") or asyncio.get_event_loop()
        self.last_heartbeat = time.monotonic()
        self.committed: dict[TP, int | None] = {}
        super().__init__(consumer, **{**kwargs, "thread_loop": loop, "Worker": _Inline})

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # The broker answers one connection in order: every other request queues behind this long poll.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        consumer = self._ensure_consumer()
        _poll_briefly_while_records_wait(consumer._fetcher)
        coordinator = consumer._coordinator
        heartbeat = coordinator._do_heartbeat

        joined = coordinator._on_join_complete

        async def do_heartbeat() -> bool:
            # The broker counts from its arrival, so at the latest from now.
            sent = time.monotonic()
            answered: bool = await heartbeat()
            if answered:
                self.last_heartbeat = sent
            return answered

        async def on_join_complete(*given: Any) -> None:
            # aiokafka begins only when the partitions are taken over: loading for longer than the session would end it.
            self.last_heartbeat = time.monotonic()
            coordinator._start_heartbeat_task()
            await joined(*given)

        coordinator._do_heartbeat = do_heartbeat
        coordinator._on_join_complete = on_join_complete

    async def _gather_remaining_tasks(self) -> None:
        """Would cancel every task of the worker, now that the loop is shared."""

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        """Fetch what is there. An empty set would mean all partitions to aiokafka, and a copy cannot change meanwhile."""
        if not self.consumer.flow_active or not active_partitions:
            return {}
        consumer = self._ensure_consumer()
        fetcher, wanted = consumer._fetcher, frozenset(active_partitions)
        fetcher.wanted = wanted
        with fetcher._subscriptions.fetch_context():
            return await fetcher.fetched_records(wanted, timeout=timeout, max_records=consumer._max_poll_records)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Read on where the ledgers say, whatever was committed."""
        consumer = self._ensure_consumer()
        offsets = dict(await self.call_thread(consumer.seek_to_committed))
        positions = _positions(self.app)
        inboxes = [tp for tp in self.assignment() if positions.is_ours(tp)]
        earliest = await self.call_thread(consumer.beginning_offsets, inboxes) if inboxes else {}
        for tp in inboxes:
            committed = offsets.get(tp)
            self.committed[tp] = None if committed is None or committed < 0 else committed
            offsets[tp] = positions.position(tp, self.committed[tp], earliest[tp])
            consumer.seek(tp, offsets[tp])
        return offsets


def _poll_briefly_while_records_wait(fetcher: Any) -> None:
    """aiokafka leaves a partition with unread records out of the next fetch, which then waits the full time for the others."""
    get_actions = fetcher._get_actions_per_node
    fetcher.wanted = frozenset()

    def get_actions_per_node(assignment: Any) -> Any:
        full = fetcher._fetch_max_wait_ms
        if not fetcher.wanted.isdisjoint(fetcher._records):
            fetcher._fetch_max_wait_ms = min(full, BRIEF_WAIT_MS)
        try:
            return get_actions(assignment)
        finally:
            fetcher._fetch_max_wait_ms = full

    fetcher._get_actions_per_node = get_actions_per_node


@types.coroutine
def _rest(coroutine: Any, awaited: Any) -> Generator[Any, Any, Any]:
    """The rest of a coroutine that was stepped once by hand and waits for ``awaited``."""
    while True:
        try:
            value = yield awaited
        except BaseException as error:
            try:
                awaited = coroutine.throw(error)
            except StopIteration as stop:
                return stop.value
        else:
            try:
                awaited = coroutine.send(value)
            except StopIteration as stop:
                return stop.value


async def _finish(coroutine: Any, awaited: Any) -> Any:
    return await _rest(coroutine, awaited)


class Consumer(driver.Consumer):
    """The consumer of a worker whose app has a ``kernel``."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Read on where the ledgers say. A predecessor that was killed may not have committed that far: the next commit does."""
        await super().perform_seek()
        thread: Any = self._thread
        self._committed_offset.update(thread.committed)

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit what the kernel has finished: decided, logged, published and acknowledged. Faust's own acks play no part."""
        finished = _positions(self.app).finished()
        offsets = {tp: offset for tp, offset in finished.items() if offset > (self._committed_offset.get(tp) or 0)}
        return bool(offsets) and await self._commit_offsets(offsets, start_new_transaction=start_new_transaction)

    async def wait_empty(self) -> None:
        """Before partitions are given up: let the turn in flight end, then commit. What is queued is read by the next owner."""
        await _positions(self.app).drain()
        await self.commit()

    async def wait_first(self, *coros: Any, timeout: Any = None) -> Any:
        """Delivering a message hardly ever waits: step it once before making the four tasks that Faust makes for each."""
        first, *others = coros
        if not asyncio.iscoroutine(first):
            return await super().wait_first(*coros, timeout=timeout)
        try:
            awaited = first.send(None)
        except BaseException as ended:
            for other in others:
                if asyncio.iscoroutine(other):
                    other.close()
            if isinstance(ended, StopIteration):
                return None
            raise
        return await super().wait_first(_finish(first, awaited), *others, timeout=timeout)

    @property
    def last_heartbeat(self) -> float:
        """Monotonic time of the last answered heartbeat; the broker may have given our partitions away a session later."""
        return float(getattr(self._thread, "last_heartbeat", 0.0))
