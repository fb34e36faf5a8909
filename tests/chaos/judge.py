"""The verdict, from outside: what buyers, florists and the gateway are shown must add up, once everything has come to rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from tests.chaos.checkout import Wish
from tests.chaos.florists import on_shelf
from tests.chaos.public import Public, Told
from tests.chaos.shoppers import FINAL, Checkout, Crowd

GRACE = 8.0
"""Seconds after the last restart in which everything must be in order again (issue Foundation §6)."""
AT_ONCE = 16
FAULTY = ("payment_refused", "payment_unavailable")
"""How an order may end that was paid in time, while the gateway's faults are on."""


async def overdue(public: Public, crowd: Crowd, since: float) -> list[str]:
    """Orders whose deadline had passed at ``since`` (seconds since the epoch) and that have not ended."""
    return [
        f"{checkout.who.account}: {order['order_id']} is {order['status']} beyond its deadline"
        for checkout, orders in await _histories(public, crowd.checkouts)
        for order in orders
        if order["status"] not in (*FINAL, "CAPTURING") and order["deadline"] / 1000 < since
    ]


async def judge(public: Public, crowd: Crowd, faults: bool) -> list[str]:
    """Everything that is not as it must be, once every order has had its time; [] is the good verdict."""
    histories = await _histories(public, crowd.checkouts)
    books: dict[str, list[dict[str, Any]]] = {}
    for payment in await public.books():
        books.setdefault(payment["partner_order_id"], []).append(payment)
    found: list[str] = []
    standing: list[Wish] = []
    for checkout, orders in histories:
        found += _of_checkout(checkout, orders, books, faults)
        standing += _standing(checkout, orders)
        found += await _coupons(public, checkout, orders)
        found += await _cart(public, checkout, orders)
        found += await _review(public, checkout)
        if checkout.followed:
            found += await _told(public, checkout, orders)
    return found + await _shelves(public, crowd, standing)


async def _histories(public: Public, checkouts: Iterable[Checkout]) -> list[tuple[Checkout, list[dict[str, Any]]]]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(checkout: Checkout) -> tuple[Checkout, list[dict[str, Any]]]:
        async with gate:
            return checkout, await public.all_items(checkout.who, "/orders")

    return await asyncio.gather(*(one(checkout) for checkout in checkouts))


def _of_checkout(
    checkout: Checkout, orders: list[dict[str, Any]], books: dict[str, list[dict[str, Any]]], faults: bool
) -> list[str]:
    """One checkout is one order at most; what was accepted and paid in time is confirmed; money only for what is made."""
    found = []
    if len(orders) > 1:
        found.append(f"{len(orders)} orders of one checkout")
    if checkout.outcome.startswith("gave up"):
        found.append(checkout.outcome)
    if checkout.accepted and [order["order_id"] for order in orders] != [checkout.order_id]:
        found.append(f"order {checkout.order_id} was accepted and is not in the history")
    known = {order["order_id"] for order in orders}
    if checkout.order_id not in known and _left(books.get(checkout.order_id, [])):
        found.append(f"payment without order {checkout.order_id}")
    for order in orders:
        taken = books.get(order["order_id"], [])
        captures = sum(payment["captured"] > 0 for payment in taken)
        made = sum(part["total"] for part in order["stores"] if part["status"] == "PENDING")
        if order["status"] not in FINAL:
            found.append(f"order is {order['status']}")
        elif order["status"] == "CONFIRMED" and (captures, _left(taken)) != (1, made):
            found.append(f"confirmed for {made} KRW, the gateway has {captures} captures and {_left(taken)} KRW")
        elif order["status"] == "CANCELLED" and _left(taken):
            found.append(f"cancelled ({order.get('reason')}), the gateway has {_left(taken)} KRW")
        in_time = 0 < checkout.paid < checkout.deadline
        refused = faults and order.get("reason") in FAULTY
        if in_time and order["status"] != "CONFIRMED" and not refused:
            found.append(f"accepted and paid in time, but {order['status']} ({order.get('reason')})")
    return [f"{checkout.order_id or checkout.who.account} ({checkout.intent}): {text}" for text in found]


def _left(payments: list[dict[str, Any]]) -> int:
    return sum(payment["captured"] - payment["refunded"] for payment in payments)


