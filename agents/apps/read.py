"""The worker ``read``: ``python -m agents.apps.read``. Plain aiokafka on uvloop; several may share the partitions.

``BB_WORKER_ID`` (default ``read``) is this process's lasting name in its consumer group: give each its own.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys

import structlog
import uvloop

from agents.projectors import Projector
from agents.runtime.health import serve_health
from models import settings as common
from topics import logs, tracing
from topics.envelope import NewerVersion

log = structlog.get_logger(__name__)
FAILED, TOO_OLD = 70, 78
"""Exit codes: something that should not be; a message of a newer major version came."""


async def serve() -> int:
    """Project until SIGTERM; the exit code."""
    settings = common.read()
    common.check_production(settings)
    ident = os.environ.get("BB_WORKER_ID", "read")
    projector = Projector(settings, group=f"{settings.prefix}-read", instance=f"{settings.prefix}-{ident}")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, projector.stop)
    runner = None
    if settings.health_port:
        runner = await serve_health(settings.health_port, projector.why_not_ready, projector.why_not_live)
    tracing.configure(ident, settings.otlp_url, settings.trace_ratio)
    # What lives as long as the process need not be looked at by every collection.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    try:
        await projector.run()
    except NewerVersion as error:
        log.critical("newer_version", error=str(error))
        return TOO_OLD
    except Exception:
        log.critical("projector_failed", exc_info=True)
        return FAILED
    finally:
        if runner is not None:
            await runner.cleanup()
        await asyncio.to_thread(tracing.shut)
    return 0


def main() -> None:
    """Run until told to stop."""
    logs.configure(os.environ.get("BB_WORKER_ID", "read"), quiet=("aiokafka",))
    sys.exit(uvloop.run(serve()))


if __name__ == "__main__":
    main()
