"""The process ``auditor``: ``python -m agents.apps.auditor``. One is enough; it changes nothing and nobody waits for it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys

import structlog
import uvloop

from agents.auditor.watch import Watch
from agents.runtime.health import serve_health
from models import settings as common
from topics import logs
from topics.envelope import NewerVersion

log = structlog.get_logger(__name__)
FAILED, TOO_OLD = 70, 78
"""Exit codes: something that should not be; a message of a newer major version came."""
NICE = 10
"""It has time: whoever serves people goes first."""


async def serve() -> int:
    """Watch until SIGTERM; the exit code."""
    settings = common.read()
    common.check_production(settings)
    watch = Watch(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, watch.stop)
    runner = await serve_health(settings.health_port, watch.why_not_ready) if settings.health_port else None
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    try:
        await watch.run()
    except NewerVersion as error:
        log.critical("newer_version", error=str(error))
        return TOO_OLD
    except Exception:
        log.critical("auditor_failed", exc_info=True)
        return FAILED
    finally:
        if runner is not None:
            await runner.cleanup()
    return 0


def main() -> None:
    """Run until told to stop."""
    os.nice(NICE)
    logs.configure("auditor", quiet=("aiokafka",))
    sys.exit(uvloop.run(serve()))


if __name__ == "__main__":
    main()
