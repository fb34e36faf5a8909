"""Coupons: made, changed and closed by sellers, claimed and used by buyers (spec store §4, front end §5.7 and §6.4)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from models import kst
from models.inventory.coupons import MAX_CLAIMS
from models.inventory.messages import ClaimCoupon, ClaimCoupons, CloseCoupon, CreateCoupon, EditCoupon
from models.orders.messages import CouponTerms, WantedLine
from models.orders.prices import coupon_refusal, merged
from web import authors, idempotency, named
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.requests.fields import NoBody
from web.requests.inventory import BasketRequest, CouponEdit, CouponRequest
from web.routes.public import PUBLIC
from web.validation import FieldError, Parser

_create, _edit, _basket, _nothing = Parser(CouponRequest), Parser(CouponEdit), Parser(BasketRequest), Parser(NoBody)
ACTIVE, UPCOMING, SOLD_OUT, ENDED, CLOSED = "ACTIVE", "UPCOMING", "SOLD_OUT", "ENDED", "CLOSED"
"""Where a coupon stands for whoever has not claimed it."""
USABLE, HELD, USED = "USABLE", "HELD", "USED"
"""Where a claimed one stands, beside UPCOMING and ENDED."""


def _today() -> str:
    return kst.day(int(time.time() * 1000))


def _offered(coupon: Mapping[str, Any], today: str) -> dict[str, Any]:
    """A coupon with ``state`` and how many are ``left`` to claim."""
    left = max(0, coupon["limit"] - coupon["issued"])
    if coupon["closed"]:
        state = CLOSED
    elif today > coupon["ends"]:
        state = ENDED
    elif today < coupon["starts"]:
        state = UPCOMING
    else:
        state = ACTIVE if left else SOLD_OUT
    shown = {name: value for name, value in coupon.items() if name != "closed"}
    return {**shown, "left": left, "state": state}


async def of_store(call: Call) -> web.Response:
    """``GET /stores/{store_id}/coupons``: what can be claimed there now or later; a buyer sees which are ``claimed``.

    Those that are all claimed are there too, as SOLD_OUT.
    """
    reads, store_id, today = call.shared.reads, call.params["store_id"], _today()
    items = [_offered(one, today) for one in await reads.store_coupons(store_id, today)]
    who = call.signed_in
    if who is None or who.role != "buyer":
        return call.answer({"items": items}, headers=PUBLIC)
    mine = {one["coupon_id"] for one in await reads.my_coupons_in(who.account, store_id)}
    return call.answer({"items": [{**one, "claimed": one["coupon_id"] in mine} for one in items]})


async def all_of_store(call: Call) -> web.Response:
    """``GET /stores/{store_id}/coupons/all?limit=&cursor=``: every coupon that the store ever had, newest first, and how many."""
    found, cursor, total = await call.shared.reads.all_coupons(call.params["store_id"], *call.page())
    today = _today()
    return call.answer({"items": [_offered(one, today) for one in found], "next": cursor, "total": total})


async def holders(call: Call) -> web.Response:
    """``GET /stores/{store_id}/coupons/{coupon_id}/holders?limit=&cursor=``: who has it, since when, and who has used it when."""
    found = await call.shared.reads.coupon_holders(call.params["store_id"], call.params["coupon_id"], *call.page())
    if found is None:
        raise Problem(404, "coupon_unknown")
    items, cursor, total = found
    return call.answer({"items": await authors.signed(call, items, "buyer"), "next": cursor, "total": total})


async def create(call: Call) -> web.Response:
    """``POST /stores/{store_id}/coupons``: 201 with ``coupon_id``."""
    command, store_id = call.command_id(), call.params["store_id"]
    wish = await call.parsed(_create)
    coupon_id = idempotency.created_id(command, "coupon")
    message = CreateCoupon(
        coupon_id=coupon_id,
        limit=wish.limit,
        discount=wish.discount,
        min_amount=wish.min_amount,
        starts=wish.starts.isoformat(),
        ends=wish.ends.isoformat(),
        name=wish.name,
    )
    extra = {"coupon_id": coupon_id, "store_id": store_id}
    return await submit(call, "inventory", store_id, message, command=command, body=await call.body(), status=201, extra=extra)


async def edit(call: Call) -> web.Response:
    """``PATCH /stores/{store_id}/coupons/{coupon_id}``: only what is given, the limit never below what is issued.

    Whoever has the coupon already keeps the terms under which it was claimed.
    """
    command, store_id, coupon_id = call.command_id(), call.params["store_id"], call.params["coupon_id"]
    wish = await call.parsed(_edit)
    message = EditCoupon(
        coupon_id=coupon_id,
        by=call.caller.account,
        limit=wish.limit,
        discount=wish.discount,
        min_amount=wish.min_amount,
        starts=wish.starts.isoformat() if wish.starts else None,
        ends=wish.ends.isoformat() if wish.ends else None,
        name=wish.name,
    )
    call.shared.terms.coupons.forget(coupon_id)
    extra = {"coupon_id": coupon_id, "store_id": store_id}
    return await submit(call, "inventory", store_id, message, command=command, body=await call.body(), extra=extra)


async def close(call: Call) -> web.Response:
    """``POST /stores/{store_id}/coupons/{coupon_id}/close``: no more claims; what is claimed can be used to its end."""
    command, store_id, coupon_id = call.command_id(), call.params["store_id"], call.params["coupon_id"]
    await call.parsed(_nothing)
    message = CloseCoupon(coupon_id=coupon_id, by=call.caller.account)
    extra = {"coupon_id": coupon_id, "store_id": store_id}
    return await submit(call, "inventory", store_id, message, command=command, body=await call.body(), extra=extra)


async def claim(call: Call) -> web.Response:
    """``POST /stores/{store_id}/coupons/{coupon_id}/claim``: one per buyer, up to the limit."""
    command, store_id, coupon_id = call.command_id(), call.params["store_id"], call.params["coupon_id"]
    await call.parsed(_nothing)
    message = ClaimCoupon(coupon_id=coupon_id, buyer=call.caller.account)
    extra = {"coupon_id": coupon_id, "store_id": store_id}
    return await submit(call, "inventory", store_id, message, command=command, body=await call.body(), status=201, extra=extra)


async def claim_all(call: Call) -> web.Response:
    """``POST /stores/{store_id}/coupons/claim``: every one that the caller lacks and that can be claimed now, in one go.

    ``coupon_ids``: of those that were asked for, what the caller has then.
    """
    reads, buyer, store_id = call.shared.reads, call.caller.account, call.params["store_id"]
    command = call.command_id()
    await call.parsed(_nothing)
    today = _today()
    mine = {one["coupon_id"] for one in await reads.my_coupons_in(buyer, store_id)}
    offered = [_offered(one, today) for one in await reads.store_coupons(store_id, today)]
    wanted = [one["coupon_id"] for one in offered if one["state"] == ACTIVE and one["coupon_id"] not in mine]
    message = ClaimCoupons(coupon_ids=tuple(wanted[:MAX_CLAIMS]), buyer=buyer)
    # Also of none: sent again, the command says what it claimed at first, which is not wanted any more and is shown already.
    models = None if wanted else ()
    extra = {"store_id": store_id}
    return await submit(call, "inventory", store_id, message, command=command, body=await call.body(), extra=extra, models=models)


async def mine(call: Call) -> web.Response:
    """``GET /coupons?limit=&cursor=``: what the caller has claimed, newest first, with its ``state`` and whose it is."""
    found, cursor, total = await call.shared.reads.my_coupons_page(call.caller.account, *call.page())
    today = _today()
    items = await named.stores(call, [_held(one, today) for one in found])
    return call.answer({"items": items, "next": cursor, "total": total})


def _held(coupon: Mapping[str, Any], today: str) -> dict[str, Any]:
    state = {"held": HELD, "used": USED}.get(coupon["status"], "")
    if not state:
        state = ENDED if today > coupon["ends"] else UPCOMING if today < coupon["starts"] else USABLE
    return {**{name: value for name, value in coupon.items() if name != "seq"}, "state": state}


async def count(call: Call) -> web.Response:
    """``GET /coupons/count``: how many coupons the caller could use today."""
    return call.answer({"usable_count": await call.shared.reads.usable_coupons(call.caller.account, _today())})


async def usable(call: Call) -> web.Response:
    """``POST /stores/{store_id}/coupons/usable``: the caller's coupons of the store, and which would do for these goods.

    ``reason`` "": it would, for ``off`` KRW less; else the code with which an order would be refused. Changes nothing.
    """
    wish, store_id, today = await call.parsed(_basket), call.params["store_id"], _today()
    goods = wish.amount if wish.amount is not None else await _goods(call, wish, store_id)
    items = []
    for one in await call.shared.reads.my_coupons_in(call.caller.account, store_id):
        terms = CouponTerms(**{name: one[name] for name in CouponTerms.__struct_fields__})
        reason = "coupon_used" if one["status"] != "claimed" else coupon_refusal(terms, goods, today)
        off = 0 if reason else min(terms.discount, goods)
        items.append({**_held(one, today), "reason": reason, "off": off})
    return call.answer({"goods": goods, "items": items})


async def _goods(call: Call, wish: BasketRequest, store_id: str) -> int:
    """KRW of the lines at today's prices. Raises ``Problem`` 422 with every product that the store does not have."""
    products = await call.shared.terms.products.get(line.product_id for line in wish.lines)
    strange = [
        FieldError(f"/lines/{number}/product_id", "unknown_product")
        for number, line in enumerate(wish.lines)
        if line.product_id not in products or products[line.product_id].store_id != store_id
    ]
    if strange:
        raise Problem(422, "validation_failed", errors=strange)
    wanted = merged([WantedLine(product=products[line.product_id], quantity=line.quantity) for line in wish.lines])
    return sum(line.product.price * line.quantity for line in wanted)
