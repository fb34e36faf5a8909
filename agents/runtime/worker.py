"""A worker: a Faust app, its kernel, and the little that a process needs around them."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

import faust

from agents.runtime.assignor import Assignor
from agents.runtime.consumer import Consumer
from agents.runtime.domain import Domain
from agents.runtime.health import serve_health
from agents.runtime.kernel import Kernel
from models.settings import Settings, check_production
from topics import logs, tracing
from topics.answers import Answering

STOP = 5.0
"""Seconds that a stop may take."""
CRASHED = 1
"""Exit code: a service of Faust's failed, its log says why."""


class App(faust.App):
    """A Faust app whose consumer is ours, with what has to be open before the first message comes."""

    kernel: Kernel
    health_port: int
    ident: str
    traces: tuple[str, float]
    around: list[AbstractAsyncContextManager[Any]]

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._opened = AsyncExitStack()

    async def on_first_start(self) -> None:
        """The tables are a cache: whoever throws them away may throw the whole folder away, which Faust would not make."""
        os.makedirs(self.conf.datadir, exist_ok=True)
        await super().on_first_start()

    async def on_start(self) -> None:
        """Before Faust joins its consumer group and loads its tables, which the health page can tell from then on."""
        logs.configure(self.ident)
        tracing.configure(self.ident, *self.traces)
        try:
            await self._open()
        except Exception as error:
            # Faust goes on to stop in good order, as if nothing had happened.
            self._crash_reason = error
            raise
        await super().on_start()
        # What lives as long as the process need not be looked at by every collection.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)

    async def _open(self) -> None:
        for context in self.around:
            await self._opened.enter_async_context(context)
        if self.health_port:
            words = {"pause": self.kernel.pause, "resume": self.kernel.resume}
            runner = await serve_health(self.health_port, self.kernel.ready, self.kernel.live, words=words)
            self._opened.push_async_callback(runner.cleanup)
        await self.kernel.open()
        self._opened.push_async_callback(self.kernel.close)

    async def stop(self) -> None:
        """Stop in good order, but in time: Faust waits without limit for a broker that is away.

        Whatever is left undone is what a killed worker leaves undone, and its successor knows how to go on.
        """
        asyncio.get_running_loop().call_later(STOP, self._leave)
        await super().stop()

    async def on_shutdown(self) -> None:
        """Everything of Faust's has stopped; it would now rest for two seconds."""
        await super().on_shutdown()
        await self._opened.aclose()
        await asyncio.to_thread(tracing.shut)
        self._leave()

    def _leave(self) -> None:
        logging.shutdown()
        os._exit(CRASHED if self.crash_reason else 0)


def worker(
    name: str, domains: Iterable[Domain], settings: Settings, around: Iterable[AbstractAsyncContextManager[Any]] = ()
) -> App:
    """The Faust app of the worker ``name``, to be run by ``python -m faust -A … worker --without-web``.

    ``around``: what its domains' effects use, opened before and closed after everything else.

    ``BB_WORKER_ID`` (default ``name``) names this process in its consumer group: a killed worker that comes back under the
    same name gets its partitions at once (static membership). Raises ``NotForProduction``.
    """
    check_production(settings)
    ident = os.environ.get("BB_WORKER_ID", name)
    app = App(
        f"{settings.prefix}-{name}",
        broker=f"kafka://{settings.kafka.replace(',', ';kafka://')}",
        topic_partitions=settings.partitions,
        topic_allow_declare=False,
        store="rocksdb://",
        datadir=os.path.join(settings.data_dir, ident),
        table_standby_replicas=0,
        PartitionAssignor=Assignor,
        processing_guarantee="at_least_once",
        stream_wait_empty=True,
        stream_buffer_maxsize=1024,
        broker_commit_interval=0.5,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=min(3.0, settings.session_timeout / 7),
        broker_rebalance_timeout=60,
        broker_request_timeout=90,
        broker_max_poll_records=500,
        producer_linger=0,
        producer_acks=-1,
        consumer_group_instance_id=f"{settings.prefix}-{ident}",
        reply_create_topic=False,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        web_tables_enabled=False,
        web_router_enabled=False,
    )
    transport: Any = app.transport
    transport.Consumer = Consumer
    Kernel(
        app,
        domains,
        prefix=settings.prefix,
        partitions=settings.partitions,
        bootstrap=settings.kafka,
        session=settings.session_timeout,
        answering=Answering(settings.redis_url),
    )

    app.traces = settings.otlp_url, settings.trace_ratio
    app.ident, app.health_port, app.around = ident, settings.health_port, list(around)
    return app
