"""What the routes of the catalogue send to actors and show of products, reviews and waiting; refused requests send nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.actor import id_of
from models.catalog import messages as m
from models.inventory.messages import ChangeStock
from tests.unit.catalog.given import FLOWER
from tests.unit.web.answering import Page
from tests.unit.web.documents import (
    ADMIN,
    BUYER,
    IMAGE,
    OTHER_IMAGE,
    OTHER_SELLER,
    OTHER_STORE,
    PRODUCT_IMAGE,
    REVIEW,
    SELLER,
    STORE,
    SUBSCRIPTION,
)

FORM: dict[str, Any] = {
    "name": "봄 다발", "summary": "봄에", "price": 30_000, "category": "1", "flowers": {"16": 12, "18": 3}, "representative": "16",
    "thumbnail": PRODUCT_IMAGE, "tags": ["1", "2"], "minutes": 45, "images": [OTHER_IMAGE],
}  # fmt: skip
PATH = f"/stores/{STORE}/products"


def seller(shop: Page, **more: str) -> dict[str, str]:
    return shop.desk.headers(SELLER, "seller", (STORE,), **more)


def other(shop: Page) -> dict[str, str]:
    return shop.desk.headers(OTHER_SELLER, "seller", (OTHER_STORE,))


def admin(shop: Page) -> dict[str, str]:
    return shop.desk.headers(ADMIN, "admin")


async def test_a_whole_product_is_made_and_a_retry_makes_the_same(shop: Page) -> None:
    for _ in range(2):
        status, _, _ = await shop.call("POST", PATH, FORM, seller(shop, key="the-same-key"))
        assert status == 201
    (domain, key, message), again = shop.sent
    assert (domain, key, message) == again
    assert message == m.SaveProduct(
        store_id=STORE, name="봄 다발", price=30_000, flowers={"16": 12, "18": 3}, category="1",
        thumbnail=PRODUCT_IMAGE,
        tags=("1", "2"), representative="16", minutes=45, summary="봄에", images=(OTHER_IMAGE,),
    )  # fmt: skip


@pytest.mark.spec("product W29", "product W30")
@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"flowers": {"16": 1, "99": 1}, "tags": ["8"], "category": "5"},
         [("/flowers/99", "unknown_flower"), ("/tags/0", "unknown_tag"), ("/category", "unknown_category")]),
        ({"representative": "1"}, [("/representative", "not_in")]),
        ({"tags": ["1", "1"]}, [("/tags/1", "duplicate")]),
        ({"price": 0, "name": " ", "flowers": {}}, [("/name", "blank"), ("/price", "too_small"), ("/flowers", "too_few")]),
        ({"minutes": -1, "status": "DELETED"}, [("/minutes", "too_small"), ("/status", "not_one_of")]),
    ],
)  # fmt: skip
async def test_every_bad_field_of_a_product_is_named_and_nothing_sent(
    shop: Page, change: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    status, body, _ = await shop.call("POST", PATH, {**FORM, **change}, seller(shop))
    assert (status, [(one["pointer"], one["code"]) for one in body["errors"]]) == (422, wrong)
    assert shop.sent == []


async def test_a_flower_that_an_admin_has_added_may_be_used(shop: Page) -> None:
    shop.known.reference_ = m.ReferencePrivate(flowers={"23": FLOWER})
    form = {**FORM, "flowers": {"23": 1}, "representative": "23"}
    assert (await shop.call("POST", PATH, form, seller(shop)))[0] == 201


async def test_nobody_chooses_a_products_id(shop: Page) -> None:
    """Not even that of a review or an image, or one whose bits end a list."""
    for path in ("/products/product-1", f"/products/{REVIEW}", "/products/reference"):
        assert (await shop.call("PUT", path, {**FORM, "store_id": STORE}, seller(shop)))[0] == 405
    assert shop.sent == []


async def test_an_edit_says_what_was_seen_and_only_what_is_to_change(shop: Page) -> None:
    status, _, _ = await shop.call("PATCH", "/products/product-1", {"version": 3, "price": 1, "tags": []}, seller(shop))
    assert status == 200
    assert shop.sent == [("catalog", "product-1", m.EditProduct(store_id=STORE, version=3, price=1, tags=()))]
    await shop.call("PATCH", "/products/product-1", {"version": 3, "status": "DELETED"}, admin(shop))
    assert shop.sent[1:] == [("catalog", "product-1", m.EditProduct(store_id=STORE, version=3, status="DELETED", by=ADMIN))]


@pytest.mark.spec("product W24")
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/products/product-1", {"version": 1, "price": 1}, 403),
        ("POST", "/products/product-1/duplicate", None, 403),
        ("POST", PATH, FORM, 403),
        ("GET", PATH, None, 403),
        ("GET", f"/stores/{STORE}/best-sellers", None, 403),
        ("PUT", f"/stores/{STORE}/subscription-product",
         {"name": "달마다", "summary": "s", "price": 1, "thumbnail": "i"}, 403),
        ("PATCH", "/products/never", {"version": 1}, 404),
        ("PUT", "/reviews/review-1/reply", {"text": "네"}, 404),
        ("PUT", "/reviews/never/reply", {"text": "네"}, 404),
        ("DELETE", "/admin/products/product-1", {"reason": "r"}, 403),
        ("PUT", "/admin/flowers/1", {}, 403),
    ],
)  # fmt: skip
async def test_another_stores_seller_changes_and_sees_nothing(shop: Page, method: str, path: str, body: Any, status: int) -> None:
    assert (await shop.call(method, path, body, other(shop)))[0] == status
    assert shop.sent == []


async def test_a_copy_is_as_the_product_is_shown_but_not_on_sale(shop: Page) -> None:
    shop.known.details_["product-1"] = {"summary": "고백에", "tags": ["1"], "representative": "1", "minutes": 20}
    status, _, _ = await shop.call("POST", "/products/product-1/duplicate", None, seller(shop))
    ((domain, key, message),) = shop.sent
    assert (status, domain, key != "product-1") == (201, "catalog", True)
    assert message == m.SaveProduct(
        store_id=STORE, name="꽃다발 1", price=1000, flowers={"1": 1}, status="DISCONTINUED", tags=("1",), representative="1",
        minutes=20, summary="고백에",
    )  # fmt: skip
    assert (await shop.call("POST", f"/products/{SUBSCRIPTION}/duplicate", None, seller(shop)))[0] == 409


async def test_what_is_deleted_or_was_removed_by_an_admin_does_not_come_back_as_a_copy(shop: Page) -> None:
    shop.known.details_["product-1"] = {"status": "DELETED"}
    status, body, _ = await shop.call("POST", "/products/product-1/duplicate", None, seller(shop))
    assert (status, body["code"], shop.sent) == (409, "product_deleted", [])


@pytest.mark.spec("product W48")
async def test_a_store_has_one_subscription_product_whose_id_follows_from_the_stores(shop: Page) -> None:
    body = {"name": "달마다 꽃", "summary": "매달", "price": 30_000, "thumbnail": PRODUCT_IMAGE}
    for _ in range(2):
        assert (await shop.call("PUT", f"/stores/{STORE}/subscription-product", body, seller(shop)))[0] == 200
    assert {key for _, key, _ in shop.sent} == {id_of("subscription", STORE)}
    message = shop.sent[0][2]
    assert isinstance(message, m.SaveProduct)
    assert (message.kind, message.flowers, message.category) == ("subscription", {}, "")
    status, found, _ = await shop.call("GET", f"/stores/{STORE}/subscription-product")
    assert (status, found["kind"]) == (200, "subscription")
    assert (await shop.call("GET", f"/stores/{OTHER_STORE}/subscription-product"))[0] == 404


# -- pages ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("product W54")
async def test_a_product_page_joins_names_as_they_are_now(shop: Page) -> None:
    shop.known.reference_ = m.ReferencePrivate(tags={"1": m.Label(name_ko="사랑하는 이에게", name_en="for love")})
    shop.known.details_["product-1"] = {"tags": ["1"], "category": "2", "representative": "1", "reviews": 2, "rating_sum": 13}
    status, body, _ = await shop.call("GET", "/products/product-1")
    assert (status, body["average"], body["store"]["name"]) == (200, 3.3, "가게")
    assert body["tag_names"] == [{"tag_id": "1", "name_ko": "사랑하는 이에게", "name_en": "for love"}]
    assert body["category_names"] == {"name_ko": "꽃바구니", "name_en": "basket"}
    (flower,) = body["flower_names"]
    assert (flower["name_ko"], flower["language_ko"], flower["stems"], flower["representative"]) == ("빨간 장미", "사랑", 1, True)
    assert "waiting" not in body


async def test_whether_one_waits_is_ones_own_and_not_for_caches(shop: Page) -> None:
    shop.known.restock_[BUYER, "product-1"] = 7
    for product, waiting in (("product-1", True), ("product-2", False)):
        async with shop.http.get(f"{shop.url}/api/v1/products/{product}", headers=shop.desk.headers()) as answer:
            assert ((await answer.json())["waiting"], answer.headers["Cache-Control"]) == (waiting, "no-store")
    async with shop.http.get(f"{shop.url}/api/v1/products/product-1") as answer:
        assert answer.headers["Cache-Control"].startswith("public")


@pytest.mark.spec("product W25")
async def test_of_a_deleted_product_little_is_told_but_an_old_order_still_leads_there(shop: Page) -> None:
    shop.known.details_["product-1"] = {"status": "DELETED"}
    status, body, _ = await shop.call("GET", "/products/product-1")
    assert (status, body["name"], body["status"]) == (200, "꽃다발 1", "DELETED")
    assert not {"price", "flowers", "description"} & body.keys()
    assert (await shop.call("GET", "/products/never"))[0] == 404


async def test_a_seller_lists_the_own_products_by_what_is_asked(shop: Page) -> None:
    status, body, _ = await shop.call("GET", f"{PATH}?category=1&flower=16&status=DISCONTINUED&limit=5", headers=seller(shop))
    assert (status, body["total"], shop.known.asked[-1]) == (200, 4, (STORE, "1", "16", "DISCONTINUED", 5))
    for bad in ("status=GONE", "flower=a.b", "category=$x"):
        assert (await shop.call("GET", f"{PATH}?{bad}", headers=seller(shop)))[0] == 400


@pytest.mark.spec("product W33", "product W46")
async def test_an_admin_lists_all_products_in_the_orders_there_are(shop: Page) -> None:
    assert (await shop.call("GET", "/admin/products?sales=BOTTOM&date=OLD&status=SALE", headers=admin(shop)))[0] == 200
    assert shop.known.asked[-1] == ("SALE", "OLD", "BOTTOM", 20)
    assert (await shop.call("GET", "/admin/products", headers=admin(shop)))[0] == 200
    assert shop.known.asked[-1] == ("", "NEW", "", 20)
    for bad in ("sales=price", "date=x", "limit=101", "cursor=x"):
        assert (await shop.call("GET", f"/admin/products?{bad}", headers=admin(shop)))[0] == 400


@pytest.mark.spec("product W33")
async def test_the_admins_list_says_whose_a_product_is(shop: Page) -> None:
    """All names are one question, for what the web does not remember."""
    terms = shop.known.products_
    terms["product-2"] = msgspec.structs.replace(terms["product-2"], store_id=OTHER_STORE)
    terms["product-3"] = msgspec.structs.replace(terms["product-3"], store_id="gone")
    shop.known.stores_[OTHER_STORE] = msgspec.structs.replace(shop.known.stores_[OTHER_STORE], name="다른 가게", open=False)
    status, body, _ = await shop.call("GET", "/admin/products", headers=admin(shop))
    assert (status, [(one["product_id"], one["store_name"]) for one in body["items"]]) == (
        200, [("product-1", "가게"), ("product-2", "다른 가게"), ("product-3", ""), (SUBSCRIPTION, "가게")],
    )  # fmt: skip
    assert shop.known.named == [("stores", ["gone", STORE, OTHER_STORE])]


async def test_an_admin_removes_with_a_reason(shop: Page) -> None:
    assert (await shop.call("DELETE", "/admin/products/product-1", {"reason": " "}, admin(shop)))[0] == 422
    assert (await shop.call("DELETE", "/admin/products/product-1", {"reason": "도용"}, admin(shop)))[0] == 200
    assert (await shop.call("DELETE", "/admin/reviews/review-1", {"reason": "욕설"}, admin(shop)))[0] == 200
    assert shop.sent == [
        ("catalog", "product-1", m.RemoveProduct(by=ADMIN, reason="도용")),
        ("catalog", "review-1", m.HideReview(by=ADMIN, reason="욕설")),
    ]


async def test_reference_data_are_for_everybody_and_admins_change_them(shop: Page) -> None:
    _, body, _ = await shop.call("GET", "/reference")
    assert [len(body[name]) for name in ("flowers", "tags", "categories")] == [22, 7, 4]
    assert body["flowers"][0] == {
        "flower_id": "1", "name_ko": "빨간 장미", "name_en": "red rose", "language_ko": "사랑", "language_en": "love"
    }  # fmt: skip
    assert (await shop.call("PUT", "/admin/flowers/23", msgspec.to_builtins(FLOWER), admin(shop)))[0] == 200
    names = {"name_ko": "생일", "name_en": "birthday"}
    for kind in ("tags", "categories"):
        assert (await shop.call("PUT", f"/admin/{kind}/8", names, admin(shop)))[0] == 200
    label = m.Label(**names)
    assert shop.sent == [
        ("catalog", "reference", m.SaveFlower(flower_id="23", flower=FLOWER, by=ADMIN)),
        ("catalog", "reference", m.SaveTag(tag_id="8", label=label, by=ADMIN)),
        ("catalog", "reference", m.SaveCategory(category_id="8", label=label, by=ADMIN)),
    ]


async def test_a_new_flower_has_a_row_in_every_stores_stock(shop: Page) -> None:
    shop.known.reference_ = m.ReferencePrivate(flowers={"23": FLOWER})
    _, body, _ = await shop.call("GET", f"/stores/{STORE}/stock", headers=seller(shop))
    assert len(body["items"]) == 23
    rose = {"name_ko": "빨간 장미", "name_en": "red rose"}
    assert body["items"][0] == {"flower_id": "1", "on_hand": 10, "held": 0, "version": 1, **rose}
    lily = {"name_ko": "백합", "name_en": "lily"}
    assert body["items"][-1] == {"flower_id": "23", "on_hand": 0, "held": 0, "version": 0, **lily}


# -- reviews and waiting ----------------------------------------------------------------------------------------------------------


@pytest.mark.spec("product W28")
async def test_a_review_is_of_who_is_signed_in(shop: Page) -> None:
    body = {"subject": "line-1", "rating": 9, "text": "예뻐요", "images": [IMAGE]}
    assert (await shop.call("POST", "/reviews", body, shop.desk.headers()))[0] == 201
    assert shop.sent == [
        ("catalog", id_of("review", "line-1"), m.WriteReview(buyer=BUYER, rating=9, text="예뻐요", images=(IMAGE,)))
    ]
    for name in ("nickname", "profile_image", "buyer"):
        assert (await shop.call("POST", "/reviews", {**body, name: "x"}, shop.desk.headers()))[0] == 422
    bad = {**body, "rating": 11, "text": "", "images": ["a", "b", "c", "d", "e"]}
    _, said, _ = await shop.call("POST", "/reviews", bad, shop.desk.headers())
    assert [(one["pointer"], one["code"]) for one in said["errors"]] == [
        ("/rating", "too_large"), ("/text", "blank"), ("/images", "too_many")
    ]  # fmt: skip
    assert len(shop.sent) == 1


@pytest.mark.spec("product W28", "auth 33")
async def test_an_author_is_named_as_the_account_is_now(shop: Page) -> None:
    async def author() -> tuple[str, str]:
        _, body, _ = await shop.call("GET", "/products/product-1/reviews")
        return body["items"][0]["nickname"], body["items"][0]["picture"]

    shop.known.accounts_[BUYER]["picture"] = "/old/me.webp"
    assert await author() == ("꽃님", "/old/me.webp")
    shop.known.accounts_[BUYER] |= {"name": "봄날", "picture": ""}
    assert await author() == ("봄날", "")
    # Of who has withdrawn, and of whom nothing is known, the words stay and the name goes.
    shop.known.accounts_[BUYER] |= {"name": "", "status": "WITHDRAWN"}
    assert await author() == ("", "")
    del shop.known.accounts_[BUYER]
    assert await author() == ("", "")


async def test_a_review_is_changed_taken_back_and_answered(shop: Page) -> None:
    assert (await shop.call("PUT", "/reviews/review-1", {"rating": 4, "text": "음"}, shop.desk.headers()))[0] == 200
    none = {"rating": 4, "text": "음", "images": []}
    assert (await shop.call("PUT", "/reviews/review-1", none, shop.desk.headers()))[0] == 200
    assert (await shop.call("DELETE", "/reviews/review-1", None, shop.desk.headers()))[0] == 200
    assert (await shop.call("PUT", "/reviews/review-1/reply", {"text": "감사합니다"}, seller(shop)))[0] == 200
    assert [message for _, _, message in shop.sent] == [
        m.EditReview(buyer=BUYER, rating=4, text="음", images=None),
        m.EditReview(buyer=BUYER, rating=4, text="음", images=()),
        m.DeleteReview(buyer=BUYER),
        m.ReplyToReview(store_id=STORE, text="감사합니다"),
    ]


async def test_lists_of_reviews_say_nothing_of_accounts_and_name_products(shop: Page) -> None:
    hidden = {"review_id": "review-2", "status": "hidden", "reason": "욕설"}
    shop.known.reviews_["review-2"] = {**shop.known.reviews_[REVIEW], **hidden}
    _, body, _ = await shop.call("GET", "/products/product-1/reviews?sort=LOW")
    assert (body["total"], shop.known.asked[-1][2:4]) == (1, ("written", "LOW"))
    assert not {"author", "subject", "reason", "seq"} & body["items"][0].keys()
    _, body, _ = await shop.call("GET", f"/stores/{STORE}/reviews")
    assert body["items"][0]["product_name"] == "꽃다발 1"
    _, body, _ = await shop.call("GET", "/reviews?status=hidden", headers=shop.desk.headers())
    assert [(one["review_id"], one["reason"], one["product_name"]) for one in body["items"]] == [("review-2", "욕설", "꽃다발 1")]
    for bad in ("sort=x", "status=deleted", "cursor=x"):
        assert (await shop.call("GET", f"/reviews?{bad}", headers=shop.desk.headers()))[0] == 400


@pytest.mark.spec("product W26")
async def test_waiting_names_no_number_and_is_ones_own(shop: Page) -> None:
    path = "/products/product-1/restock-alert"
    shop.known.accounts_[BUYER]["phone"] = "+821012345678"
    assert (await shop.call("PUT", path, {"phone": "01012345678"}, shop.desk.headers()))[0] == 422
    status, body, _ = await shop.call("PUT", path, None, shop.desk.headers())
    assert (status, body) == (200, {"product_id": "product-1", "waiting": True})
    assert (await shop.call("DELETE", path, None, shop.desk.headers()))[1]["waiting"] is False
    assert shop.sent == [
        ("catalog", "product-1", m.RegisterRestock(buyer=BUYER)), ("catalog", "product-1", m.CancelRestock(buyer=BUYER))
    ]  # fmt: skip
    shop.known.restock_ = {(BUYER, "product-1"): 7, ("buyer-2", "product-2"): 8}
    _, body, _ = await shop.call("GET", "/restock-alerts", headers=shop.desk.headers())
    assert (body["total"], body["items"]) == (
        1, [{"product_id": "product-1", "since": 7, "store_id": STORE, "name": "꽃다발 1", "thumbnail": "", "status": "SALE"}]
    )  # fmt: skip


async def test_only_ones_own_ready_images_are_used_and_all_are_shown_as_addresses(shop: Page) -> None:
    theirs = {**FORM, "thumbnail": IMAGE}
    status, body, _ = await shop.call("POST", PATH, theirs, seller(shop))
    assert (status, body["code"], body["details"]) == (422, "image_unusable", {"images": [IMAGE]})
    said = {"subject": "line-1", "rating": 9, "text": "예뻐요", "images": [IMAGE]}
    stranger = shop.desk.headers("buyer-2")
    assert (await shop.call("POST", "/reviews", said, stranger))[1]["code"] == "image_unusable"
    assert (await shop.call("PUT", f"/reviews/{REVIEW}", {"rating": 1, "text": "t", "images": [IMAGE]}, stranger))[0] == 422
    assert shop.sent == []
    assert (await shop.call("POST", "/reviews", said, shop.desk.headers()))[0] == 201
    shop.known.images_[IMAGE].update({"owner": SELLER, "purpose": "product"})
    assert (await shop.call("POST", PATH, theirs, seller(shop)))[0] == 201
    shop.known.details_["product-1"] = {"thumbnail": IMAGE, "images": [IMAGE]}
    # What the product shows already may stay, whoever has uploaded it.
    shop.known.images_[IMAGE]["owner"] = "seller-before"
    same = {"version": 1, "thumbnail": IMAGE, "images": [IMAGE]}
    assert (await shop.call("PATCH", "/products/product-1", same, seller(shop)))[0] == 200
    assert (await shop.call("PATCH", "/products/product-2", same, seller(shop)))[0] == 422
    _, body, _ = await shop.call("GET", "/products/product-1")
    assert (sorted(body["thumbnail_urls"]), body["images"]) == (["1280", "320", "640"], [body["thumbnail"]])
    assert body["thumbnail"].startswith(f"/images/{IMAGE}/")


async def test_stems_are_of_flowers_that_there_are(shop: Page) -> None:
    for flower in ("23", "rose", "reference"):
        status, body, _ = await shop.call("PATCH", f"/stores/{STORE}/stock/{flower}", {"delta": 1}, seller(shop))
        assert (status, body["code"], body["details"], shop.sent) == (404, "unknown_flower", {"flower_id": flower}, [])
    shop.known.reference_ = m.ReferencePrivate(flowers={"23": FLOWER})
    assert (await shop.call("PATCH", f"/stores/{STORE}/stock/23", {"delta": 1}, seller(shop)))[0] == 200
    assert shop.sent == [("inventory", STORE, ChangeStock(flower_id="23", by=SELLER, delta=1))]
