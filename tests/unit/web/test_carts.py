"""Carts and likes over HTTP: whose cart it is, what lines show, and what actors are told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.carts.messages import AddToCart, Like, MergeCart, RemoveFromCart, SetQuantity, Unlike
from models.orders.messages import ProductTerms, StoreTerms
from tests.unit.web.answering import Page, page
from tests.unit.web.documents import BUYER, OTHER_STORE, SELLER, STORE, order_body, store_document
from tests.unit.web.known import Known
from web import baskets
from web.reads import ReadsAway
from web.responses.carts import CartLineAnswer
from web.routes.store_views import card

LINE = {"product_id": "product-1", "store_id": STORE, "quantity": 2, "price": 1000, "added_at": 5}


# -- what a cart shows ----------------------------------------------------------------------------------------------------------

ROSE = StoreTerms(store_id="rose", name="장미", delivery_fee=3_000, free_from=50_000)
BOUQUET = ProductTerms(product_id="p", store_id="rose", name="다발", price=20_000, flowers={"1": 10, "2": 2}, thumbnail="t")
with_ = msgspec.structs.replace


def cart(
    product: ProductTerms | None = BOUQUET, store: StoreTerms | None = ROSE, stems: dict[str, int] | None = None, quantity: int = 2
) -> Any:
    """A cart of one line that was added at 20,000 KRW."""
    line = {"product_id": "p", "store_id": "rose", "quantity": quantity, "price": 20_000, "added_at": 1}
    return baskets.shown(
        [line],
        {} if product is None else {"p": product},
        {} if store is None else {"rose": store},
        {"rose": {"1": 35, "2": 100} if stems is None else stems},
        {} if product is None else {"p": {"thumbnail": product.thumbnail}},
    )


@pytest.mark.spec("auth 36")
@pytest.mark.parametrize(
    ("given", "state", "price", "available", "old_price"),
    [
        ({}, "ON_SALE", 20_000, 3, None),
        ({"product": with_(BOUQUET, price=21_000)}, "PRICE_CHANGED", 21_000, 3, 20_000),
        ({"stems": {"1": 9, "2": 100}}, "SOLD_OUT", 20_000, 0, None),
        ({"stems": {"1": 100}}, "SOLD_OUT", 20_000, 0, None),
        ({"stems": {"1": -5, "2": 9}}, "SOLD_OUT", 20_000, 0, None),
        ({"product": with_(BOUQUET, on_sale=False)}, "STOPPED", 20_000, 0, None),
        ({"product": with_(BOUQUET, on_sale=False, price=1)}, "STOPPED", 1, 0, 20_000),
        ({"store": with_(ROSE, open=False)}, "STOPPED", 20_000, 0, None),
        ({"store": None}, "STOPPED", 20_000, 0, None),
        ({"product": None}, "STOPPED", 20_000, 0, None),
        ({"product": with_(BOUQUET, flowers={})}, "ON_SALE", 20_000, 999, None),
    ],
)
def test_the_state_of_a_line(given: dict[str, Any], state: str, price: int, available: int, old_price: int | None) -> None:
    (line,) = cart(**given).stores[0].lines
    found = given.get("product", BOUQUET)
    assert line == CartLineAnswer(
        product_id="p", name=found.name if found else "", thumbnail="t" if found else "", quantity=2, price=price,
        amount=2 * price, state=state, available=available, added_at=1, old_price=old_price,
    )  # fmt: skip


@pytest.mark.spec("product W50", "store Q12", "frontend D-10")
@pytest.mark.parametrize(
    ("given", "goods", "fee", "missing"),
    [
        ({}, 40_000, 3_000, 10_000),
        ({"quantity": 3}, 60_000, 0, 0),
        ({"product": with_(BOUQUET, price=25_000)}, 50_000, 0, 0),
        # Of nothing that can be bought nothing is delivered (front end D-10).
        ({"stems": {}}, 0, 0, 50_000),
        ({"store": with_(ROSE, free_from=0)}, 40_000, 0, 0),
        # Whose fee nobody knows sells nothing: it is not one that delivers for nothing.
        ({"store": None}, 0, 0, 0),
    ],
)
def test_what_delivery_costs(given: dict[str, Any], goods: int, fee: int, missing: int) -> None:
    found = cart(**given)
    (store,) = found.stores
    assert (store.goods, store.fee, store.missing) == (goods, fee, missing)
    assert (found.count, found.goods, found.fee, found.total) == (1, goods, fee, goods + fee)


@pytest.mark.spec("product W50", "store Q12")
async def test_without_the_terms_of_its_store_nothing_has_a_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No fee is made up for a store that cannot be asked for its own, and nobody is asked to order at such a price."""

    async def away(_: Known, ids: Iterable[str]) -> Any:
        raise ReadsAway("store_terms: ConnectionError")

    monkeypatch.setattr(Known, "store_terms", away)
    quote = {"stores": order_body()["stores"]}
    async with page(tmp_path) as shop:
        shop.known.carts_[BUYER] = [LINE]
        for method, path, body in (("GET", "/cart", None), ("POST", "/orders/quote", quote), ("POST", "/orders", order_body())):
            status, said, _ = await shop.call(method, path, body, shop.desk.headers())
            assert (status, said["code"]) == (503, "unavailable"), path
        assert shop.sent == []
    # It is for want of the terms alone.
    monkeypatch.undo()
    async with page(tmp_path) as shop:
        shop.known.carts_[BUYER] = [LINE]
        assert (await shop.call("GET", "/cart", None, shop.desk.headers()))[1]["fee"] == 3_000
        assert (await shop.call("POST", "/orders/quote", quote, shop.desk.headers()))[1]["total"] == 6_500


