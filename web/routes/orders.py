"""Checkouts and orders of buyers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from models.actor import Refusal
from models.orders.checkout import refusal_of
from models.orders.messages import Address, CancelOrder, CancelStoreOrder, Orderer, PlaceOrder
from models.orders.prices import priced
from web import idempotency
from web.access import owns_order, party
from web.call import Call
from web.commands import submit
from web.pictures import dressed
from web.problems import Problem
from web.reads import ReadsAway
from web.requests.fields import NoBody
from web.requests.orders import OrderRequest, QuoteRequest
from web.requests.phones import e164
from web.validation import Parser

STATUSES = ("RESERVING", "AWAITING_PAYMENT", "CAPTURING", "CONFIRMED", "CANCELLED")
_order, _quote, _nothing = Parser(OrderRequest), Parser(QuoteRequest), Parser(NoBody)


async def place(call: Call) -> web.Response:
    """``POST /orders``: 201 with the addresses where the buyer pays; a refusal names store, product or coupon; else 202."""
    command = call.command_id()
    wish = await call.parsed(_order)
    order_id = idempotency.created_id(command, "order")
    shared = call.shared
    orderer, to = wish.orderer, wish.address
    message = PlaceOrder(
        order_id=order_id,
        buyer=call.caller.account,
        stores=await shared.terms.wanted(wish.stores, call.caller.account),
        orderer=Orderer(name=orderer.name, phone=e164(orderer.phone), email=orderer.email),
        address=Address(
            recipient=to.recipient,
            phone=e164(to.phone),
            zipcode=to.zipcode,
            road=to.road,
            detail=to.detail,
            request=to.request,
        ),
        expected_total=wish.expected_total,
        window=shared.settings.payment_window,
        callback=shared.callback,
        nonce=idempotency.sign(shared.secret, "callback", order_id),
        device=wish.device,
        method=wish.method,
        address_kept=wish.address_kept,
    )
    return await submit(call, "orders", order_id, message, command=command, body=await call.body(), status=201)


async def quote(call: Call) -> web.Response:
    """``POST /orders/quote``: what the checkout would cost now, or why it would be refused. Changes nothing."""
    wish = await call.parsed(_quote)
    stores = await call.shared.terms.wanted(wish.stores, call.signed_in.account if call.signed_in is not None else "")
    now = int(time.time() * 1000)
    total = sum(store.total for store in priced("quote", stores, now))
    nobody = Orderer(name="", phone="", email="")
    nowhere = Address(recipient="", phone="", zipcode="", road="", detail="")
    # The very function that the actor will ask, so that a quote cannot promise what an order is refused.
    said = refusal_of(
        PlaceOrder(
            order_id="quote",
            buyer="",
            stores=stores,
            orderer=nobody,
            address=nowhere,
            expected_total=total,
            window=call.shared.settings.payment_window,
            callback="",
            nonce="",
        ),
        now,
    )
    if isinstance(said, Refusal):
        raise Problem(said.status, said.code, said.details)
    return call.answer(
        {
            "total": total,
            "stores": [
                {
                    "store_id": store.store_id,
                    "kind": store.kind,
                    "making_day": store.making_day,
                    "goods": store.goods,
                    "discount": store.discount,
                    "delivery_fee": store.delivery_fee,
                    "total": store.total,
                    "lines": [
                        {"product_id": line.product_id, "quantity": line.quantity, "price": line.price, "amount": line.amount}
                        for line in store.lines
                    ],
                }
                for store in said
            ],
        }
    )


async def mine(call: Call) -> web.Response:
    """``GET /orders?status=&limit=&cursor=``: the caller's orders, newest first."""
    status = call.one_of("status", "", *STATUSES)
    items, cursor = await call.shared.reads.buyer_orders(call.caller.account, status, *call.page())
    parts = iter(await pictured(call, [part for order in items for part in order["stores"]]))
    shown = [{**order, "stores": [next(parts) for _ in order["stores"]]} for order in items]
    return call.answer({"items": shown, "next": cursor})


async def pictured(call: Call, parts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Store orders with the pictures of their lines in place of image ids."""
    told = [dict(part) for part in parts]
    lines = iter(await dressed(call, [line for part in told for line in part.get("lines", ())], "thumbnail"))
    for part in told:
        part["lines"] = [next(lines) for _ in part.get("lines", ())]
    return told


async def one(call: Call) -> web.Response:
    """``GET /orders/{order_id}``: to a stranger it does not exist."""
    order = await _owned(call)
    return call.answer({**order, "stores": await pictured(call, order["stores"])})


async def timeline(call: Call) -> web.Response:
    """``GET /orders/{order_id}/timeline``: every step of the order, oldest first."""
    await _owned(call)
    return call.answer({"items": await call.shared.reads.timeline(call.params["order_id"])})


async def cancel(call: Call) -> web.Response:
    """``POST /orders/{order_id}/cancel``: the whole order, before it is confirmed."""
    command, order_id = call.command_id(), call.params["order_id"]
    await call.parsed(_nothing)
    try:
        order = await call.shared.reads.order(order_id)
    except ReadsAway:
        order = None
    # An order that is not shown (yet) may exist: its actor knows whose it is. A stranger's command is not even sent.
    if order is not None and not owns_order(call.caller, str(order.get("buyer", ""))):
        raise Problem(404, "order_unknown")
    try:
        message = CancelOrder(buyer=call.caller.account)
        return await submit(call, "orders", order_id, message, command=command, body=await call.body())
    except Problem as problem:
        if problem.code == "not_your_order":
            raise Problem(404, "order_unknown") from None
        raise


async def cancel_store(call: Call) -> web.Response:
    """``POST /orders/{order_id}/stores/{store_order_id}/cancel``: one florist's part, by its buyer or its seller."""
    command, order_id, store_order_id = call.command_id(), call.params["order_id"], call.params["store_order_id"]
    await call.parsed(_nothing)
    order = await call.shared.reads.order(order_id)
    store_id = _store_of(order, store_order_id)
    by = party(call.caller, str((order or {}).get("buyer", "")), store_id) if store_id else ""
    if not by:
        raise Problem(404, "order_unknown")
    message = CancelStoreOrder(store_order_id=store_order_id, by=by)
    return await submit(call, "orders", order_id, message, command=command, body=await call.body())


async def _owned(call: Call) -> Mapping[str, Any]:
    order = await call.shared.reads.order(call.params["order_id"])
    if order is None or not owns_order(call.caller, str(order.get("buyer", ""))):
        raise Problem(404, "order_unknown")
    return order


def _store_of(order: Mapping[str, Any] | None, store_order_id: str) -> str:
    for store in (order or {}).get("stores", ()):
        if store["store_order_id"] == store_order_id:
            return str(store["store_id"])
    return ""
