"""The access table, walked with every role and with a stranger's ids (order W-38, W-39)."""

from __future__ import annotations

import pytest

from tests.unit.web.documents import ADMIN, BUYER, OTHER_SELLER, OTHER_STORE, SELLER, STORE, STRANGER
from web.access import Who, owns_order, party, refusal, runs
from web.auth import Caller
from web.routes import ACCESS, API, ROUTES

buyer, stranger, admin = Caller(BUYER, "buyer"), Caller(STRANGER, "buyer"), Caller(ADMIN, "admin")
seller, other_seller = Caller(SELLER, "seller", (STORE,)), Caller(OTHER_SELLER, "seller", (OTHER_STORE,))

MAY: dict[Who, set[str]] = {
    Who.PUBLIC: {"nobody", "guest", "buyer", "seller", "other_seller", "admin", "applicant"},
    Who.BUYER: {"buyer"},
    Who.OWNER: {"buyer"},
    Who.SHOPPER: {"nobody", "guest", "buyer"},
    Who.SENDER: {"guest", "buyer", "seller", "other_seller", "admin", "applicant"},
    Who.PARTY: {"buyer", "seller", "other_seller"},
    Who.SELLER: {"seller"},
    Who.KEEPER: {"seller", "admin"},
    Who.ADMIN: {"admin"},
    Who.APPLICANT: {"applicant"},
    Who.ANYONE: {"buyer", "seller", "other_seller", "admin", "applicant"},
}
guest = Caller("guest-1", "guest")
applicant = Caller("applicant-1", "applicant")
CALLERS = {
    "nobody": None, "guest": guest, "buyer": buyer, "seller": seller, "other_seller": other_seller, "admin": admin,
    "applicant": applicant,
}  # fmt: skip


def test_no_route_is_written_twice() -> None:
    assert len(ACCESS) == len(ROUTES)


@pytest.mark.spec("order W-38")
@pytest.mark.parametrize("route", ACCESS, ids=" ".join)
@pytest.mark.parametrize("name", CALLERS)
def test_who_may_use_which_route(route: tuple[str, str], name: str) -> None:
    who, caller = ACCESS[route], CALLERS[name]
    store = STORE if "{store_id}" in route[1] else ""
    expected = "" if name in MAY[who] else "unauthenticated" if caller in (None, guest) else "forbidden"
    if who in (Who.KEEPER, Who.SELLER) and not store and name == "other_seller":
        expected = ""
    assert refusal(who, caller, store) == expected


def test_default_deny() -> None:
    for caller in CALLERS.values():
        assert refusal(None, caller, STORE) in ("unauthenticated", "forbidden")


def test_a_strangers_order_is_nobodys_business() -> None:
    assert owns_order(buyer, BUYER)
    assert [owns_order(caller, BUYER) for caller in (stranger, seller, admin)] == [False] * 3
    assert not owns_order(Caller("", "buyer"), "")
    assert [party(caller, BUYER, STORE) for caller in (buyer, seller, stranger, other_seller, admin)] == [
        "buyer",
        "seller",
        "",
        "",
        "",
    ]
    assert [runs(caller, STORE) for caller in (seller, admin, other_seller, buyer)] == [True, True, False, False]
    # A seller who has the account of the buyer is still no buyer.
    assert not owns_order(Caller(BUYER, "seller", ()), BUYER)


def routes(*kinds: Who, writes: bool) -> set[str]:
    """``METHOD path`` of the routes of ``kinds`` that change something, or of those that do not."""
    found = [route for route, who in ACCESS.items() if who in kinds]
    return {f"{method} {path.removeprefix(API)}" for method, path in found if (method != "GET") is writes}