async def test_a_cart_is_shown_by_store_and_the_newest_first(shop: Page) -> None:
    lines = [
        {**LINE, "product_id": "product-2", "store_id": OTHER_STORE},
        LINE,
        {**LINE, "product_id": "gone", "store_id": OTHER_STORE},
    ]
    shop.known.carts_[BUYER] = lines
    status, body, cookies = await shop.call("GET", "/cart", headers=shop.desk.headers())
    assert (status, cookies) == (200, [])
    assert [(one["store_id"], [line["product_id"] for line in one["lines"]]) for one in body["stores"]] == [
        (OTHER_STORE, ["product-2", "gone"]),
        (STORE, ["product-1"]),
    ]
    assert body["count"] == 3
    assert shop.sent == []


# -- whose cart it is -----------------------------------------------------------------------------------------------------------


async def test_a_buyers_cart_is_that_of_the_token(shop: Page) -> None:
    shop.client.body = {"count": 1}
    status, body, cookies = await shop.call("POST", "/cart/items", {"product_id": "product-2", "quantity": 3}, shop.desk.headers())
    assert (status, body, cookies) == (200, {"count": 1}, [])
    assert shop.sent == [("carts", BUYER, AddToCart(product_id="product-2", store_id=STORE, quantity=3, price=2000))]


async def test_a_guest_gets_a_cookie_and_is_known_by_it(shop: Page) -> None:
    status, _, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"})
    assert status == 200
    (_, owner, message), *_ = shop.sent
    assert owner.startswith("guest-")
    assert message == AddToCart(product_id="product-1", store_id=STORE, quantity=1, price=1000, by_guest=True)
    value, *flags = cookie.split("; ")
    assert {flag.split("=")[0].lower() for flag in flags} == {"path", "max-age", "samesite", "httponly"}
    assert "SameSite=Lax" in flags
    # The public log has the key, and nobody makes the cookie of it.
    assert owner.removeprefix("guest-") not in value
    shop.known.carts_[owner] = [LINE]
    status, body, _ = await shop.call("GET", "/cart", headers={"Cookie": value})
    assert (status, body["count"]) == (200, 1)
    headers = {"Cookie": value, "Idempotency-Key": "another-key"}
    assert (await shop.call("PATCH", "/cart/items/product-1", {"quantity": 4}, headers))[0] == 200
    assert (await shop.call("DELETE", "/cart/items/product-1", None, headers))[0] == 200
    assert (await shop.call("POST", "/cart/remove", {"product_ids": ["a", "b"]}, headers))[0] == 200
    assert shop.sent[1:] == [
        ("carts", owner, SetQuantity(product_id="product-1", quantity=4, price=1000)),
        ("carts", owner, RemoveFromCart(product_ids=("product-1",))),
        ("carts", owner, RemoveFromCart(product_ids=("a", "b"))),
    ]


