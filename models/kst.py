"""Days as Korea counts them. Korea has had no daylight saving since 1988, so a fixed offset needs no time zone database."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

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
    try:
        return datetime.strptime(text, "%H:%M").strftime("%H:%M") == text
    except ValueError:
        return False
