"""What a cart shows: its lines at today's terms, by store, with what delivery costs. Pure; KRW. Front end §4.1; spec auth 36.

Nothing is left out: what is not sold any more stands there as STOPPED until its owner removes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models.carts.messages import MAX_QUANTITY
from models.orders.messages import ProductTerms, StoreTerms
from web.responses.carts import CartAnswer, CartLineAnswer, CartStoreAnswer

ON_SALE, PRICE_CHANGED, SOLD_OUT, STOPPED = "ON_SALE", "PRICE_CHANGED", "SOLD_OUT", "STOPPED"
BUYABLE = (ON_SALE, PRICE_CHANGED)
Stems = Mapping[str, int]
"""Flower id -> stems that are not promised to anybody."""


def shown(
    lines: Iterable[Mapping[str, Any]],
    products: Mapping[str, ProductTerms],
    stores: Mapping[str, StoreTerms],
    stems: Mapping[str, Stems],
    pictures: Mapping[str, Mapping[str, Any]],
) -> CartAnswer:
    """``lines``: of the read model, in the order in which they are to be shown; ``stems``: by store id.

    ``pictures``: product id -> ``thumbnail`` and, of an uploaded image, ``thumbnail_urls``.
    """
    grouped: dict[str, list[CartLineAnswer]] = {}
    for line in lines:
        store_id = line["store_id"]
        store, product = stores.get(store_id), products.get(line["product_id"])
        one = _line(line, product, store is not None and store.open, stems.get(store_id, {}), pictures)
        grouped.setdefault(store_id, []).append(one)
    parts = [_part(store_id, stores.get(store_id), found) for store_id, found in grouped.items()]
    goods, fee = sum(part.goods for part in parts), sum(part.fee for part in parts)
    count = sum(len(part.lines) for part in parts)
    return CartAnswer(stores=parts, count=count, goods=goods, fee=fee, total=goods + fee)


def _line(
    line: Mapping[str, Any],
    product: ProductTerms | None,
    opened: bool,
    stems: Stems,
    pictures: Mapping[str, Mapping[str, Any]],
) -> CartLineAnswer:
    picture = pictures.get(line["product_id"], {})
    price = line["price"] if product is None else product.price
    sold = opened and product is not None and product.on_sale
    available = pieces(product.flowers, stems) if product is not None and sold else 0
    changed = price != line["price"]
    state = STOPPED if not sold else SOLD_OUT if not available else PRICE_CHANGED if changed else ON_SALE
    return CartLineAnswer(
        product_id=line["product_id"],
        name="" if product is None else product.name,
        thumbnail=picture.get("thumbnail", ""),
        quantity=line["quantity"],
        price=price,
        amount=price * line["quantity"],
        state=state,
        available=available,
        added_at=line["added_at"],
        old_price=line["price"] if changed else None,
        thumbnail_urls=picture.get("thumbnail_urls", {}),
    )


def pieces(flowers: Stems, stems: Stems) -> int:
    """How many pieces of ``flowers`` (stems a piece) can be made of ``stems``, at most 999."""
    made = [stems.get(flower, 0) // count for flower, count in flowers.items()]
    return max(0, min([MAX_QUANTITY, *made]))


def _part(store_id: str, store: StoreTerms | None, lines: list[CartLineAnswer]) -> CartStoreAnswer:
    """The fee is that of what can be bought, and none of nothing (front end D-10)."""
    goods = sum(line.amount for line in lines if line.state in BUYABLE)
    delivery_fee, free_from = (store.delivery_fee, store.free_from) if store is not None else (0, 0)
    buyable = any(line.state in BUYABLE for line in lines)
    return CartStoreAnswer(
        store_id=store_id,
        name="" if store is None else store.name,
        delivery_fee=delivery_fee,
        free_from=free_from,
        goods=goods,
        fee=delivery_fee if buyable and goods < free_from else 0,
        missing=max(0, free_from - goods),
        lines=lines,
    )
