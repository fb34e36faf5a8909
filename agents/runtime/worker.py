"""A worker: a Faust app, its kernel, and the little that a process needs around them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

import faust

from agents.runtime.consumer import Consumer
from agents.runtime.domain import Domain
from agents.runtime.health import serve_health
from agents.runtime.kernel import Kernel
from agents.runtime.logs import configure
from models.settings import Settings
from topics.answers import Answering


class App(faust.App):
    """A Faust app whose consumer is ours, with what has to be open before the first message comes."""

    kernel: Kernel
    health_port: int
    ident: str
    around: list[AbstractAsyncContextManager[Any]]

    async def on_start(self) -> None:
        """Before Faust joins its consumer group and loads its tables, which the health page can tell from then on."""
        configure(self.ident)
        # Faust leaves the root logger at DEBUG: 12 % of the CPU.
        for noisy in ("", "faust", "aiokafka", "mode"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        self._opened = AsyncExitStack()
        for context in self.around:
            await self._opened.enter_async_context(context)
        if self.health_port:
            words = {"pause": self.kernel.pause, "resume": self.kernel.resume}
            runner = await serve_health(self.health_port, self.kernel.ready, words=words)
            self._opened.push_async_callback(runner.cleanup)
        await self.kernel.open()
        self._opened.push_async_callback(self.kernel.close)
        await super().on_start()

    async def on_shutdown(self) -> None:
        """Everything of Faust's has stopped."""
        await super().on_shutdown()
        await self._opened.aclose()


def worker(
    name: str, domains: Iterable[Domain], settings: Settings, around: Iterable[AbstractAsyncContextManager[Any]] = ()
) -> App:
    """The Faust app of the worker ``name``, to be run by ``python -m faust -A … worker --without-web``.

    ``around``: what its domains' effects use, opened before and closed after everything else.

    ``BB_WORKER_ID`` (default ``name``) names this process in its consumer group: a killed worker that comes back under the
    same name gets its partitions at once (static membership).
    """
    ident = os.environ.get("BB_WORKER_ID", name)
    app = App(
        f"{settings.prefix}-{name}",
        broker=f"kafka://{settings.kafka.replace(',', ';kafka://')}",
        topic_partitions=settings.partitions,
        topic_allow_declare=False,
        store="rocksdb://",
        datadir=os.path.join(settings.data_dir, ident),
        table_standby_replicas=0,
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

    app.ident, app.health_port, app.around = ident, settings.health_port, list(around)
    return app
