"""As many products as a bench wants, straight into the catalogue's inbox: no pictures, no reviews, the same ones each time."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator

import msgspec

from deploy.demo.data.florists import FLORISTS
from deploy.demo.data.products import Piece, made_up
from models.actor import id_of
from models.catalog.messages import SaveProduct
from topics.client import Client

AT_ONCE = 1_000
"""Messages in flight."""


def scaled(number: int) -> Iterator[Piece]:
    """``number`` products, dealt out to the twenty florists in turn; other ids than those of the demo's own."""
    dealt = [made_up(florist, "scale") for florist in FLORISTS]
    return itertools.islice((piece for round_ in zip(*dealt, strict=True) for piece in round_), number)


async def send(client: Client, number: int) -> float:
    """Send them; answers the seconds until all were acknowledged. Raises ``topics.client.Unavailable``."""
    began = time.monotonic()
    some = scaled(number)
    while batch := list(itertools.islice(some, AT_ONCE)):
        sends = (
            client.send(
                "catalog",
                piece.product_id,
                msgspec.convert(piece.body(), SaveProduct),
                id=id_of("demo", "scale", piece.product_id),
            )
            for piece in batch
        )
        await asyncio.gather(*sends)
    return time.monotonic() - began
