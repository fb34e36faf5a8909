"""What must hold, by name: each is a value of the label ``invariant`` of ``bb_invariant_violations``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Violation(NamedTuple):
    """``invariant`` does not hold of ``id``. ``detail``: ids, codes and amounts, never personal data.

    ``token``: what has to stay the same for it to be the same finding at the next look: a row that moves is not yet wrong.
    """

    invariant: str
    id: str
    detail: str
    token: str = ""


WITHIN_ONE_AGGREGATE: Mapping[str, str] = {
    "event_decodable": "every record of an events topic is a batch of known events",
    "event_sequence": "seq of an aggregate has no gap unless it begins anew, and an event that comes again is the same event",
    "order_transition": "an order and its store orders move forward only, and are paid for before the deadline",
    "stock_in_out": "stems on hand are what came in less what went out",
    "stock_never_negative": "0 <= held <= on hand",
    "held_equals_holds": "stems held are the sum of the open holds",
    "coupon_limit": "claims of a coupon are counted, and no more than its limit",
    "coupon_terms_kept": "a claim has the terms of its moment, each change is a new edition, and a closed coupon is not claimed",
    "coupon_claimed_once": "a buyer claims a coupon at most once",
    "coupon_used_once": "a claim is held or used by one order at a time",
    "cart_bounds": "a cart holds at most 50 products, from 1 to 999 pieces of each",
    "cart_cleared_once": "an order takes off a cart what was bought, once, and never more than was there",
    "review_counted_once": "a product's rating counts each of its reviews once, with what it gives last",
    "sold_never_negative": "a product has not sold less than nothing",
    "refund_within_capture": "refunds of a payment are no more than was captured, each id at most once",
}
"""Order within one log guarantees these at every moment, so they have no grace."""

AT_REST: Mapping[str, str] = {
    "capture_has_order": "captured money has a confirmed order, or goes back",
    "captured_equals_standing": "captured less refunded is the sum of the order's standing store orders",
    "confirmed_has_capture": "no order of more than 0 KRW is confirmed without a capture",
    "confirmed_is_committed": "each store order of a confirmed order has its hold committed, with its coupon",
    "commit_has_order": "stems are committed for store orders of confirmed orders only",
    "hold_has_order": "no hold without a living order",
    "return_has_cancel": "stems come back once for each cancelled store order, as many as went, and for no other",
    "delivery_per_store_order": "one delivery for each store order of a confirmed order, cancelled with it, and no other",
    "refund_reaches_order": "an order knows what was refunded",
    "sold_has_orders": "a product has sold what confirmed orders bought of it, less what was cancelled",
    "rating_has_review": "a product's rating counts what each of its reviews gives last, and no other",
    "cleared_has_order": "a confirmed order takes off its buyer's cart what it bought out of it, and no more",
    "order_deadline": "no order is unfinished after its deadline, unless it is being captured",
}
"""These compare domains, whose logs are apart: they hold once nothing is on its way."""

READ_MODELS: Mapping[str, str] = {
    "read_orders": "the order history (DynamoDB) shows what the log says",
    "read_stock": "stock and its history (MySQL) show what the log says",
    "read_coupons": "coupons and issued coupons (MySQL) show what the log says",
    "read_ledger": "the ledger (MySQL) has two legs for each movement of money and no other, and they balance",
    "read_stores": "stores (MySQL) show what the log says",
    "read_products": "products (MongoDB) show what the log says",
    "read_reviews": "reviews (MySQL) show what the log says",
    "read_restock": "who waits for a product (MySQL) is who the log says",
    "read_search": "lists (the search index) have the products of open stores, with the prices and counts of the log",
    "read_carts": "carts and likes (MySQL) show what the log says",
}
GATEWAY = "gateway_books"
INVARIANTS: Mapping[str, str] = {
    **WITHIN_ONE_AGGREGATE,
    **AT_REST,
    **READ_MODELS,
    GATEWAY: "the gateway's own books have the same captures and refunds",
}

ALARMS: Mapping[str, str] = {
    "capture_open": "the outcome of a capture is unknown for more than 10 minutes (design §7, row 6)",
    "refund_open": "a refund is under way for more than 10 minutes",
    "gateway_differs": "the last look at the gateway's books found a difference",
}
"""What a person should look at although nothing is broken yet: the gateway's word is missing, and only it can end this."""
