"""The one table: which route is whose. What is not in it is nobody's (default deny; order W-38).

A rule is checked before the handler runs, from the route and the token alone. Whose order or product it is lies in the data:
handlers ask ``owns_order``, ``owns_store_order`` and ``runs``, and answer 404 to a stranger, who must not learn what exists.
"""

from __future__ import annotations

from enum import Enum

from web.auth import Caller


class Who(Enum):
    """Who may use a route."""

    PUBLIC = "public"
    BUYER = "buyer"
    """Any buyer; the route only touches what is the caller's."""
    OWNER = "buyer who owns it"
    PARTY = "buyer who owns it or seller of its store"
    SELLER = "seller of this store"
    KEEPER = "seller of this store or admin"
    ANYONE = "anyone signed in"
    """The route only touches what is the caller's, whatever the role."""


API = "/api/v1"
ACCESS: dict[tuple[str, str], Who] = {
    ("POST", f"{API}/orders"): Who.BUYER,
    ("GET", f"{API}/orders"): Who.BUYER,
    ("POST", f"{API}/orders/quote"): Who.PUBLIC,
    ("GET", f"{API}/orders/{{order_id}}"): Who.OWNER,
    ("GET", f"{API}/orders/{{order_id}}/timeline"): Who.OWNER,
    ("POST", f"{API}/orders/{{order_id}}/cancel"): Who.OWNER,
    ("POST", f"{API}/orders/{{order_id}}/stores/{{store_order_id}}/cancel"): Who.PARTY,
    ("GET", f"{API}/payments/callback/{{order_id}}/{{nonce}}/{{outcome}}"): Who.PUBLIC,
    ("GET", f"{API}/commands/{{domain}}/{{row}}/{{command}}"): Who.ANYONE,
    ("GET", f"{API}/events"): Who.ANYONE,
    ("GET", f"{API}/products"): Who.PUBLIC,
    ("GET", f"{API}/products/{{product_id}}"): Who.PUBLIC,
    ("PUT", f"{API}/products/{{product_id}}"): Who.KEEPER,
    ("GET", f"{API}/stores"): Who.PUBLIC,
    ("GET", f"{API}/stores/{{store_id}}"): Who.PUBLIC,
    ("PUT", f"{API}/stores/{{store_id}}"): Who.KEEPER,
    ("GET", f"{API}/stores/{{store_id}}/coupons"): Who.PUBLIC,
    ("POST", f"{API}/stores/{{store_id}}/coupons"): Who.SELLER,
    ("POST", f"{API}/stores/{{store_id}}/coupons/{{coupon_id}}/claim"): Who.BUYER,
    ("GET", f"{API}/coupons"): Who.BUYER,
    ("GET", f"{API}/stores/{{store_id}}/stock"): Who.SELLER,
    ("PATCH", f"{API}/stores/{{store_id}}/stock/{{flower_id}}"): Who.SELLER,
    ("GET", f"{API}/stores/{{store_id}}/orders"): Who.SELLER,
    ("GET", f"{API}/openapi.json"): Who.PUBLIC,
    ("GET", f"{API}/asyncapi.json"): Who.PUBLIC,
    ("GET", f"{API}/docs"): Who.PUBLIC,
}


def refusal(who: Who | None, caller: Caller | None, store_id: str = "") -> str:
    """Why ``caller`` (``None``: no token) may not use a route of ``who``: ``""`` (may), ``unauthenticated`` or ``forbidden``.

    ``store_id``: the store that the route names, if it names one.
    """
    if who is Who.PUBLIC:
        return ""
    if caller is None:
        return "unauthenticated"
    if who is Who.ANYONE:
        return ""
    if who is Who.BUYER or who is Who.OWNER:
        return "" if caller.role == "buyer" else "forbidden"
    if who is Who.PARTY:
        return "" if caller.role in ("buyer", "seller") else "forbidden"
    if who is Who.KEEPER and caller.role == "admin":
        return ""
    if who is Who.SELLER or who is Who.KEEPER:
        return "" if caller.role == "seller" and (not store_id or store_id in caller.stores) else "forbidden"
    return "forbidden"


def owns_order(caller: Caller, buyer: str) -> bool:
    """True if the order of ``buyer`` is the caller's own."""
    return caller.role == "buyer" and bool(buyer) and caller.account == buyer


def runs(caller: Caller, store_id: str) -> bool:
    """True if the caller may change what the store ``store_id`` keeps."""
    return caller.role == "admin" or (caller.role == "seller" and store_id in caller.stores)


def party(caller: Caller, buyer: str, store_id: str) -> str:
    """As whom the caller may cancel what ``store_id`` makes of ``buyer``'s order: ``buyer``, ``seller``, or ``""``: not at all."""
    if owns_order(caller, buyer):
        return "buyer"
    return "seller" if caller.role == "seller" and store_id in caller.stores else ""
