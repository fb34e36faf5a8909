"""Bodies about stores."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from web.requests.fields import Amount, Clock, Text100
from web.validation import Body


class StoreSave(Body, frozen=True):
    """A store's policy. ``cut_off``: an order after it is made the next day; ``threshold``: low stock, in stems.

    ``owner``: the account that runs it; only an admin names another than the caller.
    """

    name: Text100
    delivery_fee: Amount
    free_from: Amount
    cut_off: Clock = "18:00"
    threshold: Annotated[int, Meta(ge=0, le=1_000_000)] = 50
    owner: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
