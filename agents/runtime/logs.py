"""structlog as JSON lines: to be read by machines, one line a saga at info (design §9)."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(process: str) -> None:
    """Every later ``structlog`` call prints one JSON object to the real stdout, with ``process`` in it."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.__stdout__),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)
