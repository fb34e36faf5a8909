"""Who must act on what happened to an order; listed in ``topics/catalogue.py``. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from models.accounts.address_messages import KeepAddress, Place
from models.actor import Send, State
from models.carts.messages import ClearBought
from models.catalog.messages import CountSale, UncountSale
from models.deliveries.messages import CreateDelivery, StopDelivery
from models.inventory.messages import Commit, Hold, HoldLine, Release, Return
from models.orders.messages import (
    ORDERS_EVENTS,
    CaptureRequested,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    StoreCancelled,
    StoreCancelRequested,
)
from models.orders.state import Order, Part
from models.payments.messages import CapturePayment, DropPayment, ReadyPayment, RefundPayment


def route(key: str, state: State, event: ORDERS_EVENTS) -> Iterable[Send]:
    """The messages that ``event`` causes; ``key`` is the order id, ``state`` the one after the event."""
    order: Order = state[""]
    match event:
        case OrderPlaced():
            for part in order.parts:
                yield Send("inventory", part.priced.store_id, _hold(key, order, part))
            if order.payable():
                yield Send("payments", key, _ready(key, order, event))
        case CaptureRequested():
            yield Send("payments", key, CapturePayment(pg_token=order.token))
        case OrderConfirmed():
            for part in order.parts:
                priced = part.priced
                commit = Commit(order_id=key, buyer=order.buyer, coupon_id=priced.coupon_id)
                yield Send("inventory", priced.store_id, commit)
                yield Send("deliveries", priced.store_order_id, _delivery(key, order, part))
            for product_id, pieces in _pieces(order.parts).items():
                yield Send("catalog", product_id, CountSale(order_id=key, quantity=pieces))
            if order.checkout.method == "cart":
                yield Send("carts", order.buyer, ClearBought(order_id=key, products=_pieces(order.parts)))
            if order.checkout.address_kept and (kept := _kept(key, order)).row:
                yield Send("accounts", kept.row, kept)
        case OrderCancelled(refund=refund):
            for part in order.parts:
                release = Release(order_id=key, buyer=order.buyer, coupon_id=part.priced.coupon_id)
                yield Send("inventory", part.priced.store_id, release)
            if refund:
                yield Send("payments", key, RefundPayment(refund_id=key, amount=refund, tax_free=order.tax_free))
            elif order.payable():
                yield Send("payments", key, DropPayment())
        case StoreCancelRequested():
            yield Send("deliveries", event.store_order_id, StopDelivery(order_id=key))
        case StoreCancelled(refund=refund):
            stopped = order.part(event.store_order_id)
            assert stopped is not None
            priced = stopped.priced
            if refund:
                tax_free = min(priced.tax_free, refund)
                yield Send("payments", key, RefundPayment(refund_id=priced.store_order_id, amount=refund, tax_free=tax_free))
            back = Return(order_id=key, buyer=order.buyer, flowers=stopped.stems(), coupon_id=priced.coupon_id)
            yield Send("inventory", priced.store_id, back)
            # A product is of one store: this is all that the order had of it.
            for product_id, pieces in _pieces((stopped,)).items():
                yield Send("catalog", product_id, UncountSale(order_id=key, quantity=pieces))


def _hold(key: str, order: Order, part: Part) -> Hold:
    priced = part.priced
    return Hold(
        order_id=key,
        buyer=order.buyer,
        lines=tuple(
            HoldLine(product_id=line.product_id, flowers=flowers, quantity=line.quantity)
            for line, flowers in zip(priced.lines, part.flowers, strict=True)
        ),
        goods=priced.goods,
        making_day=priced.making_day,
        coupon_id=priced.coupon_id,
        discount=priced.discount,
    )


def _pieces(parts: Iterable[Part]) -> dict[str, int]:
    """Product id -> pieces of it in all ``parts``."""
    pieces: dict[str, int] = {}
    for part in parts:
        for line in part.priced.lines:
            pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
    return pieces


def _kept(key: str, order: Order) -> KeepAddress:
    """The recipient with their own phone (order W-50); what is asked of the courier is of this order alone."""
    to = order.checkout.address
    place = Place(recipient=to.recipient, phone=to.phone, zipcode=to.zipcode, road=to.road, detail=to.detail)
    return KeepAddress(account=order.buyer, order_id=key, place=place)


def _ready(key: str, order: Order, event: OrderPlaced) -> ReadyPayment:
    lines = [line for store in event.stores for line in store.lines]
    name = order.checkout.names[lines[0].product_id]
    back = f"{order.checkout.callback}/{key}/{order.checkout.nonce}"
    return ReadyPayment(
        order_id=key,
        buyer=order.buyer,
        amount=order.total,
        tax_free=order.tax_free,
        item_name=name if len(lines) == 1 else f"{name} 외 {len(lines) - 1}건",
        quantity=sum(line.quantity for line in lines),
        device=order.checkout.device,
        approval_url=f"{back}/approve",
        cancel_url=f"{back}/cancel",
        fail_url=f"{back}/fail",
        deadline=order.deadline,
    )


def _delivery(key: str, order: Order, part: Part) -> CreateDelivery:
    priced = part.priced
    return CreateDelivery(
        store_order_id=priced.store_order_id,
        order_id=key,
        store_id=priced.store_id,
        buyer=order.buyer,
        kind=priced.kind,
        making_day=priced.making_day,
        fee=priced.delivery_fee,
        orderer=order.checkout.orderer,
        address=order.checkout.address,
    )
