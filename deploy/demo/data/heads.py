"""Heads of the 22 flowers, each by its own shape and colours; drawn once, twice as large, and kept."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterator

from PIL import Image, ImageDraw, ImageFilter

from deploy.demo.shop import (
    CARNATION,
    CHRYSANTHEMUM,
    DAISY,
    DELPHINIUM,
    FREESIA,
    GERBERA,
    GYPSOPHILA,
    HYDRANGEA,
    LAVENDER,
    LISIANTHUS,
    PEONY,
    RANUNCULUS,
    STATICE,
    SUNFLOWER,
    TULIP,
)

SIDE = 240
"""Pixels of a head's sides."""
GOLDEN = math.pi * (3 - math.sqrt(5))
Colour = tuple[int, int, int]
LEAVES: tuple[Colour, ...] = ((92, 130, 84), (118, 150, 98), (74, 112, 82), (140, 164, 120))
COLOURS: dict[str, tuple[Colour, Colour]] = {
    "1": ((188, 24, 44), (120, 8, 26)), "2": ((250, 246, 238), (222, 214, 196)), "3": ((238, 130, 60), (196, 88, 30)),
    "4": ((240, 160, 178), (210, 108, 136)), "5": ((64, 104, 196), (34, 62, 140)), "6": ((140, 84, 168), (96, 48, 124)),
    "7": ((246, 206, 76), (214, 162, 38)), LISIANTHUS: ((206, 186, 226), (150, 122, 186)),
    HYDRANGEA: ((136, 168, 220), (92, 124, 190)), LAVENDER: ((142, 120, 192), (104, 84, 158)),
    CHRYSANTHEMUM: ((248, 240, 206), (224, 200, 110)),
    SUNFLOWER: ((248, 192, 40), (92, 56, 26)), CARNATION: ((238, 120, 140), (206, 72, 102)), GERBERA: ((242, 98, 72), (70, 44, 30)),
    FREESIA: ((250, 224, 110), (226, 180, 50)), TULIP: ((238, 92, 110), (196, 52, 78)),
    RANUNCULUS: ((250, 190, 150), (226, 140, 96)), GYPSOPHILA: ((252, 252, 250), (222, 226, 220)),
    STATICE: ((158, 106, 182), (116, 68, 146)), DAISY: ((254, 254, 250), (246, 196, 52)),
    PEONY: ((244, 176, 196), (220, 120, 154)), DELPHINIUM: ((92, 118, 206), (60, 78, 160)),
}  # fmt: skip
"""Petals, and what is deeper inside."""


SMALL = (GYPSOPHILA, STATICE, DAISY)


def many(flower: str) -> int:
    """Heads of a stem."""
    return 3 if flower in SMALL else 1


def scale(flower: str) -> float:
    """How large a head is beside a rose."""
    if flower in (HYDRANGEA, PEONY, SUNFLOWER):
        return 1.35
    return 0.75 if flower in SMALL else 1.15 if flower in UPRIGHT else 1.0


@functools.cache
def head(flower: str, variant: int) -> Image.Image:
    """A head on nothing, ``SIDE`` pixels wide; ``variant``: slightly another colour."""
    image = Image.new("RGBA", (SIDE * 2, SIDE * 2), (0, 0, 0, 0))
    petals, heart = (between(colour, (255, 255, 255), 0.09 * variant) for colour in COLOURS[flower])
    SHAPES.get(flower, _rose)(ImageDraw.Draw(image), petals, heart, random.Random(f"head {flower} {variant}"))
    shadow = Image.new("RGBA", image.size, (40, 30, 30, 0))
    shadow.putalpha(image.getchannel("A").filter(ImageFilter.GaussianBlur(8)).point(lambda value: value * 0.35))
    shadow.alpha_composite(image)
    return shadow.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def spiral(number: int, radius: float) -> Iterator[tuple[float, float]]:
    """``number`` points evenly over a disc, from its middle outwards, as seeds lie in a sunflower."""
    for at in range(number):
        away = radius * math.sqrt((at + 0.5) / number)
        yield away * math.cos(at * GOLDEN), away * math.sin(at * GOLDEN)


Pen = ImageDraw.ImageDraw
Shape = Callable[[Pen, Colour, Colour, random.Random], None]
MID = SIDE


def _disc(pen: Pen, x: float, y: float, radius: float, fill: Colour) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _petals(pen: Pen, number: int, reach: float, width: float, fill: Colour, edge: Colour, turn: float = 0.0) -> None:
    for at in range(number):
        angle = turn + at * math.tau / number
        x, y = MID + reach / 2 * math.cos(angle), MID + reach / 2 * math.sin(angle)
        side = angle + math.pi / 2
        points = []
        for step in range(24):
            around = step * math.tau / 24
            along, across = reach / 2 * math.cos(around), width / 2 * math.sin(around)
            points.append(
                (x + along * math.cos(angle) + across * math.cos(side), y + along * math.sin(angle) + across * math.sin(side))
            )
        pen.polygon(points, fill=fill if at % 2 else between(fill, edge, 0.18), outline=between(fill, edge, 0.45))