async def test_from_one_address_only_so_many_guests_begin(tmp_path: Path) -> None:
    """A guest's cart leaves a row for ever, and whoever keeps no cookie is a new guest each time."""
    near, far = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
    item, key = {"product_id": "product-1"}, {"Idempotency-Key": "a-good-key"}
    async with page(tmp_path, limits="guest.address=2/60", limit_shares=1) as shop:
        _, _, (cookie,) = await shop.call("POST", "/cart/items", item, {**key, **near})
        # Whatever a guest begins with.
        assert (await shop.call("DELETE", "/cart/items/product-1", None, {**key, **near}))[0] == 200
        sent, url = list(shop.sent), f"{shop.url}/api/v1/cart/items"
        async with shop.http.post(url, json=item, headers={**key, **near}) as refused:
            said = await refused.json(content_type=None)
            limit = [refused.headers[name] for name in ("RateLimit-Policy", "RateLimit-Remaining", "Retry-After")]
            assert (refused.status, said["code"], limit) == (429, "too_many_requests", ["2;w=60", "0", "30"])
            assert "Set-Cookie" not in refused.headers
        for method, path, body in (("PATCH", "/product-1", {"quantity": 1}), ("DELETE", "/product-1", None), ("POST", "", item)):
            status, said, cookies = await shop.call(method, f"/cart/items{path}", body, {**key, **near})
            assert (status, said["code"], cookies) == (429, "too_many_requests", [])
        assert (await shop.call("POST", "/cart/remove", {"product_ids": ["a"]}, {**key, **near}))[0] == 429
        assert shop.sent == sent
        # Those who have begun go on, those who are signed in and others begin, and everybody may look.
        known = {**key, **near, "Cookie": cookie.split("; ")[0]}
        for headers in (known, {**shop.desk.headers(), **near}, {**key, **far}):
            assert (await shop.call("POST", "/cart/items", item, headers))[0] == 200
        assert (await shop.call("GET", "/cart", None, near))[0] == 200


async def test_a_new_guest_is_told_of_the_smaller_bucket(shop: Page) -> None:
    async with shop.http.post(
        f"{shop.url}/api/v1/cart/items", json={"product_id": "product-1"}, headers={"Idempotency-Key": "a-good-key"}
    ) as said:
        told = [said.headers[f"RateLimit-{name}"] for name in ("Limit", "Policy")]
        assert (said.status, told) == (200, ["60", "60;w=600"])


async def test_in_production_the_cookie_needs_tls(tmp_path: Path) -> None:
    async with page(tmp_path, env="production") as shop:
        _, _, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"})
        assert "Secure" in cookie.split("; ")


async def test_a_cookie_that_is_none_of_ours_is_nobodys(shop: Page) -> None:
    _, _, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"})
    (_, owner, _), *_ = shop.sent
    shop.known.carts_[owner] = [LINE]
    value = cookie.split("; ")[0]
    bits, _, signature = value.removeprefix("bb_guest=").partition(".")
    other = "A" if signature[-1] != "A" else "Q"
    forged = (
        bits, f"{bits}.{signature[:-1]}{other}", f"{bits}x.{signature}", f".{signature}", owner, "",
    )  # fmt: skip
    for one in (*(f"bb_guest={made}" for made in forged), f"other={bits}.{signature}"):
        status, body, _ = await shop.call("GET", "/cart", headers={"Cookie": one})
        assert (status, body["count"]) == (200, 0)


