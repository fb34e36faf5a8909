"""Who may what: the rules that the table of routes names (``web/routes/__init__.py``; default deny, order W-38).

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
    ADMIN = "admin"
    APPLICANT = "seller who is not permitted"
    SHOPPER = "buyer, or a guest by the cookie of the own cart"
    """The route only touches the caller's cart; who has none yet begins with it (``web/guests.py``)."""
    SENDER = "who sent the command, guests among them"
    ANYONE = "anyone signed in"
    """The route only touches what is the caller's, whatever the role."""


def refusal(who: Who | None, caller: Caller | None, store_id: str = "") -> str:
    """Why ``caller`` (``None``: no token) may not use a route of ``who``: ``""`` (may), ``unauthenticated`` or ``forbidden``.

    ``store_id``: the store that the route names, if it names one.
    """
    if who is Who.PUBLIC:
        return ""
    if who is Who.SHOPPER:
        return "" if caller is None or caller.role in ("buyer", "guest") else "forbidden"
    if caller is None:
        return "unauthenticated"
    if who is Who.SENDER:
        return ""
    if caller.role == "guest":
        return "unauthenticated"
    if who is Who.ANYONE:
        return ""
    if who is Who.BUYER or who is Who.OWNER:
        return "" if caller.role == "buyer" else "forbidden"
    if who is Who.APPLICANT:
        return "" if caller.role == "applicant" else "forbidden"
    if who is Who.PARTY:
        return "" if caller.role in ("buyer", "seller") else "forbidden"
    if who in (Who.KEEPER, Who.ADMIN) and caller.role == "admin":
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
