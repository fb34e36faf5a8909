"""``Prefer: wait=N`` (RFC 7240): how long a client wants to wait for what its command brings about (design §6)."""

from __future__ import annotations

import functools
import re

DEFAULT, CAP = 2.0, 10.0
"""Seconds."""
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)
_ASYNC = re.compile(r"(?:^|,)\s*respond-async\s*(?:$|[,;])", re.IGNORECASE)


@functools.lru_cache(256)
def seconds(header: str) -> float:
    """Seconds to wait: ``wait=N`` up to ``CAP``, 0 for ``respond-async`` alone, ``DEFAULT`` where nothing is (readably) said."""
    said = _WAIT.search(header)
    if said is not None:
        return min(float(said.group(1)), CAP)
    return 0.0 if _ASYNC.search(header) else DEFAULT
