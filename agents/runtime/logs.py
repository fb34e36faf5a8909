"""Lines of workers are those of every process; see ``topics/logs.py``."""

from topics.logs import configure

__all__ = ["configure"]
