"""What a checkout costs: pure arithmetic over what the web saw, for ``decide`` and for the web's quote alike.

Amounts are whole KRW. No figure of the client takes part (order W-1, W-2); rules: issue Foundation §3, spec order §6 and §7.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from models import kst
from models.actor import id_of
from models.orders.messages import CouponTerms, PricedLine, PricedStore, ProductTerms, WantedLine, WantedStore


def merged(lines: Sequence[WantedLine]) -> tuple[WantedLine, ...]:
    """One line per product, in order of first appearance; quantities add up (order W-35)."""
    products: dict[str, ProductTerms] = {}
    quantities: dict[str, int] = {}
    for line in lines:
        products.setdefault(line.product.product_id, line.product)
        quantities[line.product.product_id] = quantities.get(line.product.product_id, 0) + line.quantity
    return tuple(WantedLine(product=products[product_id], quantity=pieces) for product_id, pieces in quantities.items())


def earliest_making_day(cut_off: str, now: int) -> str:
    """The first day (KST) on which an order of ``now`` (ms) can be made: the next one from the cut-off (``HH:MM`` KST) on."""
    clock = kst.moment(now)
    late = f"{clock.hour:02}:{clock.minute:02}" >= cut_off
    return (clock.date() + timedelta(days=1 if late else 0)).isoformat()


def coupon_refusal(coupon: CouponTerms, goods: int, today: str) -> str:
    """Why ``coupon`` may not be used for ``goods`` KRW on ``today`` (KST), as a code; ``""``: it may. Both days are inclusive."""
    if today < coupon.starts:
        return "coupon_not_started"
    if today > coupon.ends:
        return "coupon_expired"
    return "coupon_minimum" if goods < coupon.min_amount else ""


def shares(discount: int, amounts: Sequence[tuple[int, bool]]) -> tuple[int, ...]:
    """Spread ``discount`` over lines of ``(amount, tax_free)``: by amount, rounded down, the rest on the taxable lines.

    The rest goes to tax-free lines only where no taxable line has room for it. No share exceeds its line, and they add up to
    ``discount``, which may not exceed the sum of the amounts (``ValueError``).
    """
    goods = sum(amount for amount, _ in amounts)
    if not 0 <= discount <= goods:
        raise ValueError(f"a discount of {discount} on goods of {goods}")
    if goods == 0:
        return tuple(0 for _ in amounts)
    spread = [discount * amount // goods for amount, _ in amounts]
    rest = discount - sum(spread)
    for index in sorted(range(len(amounts)), key=lambda at: amounts[at][1]):
        more = min(rest, amounts[index][0] - spread[index])
        spread[index] += more
        rest -= more
    return tuple(spread)


def priced_store(order_id: str, wanted: WantedStore, now: int) -> PricedStore:
    """The price of one florist's part at ``now`` (ms). The coupon is taken as valid: ``coupon_refusal`` tells whether it is.

    Delivery is free from ``free_from`` of goods on, before the coupon (spec order §6). Its fee is taxable.
    """
    lines = merged(wanted.lines)
    amounts = [(line.product.price * line.quantity, line.product.tax_free) for line in lines]
    goods = sum(amount for amount, _ in amounts)
    discount = min(wanted.coupon.discount, goods) if wanted.coupon else 0
    fee = 0 if goods >= wanted.store.free_from else wanted.store.delivery_fee
    priced = tuple(
        PricedLine(
            line_id=id_of(order_id, line.product.product_id),
            product_id=line.product.product_id,
            quantity=line.quantity,
            price=line.product.price,
            amount=amount,
            discount=share,
            tax_free=tax_free,
        )
        for line, (amount, tax_free), share in zip(lines, amounts, shares(discount, amounts), strict=True)
    )
    return PricedStore(
        store_id=wanted.store.store_id,
        store_order_id=id_of(order_id, wanted.store.store_id),
        kind=wanted.kind,
        making_day=wanted.making_day or earliest_making_day(wanted.store.cut_off, now),
        lines=priced,
        goods=goods,
        discount=discount,
        delivery_fee=fee,
        total=goods - discount + fee,
        tax_free=sum(line.amount - line.discount for line in priced if line.tax_free),
        coupon_id=wanted.coupon.coupon_id if wanted.coupon else "",
    )


def priced(order_id: str, stores: Sequence[WantedStore], now: int) -> tuple[PricedStore, ...]:
    """The price of a whole checkout at ``now`` (ms), store by store; ``order_id`` only names lines and store orders."""
    return tuple(priced_store(order_id, wanted, now) for wanted in stores)