@pytest.mark.spec("order W-41")
def test_without_a_token_there_is_nothing_but_what_a_visitor_sees_and_the_gateways_way_back() -> None:
    assert routes(Who.PUBLIC, writes=False) == {
        "GET /products", "GET /products/{product_id}", "GET /stores", "GET /stores/{store_id}", "GET /stores/{store_id}/coupons",
        "GET /stores/nearby", "GET /stores/{store_id}/notices", "GET /products/{product_id}/questions",
        "GET /regions", "GET /regions/{sido}", "GET /banks",
        "GET /stores/{store_id}/subscription-product", "GET /products/{product_id}/reviews", "GET /stores/{store_id}/reviews",
        "GET /reference",
        "GET /main", "GET /openapi.json", "GET /asyncapi.json", "GET /docs",
        # Its nonce is signed: see tests/integration/test_web.py.
        "GET /payments/callback/{order_id}/{nonce}/{outcome}",
        # To an identity provider and back.
        "GET /auth/{provider}/start", "GET /auth/{provider}/callback",
    }  # fmt: skip
    # A quote and a sentence are questions whose words do not fit into an address.
    assert routes(Who.PUBLIC, writes=True) == {
        "POST /orders/quote", "POST /search",
        # Whoever is not signed in yet: each says what they know, a password, a code, a ticket, or the cookie.
        "POST /auth/seller", "POST /auth/admin", "POST /auth/refresh", "POST /auth/sign-out",
        "POST /auth/seller/registrations", "POST /auth/seller/registrations/confirm", "POST /auth/seller/licence",
        "POST /auth/seller/applications", "POST /auth/seller/password/forgotten", "POST /auth/seller/password/reset",
        "POST /auth/seller/documents", "POST /auth/seller/documents/{image_id}/finish",
    }  # fmt: skip
    # A cart of one's own, by the cookie that comes with it.
    assert routes(Who.SHOPPER, writes=False) == {"GET /cart"}
    assert routes(Who.SHOPPER, writes=True) == {
        "POST /cart/items", "PATCH /cart/items/{product_id}", "DELETE /cart/items/{product_id}", "POST /cart/remove",
    }  # fmt: skip
    assert routes(Who.SENDER, writes=False) == {"GET /commands/{domain}/{row}/{command}"}
    assert routes(Who.SENDER, writes=True) == set()


@pytest.mark.spec("order W-28")
def test_all_that_a_seller_may_do_to_an_order_is_to_cancel_the_own_part() -> None:
    assert routes(Who.PARTY, Who.SELLER, Who.KEEPER, Who.ANYONE, writes=True) == {
        "POST /orders/{order_id}/stores/{store_order_id}/cancel",
        "PUT /stores/{store_id}", "POST /stores", "PATCH /stores/{store_id}",
        "POST /stores/{store_id}/questions/{question_id}/answer", "PATCH /stores/{store_id}/questions/{question_id}/answer",
        "POST /stores/{store_id}/questions/{question_id}/read",
        "POST /stores/{store_id}/notices", "PATCH /stores/{store_id}/notices/{notice_id}",
        "DELETE /stores/{store_id}/notices/{notice_id}",
        "PATCH /products/{product_id}", "POST /products/{product_id}/duplicate",
        "POST /stores/{store_id}/products", "PUT /stores/{store_id}/subscription-product", "PUT /reviews/{review_id}/reply",
        "POST /stores/{store_id}/coupons", "PATCH /stores/{store_id}/stock/{flower_id}",
        "PATCH /stores/{store_id}/coupons/{coupon_id}", "POST /stores/{store_id}/coupons/{coupon_id}/close",
        # An upload is about nobody's order; whose it is, its actor asks.
        "POST /images", "POST /images/{image_id}/finish",
        # Of the own account.
        "PATCH /me", "POST /me/password", "DELETE /me/sessions", "DELETE /me/sessions/{session}",
    }  # fmt: skip


@pytest.mark.spec("order W-42")
def test_what_only_a_seller_sees_is_asked_for_by_store() -> None:
    """A store that could be left out would mean every store. Those without it name what has its own, product or review, or
    register the one store that follows from the account."""
    nameless = {path for (_, path), who in ACCESS.items() if who in (Who.SELLER, Who.KEEPER) and "{store_id}" not in path}
    assert nameless == {
        f"{API}/products/{{product_id}}", f"{API}/products/{{product_id}}/duplicate", f"{API}/reviews/{{review_id}}/reply",
        f"{API}/stores",
    }  # fmt: skip
