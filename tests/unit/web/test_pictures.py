"""Pictures in other domains: whose images may be used where, and by which addresses they are shown."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.actor import id_of
from models.catalog.images import urls
from models.catalog.messages import EditReview, WriteReview
from tests.unit.web.documents import (
    ADMIN,
    BUYER,
    IMAGE,
    ORDER,
    OTHER_IMAGE,
    PRODUCT_IMAGE,
    REVIEW,
    SELLER,
    STORE,
    STORE_IMAGE,
    STRANGER,
    SUBSCRIPTION,
    store_document,
)
from tests.unit.web.examples import BODIES
from tests.unit.web.images import URLS, Served
from tests.unit.web.known import Known
from web.pictures import by_ids, check, check_licence, dressed
from web.problems import Problem
from web.remembered import Pictures
from web.requests.accounts import ProfileChange
from web.requests.reviews import ReviewForm, ReviewText


class Asked:
    """As much of a ``Call`` as the helpers need."""

    def __init__(self, known: Known, account: str = BUYER, role: str = "buyer") -> None:
        class Shared:
            reads = known
            pictures = Pictures(lambda: 1.0)

        class Caller:
            pass

        self.shared, self.caller = Shared, Caller()
        self.caller.account, self.caller.role = account, role  # type: ignore[attr-defined]


def asked(known: Known, **who: str) -> Any:
    return Asked(known, **who)


@pytest.mark.parametrize(
    ("change", "who", "purpose", "good"),
    [
        ({}, {}, "review", True),
        ({}, {"account": STRANGER}, "review", False),
        ({}, {"account": ADMIN, "role": "admin"}, "review", True),
        ({}, {}, "product", False),
        ({"status": "encoding"}, {}, "review", False),
        ({"status": "erased"}, {}, "review", False),
    ],
)
async def test_which_images_may_be_used(change: dict[str, Any], who: dict[str, str], purpose: str, good: bool) -> None:
    known = Known()
    known.images_[IMAGE] |= change
    unknown = IMAGE[:-1] + "9"
    foreign = "https://evil.example/p.gif"
    if good:
        await check(asked(known, **who), [IMAGE, ""], purpose)
    with pytest.raises(Problem) as refused:
        await check(asked(known, **who), [IMAGE, unknown, foreign], purpose)
    bad = [unknown, foreign] if good else [IMAGE, unknown, foreign]
    assert (refused.value.status, refused.value.code, refused.value.details) == (422, "image_unusable", {"images": bad})


async def test_ids_become_addresses_and_old_addresses_stay() -> None:
    known = Known()
    call = asked(known)
    documents: list[dict[str, Any]] = [
        {"thumbnail": IMAGE, "images": [IMAGE, IMAGE[:-1] + "9"]},
        {"thumbnail": "https://old.example/a.png", "images": [], "store": STORE},
        {"thumbnail": IMAGE[:-1] + "9"},
    ]
    assert await dressed(call, documents, "thumbnail", "images") == [
        {"thumbnail": URLS["640"], "thumbnail_urls": URLS, "images": [URLS["640"]], "images_urls": [URLS]},
        {"thumbnail": "https://old.example/a.png", "images": [], "store": STORE},
        {"thumbnail": "", "thumbnail_urls": {}},
    ]
    known.images_.clear()
    # They never change, so they are asked for once.
    assert (await dressed(call, documents[:1], "thumbnail"))[0]["thumbnail"] == URLS["640"]


async def test_an_erased_image_is_not_shown_from_memory(served: Served) -> None:
    """The projectors report each image whose state they have stored, and the process has it from then on anew."""
    shared = served.desk.shared(served.rows, served.known)
    call: Any = asked(served.known)
    call.shared = shared

    async def shown() -> str:
        return str((await dressed(call, [{"thumbnail": IMAGE}], "thumbnail"))[0]["thumbnail"])

    assert await shown() == URLS["640"]
    served.known.images_[IMAGE]["status"] = "erased"
    assert await shown() == URLS["640"]
    served.rows.on_projected("products", {IMAGE: 9})
    assert await shown() == URLS["640"]
    served.rows.on_projected("images", {IMAGE: 9})
    assert await shown() == ""


async def test_what_was_reported_meanwhile_or_may_have_been_is_asked_again() -> None:
    since, loads = [1.0], 0
    pictures = Pictures(lambda: since[0])

    async def load(missing: list[str]) -> dict[str, dict[str, str]]:
        nonlocal loads
        loads += 1
        if loads == 1:
            pictures.changed([IMAGE])
        return dict.fromkeys(missing, URLS)

    for wanted in (1, 2, 2):
        # The first load looked before what was reported during it.
        assert (await pictures.get([IMAGE], load), loads) == ({IMAGE: URLS}, wanted)
    since[0] = 2.0
    assert (await pictures.get([IMAGE], load), loads) == ({IMAGE: URLS}, 3)


async def test_a_licence_is_no_picture_of_anything() -> None:
    known = Known()
    known.images_[IMAGE]["purpose"] = "licence"
    assert await dressed(asked(known), [{"thumbnail": IMAGE}], "thumbnail") == [{"thumbnail": "", "thumbnail_urls": {}}]


@pytest.mark.spec("auth 18")
@pytest.mark.parametrize(
    ("change", "good"),
    [({}, True), ({"owner": "registration-2"}, False), ({"purpose": "review"}, False), ({"status": "rejected"}, False)],
)
async def test_only_an_applicant_s_own_checked_licence_counts(change: dict[str, Any], good: bool) -> None:
    known = Known()
    known.images_[IMAGE] |= {"owner": "registration-1", "purpose": "licence", **change}
    if good:
        await check_licence(asked(known), IMAGE, "registration-1")
    bad = [(IMAGE, "registration-3"), ("no-such-image", "registration-1"), (IMAGE, "registration-1")]
    for document, owner in bad[:2] if good else bad:
        with pytest.raises(Problem) as refused:
            await check_licence(asked(known), document, owner)
        assert (refused.value.status, refused.value.code) == (422, "image_unusable")


async def test_a_store_shows_its_picture_and_takes_only_its_seller_s(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pictured(store_id: str) -> dict[str, Any]:
        return {**store_document(store_id), "thumbnail": IMAGE}

    monkeypatch.setattr(served.known, "store", pictured)
    served.known.images_[IMAGE] |= {"owner": SELLER, "purpose": "store"}
    _, shown = await served.call("GET", f"/stores/{STORE}")
    assert (shown["thumbnail"], shown["thumbnail_urls"]) == (URLS["640"], URLS)
    seller: dict[str, Any] = {"account": SELLER, "role": "seller", "stores": (STORE,)}
    # A stranger's may stay, if it is there, but not come.
    served.known.images_[OTHER_IMAGE] |= {"owner": STRANGER, "purpose": "store"}
    for method, body in (("PATCH", {}), ("PUT", {"name": "꽃집", "delivery_fee": 0, "free_from": 0})):
        for picture in (OTHER_IMAGE, "https://evil.example/p.gif"):
            status, said = await served.call(method, f"/stores/{STORE}", {**body, "thumbnail": picture}, **seller)
            assert (status, said["code"], said["details"]) == (422, "image_unusable", {"images": [picture]})
    assert served.rows.sent == []


FORM = {**BODIES["ProductForm"], "images": [PRODUCT_IMAGE]}


@pytest.mark.parametrize("foreign", ["https://evil.example/p.gif", "//evil.example/p.gif", "p.gif", STORE_IMAGE])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"/stores/{STORE}/products", FORM),
        ("PATCH", "/products/product-1", {"version": 1}),
        ("PUT", f"/stores/{STORE}/subscription-product", BODIES["SubscriptionForm"]),
    ],
)
async def test_a_product_takes_only_pictures_of_its_own_kind_that_were_uploaded(
    served: Served, method: str, path: str, body: dict[str, Any], foreign: str
) -> None:
    seller: dict[str, Any] = {"account": SELLER, "role": "seller", "stores": (STORE,)}
    status, said = await served.call(method, path, {**body, "thumbnail": foreign}, **seller)
    assert (status, said["code"], said["details"]) == (422, "image_unusable", {"images": [foreign]})
    assert served.rows.sent == []
    good = await served.call(method, path, {**body, "thumbnail": PRODUCT_IMAGE}, **seller)
    assert [message.thumbnail for _, _, message in served.rows.sent] == [PRODUCT_IMAGE], good  # type: ignore[attr-defined]


async def test_an_address_that_a_product_had_before_may_stay(served: Served) -> None:
    old = "https://old.example/a.png"
    served.known.details_["product-1"] = {"thumbnail": old}
    seller: dict[str, Any] = {"account": SELLER, "role": "seller", "stores": (STORE,)}
    await served.call("PATCH", "/products/product-1", {"version": 1, "thumbnail": old}, **seller)
    assert [message.thumbnail for _, _, message in served.rows.sent] == [old]  # type: ignore[attr-defined]


def test_our_own_paths_name_their_images_and_nothing_else_does() -> None:
    paths = urls(IMAGE, "0123456789abcdef" * 2)
    form = ReviewForm(subject="line-1", rating=9, text="예뻐요", images=(*paths.values(), IMAGE))
    assert by_ids(form, "images").images == (IMAGE,) * 4
    assert by_ids(ProfileChange(picture=paths["320"]), "picture") == ProfileChange(picture=IMAGE)
    assert by_ids(ProfileChange(name="봄날"), "picture").picture is None
    assert by_ids(ReviewText(rating=9, text="예뻐요", images=()), "images").images == ()
    path = paths["640"]
    for other in (
        "", "image-1", path[1:], f"/{path}", f"{path}\n", f"{path}?x", f"https://shop.test{path}", path.replace("640", "641"),
        path.replace("images", "uploads"), path.replace("0123", "012"), path.upper(), path.replace(IMAGE, f"{IMAGE}/.."),
    ):  # fmt: skip
        assert by_ids(ProfileChange(picture=other), "picture").picture == other


SELLING: dict[str, Any] = {"account": SELLER, "role": "seller", "stores": (STORE,)}
OLD = "https://old.example/a.png"


@pytest.mark.parametrize("owner", [SELLER, ADMIN])
@pytest.mark.parametrize(
    ("read", "method", "path", "body", "fields"),
    [
        (f"/stores/{STORE}/products", "PATCH", "/products/product-1", {"version": 1}, ("thumbnail", "images")),
        (
            f"/stores/{STORE}/subscription-product", "PUT", f"/stores/{STORE}/subscription-product", BODIES["SubscriptionForm"],
            ("thumbnail", "images"),
        ),
        (f"/stores/{STORE}/settings", "PATCH", f"/stores/{STORE}", {}, ("thumbnail",)),
        (f"/stores/{STORE}/settings", "PUT", f"/stores/{STORE}", BODIES["StoreSave"], ("thumbnail",)),
    ],
)  # fmt: skip
async def test_a_seller_s_form_sends_back_what_it_was_shown(
    served: Served, monkeypatch: pytest.MonkeyPatch, owner: str, read: str, method: str, path: str, body: Any, fields: Any
) -> None:
    """Pictures of old data and those that an admin has uploaded among them."""

    async def pictured(store_id: str) -> dict[str, Any]:
        return {**store_document(store_id), "thumbnail": STORE_IMAGE}

    monkeypatch.setattr(served.known, "store", pictured)
    for image in (STORE_IMAGE, PRODUCT_IMAGE, OTHER_IMAGE):
        served.known.images_[image]["owner"] = owner
    has: dict[str, Any] = {"thumbnail": PRODUCT_IMAGE, "images": [OTHER_IMAGE, OLD]}
    for one in ("product-1", SUBSCRIPTION):
        served.known.details_[one] = {**served.known.details_.get(one, {}), **has}
    status, said = await served.call("GET", read, **SELLING)
    shown = said["items"][0] if "items" in said else said
    assert (status, shown["thumbnail"].startswith("/images/")) == (200, True)
    await served.call(method, path, {**body, **{field: shown[field] for field in fields}}, **SELLING)
    ((_, _, message),) = served.rows.sent
    if fields == ("thumbnail",):
        assert message.profile.thumbnail == STORE_IMAGE  # type: ignore[attr-defined]
    else:
        assert (message.thumbnail, message.images) == (PRODUCT_IMAGE, (OTHER_IMAGE, OLD))  # type: ignore[attr-defined]


async def test_a_new_product_and_a_new_store_take_paths(served: Served) -> None:
    paths = {field: addresses(image)["320"] for field, image in (("thumbnail", PRODUCT_IMAGE), ("other", OTHER_IMAGE))}
    form = {**FORM, "thumbnail": paths["thumbnail"], "images": [paths["other"]]}
    await served.call("POST", f"/stores/{STORE}/products", form, **SELLING)
    store = id_of("store", SELLER)
    first = {**BODIES["StoreRegistration"], "thumbnail": addresses(STORE_IMAGE)["1280"]}
    await served.call("POST", "/stores", first, account=SELLER, role="seller", stores=(store,))
    product, registered = (message for _, _, message in served.rows.sent)
    assert (product.thumbnail, product.images) == (PRODUCT_IMAGE, (OTHER_IMAGE,))  # type: ignore[attr-defined]
    assert registered.profile.thumbnail == STORE_IMAGE  # type: ignore[attr-defined]


@pytest.mark.parametrize("owner", [BUYER, ADMIN])
async def test_an_author_sends_back_the_photos_that_a_review_shows(served: Served, owner: str) -> None:
    served.known.images_[IMAGE]["owner"] = owner
    served.known.reviews_[REVIEW]["images"] = [OLD, IMAGE]
    _, said = await served.call("GET", "/reviews")
    shown = said["items"][0]["images"]
    assert shown == [OLD, URLS["640"]]
    body = {"rating": 9, "text": "고침", "images": shown}
    await served.call("PUT", f"/reviews/{REVIEW}", body)
    assert served.rows.sent.pop()[2] == EditReview(buyer=BUYER, rating=9, text="고침", images=(OLD, IMAGE))
    # Nobody else gets them by naming this review.
    status, refused = await served.call("PUT", f"/reviews/{REVIEW}", body, account=STRANGER)
    bad = [OLD, IMAGE]
    assert (status, refused["code"], refused["details"], served.rows.sent) == (422, "image_unusable", {"images": bad}, [])


async def test_a_new_review_takes_paths(served: Served) -> None:
    await served.call("POST", "/reviews", {**BODIES["ReviewForm"], "images": [URLS["320"]]})
    assert served.rows.sent.pop()[2] == WriteReview(buyer=BUYER, rating=9, text="예뻐요", images=(IMAGE,))
    stranger = await served.call("POST", "/reviews", {**BODIES["ReviewForm"], "images": [URLS["320"]]}, account=STRANGER)
    assert (stranger[0], stranger[1]["details"], served.rows.sent) == (422, {"images": [IMAGE]}, [])


def addresses(image: str) -> dict[str, str]:
    return {width: f"/images/{image}/{'d' * 32}-{width}.webp" for width in ("320", "640", "1280")}


async def test_lists_show_addresses_of_pictures_and_no_ids(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    known = served.known

    async def pictured(wanted: Any, limit: int, cursor: str) -> Any:
        return [{**store_document(STORE), "thumbnail": STORE_IMAGE}], "", 1

    async def one(store_id: str) -> dict[str, Any]:
        return {**store_document(store_id), "thumbnail": STORE_IMAGE}

    monkeypatch.setattr(known, "stores", pictured)
    monkeypatch.setattr(known, "store", one)
    known.details_["product-1"] = {"thumbnail": PRODUCT_IMAGE}
    known.products_["product-1"] = msgspec.structs.replace(known.products_["product-1"], thumbnail=PRODUCT_IMAGE)
    known.likes_ = {(BUYER, "product"): ["product-1"], (BUYER, "store"): [STORE]}
    known.carts_[BUYER] = [{"product_id": "product-1", "store_id": STORE, "quantity": 1, "price": 1000, "added_at": 1}]
    known.restock_ = {(BUYER, "product-1"): 1}
    line = {"line_id": "l", "product_id": "product-1", "thumbnail": PRODUCT_IMAGE}
    known.orders_[ORDER]["stores"][0]["lines"] = [line]

    async def sold(store_id: str, status: str, limit: int, cursor: str) -> Any:
        return [{"order_id": ORDER, "lines": [line]}], ""

    monkeypatch.setattr(known, "store_orders", sold)
    seller: dict[str, Any] = {"account": SELLER, "role": "seller", "stores": (STORE,)}
    shown = [
        (await served.call("GET", "/admin/stores", account=ADMIN, role="admin"))[1]["items"][0],
        (await served.call("GET", f"/stores/{STORE}/settings", **seller))[1],
        (await served.call("GET", "/likes/stores"))[1]["items"][0],
        (await served.call("GET", "/likes/products"))[1]["items"][0],
        (await served.call("GET", "/cart"))[1]["stores"][0]["lines"][0],
        (await served.call("GET", "/restock-alerts"))[1]["items"][0],
        (await served.call("GET", "/orders"))[1]["items"][0]["stores"][0]["lines"][0],
        (await served.call("GET", f"/orders/{ORDER}"))[1]["stores"][0]["lines"][0],
        (await served.call("GET", f"/stores/{STORE}/orders", **seller))[1]["items"][0]["lines"][0],
    ]
    images = [STORE_IMAGE] * 3 + [PRODUCT_IMAGE] * 6
    assert [one["thumbnail_urls"] for one in shown] == [addresses(image) for image in images]
    assert [one["thumbnail"] for one in shown] == [addresses(image)["640"] for image in images]