def _standing(checkout: Checkout, orders: list[dict[str, Any]]) -> list[Wish]:
    """The parts of the checkout that are made."""
    parts = {part["store_id"] for order in orders if order["status"] == "CONFIRMED" for part in order["stores"]
             if part["status"] == "PENDING"}  # fmt: skip
    return [wish for wish in checkout.wishes if wish.florist.store_id in parts]


async def _coupons(public: Public, checkout: Checkout, orders: list[dict[str, Any]]) -> list[str]:
    if not checkout.claimed:
        return []
    answer = await public.patiently(checkout.who, "GET", "/coupons")
    shown = {one["coupon_id"]: one["status"] for one in answer.body["items"]}
    used = {wish.coupon_id for wish in _standing(checkout, orders)}
    wanted = {coupon: "used" if coupon in used else "claimed" for coupon in checkout.claimed}
    return [] if shown == wanted else [f"{checkout.order_id}: coupons are {shown}, should be {wanted}"]


async def _cart(public: Public, checkout: Checkout, orders: list[dict[str, Any]]) -> list[str]:
    """What was bought out of the cart has left it; what was not is still there. Who gave up filled it perhaps only half."""
    if not checkout.by_cart or checkout.outcome.startswith("gave up"):
        return []
    wanted = {} if any(order["status"] == "CONFIRMED" for order in orders) else _all_of(checkout.wishes)
    deadline = time.monotonic() + 20
    while (shown := await _in_cart(public, checkout)) != wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return [] if shown == wanted else [f"{checkout.order_id}: the cart holds {shown}, should hold {wanted}"]


async def _in_cart(public: Public, checkout: Checkout) -> dict[str, int]:
    answer = await public.patiently(checkout.who, "GET", "/cart")
    return {line["product_id"]: line["quantity"] for store in answer.body["stores"] for line in store["lines"]}


def _all_of(wishes: Iterable[Wish]) -> dict[str, int]:
    return {product_id: pieces for wish in wishes for product_id, pieces in wish.pieces.items()}


async def _review(public: Public, checkout: Checkout) -> list[str]:
    """A review that was accepted is its author's, once, with what it gave."""
    if not checkout.review_id:
        return []
    shown = [(one["review_id"], one["rating"]) for one in await public.all_items(checkout.who, "/reviews")]
    wanted = [(checkout.review_id, checkout.rating)]
    return [] if shown == wanted else [f"{checkout.order_id}: reviews are {shown}, should be {wanted}"]


async def _shelves(public: Public, crowd: Crowd, standing: list[Wish]) -> list[str]:
    found = []
    for florist in crowd.florists:
        wanted = {flower: (stems, 0) for flower, stems in florist.stock.items()}
        for wish in standing:
            if wish.florist.store_id == florist.store_id:
                for flower, stems in wish.stems.items():
                    wanted[flower] = (wanted[flower][0] - stems, 0)
        shelf = await on_shelf(public, florist)
        if shelf != wanted:
            found.append(f"{florist.name}: the shelf shows {shelf}, should be {wanted}")
    return found


async def _told(public: Public, checkout: Checkout, orders: list[dict[str, Any]]) -> list[str]:
    """The live stream said every step of the order once and in order; what was followed through all breaks is a part of it."""
    found = []
    for order in orders:
        answer = await public.patiently(checkout.who, "GET", f"/orders/{order['order_id']}/timeline")
        timeline = [(one["event"], one["seq"]) for one in answer.body["items"]]
        deadline = time.monotonic() + 20
        async with public.live(checkout.who, "0-1") as live:
            while _steps(live.told, order["order_id"]) != timeline and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
            told = _steps(live.told, order["order_id"])
        if told != timeline:
            found.append(f"{order['order_id']}: told {told}, the history has {timeline}")
        followed = _steps(checkout.told, order["order_id"])
        if followed != timeline[: len(followed)]:
            found.append(f"{order['order_id']}: followed {followed}, the history has {timeline}")
    return found


def _steps(told: list[Told], order_id: str) -> list[Any]:
    return [(one.kind, one.data["seq"]) for one in told if one.data.get("domain") == "orders" and one.data["key"] == order_id]
