"""Pictures of what is for sale, drawn from its flowers' shapes and colours: no photograph, no picture of anybody else's.

Heads of flowers (``heads``) are laid out as seeds lie in a sunflower, each turned a little. The same product gives the same
bytes, so an upload may be repeated.
"""

from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageDraw

from deploy.demo.data.heads import COLOURS, LEAVES, UPRIGHT, Colour, between, darker, head, many, scale, spiral
from deploy.demo.data.products import Piece
from deploy.demo.shop import BASKET, BOX, WREATH, Florist

SIDE = 960
"""Pixels of a picture's sides."""
MOST = 70
"""Heads in one picture; a hundred roses are drawn as seventy."""
BACKGROUNDS: tuple[tuple[Colour, Colour], ...] = (
    ((250, 244, 238), (236, 222, 212)), ((242, 246, 244), (214, 228, 222)), ((246, 242, 248), (226, 216, 234)),
    ((248, 246, 236), (232, 226, 204)), ((240, 245, 250), (210, 222, 236)),
)  # fmt: skip
PAPERS: tuple[Colour, ...] = ((244, 226, 214), (226, 232, 222), (232, 222, 238), (248, 238, 220), (222, 230, 240), (205, 180, 150))


def picture(piece: Piece) -> bytes:
    """The product, as JPEG."""
    draw = random.Random(f"picture of {piece.product_id}")
    image = _background(draw)
    paint = {BASKET: _basket, BOX: _box, WREATH: _wreath}.get(piece.category, _bunch)
    paint(image, piece, draw)
    return _jpeg(image)


def shop_front(florist: Florist) -> bytes:
    """The florist's shop, as JPEG: an awning, a window, and flowers before it."""
    draw = random.Random(f"front of {florist.word}")
    image = _background(draw)
    pen = ImageDraw.Draw(image)
    wall, awning = draw.choice(PAPERS), draw.choice(list(COLOURS.values()))[0]
    pen.rectangle((110, 260, 850, 820), fill=wall, outline=darker(wall), width=4)
    pen.rectangle((170, 430, 540, 740), fill=(206, 224, 226), outline=darker(wall), width=8)
    pen.rectangle((610, 430, 780, 820), fill=darker(wall), outline=darker(darker(wall)), width=6)
    pen.ellipse((750, 620, 768, 638), fill=(230, 206, 140))
    for at in range(10):
        fill = awning if at % 2 == 0 else (250, 248, 244)
        pen.rectangle((90 + 78 * at, 240, 168 + 78 * at, 350), fill=fill)
        pen.pieslice((90 + 78 * at, 311, 168 + 78 * at, 389), 0, 180, fill=fill)
    pen.rectangle((0, 820, SIDE, SIDE), fill=(196, 188, 178))
    for at, flower in enumerate(draw.sample(list(COLOURS), 5)):
        x = 120 + 105 * at
        pen.polygon(((x - 44, 780), (x + 44, 780), (x + 32, 880), (x - 32, 880)), fill=(176, 110, 78))
        for _ in range(7):
            _put(image, flower, x + draw.randint(-44, 44), 745 + draw.randint(-48, 30), 84, draw)
    return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def _background(draw: random.Random) -> Image.Image:
    """From a lighter colour above to a darker one below."""
    top, bottom = draw.choice(BACKGROUNDS)
    column = Image.new("RGB", (1, 64))
    for y in range(64):
        column.putpixel((0, y), between(top, bottom, y / 63))
    return column.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


# -- how flowers are arranged -------------------------------------------------------------------------------------------------


