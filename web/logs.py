"""structlog as JSON lines, only for what went wrong or was slow; no personal data (order W-44)."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(process: str) -> None:
    """Every later ``structlog`` call prints one JSON object, with ``process`` in it."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)
    for noisy in ("", "aiokafka", "aiohttp", "botocore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A broker that is away would say so a hundred times a second; ``topics/client.py`` says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
