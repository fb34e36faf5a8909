"""What a checkout must be to become an order: every fault is named, not only the first (order W-3, W-4, W-45).

Shape (422) is told apart from what the shop no longer offers (409). Rules: issue Foundation §3, spec order §6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models import kst
from models.actor import Refusal
from models.orders.messages import MAX_LINES, MAX_QUANTITY, PlaceOrder, PricedStore, WantedStore
from models.orders.prices import coupon_refusal, earliest_making_day, merged, priced

KINDS = ("delivery",)
"""Pickups and cycles follow with their own issues."""
MAX_STORES, MAX_FLOWERS, MAX_FLOWER_IDS, MAX_NAME, MAX_URL = 20, 22, 440, 80, 200
"""Stores of an order, flowers of a product, characters of their ids together, of a name and of a URL: with them an order's row
stays below 64 KB."""

Problem = dict[str, Any]


def refusal_of(command: PlaceOrder, now: int) -> Refusal | tuple[PricedStore, ...]:
    """The prices of a sound checkout, else a Refusal whose ``details["problems"]`` name every store, product and coupon at fault.

    The code is the first problem's; ``price_changed`` (with the right total) if only the total differs from what the buyer saw.
    """
    shape = list(_shape(command))
    if shape:
        return Refusal(shape[0]["code"], 422, {"problems": shape})
    stores = priced(command.order_id, command.stores, now)
    offer = [problem for wanted, price in zip(command.stores, stores, strict=True) for problem in _offer(wanted, price, now)]
    if offer:
        return Refusal(offer[0]["code"], 409, {"problems": offer})
    total = sum(store.total for store in stores)
    if total != command.expected_total:
        parts = [{"store_id": s.store_id, "goods": s.goods, "discount": s.discount, "delivery_fee": s.delivery_fee} for s in stores]
        return Refusal("price_changed", 409, {"total": total, "expected_total": command.expected_total, "stores": parts})
    return stores


def _shape(command: PlaceOrder) -> Iterator[Problem]:
    """What no state of the shop could make right."""
    if not command.stores:
        yield {"code": "order_empty"}
    if command.window <= 0:
        yield {"code": "window_invalid", "window": command.window}
    if sum(len(merged(wanted.lines)) for wanted in command.stores) > MAX_LINES:
        yield {"code": "too_many_lines", "most": MAX_LINES}
    if len(command.stores) > MAX_STORES:
        yield {"code": "too_many_stores", "most": MAX_STORES}
    seen: set[str] = set()
    for wanted in command.stores:
        store_id = wanted.store.store_id
        if store_id in seen:
            yield {"code": "store_repeated", "store_id": store_id}
        seen.add(store_id)
        yield from _shape_of_store(wanted)


def _shape_of_store(wanted: WantedStore) -> Iterator[Problem]:
    store = wanted.store
    if not wanted.lines:
        yield {"code": "order_empty", "store_id": store.store_id}
    if wanted.kind not in KINDS:
        yield {"code": "kind_unknown", "store_id": store.store_id, "kind": wanted.kind}
    if wanted.making_day and not kst.is_day(wanted.making_day):
        yield {"code": "making_day_invalid", "store_id": store.store_id, "making_day": wanted.making_day}
    if store.delivery_fee < 0 or store.free_from < 0 or not kst.is_time(store.cut_off) or len(store.name) > MAX_NAME:
        yield {"code": "store_invalid", "store_id": store.store_id}
    if wanted.coupon and (wanted.coupon.discount < 0 or wanted.coupon.min_amount < 0):
        yield {"code": "coupon_invalid", "store_id": store.store_id, "coupon_id": wanted.coupon.coupon_id}
    # A negative piece may not hide in the sum of a product's lines, so these are looked at before they are merged.
    for line in wanted.lines:
        product = line.product
        where = {"store_id": store.store_id, "product_id": product.product_id}
        if line.quantity < 1:
            yield {"code": "quantity_invalid", **where, "quantity": line.quantity, "most": MAX_QUANTITY}
        flowers = product.flowers
        too_long = (
            len(product.name) > MAX_NAME
            or len(product.thumbnail) > MAX_URL
            or len(flowers) > MAX_FLOWERS
            or sum(map(len, flowers)) > MAX_FLOWER_IDS
        )
        if product.price < 0 or too_long or any(stems < 1 for stems in product.flowers.values()):
            yield {"code": "product_invalid", **where}
    for line in merged(wanted.lines):
        if line.quantity > MAX_QUANTITY:
            where = {"store_id": store.store_id, "product_id": line.product.product_id}
            yield {"code": "quantity_invalid", **where, "quantity": line.quantity, "most": MAX_QUANTITY}


def _offer(wanted: WantedStore, price: PricedStore, now: int) -> Iterator[Problem]:
    """What the shop does not offer, or no longer."""
    store_id = wanted.store.store_id
    if not wanted.store.open:
        yield {"code": "store_closed", "store_id": store_id}
    for line in merged(wanted.lines):
        where = {"store_id": store_id, "product_id": line.product.product_id}
        if line.product.store_id != store_id:
            yield {"code": "product_of_other_store", **where}
        elif not line.product.on_sale:
            yield {"code": "product_not_on_sale", **where}
    earliest = earliest_making_day(wanted.store.cut_off, now)
    if price.making_day < earliest:
        yield {"code": "making_day_too_early", "store_id": store_id, "making_day": price.making_day, "earliest": earliest}
    coupon = wanted.coupon
    if coupon is not None:
        code = "coupon_of_other_store" if coupon.store_id != store_id else coupon_refusal(coupon, price.goods, kst.day(now))
        if code:
            yield {"code": code, "store_id": store_id, "coupon_id": coupon.coupon_id}