def _bunch(image: Image.Image, piece: Piece, draw: random.Random) -> None:
    pen, paper = ImageDraw.Draw(image), draw.choice(PAPERS)
    for x in range(-70, 71, 20):
        pen.line((480 + x // 3, 640, 480 + x, 905), fill=LEAVES[abs(x) % len(LEAVES)], width=9)
    pen.polygon(((170, 420), (790, 420), (545, 800), (415, 800)), fill=darker(paper))
    _leaves(image, draw, 480, 400, 300)
    _heads(image, piece, draw, 480, 370, 270)
    pen.polygon(((150, 470), (480, 660), (450, 815), (400, 805)), fill=paper)
    pen.polygon(((810, 470), (480, 660), (510, 815), (560, 805)), fill=between(paper, (255, 255, 255), 0.3))
    ribbon = COLOURS[piece.representative][1]
    pen.rectangle((408, 752, 552, 786), fill=ribbon)
    for side in (-1, 1):
        pen.polygon(((480, 768), (480 + 96 * side, 732), (480 + 96 * side, 804)), fill=between(ribbon, (255, 255, 255), 0.15))
        pen.polygon(((470, 780), (490, 780), (480 + 60 * side, 880), (480 + 36 * side, 884)), fill=ribbon)


def _basket(image: Image.Image, piece: Piece, draw: random.Random) -> None:
    pen = ImageDraw.Draw(image)
    if "화분" not in piece.name:
        pen.arc((250, 90, 710, 900), 180, 360, fill=(150, 108, 66), width=16)
    _leaves(image, draw, 480, 500, 290)
    _heads(image, piece, draw, 480, 460, 265)
    body = ((210, 600), (750, 600), (690, 860), (270, 860))
    if "화분" in piece.name:
        pen.polygon(body, fill=(184, 116, 82))
        pen.rectangle((196, 590, 764, 640), fill=(196, 128, 92))
        return
    pen.polygon(body, fill=(176, 130, 82))
    for row in range(5):
        y = 612 + 50 * row
        inset = round((y - 600) * 60 / 260)
        for at in range(12):
            width = (540 - 2 * inset) / 12
            x = 210 + inset + at * width
            pen.rounded_rectangle((x, y, x + width - 3, y + 42), 10, fill=((196, 150, 98), (160, 116, 70))[(row + at) % 2])


def _box(image: Image.Image, piece: Piece, draw: random.Random) -> None:
    pen, paper = ImageDraw.Draw(image), draw.choice(PAPERS)
    pen.rounded_rectangle((170, 180, 790, 800), 18, fill=darker(paper))
    pen.rounded_rectangle((196, 206, 764, 774), 12, fill=darker(darker(paper)))
    _leaves(image, draw, 480, 490, 260)
    inside = Image.new("L", (SIDE, SIDE), 0)
    ImageDraw.Draw(inside).rounded_rectangle((200, 210, 760, 770), 12, fill=255)
    filled = image.copy()
    _heads(filled, piece, draw, 480, 490, 330)
    image.paste(filled, (0, 0), inside)
    pen.rounded_rectangle((170, 790, 790, 872), 14, fill=paper)
    pen.rectangle((462, 790, 498, 872), fill=COLOURS[piece.representative][1])


def _wreath(image: Image.Image, piece: Piece, draw: random.Random) -> None:
    pen = ImageDraw.Draw(image)
    for side in (-1, 1):
        pen.line((480, 150, 480 + 190 * side, 925), fill=(120, 92, 64), width=14)
    for y, radius in ((640, 175), (430, 155), (235, 135)):
        _leaves(image, draw, 480, y, radius + 20)
        _heads(image, piece, draw, 480, y, radius - 14, MOST // 3)
    for side in (-1, 1):
        pen.polygon(
            ((480 + 150 * side, 250), (480 + 205 * side, 250), (480 + 235 * side, 800), (480 + 180 * side, 800)),
            fill=(250, 246, 240),
        )


def _heads(image: Image.Image, piece: Piece, draw: random.Random, x: int, y: int, radius: int, most: int = MOST) -> None:
    """The product's flowers in a disc, the one that stands for it in the middle; small ones between the others."""
    total = sum(piece.flowers.values())
    share = min(1.0, most / total)
    heads = [flower for flower, stems in piece.flowers.items() for _ in range(max(1, round(stems * share * many(flower))))]
    draw.shuffle(heads)
    heads.sort(key=lambda flower: flower != piece.representative or draw.random() < 0.4)
    size = min(250, round(2.15 * radius / math.sqrt(len(heads)) * 1.25))
    spots = list(spiral(len(heads), radius - size // 4))
    # From the rim to the middle, so that what is in the middle lies on top.
    for (across, down), flower in reversed(list(zip(spots, heads, strict=True))):
        _put(image, flower, round(x + across), round(y + down * 0.9), round(size * scale(flower)), draw)


def _leaves(image: Image.Image, draw: random.Random, x: int, y: int, radius: int) -> None:
    pen = ImageDraw.Draw(image)
    for at in range(34):
        angle = at * math.tau / 34 + draw.uniform(-0.1, 0.1)
        reach, width = radius * draw.uniform(0.85, 1.18), draw.uniform(0.05, 0.1)
        tip = (x + reach * math.cos(angle), y + reach * 0.92 * math.sin(angle))
        left, right = (
            (x + radius * 0.55 * math.cos(angle + turn), y + radius * 0.5 * math.sin(angle + turn))
            for turn in (-width * 2, width * 2)
        )
        pen.polygon((left, tip, right, (x, y)), fill=LEAVES[at % len(LEAVES)])


def _put(image: Image.Image, flower: str, x: int, y: int, size: int, draw: random.Random) -> None:
    """One head with its centre at (x, y)."""
    drawn = head(flower, draw.randrange(3)).resize((size, size), Image.Resampling.LANCZOS)
    turned = drawn.rotate(draw.uniform(-25, 25) if flower in UPRIGHT else draw.uniform(0, 360), Image.Resampling.BICUBIC)
    image.paste(turned, (x - size // 2, y - size // 2), turned)
