"""Names beside ids: of the product or the store that something is about, as it is called now; "" of one that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from web.call import Call
from web.reads import Document


async def products(call: Call, items: Sequence[Document]) -> list[dict[str, Any]]:
    """``items`` with the ``product_name`` of their ``product_id``: one question for all of them."""
    known = await call.shared.reads.products_by_ids({one["product_id"] for one in items})
    return [{**one, "product_name": known[one["product_id"]]["name"] if one["product_id"] in known else ""} for one in items]


async def stores(call: Call, items: Sequence[Document]) -> list[dict[str, Any]]:
    """``items`` with the ``store_name`` of their ``store_id``: one question for all of those that the web does not remember."""
    known = await call.shared.terms.stores.get({one["store_id"] for one in items})
    return [{**one, "store_name": known[one["store_id"]].name if one["store_id"] in known else ""} for one in items]
