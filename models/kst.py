"""Days as Korea counts them. Korea has had no daylight saving since 1988, so a fixed offset needs no time zone database."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
KST = timezone(timedelta(hours=9))


def moment(now: int) -> datetime:
    """The wall clock in Korea at ``now`` (ms since the epoch, UTC)."""
    return datetime.fromtimestamp(now / 1000, KST)


def day(now: int) -> str:
    """The date in Korea at ``now`` (ms): ``YYYY-MM-DD``; such strings compare as the days do."""
    return moment(now).date().isoformat()


def is_day(text: str) -> bool:
    """True for an existing date, written ``YYYY-MM-DD``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_time(text: str) -> bool:
    """True for a time of day, written ``HH:MM``."""
    return bool(_TIME.match(text))
