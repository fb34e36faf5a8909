"""Coupons and the history of stock over HTTP: what is shown to whom, and what actors are told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from models.inventory.messages import ClaimCoupons, CloseCoupon, EditCoupon
from models.kst import KST
from models.orders.messages import CouponTerms, PlaceOrder
from tests.unit.web.answering import Page
from tests.unit.web.documents import BUYER, OTHER_STORE, SELLER, STORE, STRANGER, order_body
from web.requests.orders import StoreRequest
from web.terms import Terms

TODAY = dt.datetime.now(KST).date()
YESTERDAY, TOMORROW = (TODAY - dt.timedelta(days=1)).isoformat(), (TODAY + dt.timedelta(days=1)).isoformat()
OLD = CouponTerms(coupon_id="coupon-1", store_id=STORE, discount=500, min_amount=2000, starts="2020-01-01", ends="2099-12-31")
NEW = msgspec.structs.replace(OLD, discount=900, min_amount=4000)
COUPONS = f"/stores/{STORE}/coupons"


def seller(shop: Page, *stores: str) -> dict[str, str]:
    return shop.desk.headers(SELLER, "seller", stores or (STORE,))


def issued(**changes: Any) -> dict[str, Any]:
    """A coupon that the buyer has."""
    told = {
        **msgspec.to_builtins(OLD),
        "name": "할인",
        "status": "claimed",
        "order_id": "",
        "claimed_at": 5,
        "used_at": 0,
        "seq": 3,
    }
    return {**told, **changes}


# -- what is shown --------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store C9", "store C13")
async def test_a_guest_sees_what_there_is_and_a_buyer_also_what_is_claimed(shop: Page) -> None:
    status, body, _ = await shop.call("GET", COUPONS)
    (one,) = body["items"]
    assert (status, one["left"], one["state"], "claimed" in one, "closed" in one) == (200, 6, "ACTIVE", False, False)
    assert (await shop.call("GET", COUPONS, headers=shop.desk.headers()))[1]["items"][0]["claimed"] is False
    shop.known.issued_ = [issued()]
    assert (await shop.call("GET", COUPONS, headers=shop.desk.headers()))[1]["items"][0]["claimed"] is True


@pytest.mark.spec("store C13")
@pytest.mark.parametrize(
    ("changes", "left", "state"),
    [
        ({}, 6, "ACTIVE"),
        ({"issued": 10}, 0, "SOLD_OUT"),
        ({"starts": TOMORROW}, 6, "UPCOMING"),
        ({"ends": YESTERDAY}, 6, "ENDED"),
        ({"ends": TODAY.isoformat()}, 6, "ACTIVE"),
        ({"ends": YESTERDAY, "closed": True, "issued": 10}, 0, "CLOSED"),
    ],
)
async def test_where_a_coupon_stands(shop: Page, changes: dict[str, Any], left: int, state: str) -> None:
    before = shop.known._coupon
    shop.known._coupon = lambda coupon_id: {**before(coupon_id), **changes}  # type: ignore[method-assign]
    status, body, _ = await shop.call("GET", f"{COUPONS}/all", headers=seller(shop))
    assert (status, body["total"], body["next"]) == (200, 1, "")
    assert (body["items"][0]["left"], body["items"][0]["state"]) == (left, state)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "USABLE"),
        ({"status": "held", "order_id": "o"}, "HELD"),
        ({"status": "used", "order_id": "o", "ends": YESTERDAY}, "USED"),
        ({"ends": YESTERDAY}, "ENDED"),
        ({"starts": TOMORROW}, "UPCOMING"),
    ],
)
async def test_what_a_buyer_has(shop: Page, changes: dict[str, Any], state: str) -> None:
    shop.known.issued_ = [issued(**changes)]
    status, body, _ = await shop.call("GET", "/coupons", headers=shop.desk.headers())
    (one,) = body["items"]
    assert (status, body["total"], one["state"], one["store_name"]) == (200, 1, state, "가게")
    assert (await shop.call("GET", "/coupons/count", headers=shop.desk.headers()))[1] == {"usable_count": 1}


@pytest.mark.parametrize(
    ("body", "changes", "reason", "off"),
    [
        ({"amount": 2000}, {}, "", 500),
        ({"amount": 1999}, {}, "coupon_minimum", 0),
        ({"lines": [{"product_id": "product-1", "quantity": 1}] * 2}, {}, "", 500),
        ({"lines": [{"product_id": "product-1", "quantity": 1}]}, {}, "coupon_minimum", 0),
        ({"amount": 9000}, {"status": "used"}, "coupon_used", 0),
        ({"amount": 9000}, {"status": "held"}, "coupon_used", 0),
        ({"amount": 9000}, {"ends": YESTERDAY}, "coupon_expired", 0),
        ({"amount": 9000}, {"starts": TOMORROW}, "coupon_not_started", 0),
        # A discount is never more than the goods.
        ({"amount": 300}, {"min_amount": 0}, "", 300),
    ],
)
@pytest.mark.spec("store C10")
async def test_which_coupon_would_do(shop: Page, body: dict[str, Any], changes: dict[str, Any], reason: str, off: int) -> None:
    shop.known.issued_ = [issued(**changes), issued(store_id=OTHER_STORE)]
    status, said, _ = await shop.call("POST", f"{COUPONS}/usable", body, shop.desk.headers())
    assert (status, [(one["reason"], one["off"]) for one in said["items"]]) == (200, [(reason, off)])
    assert shop.sent == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("/lines", "required")]),
        ({"amount": 1, "lines": [{"product_id": "product-1", "quantity": 1}]}, [("/amount", "not_with")]),
        ({"amount": -1}, [("/amount", "too_small")]),
        ({"lines": [{"product_id": "none", "quantity": 1}]}, [("/lines/0/product_id", "unknown_product")]),
    ],
)
async def test_goods_that_cannot_be(shop: Page, body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    status, said, _ = await shop.call("POST", f"{COUPONS}/usable", body, shop.desk.headers())
    assert (status, [(one["pointer"], one["code"]) for one in said["errors"]]) == (422, errors)


async def test_who_has_a_coupon_is_for_its_seller(shop: Page) -> None:
    path = f"{COUPONS}/coupon-1/holders"
    status, body, _ = await shop.call("GET", path, headers=seller(shop))
    holder = {"buyer": BUYER, "status": "claimed", "nickname": "꽃님", "picture": ""}
    assert (status, body) == (200, {"items": [holder], "next": "", "total": 1})
    assert (await shop.call("GET", f"{COUPONS}/none/holders", headers=seller(shop)))[1]["code"] == "coupon_unknown"
    for headers, code in ((seller(shop, OTHER_STORE), "forbidden"), (shop.desk.headers(), "forbidden"), ({}, "unauthenticated")):
        assert (await shop.call("GET", path, headers=headers))[1]["code"] == code


# -- what actors are told ---------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store C11")
async def test_an_edit_tells_only_what_is_given(shop: Page) -> None:
    status, body, _ = await shop.call("PATCH", f"{COUPONS}/coupon-1", {"limit": 7, "ends": "2099-01-01"}, seller(shop))
    assert (status, body) == (200, {"coupon_id": "coupon-1", "store_id": STORE})
    assert shop.sent == [("inventory", STORE, EditCoupon(coupon_id="coupon-1", by=SELLER, limit=7, ends="2099-01-01"))]
    status, _, _ = await shop.call("POST", f"{COUPONS}/coupon-1/close", {}, seller(shop))
    assert (status, shop.sent[1:]) == (200, [("inventory", STORE, CloseCoupon(coupon_id="coupon-1", by=SELLER))])
    for method, path in (("PATCH", "/coupon-1"), ("POST", "/coupon-1/close")):
        assert (await shop.call(method, COUPONS + path, {"limit": 7}, seller(shop, OTHER_STORE)))[0] == 403
    assert len(shop.sent) == 2


@pytest.mark.spec("store C12")
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("", "nothing_to_change")]),
        ({"limit": 0, "name": " "}, [("/name", "blank"), ("/limit", "too_small")]),
        ({"discount": 5, "min_amount": 5}, [("/discount", "not_below")]),
        ({"starts": "2099-01-02", "ends": "2099-01-01"}, [("/ends", "not_before")]),
        ({"ends": "soon"}, [("/ends", "date")]),
    ],
)
async def test_an_edit_that_cannot_be(shop: Page, body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    status, said, _ = await shop.call("PATCH", f"{COUPONS}/coupon-1", body, seller(shop))
    assert (status, [(one["pointer"], one["code"]) for one in said["errors"]]) == (422, errors)
    assert shop.sent == []


@pytest.mark.spec("store C1")
async def test_all_that_the_buyer_lacks_are_claimed_in_one_go(shop: Page) -> None:
    shop.client.body = {"store_id": STORE, "coupon_ids": ["coupon-1"]}
    status, body, _ = await shop.call("POST", f"{COUPONS}/claim", {}, shop.desk.headers())
    assert (status, body["coupon_ids"]) == (200, ["coupon-1"])
    assert shop.sent == [("inventory", STORE, ClaimCoupons(coupon_ids=("coupon-1",), buyer=BUYER))]
    # Sent again after a lost answer it finds nothing that is wanted: what it claimed at first only the actor knows.
    shop.known.issued_ = [issued()]
    again = await shop.call("POST", f"{COUPONS}/claim", {}, shop.desk.headers())
    assert again[:2] == (200, {"store_id": STORE, "coupon_ids": ["coupon-1"]})
    assert shop.sent[1:] == [("inventory", STORE, ClaimCoupons(coupon_ids=(), buyer=BUYER))]


@pytest.mark.spec("store C11")
@pytest.mark.parametrize(("held", "terms"), [({}, NEW), ({(BUYER, "coupon-1"): 0}, OLD), ({(BUYER, "coupon-1"): 1}, NEW),
                                             ({(STRANGER, "coupon-1"): 0}, NEW)])  # fmt: skip
async def test_an_order_carries_the_terms_of_its_buyer(shop: Page, held: dict[tuple[str, str], int], terms: CouponTerms) -> None:
    shop.known.coupons_["coupon-1"] = (OLD, NEW)
    shop.known.editions_ = held
    await shop.call("POST", "/orders", order_body(), shop.desk.headers())
    ((_, _, message),) = shop.sent
    assert isinstance(message, PlaceOrder)
    assert message.stores[0].coupon == terms
    # A quote shows what the order will cost.
    body = {"stores": order_body()["stores"]}
    quoted = (await shop.call("POST", "/orders/quote", body, shop.desk.headers()))[1]
    assert quoted["stores"][0]["discount"] == terms.discount
    assert (await shop.call("POST", "/orders/quote", body))[1]["stores"][0]["discount"] == NEW.discount


@pytest.mark.spec("store C11")
async def test_an_edition_that_is_newer_than_what_is_remembered_is_looked_up(shop: Page) -> None:
    terms = Terms(shop.known, 60.0)
    shop.known.coupons_["coupon-1"] = (OLD, OLD)
    await terms.coupons.get(["coupon-1"])
    shop.known.coupons_["coupon-1"] = (OLD, OLD, NEW)
    shop.known.editions_ = {(BUYER, "coupon-1"): 2}
    wish = msgspec.convert(order_body()["stores"][0], StoreRequest)
    (wanted,) = await terms.wanted([wish], BUYER)
    assert wanted.coupon == NEW


# -- stock ------------------------------------------------------------------------------------------------------------------------


async def test_the_history_of_stock(shop: Page) -> None:
    path = f"/stores/{STORE}/stock/history"
    status, body, _ = await shop.call("GET", f"{path}?flower=2", headers=seller(shop))
    assert (status, body) == (200, {"items": [{"flower_id": "2", "delta": -2, "on_hand": 8}], "next": ""})
    assert (await shop.call("GET", f"{path}?cursor=x", headers=seller(shop)))[1]["code"] == "bad_cursor"
    assert (await shop.call("GET", path, headers=seller(shop, OTHER_STORE)))[0] == 403


@pytest.mark.spec("store C14")
@pytest.mark.parametrize("path", [f"{COUPONS}/coupon-1/claim", f"{COUPONS}/claim"])
async def test_who_claims_is_the_tokens_and_nothing_that_the_client_says(shop: Page, path: str) -> None:
    status, said, _ = await shop.call("POST", path, {"nickname": "꽃님", "phoneNumber": "01011112222"}, shop.desk.headers())
    assert (status, {one["code"] for one in said["errors"]}) == (422, {"unknown_field"})
    assert shop.sent == []
