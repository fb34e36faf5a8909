"""Opening hours of a week and the half hours in which flowers can be picked up. Pure; times are ``HH:MM`` KST."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from models import kst

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = "24:00"
"""A store may close at the end of the day."""
HALF_HOUR = 30
"""Minutes of a pickup slot."""


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """Of one day: from ``opens`` until ``closes``, both on a half hour."""

    opens: str
    closes: str


Week = Mapping[str, Hours]
"""Day (``DAYS``) -> hours; a day that is missing is closed."""


def sound(week: Week) -> bool:
    """True if every day is one, and opens on a half hour before it closes on one."""
    return all(day in DAYS and _on_half_hour(one.opens) and _closes(one) for day, one in week.items())


def _on_half_hour(time: str) -> bool:
    return kst.is_time(time) and time[3:] in ("00", "30")


def _closes(hours: Hours) -> bool:
    return hours.opens < hours.closes and (hours.closes == MIDNIGHT or _on_half_hour(hours.closes))


def slots(hours: Hours) -> tuple[str, ...]:
    """When each half hour of the day begins, the first as the store opens: ``("09:00", "09:30", ...)``."""
    return tuple(f"{at // 60:02}:{at % 60:02}" for at in range(_minutes(hours.opens), _minutes(hours.closes), HALF_HOUR))


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])