async def test_who_is_signed_in_has_no_guests_cart(shop: Page) -> None:
    _, _, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"})
    shop.known.carts_[shop.sent[0][1]] = [LINE]
    headers = shop.desk.headers() | {"Cookie": cookie.split("; ")[0]}
    assert (await shop.call("GET", "/cart", headers=headers))[1]["count"] == 0
    seller = shop.desk.headers(SELLER, "seller", (STORE,)) | {"Cookie": cookie.split("; ")[0]}
    assert (await shop.call("GET", "/cart", headers=seller))[:1] == (403,)
    assert len(shop.sent) == 1


async def test_a_guest_may_do_nothing_else(shop: Page) -> None:
    _, _, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"})
    headers = {"Cookie": cookie.split("; ")[0], "Idempotency-Key": "one-more-key"}
    for method, path in (("GET", "/orders"), ("POST", "/cart/merge"), ("PUT", "/likes/products/product-1"), ("GET", "/events")):
        status, body, _ = await shop.call(method, path, headers=headers)
        assert (status, body["code"]) == (401, "unauthenticated")
    assert len(shop.sent) == 1


async def test_a_guest_reads_what_became_of_a_command(shop: Page) -> None:
    headers = {"Idempotency-Key": "wait-not-at-all", "Prefer": "wait=0"}
    status, body, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"}, headers)
    assert (status, body) == (202, {"status": "pending"})
    where = f"/commands/carts/{shop.sent[0][1]}/some-command?sig=none"
    assert (await shop.call("GET", where, headers={}))[1]["code"] == "unauthenticated"
    assert (await shop.call("GET", where, headers={"Cookie": cookie.split("; ")[0]}))[1]["code"] == "command_unknown"


async def test_a_merge_names_the_guest_that_the_browser_was_and_ends_the_cookie(shop: Page) -> None:
    assert (await shop.call("POST", "/cart/merge", {}, shop.desk.headers()))[:2] == (200, {"count": 0})
    assert shop.sent == []
    _, _, (cookie,) = await shop.call("POST", "/cart/items", {"product_id": "product-1"})
    guest = shop.sent[0][1]
    headers = shop.desk.headers() | {"Cookie": cookie.split("; ")[0]}
    status, _, (ended,) = await shop.call("POST", "/cart/merge", {}, headers)
    assert (status, shop.sent[1:]) == (200, [("carts", BUYER, MergeCart(guest=guest))])
    assert ended.startswith(('bb_guest=""; ', "bb_guest=; "))
    assert "Max-Age=0" in ended


@pytest.mark.parametrize(
    ("method", "path", "body", "errors"),
    [
        ("POST", "/cart/items", {"product_id": "nothing"}, [("/product_id", "unknown_product")]),
        ("POST", "/cart/items", {"product_id": "product-1", "quantity": 0}, [("/quantity", "too_small")]),
        ("POST", "/cart/items", {"product_id": "product-1", "quantity": 1000}, [("/quantity", "too_large")]),
        ("POST", "/cart/items", {"quantity": "2"}, [("/product_id", "required"), ("/quantity", "type")]),
        ("PATCH", "/cart/items/product-1", {"quantity": -1}, [("/quantity", "too_small")]),
        ("PATCH", "/cart/items/product-1", {}, [("/quantity", "required")]),
        ("POST", "/cart/remove", {"product_ids": []}, [("/product_ids", "too_few")]),
        ("POST", "/cart/remove", {"product_ids": ["p"] * 51}, [("/product_ids", "too_many")]),
    ],
)
@pytest.mark.spec("auth 36")
async def test_a_body_that_is_refused(shop: Page, method: str, path: str, body: Any, errors: list[tuple[str, str]]) -> None:
    status, said, _ = await shop.call(method, path, body, shop.desk.headers())
    assert (status, [(one["pointer"], one["code"]) for one in said["errors"]]) == (422, errors)
    assert shop.sent == []


