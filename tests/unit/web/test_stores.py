"""What the web asks, sends and shows of stores; and what it shows to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from models.actor import id_of
from models.stores.hours import Hours
from models.stores.messages import (
    ChangeStore,
    RegisterStore,
    RestoreStore,
    SaveStore,
    StoreProfile,
    SuspendStore,
)
from tests.unit.web.answering import Page, seller
from tests.unit.web.documents import (
    ADMIN,
    OTHER_SELLER,
    OTHER_STORE,
    SELLER,
    STORE,
    STORE_IMAGE,
    SUBSCRIPTION,
)
from tests.unit.web.examples import BODIES
from web.reads import Wanted

REGISTRATION: dict[str, Any] = BODIES["StoreRegistration"]
OWN_STORE = id_of("store", SELLER)
PRIVATE = ("110-234-567890", "신한은행", SELLER, "minutes_per_day", "threshold", "reason", "bank")
"""What nobody but the seller and admins is told of a store."""


def admin(shop: Page) -> dict[str, str]:
    return shop.desk.headers(ADMIN, "admin")


# -- stores ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.spec("store V3", "store V6")
async def test_a_registration_goes_to_the_one_store_of_the_account_with_codes_and_e164(shop: Page) -> None:
    body = {**REGISTRATION, "sido": "경기", "gugun": "수원시 영통구", "hours": {"mon": {"opens": "09:00", "closes": "18:30"}}}
    status, _, _ = await shop.call("POST", "/stores", body, seller(shop, store=OWN_STORE))
    profile = StoreProfile(
        name="꽃집", detail="새벽시장에서 옵니다", thumbnail=STORE_IMAGE, phone="+8223123456", bank="088",
        account_number="110-234-567890", sido="41", gugun="41111", address="어느길 1", zipcode="06236",
        lat=37.5, lon=127.0, delivery_fee=3000, free_from=50_000,
        hours={"mon": Hours(opens="09:00", closes="18:30")},
    )  # fmt: skip
    assert (status, shop.sent) == (201, [("stores", OWN_STORE, RegisterStore(owner=SELLER, profile=profile))])


async def test_a_seller_whose_token_does_not_name_his_store_is_not_permitted_yet(shop: Page) -> None:
    status, body, _ = await shop.call("POST", "/stores", REGISTRATION, shop.desk.headers(SELLER, "seller", ()))
    assert (status, body["code"], shop.sent) == (403, "forbidden", [])


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"name": " "}, [("/name", "blank")]),
    ({"detail": "\n"}, [("/detail", "blank")]),
    ({"phone": "119119119119"}, [("/phone", "telephone")]),
    ({"bank": "003", "account_number": "12"}, [("/bank", "bank"), ("/account_number", "account_number")]),
    ({"sido": "평양"}, [("/sido", "region")]),
    ({"gugun": "해운대구"}, [("/gugun", "region")]),
    ({"zipcode": "0623"}, [("/zipcode", "zipcode")]),
    ({"lat": 32.9}, [("/lat", "too_small")]),
    ({"lon": "127"}, [("/lon", "type")]),
    ({"delivery_fee": -1, "free_from": 1.5}, [("/delivery_fee", "too_small"), ("/free_from", "type")]),
    ({"hours": {"mon": {"opens": "09:15"}}}, [("/hours/mon/opens", "half_hour")]),
    ({"hours": {"mon": {"opens": "10:00", "closes": "09:00"}}}, [("/hours/mon/closes", "not_before")]),
    ({"hours": {"holiday": {"opens": "10:00"}}}, [("/hours/holiday", "not_one_of")]),
    ({"slot_capacity": -1}, [("/slot_capacity", "too_small")]),
    ({"owner": "somebody"}, [("/owner", "unknown_field")]),
]


@pytest.mark.spec("store V3")
@pytest.mark.parametrize(("said", "errors"), WRONG, ids=lambda value: ",".join(value) if isinstance(value, dict) else "")
async def test_every_bad_field_is_named_and_nothing_sent(shop: Page, said: Any, errors: list[tuple[str, str]]) -> None:
    for method, path, given in (("POST", "/stores", {**REGISTRATION, **said}), ("PATCH", f"/stores/{STORE}", said)):
        pairs = (("sido", "gugun"), ("gugun", "sido"), ("lat", "lon"), ("lon", "lat"))
        other = {pair: REGISTRATION[pair] for name, pair in pairs if name in said}
        headers = seller(shop, store=OWN_STORE if method == "POST" else STORE)
        status, body, _ = await shop.call(method, path, {**other, **given}, headers)
        assert (status, [(one["pointer"], one["code"]) for one in body["errors"]]) == (422, errors)
    assert shop.sent == []


@pytest.mark.parametrize("missing", sorted(REGISTRATION))
async def test_a_registration_needs_every_field(shop: Page, missing: str) -> None:
    body = {name: value for name, value in REGISTRATION.items() if name != missing}
    status, said, _ = await shop.call("POST", "/stores", body, seller(shop, store=OWN_STORE))
    assert (status, [(one["pointer"], one["code"]) for one in said["errors"]]) == (422, [(f"/{missing}", "required")])
    assert shop.sent == []


@pytest.mark.spec("store V4")
async def test_a_change_sends_only_what_is_given(shop: Page) -> None:
    given = {"phone": "010-1234-5678", "sido": "세종특별자치시", "gugun": ""}
    status, _, _ = await shop.call("PATCH", f"/stores/{STORE}", given, seller(shop))
    profile = StoreProfile(phone="+821012345678", sido="36", gugun="36110")
    assert (status, shop.sent) == (200, [("stores", STORE, ChangeStore(by=SELLER, profile=profile))])


@pytest.mark.parametrize(("half", "other"), [("sido", "gugun"), ("gugun", "sido"), ("lat", "lon"), ("lon", "lat")])
async def test_half_a_place_is_none(shop: Page, half: str, other: str) -> None:
    status, body, _ = await shop.call("PATCH", f"/stores/{STORE}", {half: REGISTRATION[half]}, seller(shop))
    assert (status, [(one["pointer"], one["code"]) for one in body["errors"]]) == (422, [(f"/{other}", "required")])
    assert shop.sent == []


async def test_an_operators_save_takes_the_other_fields_along(shop: Page) -> None:
    body = {"name": "꽃집", "delivery_fee": 1, "free_from": 2, "owner": SELLER, "slot_capacity": 3}
    status, _, _ = await shop.call("PUT", f"/stores/{STORE}", body, admin(shop))
    profile = StoreProfile(name="꽃집", delivery_fee=1, free_from=2, cut_off="18:00", threshold=50, slot_capacity=3)
    saved = SaveStore(owner=SELLER, name="꽃집", delivery_fee=1, free_from=2, profile=profile, by="admin-1")
    assert (status, shop.sent) == (200, [("stores", STORE, saved)])


@pytest.mark.spec("store V3")
async def test_a_seller_s_put_replaces_and_never_opens_a_store(shop: Page) -> None:
    body = {"name": "꽃집", "delivery_fee": 1, "free_from": 2}
    status, _, _ = await shop.call("PUT", f"/stores/{STORE}", body, seller(shop))
    profile = StoreProfile(name="꽃집", delivery_fee=1, free_from=2, cut_off="18:00", threshold=50)
    assert (status, shop.sent) == (200, [("stores", STORE, ChangeStore(by=SELLER, profile=profile))])
    status, said, _ = await shop.call("PUT", f"/stores/{STORE}", {**body, "owner": OTHER_SELLER}, seller(shop))
    assert (status, said["code"], len(shop.sent)) == (403, "forbidden", 1)


@pytest.mark.spec("store A1")
@pytest.mark.parametrize("path", ["", "/settings", "/questions"])
async def test_another_seller_is_turned_away(shop: Page, path: str) -> None:
    method = "GET" if path else "PATCH"
    headers = seller(shop, OTHER_SELLER, OTHER_STORE)
    status, body, _ = await shop.call(method, f"/stores/{STORE}{path}", None if path else {"delivery_fee": 0}, headers)
    assert (status, body["code"], shop.sent) == (403, "forbidden", [])


@pytest.mark.spec("store A6")
async def test_the_public_is_told_nothing_of_bank_account_owner_and_capacity(shop: Page) -> None:
    for path in (f"/stores/{STORE}", "/stores", "/stores/nearby?lat=37.5&lon=127"):
        status, body, _ = await shop.call("GET", path)
        assert status == 200
        text = str(body)
        assert [word for word in PRIVATE if word in text] == []
    status, body, _ = await shop.call("GET", f"/stores/{STORE}")
    assert (body["sido_name"], body["gugun_name"], body["rating"], body["position"]) == (
        "경기도", "수원시", 4.25, {"lat": 37.25, "lon": 127.03},
    )  # fmt: skip
    assert body["slots"] == {"mon": ["09:00", "09:30", "10:00"]}
    for headers in (seller(shop), admin(shop)):
        status, body, _ = await shop.call("GET", f"/stores/{STORE}/settings", headers=headers)
        seen = status, body["account_number"], body["bank_name"], body["minutes_per_day"]
        assert seen == (200, "110-234-567890", "신한은행", 480)


@pytest.mark.parametrize(
    ("subscription", "told"),
    [(None, None), ("SALE", SUBSCRIPTION), ("DISCONTINUED", None), ("DELETED", None)],
    ids=["absent", "on sale", "discontinued", "deleted"],
)
async def test_only_a_subscription_that_is_on_sale_has_a_button(shop: Page, subscription: str | None, told: str | None) -> None:
    if subscription is None:
        del shop.known.products_[SUBSCRIPTION]
    else:
        shop.known.details_[SUBSCRIPTION]["status"] = subscription
    for path, headers in ((f"/stores/{STORE}", None), (f"/stores/{STORE}/settings", seller(shop))):
        status, body, _ = await shop.call("GET", path, headers=headers)
        assert (status, body["subscription_product_id"]) == (200, told)
    # Another store has none of its own; lists have no button, and so look for none.
    _, body, _ = await shop.call("GET", f"/stores/{OTHER_STORE}")
    assert body["subscription_product_id"] is None
    _, body, _ = await shop.call("GET", "/stores")
    assert ["subscription_product_id" in one for one in body["items"]] == [False, False]


@pytest.mark.spec("store Q12")
async def test_a_store_that_is_not_there(shop: Page) -> None:
    assert (await shop.call("GET", "/stores/nowhere"))[0] == 404
    assert (await shop.call("GET", "/stores/nowhere/settings", headers=admin(shop)))[0] == 404


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/stores", (Wanted(), 20, "")),
        ("/stores?sido=41&gugun=41111&sort=DATE&limit=5&cursor=x", (Wanted(sido="41", gugun="41111", sort="DATE"), 5, "x")),
        ("/admin/stores", (Wanted(status="", sort="DATE"), 20, "")),
        ("/admin/stores?sido=11&status=SUSPENDED&sort=RATE", (Wanted(sido="11", status="SUSPENDED", sort="RATE"), 20, "")),
        ("/stores/nearby?lat=37.5&lon=127.0", (37.5, 127.0, 2_000)),
        ("/stores/nearby?lat=37.5&lon=127.0&level=1", (37.5, 127.0, 150)),
    ],
)
async def test_what_lists_ask_for(shop: Page, path: str, wanted: Any) -> None:
    status, body, _ = await shop.call("GET", path, headers=admin(shop))
    assert (status, shop.known.asked) == (200, [wanted])
    assert "nearby" in path or body["total"] == 2


@pytest.mark.spec("store V6", "store V8")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/stores?sido=99", "sido"),
        ("/stores?gugun=41111", "gugun"),
        ("/stores?sido=11&gugun=41111", "gugun"),
        ("/stores?sort=AMOUNT", "sort"),
        ("/admin/stores?status=CLOSED", "status"),
        ("/admin/stores?sort=AMOUNT", "sort"),
        ("/stores/nearby?lat=37.5", "lon"),
        ("/stores/nearby?lat=north&lon=127", "lat"),
        ("/stores/nearby?lat=nan&lon=127", "lat"),
        ("/stores/nearby?lat=35.68&lon=139.69", "lon"),
        ("/stores/nearby?lat=37.5&lon=127&level=6", "level"),
        ("/stores/nearby?lat=37.5&lon=127&level=0", "level"),
    ],
)
async def test_a_parameter_that_cannot_be_is_named(shop: Page, path: str, name: str) -> None:
    status, body, _ = await shop.call("GET", path, headers=admin(shop))
    assert (status, body["code"], body["details"]["name"], shop.known.asked) == (400, "bad_parameter", name, [])


async def test_regions_and_banks(shop: Page) -> None:
    _, body, _ = await shop.call("GET", "/regions")
    assert (len(body["items"]), body["items"][0]) == (17, {"code": "11", "name": "서울특별시", "short": "서울"})
    _, body, _ = await shop.call("GET", "/regions/44")
    assert [one["code"] for one in body["items"] if one["name"] == "천안시"] == ["44131"]
    assert (await shop.call("GET", "/regions/99"))[0] == 404
    _, body, _ = await shop.call("GET", "/banks")
    assert [one["name"] for one in body["items"]] == ["국민은행", "농협은행", "신한은행", "우리은행", "카카오뱅크", "하나은행"]


async def test_an_admin_suspends_with_a_reason_and_restores(shop: Page) -> None:
    path = f"/admin/stores/{STORE}"
    status, body, _ = await shop.call("POST", f"{path}/suspend", {"reason": "  "}, admin(shop))
    assert (status, body["errors"][0]["pointer"], shop.sent) == (422, "/reason", [])
    assert (await shop.call("POST", f"{path}/suspend", {"reason": "신고"}, admin(shop)))[0] == 200
    assert (await shop.call("POST", f"{path}/restore", headers=admin(shop)))[0] == 200
    assert shop.sent == [("stores", STORE, SuspendStore(by=ADMIN, reason="신고")), ("stores", STORE, RestoreStore(by=ADMIN))]
