"""Coupons: made by sellers, claimed by buyers."""

from __future__ import annotations

from aiohttp import web

from models.inventory.messages import ClaimCoupon, CreateCoupon
from web import idempotency
from web.call import Call
from web.commands import submit
from web.requests.fields import NoBody
from web.requests.inventory import CouponRequest
from web.routes.public import PUBLIC
from web.validation import Parser

_create, _nothing = Parser(CouponRequest), Parser(NoBody)


async def of_store(call: Call) -> web.Response:
    """``GET /stores/{store_id}/coupons``: what can be claimed there."""
    return call.answer({"items": await call.shared.reads.store_coupons(call.params["store_id"])}, headers=PUBLIC)


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
    return await submit(
        call, "inventory", store_id, message, command=command, body=await call.body(), status=201, extra=extra
    )


async def claim(call: Call) -> web.Response:
    """``POST /stores/{store_id}/coupons/{coupon_id}/claim``: one per buyer, up to the limit."""
    command, store_id, coupon_id = call.command_id(), call.params["store_id"], call.params["coupon_id"]
    await call.parsed(_nothing)
    message = ClaimCoupon(coupon_id=coupon_id, buyer=call.caller.account)
    extra = {"coupon_id": coupon_id, "store_id": store_id}
    return await submit(
        call, "inventory", store_id, message, command=command, body=await call.body(), status=201, extra=extra
    )


async def mine(call: Call) -> web.Response:
    """``GET /coupons``: what the caller has claimed."""
    return call.answer({"items": await call.shared.reads.my_coupons(call.caller.account)})