# -- likes ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("auth 38")
@pytest.mark.parametrize(
    ("method", "path", "message", "liked"),
    [
        ("PUT", "/likes/products/product-1", Like(kind="product", id="product-1"), True),
        ("DELETE", "/likes/products/product-1", Unlike(kind="product", id="product-1"), False),
        ("DELETE", "/likes/products/long-gone", Unlike(kind="product", id="long-gone"), False),
        ("PUT", f"/likes/stores/{STORE}", Like(kind="store", id=STORE), True),
        ("DELETE", f"/likes/stores/{STORE}", Unlike(kind="store", id=STORE), False),
    ],
)
async def test_a_like_says_what_is_to_be(shop: Page, method: str, path: str, message: Any, liked: bool) -> None:
    status, body, _ = await shop.call(method, path, None, shop.desk.headers())
    assert (status, body["liked"]) == (200, liked)
    assert shop.sent == [("carts", BUYER, message)]


@pytest.mark.parametrize("path", ["/likes/products/nothing", "/likes/stores/nothing"])
async def test_what_does_not_exist_is_not_liked(shop: Page, path: str) -> None:
    status, body, _ = await shop.call("PUT", path, None, shop.desk.headers())
    assert (status, body["code"], shop.sent) == (404, "not_found", [])


@pytest.mark.spec("auth 39")
async def test_likes_are_shown_as_cards_with_their_number(shop: Page) -> None:
    shop.known.likes_ = {
        (BUYER, "product"): ["product-2", "gone"],
        (BUYER, "store"): [STORE],
        ("buyer-2", "product"): ["product-1"],
    }
    status, body, _ = await shop.call("GET", "/likes/products", headers=shop.desk.headers())
    assert (status, body["total"], body["next"]) == (200, 2, "")
    assert [(one["product_id"], one.get("name"), one["liked_at"], one.get("status")) for one in body["items"]] == [
        ("product-2", "꽃다발 2", 7, "SALE"),
        ("gone", None, 7, "DELETED"),
    ]
    status, body, _ = await shop.call("GET", "/likes/stores", headers=shop.desk.headers())
    assert (status, body) == (200, {"items": [{**card(store_document(STORE)), "liked_at": 7}], "next": "", "total": 1})
    # What a store keeps for itself is on no card.
    before = shop.known.store

    async def store(store_id: str) -> Any:
        return {**(await before(store_id) or {}), "account_number": "110-222-333", "bank": "KB", "phone": "+8225551234"}

    shop.known.store = store  # type: ignore[method-assign]
    assert (await shop.call("GET", "/likes/stores", headers=shop.desk.headers()))[1]["items"] == body["items"]
    assert (await shop.call("GET", "/likes/count", headers=shop.desk.headers()))[1] == {"product_count": 2, "store_count": 1}
    assert (await shop.call("GET", "/likes/stores?cursor=x", headers=shop.desk.headers()))[1]["code"] == "bad_cursor"


@pytest.mark.spec("auth 39", "auth 40")
async def test_a_list_asks_for_the_hearts_of_all_its_cards_at_once(shop: Page) -> None:
    shop.known.likes_ = {(BUYER, "product"): ["product-2"], (BUYER, "store"): [STORE]}
    status, body, _ = await shop.call("GET", f"/likes?products=product-1,product-2&stores={STORE}", headers=shop.desk.headers())
    assert (status, body) == (200, {"products": {"product-1": False, "product-2": True}, "stores": {STORE: True}})
    many = ",".join(f"p{at}" for at in range(101))
    status, body, _ = await shop.call("GET", f"/likes?products={many}", headers=shop.desk.headers())
    assert (status, body["code"]) == (400, "bad_parameter")