def _rose(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
    for ring in range(7):
        radius, colour = 215 - 30 * ring, between(petals, heart, ring / 9)
        for at in range(6):
            angle = at * math.tau / 6 + ring * 0.62
            _disc(pen, MID + radius * 0.42 * math.cos(angle), MID + radius * 0.42 * math.sin(angle), radius * 0.58, colour)
            colour = between(colour, heart, 0.06)
    for ring in range(4):
        away = 60 - 13 * ring
        pen.arc((MID - away, MID - away, MID + away, MID + away), 80 * ring, 80 * ring + 250, fill=heart, width=6)


def _layers(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
    for ring in range(8):
        _petals(pen, 14 - ring, 215 - 25 * ring, 86 - 6 * ring, between(petals, heart, ring / 10), heart, ring * 0.4)


def _ruffles(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
    for ring in range(9):
        radius = 205 - 23 * ring
        for at in range(18):
            angle = at * math.tau / 18 + ring * 0.5
            reach = radius * draw.uniform(0.8, 1.0)
            _disc(pen, MID + reach * math.cos(angle), MID + reach * math.sin(angle), 26, between(petals, heart, (ring % 3) / 4))


def _rays(number: int, width: float, disc: float) -> Shape:
    def shape(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
        _petals(pen, number, 218, width, petals, darker(petals))
        _petals(pen, number, 188, width, between(petals, (255, 255, 255), 0.12), darker(petals), math.pi / number)
        _disc(pen, MID, MID, disc, heart)
        for at in range(60):
            away = disc * math.sqrt(at / 60)
            _disc(
                pen,
                MID + away * math.cos(at * GOLDEN),
                MID + away * math.sin(at * GOLDEN),
                5,
                between(heart, (255, 230, 160), 0.35),
            )

    return shape


def _cluster(number: int, dot: float, spread: float) -> Shape:
    def shape(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
        for across, down in spiral(number, spread):
            fill = between(petals, heart, draw.random() * 0.7)
            for turn in range(4):
                angle = turn * math.pi / 2 + draw.random()
                _disc(pen, MID + across + dot * 0.6 * math.cos(angle), MID + down + dot * 0.6 * math.sin(angle), dot * 0.62, fill)
            _disc(pen, MID + across, MID + down, dot * 0.22, between(heart, (255, 255, 255), 0.4))

    return shape


def _spike(dot: float) -> Shape:
    def shape(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
        pen.line((MID, 60, MID, 2 * SIDE - 20), fill=LEAVES[0], width=10)
        for row in range(15):
            y, room = 40 + row * 26, 20 + row * 4
            for x in (-room, 0, room):
                _disc(pen, MID + x + draw.uniform(-8, 8), y + draw.uniform(-8, 8), dot, between(petals, heart, draw.random() * 0.8))

    return shape


def _tulip(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
    pen.line((MID, MID, MID, 2 * SIDE - 10), fill=LEAVES[1], width=14)
    for x, colour in ((-70, between(petals, heart, 0.35)), (70, between(petals, heart, 0.5)), (0, petals)):
        upper = ((MID + x - 88, 200), (MID + x, 50), (MID + x + 88, 200))
        lower = ((MID + x * 0.7 + 58, 330), (MID + x * 0.3, 372), (MID + x * 0.7 - 58, 330))
        pen.polygon((*upper, *lower), fill=colour, outline=heart)


def _trumpets(pen: Pen, petals: Colour, heart: Colour, draw: random.Random) -> None:
    pen.line((110, 420, 330, 110), fill=LEAVES[1], width=12)
    for at in range(5):
        x, y, size = 130 + 52 * at, 380 - 68 * at, 92 - 11 * at
        for turn in range(6):
            angle = turn * math.tau / 6
            _disc(
                pen,
                x + size * 0.62 * math.cos(angle),
                y + size * 0.62 * math.sin(angle),
                size * 0.46,
                between(petals, heart, turn / 12),
            )
        _disc(pen, x, y, size * 0.36, heart)


UPRIGHT = (TULIP, LAVENDER, DELPHINIUM, FREESIA)
SHAPES: dict[str, Shape] = {
    LISIANTHUS: _layers, HYDRANGEA: _cluster(70, 30, 190), LAVENDER: _spike(15),
    CHRYSANTHEMUM: _layers, SUNFLOWER: _rays(22, 46, 92),
    CARNATION: _ruffles, GERBERA: _rays(26, 40, 52), FREESIA: _trumpets, TULIP: _tulip, RANUNCULUS: _layers,
    GYPSOPHILA: _cluster(26, 17, 200), STATICE: _cluster(44, 20, 180), DAISY: _rays(18, 50, 56),
    PEONY: _ruffles, DELPHINIUM: _spike(26),
}  # fmt: skip
"""Flower -> how its head is drawn; all others are roses."""


def between(one: Colour, other: Colour, part: float) -> Colour:
    """``one`` mixed with ``part`` of the way to ``other``."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def darker(colour: Colour) -> Colour:
    """A shade darker."""
    return between(colour, (0, 0, 0), 0.14)
