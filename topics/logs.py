"""structlog as JSON lines: to be read by machines, one line a saga at info, and no personal data (order W-44)."""

from __future__ import annotations

import logging

import structlog

STDOUT = 1


def configure(process: str, quiet: tuple[str, ...] = ()) -> None:
    """From now on every line of this process, also of libraries, is one JSON object with ``process`` in it, on the real stdout.

    Libraries speak from WARNING on, those in ``quiet`` only of what is CRITICAL.
    """
    # Faust puts a logger of its own in the place of sys.stdout and of sys.__stdout__.
    out = open(STDOUT, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 (as long as the process)
    common: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    structlog.configure(
        processors=[*common, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _named(process), render],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Faust leaves the root logger at DEBUG: 12 % of the CPU.
    for name in ("", "faust", "aiokafka", "mode", "aiohttp", "botocore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in quiet:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _named(process: str) -> structlog.typing.Processor:
    """Lines of other threads have no context, but a process."""

    def name(logger: object, method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        line.setdefault("process", process)
        return line

    return name
