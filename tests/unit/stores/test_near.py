"""Distances and opening hours: exact to the metre and to the half hour."""

from __future__ import annotations

import math

import pytest

from models.stores.hours import Hours, slots, sound
from models.stores.near import LEVELS, RADIUS, box, distance, in_korea

LAT, LON = 37.4923615, 127.0292881
"""Where the map begins (spec store §4)."""


def aside(metres: float, degrees: float) -> tuple[float, float]:
    """The point at ``metres`` from the map's centre in the direction of ``degrees`` (0: north, 90: east)."""
    angle, bearing, lat = metres / RADIUS, math.radians(degrees), math.radians(LAT)
    to = math.asin(math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing))
    east = math.atan2(math.sin(bearing) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(to))
    return math.degrees(to), LON + math.degrees(east)


@pytest.mark.spec("store Q2")
@pytest.mark.parametrize("metres", LEVELS.values())
@pytest.mark.parametrize("degrees", [0, 37, 45, 90, 135, 180, 225, 270, 315])
def test_a_circle_and_not_a_box(metres: int, degrees: int) -> None:
    south, north, west, east = box(LAT, LON, metres)
    inside, outside = aside(metres - 0.01, degrees), aside(metres + 1, degrees)
    assert distance(LAT, LON, *inside) <= metres < distance(LAT, LON, *outside)
    assert distance(LAT, LON, *outside) == pytest.approx(metres + 1, abs=1e-3)
    # The index finds all that is near enough.
    assert south <= inside[0] <= north
    assert west <= inside[1] <= east
    # In its corners lies what is not.
    assert distance(LAT, LON, north, east) > metres * 1.4


def test_known_distances() -> None:
    assert distance(LAT, LON, LAT, LON) == 0
    # A degree of the equator, and Seoul to Busan (city halls).
    assert distance(0, 0, 0, 1) == pytest.approx(2 * math.pi * RADIUS / 360)
    assert distance(37.5663, 126.9779, 35.1796, 129.0756) == pytest.approx(325_000, rel=0.01)


def test_where_korea_ends() -> None:
    # Marado, Dokdo and Baengnyeongdo are in it; Tokyo, Tsushima's south and the equator are not.
    assert [in_korea(*place) for place in ((33.11, 126.27), (37.24, 131.87), (37.95, 124.66))] == [True] * 3
    assert [in_korea(*place) for place in ((35.68, 139.69), (32.99, 127.0), (0.0, 0.0))] == [False] * 3


def test_slots_are_the_half_hours_of_a_day() -> None:
    assert slots(Hours(opens="09:30", closes="11:00")) == ("09:30", "10:00", "10:30")
    assert len(slots(Hours(opens="11:00", closes="21:00"))) == 20
    assert slots(Hours(opens="23:30", closes="24:00")) == ("23:30",)


@pytest.mark.spec("store V7")
@pytest.mark.parametrize(
    ("day", "opens", "closes", "good"),
    [
        ("mon", "09:00", "18:30", True),
        ("sun", "00:00", "24:00", True),
        ("mon", "09:15", "18:00", False),
        ("mon", "09:00", "18:45", False),
        ("mon", "18:00", "09:00", False),
        ("mon", "09:00", "09:00", False),
        ("mon", "24:00", "24:00", False),
        ("mon", "9:00", "18:00", False),
        ("mon", "09:00", "25:00", False),
        ("mo", "09:00", "18:00", False),
    ],
)
def test_hours_that_can_be(day: str, opens: str, closes: str, good: bool) -> None:
    assert sound({day: Hours(opens=opens, closes=closes)}) is good
    assert sound({})
