"""Distances on the globe: which stores are how far away (spec store §4, Q2). Pure; degrees and metres."""

from __future__ import annotations

import math
from typing import NamedTuple

RADIUS = 6_371_000
"""Metres from the centre of the Earth: the mean, as the issue has it."""
LEVELS = {1: 150, 2: 250, 3: 500, 4: 1_000, 5: 2_000}
"""Level of the map -> metres around its centre."""
LAT, LON = (33.0, 39.0), (124.0, 132.0)
"""Between which degrees Korea lies, Dokdo and Marado with it."""


class Box(NamedTuple):
    """The smallest and largest degrees of what may be near enough."""

    south: float
    north: float
    west: float
    east: float


def in_korea(lat: float, lon: float) -> bool:
    """True for a point between the outermost degrees of Korea."""
    return LAT[0] <= lat <= LAT[1] and LON[0] <= lon <= LON[1]


def distance(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Metres along the great circle (haversine)."""
    one, two = math.radians(lat), math.radians(to_lat)
    half = math.sin((two - one) / 2) ** 2
    half += math.cos(one) * math.cos(two) * math.sin(math.radians(to_lon - lon) / 2) ** 2
    return 2 * RADIUS * math.asin(math.sqrt(half))


def box(lat: float, lon: float, metres: float) -> Box:
    """Every point within ``metres`` lies in it; those in its corners are farther away. Not for the poles."""
    # A hair more than needed, so that rounding loses nobody who is exactly at the edge.
    angle = metres / RADIUS * (1 + 1e-9)
    north = math.degrees(angle)
    east = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(lat))))
    return Box(lat - north, lat + north, lon - east, lon + east)
