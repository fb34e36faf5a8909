"""For each write that takes a key: a valid request, in an order in which each finds what it needs (``test_repeats.py``)."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from models.accounts.contacts import PAUSE
from models.actor import SECOND, id_of
from tests.chaos.florists import next_week, today
from tests.chaos.public import Person
from tests.e2e.prepared import PASSWORD, PICTURE, World
from tests.e2e.shop import ask, picture
from tests.people import business_number

Words = Mapping[str, Any] | Callable[[World], Mapping[str, Any]] | None
Before = Callable[[World], Awaitable[None]]
UNSAID: Mapping[str, Any] = {}


class Step(NamedTuple):
    """A request. ``who``: of ``World.people``; ``body``: its words, None: none; ``other``: what is said else under the same
    key, which is refused; None: the body says whose row it goes to, so that other words are for another row.

    ``learn``: name of ``World.ids`` -> the answer's field; ``before``: what has to be so first; ``at``: name in the path -> name
    in ``World.ids``, where they differ.
    """

    route: str
    who: str = ""
    body: Words = None
    other: Words = UNSAID
    learn: Mapping[str, str] = UNSAID
    before: Before | None = None
    at: Mapping[str, str] = UNSAID

    def path(self, world: World) -> str:
        """The address, without ``/api/v1``."""
        names = {**world.ids, **{name: world.ids[known] for name, known in self.at.items()}}
        return self.route.partition(" ")[2].format(**names)

    def words(self, world: World) -> Mapping[str, Any] | None:
        """The body."""
        return self.body(world) if callable(self.body) else self.body


# -- what has to be so first ---------------------------------------------------------------------------------------------------


async def an_owner(world: World) -> None:
    account = id_of("owner", world.word)
    world.ids["new_store"] = id_of("store", account)
    world.ids["saved_store"] = id_of("store", world.word, "saved")
    owner = world.people["owner"] = Person(account, "seller", (world.ids["new_store"],))
    world.more["front"] = await picture(world.public, owner, "store")


async def a_stopped_product(world: World) -> None:
    seller, shelf = world.people["seller"], f"/stores/{world.ids['store_id']}/products"
    made = await ask(world.public, seller, "POST", shelf, _form(world))
    world.ids["stopped_product"] = made.body["product_id"]
    changed = {"version": 1, "status": "DISCONTINUED"}
    answer = await ask(world.public, seller, "PATCH", f"/products/{world.ids['stopped_product']}", changed)
    assert answer.status == 200, answer.body


async def a_guest(world: World) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json", "Prefer": "wait=10"}
    data = f'{{"product_id": "{world.ids["pot"]}"}}'
    async with world.public.session.post(f"{world.public.url}/api/v1/cart/items", data=data, headers=headers) as said:
        assert said.status == 200, await said.text()
        world.more["guest"] = said.headers["Set-Cookie"].partition(";")[0]


async def a_paid_order(world: World) -> None:
    order = await world.ordered()
    world.ids["paid_order"], world.ids["store_order_id"] = order["order_id"], order["stores"][0]["store_order_id"]


async def two_rights(world: World) -> None:
    for name in ("review_id", "other_review"):
        world.more[name] = id_of(name, world.word)
        world.ids[name] = await world.allowed(world.more[name])


async def another_review(world: World) -> None:
    said = {"subject": world.more["other_review"], "rating": 8, "text": "좋아요"}
    answer = await ask(world.public, world.people["buyer"], "POST", "/reviews", said)
    assert answer.status in (200, 201), answer.body


def _sent(name: str) -> Before:
    async def put(world: World) -> None:
        await world.put(world.more[name]["upload"])

    return put


async def an_applicant(world: World) -> None:
    world.more["email"] = f"{world.word[:12]}@example.com"


async def a_letter(world: World) -> None:
    world.more["lettered"] = time.monotonic()
    world.more["code"] = await world.code(world.more["email"])


async def denied(world: World) -> None:
    world.people["applicant"] = Person(world.ids["account"], "applicant")
    world.people["florist"] = Person(world.ids["account"], "seller", (id_of("store", world.ids["account"]),))


async def movers(world: World) -> None:
    """Between two codes an account has to wait for half a minute, so each has a buyer of its own."""
    for name in ("caller", "mailer", "leaver", "suspect"):
        world.people[name] = await world.joined()
    world.more["phone"] = f"010{uuid.uuid4().int % 10**8:08}"
    world.more["mail"] = f"new-{world.word[:12]}@example.com"
    world.ids["suspect"] = world.person("suspect").account


async def an_sms(world: World) -> None:
    world.more["code"] = await world.code(f"+82{world.more['phone'][1:]}")


async def a_mail(world: World) -> None:
    world.more["code"] = await world.code(world.more["mail"])


async def sessions(world: World) -> None:
    found = await ask(world.public, world.people["caller"], "GET", "/me/sessions")
    world.ids["session"] = found.body["items"][0]["session"]


async def half_a_minute(world: World) -> None:
    """Between two codes a row has to wait."""
    await asyncio.sleep(max(0.0, world.more["lettered"] + PAUSE / SECOND + 1 - time.monotonic()))


async def another_letter(world: World) -> None:
    world.more["code"] = await world.code(world.more["email"], before=1)


# -- bodies --------------------------------------------------------------------------------------------------------------------


def _store(world: World) -> Mapping[str, Any]:
    return {
        "name": "햇살 꽃집", "detail": "새벽시장에서 옵니다", "thumbnail": world.more["front"], "phone": "02-312-3456",
        "bank": "088", "account_number": "110-234-567890", "sido": "서울", "gugun": "강남구",
        "address": "테헤란로 1", "zipcode": "06236", "lat": 37.5, "lon": 127.03, "delivery_fee": 3_000, "free_from": 50_000,
    }  # fmt: skip


def _form(world: World) -> Mapping[str, Any]:
    return {
        "name": "봄 다발", "summary": "봄에", "price": 20_000, "category": "1", "flowers": {"16": 12}, "representative": "16",
        "thumbnail": world.more["picture"],
    }  # fmt: skip


def _monthly(world: World) -> Mapping[str, Any]:
    return {"name": "달마다 꽃", "summary": "매달", "price": 30_000, "thumbnail": world.more["picture"]}


HOME = {"recipient": "이봄", "phone": "010-9876-5432", "zipcode": "04780", "road": "연무장길 33"}
UPLOAD = {"content_type": "image/png", "size": len(PICTURE)}


def _coupon(world: World) -> Mapping[str, Any]:
    return {"name": "봄", "limit": 10, "discount": 500, "min_amount": 2_000, "starts": today(), "ends": next_week()}


def _applicant(*more: str) -> Callable[[World], Mapping[str, Any]]:
    """The applicant's e-mail, and what else was left for it: ``name`` or ``name=where``."""
    pairs = [(one.partition("=")[0], one.partition("=")[2] or one) for one in more]
    return lambda world: {"email": world.more["email"], **{name: world.more.get(at, world.ids.get(at)) for name, at in pairs}}


def _application(world: World) -> Mapping[str, Any]:
    world.more.setdefault("number", business_number())
    form = _applicant("ticket", "document")(world)
    return {**form, "password": PASSWORD, "name": "이꽃집", "business_number": world.more["number"]}


def _clear(world: World) -> Mapping[str, Any]:
    return {"document": world.ids["clear"]}


STEPS: tuple[Step, ...] = (
    # -- stores
    Step("POST /stores", "owner", _store, {"name": "달빛 꽃집"}, before=an_owner),
    Step(
        "PUT /stores/{store_id}", "admin", lambda w: {"name": "새 꽃집", "delivery_fee": 0, "free_from": 0, "owner": w.word},
        {"delivery_fee": 1}, at={"store_id": "saved_store"},
    ),
    Step("PATCH /stores/{store_id}", "seller", {"threshold": 30}, {"threshold": 31}),
    Step("POST /admin/stores/{store_id}/suspend", "admin", {"reason": "신고"}, {"reason": "도용"}, at={"store_id": "saved_store"}),
    Step("POST /admin/stores/{store_id}/restore", "admin", at={"store_id": "saved_store"}),
    # -- catalogue
    Step("POST /stores/{store_id}/products", "seller", _form, {"price": 21_000}, {"form": "product_id"}),
    Step("PATCH /products/{product_id}", "seller", {"version": 1, "price": 19_000}, {"price": 18_000}, at={"product_id": "form"}),
    Step("POST /products/{product_id}/duplicate", "seller", learn={"copy": "product_id"}, at={"product_id": "form"}),
    Step("DELETE /admin/products/{product_id}", "admin", {"reason": "도용"}, {"reason": "신고"}, at={"product_id": "copy"}),
    Step("PUT /stores/{store_id}/subscription-product", "seller", _monthly, {"price": 31_000}),
    Step(
        "PUT /admin/flowers/{flower_id}", "admin",
        lambda w: {"name_ko": w.word[:9], "name_en": "lily", "language_ko": "순결", "language_en": "purity"}, {"name_en": "iris"},
        at={"flower_id": "entry"},
    ),
    Step("PUT /admin/tags/{tag_id}", "admin", lambda w: {"name_ko": w.word[:9], "name_en": "x"}, {"name_en": "y"}),
    Step("PUT /admin/categories/{category_id}", "admin", lambda w: {"name_ko": w.word[:9], "name_en": "x"}, {"name_en": "y"}),
    # -- coupons and stock
    Step("POST /stores/{store_id}/coupons", "seller", _coupon, {"limit": 11}, {"made": "coupon_id"}),
    Step("PATCH /stores/{store_id}/coupons/{coupon_id}", "seller", {"limit": 12}, {"limit": 13}, at={"coupon_id": "made"}),
    Step("POST /stores/{store_id}/coupons/{coupon_id}/claim", "buyer"),
    Step("POST /stores/{store_id}/coupons/claim", "buyer"),
    Step("POST /stores/{store_id}/coupons/{coupon_id}/close", "seller", at={"coupon_id": "other_coupon"}),
    Step("PATCH /stores/{store_id}/stock/{flower_id}", "seller", {"delta": 5}, {"delta": 6}),
    # -- carts, likes, restock alerts
    Step("POST /cart/items", "buyer", lambda w: {"product_id": w.ids["product_id"], "quantity": 2}, {"quantity": 3}),
    Step("PATCH /cart/items/{product_id}", "buyer", {"quantity": 5}, {"quantity": 6}),
    Step("POST /cart/merge", "buyer", before=a_guest),
    Step("POST /cart/remove", "buyer", lambda w: {"product_ids": [w.ids["pot"]]}, None),
    Step("DELETE /cart/items/{product_id}", "buyer"),
    Step("PUT /likes/products/{product_id}", "buyer"),
    Step("DELETE /likes/products/{product_id}", "buyer"),
    Step("PUT /likes/stores/{store_id}", "buyer"),
    Step("DELETE /likes/stores/{store_id}", "buyer"),
    Step("PUT /products/{product_id}/restock-alert", "buyer", before=a_stopped_product, at={"product_id": "stopped_product"}),
    Step("DELETE /products/{product_id}/restock-alert", "buyer", at={"product_id": "stopped_product"}),
    # -- questions and notices
    Step(
        "POST /products/{product_id}/questions", "buyer", {"title": "언제 오나요", "content": "내일 되나요"}, {"secret": True},
        {"question_id": "question_id"},
    ),
    Step("PATCH /questions/{question_id}", "buyer", {"title": "언제요"}, {"title": "몇 시에요"}),
    Step("POST /stores/{store_id}/questions/{question_id}/read", "seller"),
    Step("POST /stores/{store_id}/questions/{question_id}/answer", "seller", {"content": "네"}, {"content": "아니요"}),
    Step("PATCH /stores/{store_id}/questions/{question_id}/answer", "seller", {"content": "네, 됩니다"}, {"content": "안 됩니다"}),
    Step("DELETE /questions/{question_id}", "buyer"),
    Step(
        "POST /stores/{store_id}/notices", "seller", {"title": "휴무", "content": "쉽니다"}, {"title": "쉽니다"},
        {"notice_id": "notice_id"},
    ),
    Step("PATCH /stores/{store_id}/notices/{notice_id}", "seller", {"title": "휴무 안내"}, {"title": "안내"}),
    Step("DELETE /stores/{store_id}/notices/{notice_id}", "seller"),
    # -- orders and reviews
    Step("POST /orders", "buyer", lambda w: w.order_of(), {"device": "mobile"}, {"order_id": "order_id"}),
    Step("POST /orders/{order_id}/cancel", "buyer"),
    Step("POST /orders/{order_id}/stores/{store_order_id}/cancel", "buyer", before=a_paid_order, at={"order_id": "paid_order"}),
    Step(
        "POST /reviews", "buyer", lambda w: {"subject": w.more["review_id"], "rating": 9, "text": "예뻐요"}, {"rating": 8},
        before=two_rights,
    ),
    Step("PUT /reviews/{review_id}", "buyer", {"rating": 7, "text": "좋아요"}, {"rating": 6}),
    Step("PUT /reviews/{review_id}/reply", "seller", {"text": "감사합니다"}, {"text": "고맙습니다"}),
    Step("DELETE /admin/reviews/{review_id}", "admin", {"reason": "광고"}, {"reason": "욕설"}),
    Step("DELETE /reviews/{review_id}", "buyer", before=another_review, at={"review_id": "other_review"}),
    # -- images
    Step("POST /images", "buyer", {"purpose": "profile", **UPLOAD}, {"size": 100}, {"image_id": "image_id"}),
    Step("POST /images/{image_id}/finish", "buyer", before=_sent("POST /images")),
    # -- how a florist comes in
    Step("POST /auth/seller/registrations", "", _applicant(), None, before=an_applicant),
    Step("POST /auth/seller/registrations/confirm", "", _applicant("code"), {"code": "000000"}, {"ticket": "ticket"}, a_letter),
    Step(
        "POST /auth/seller/documents", "", lambda w: {**_applicant("ticket")(w), **UPLOAD}, {"size": 100}, {"document": "image_id"}
    ),
    Step(
        "POST /auth/seller/documents/{image_id}/finish", "", _applicant("ticket"), None,
        before=_sent("POST /auth/seller/documents"), at={"image_id": "document"},
    ),
    Step("POST /auth/seller/licence", "", _applicant("ticket", "document"), _clear),
    Step("POST /auth/seller/applications", "", _application, {"name": "김꽃집"}, {"account": "account"}),
    Step("POST /admin/sellers/{account}/deny", "admin", {"reason": "other", "note": "흐립니다"}, {"note": "다시"}),
    Step("POST /me/application/documents", "applicant", UPLOAD, {"size": 100}, {"clear": "image_id"}, denied),
    Step(
        "POST /me/application/documents/{image_id}/finish", "applicant", before=_sent("POST /me/application/documents"),
        at={"image_id": "clear"},
    ),
    Step("POST /me/application/licence", "applicant", _clear, lambda w: {"document": w.ids["document"]}),
    Step(
        "PUT /me/application", "applicant",
        lambda w: {"business_number": w.more["number"], "document": w.ids["clear"]}, {"name": "박꽃집"},
    ),
    Step("POST /admin/sellers/{account}/permit", "admin"),
    Step("POST /me/password", "florist", {"current": PASSWORD, "password": f"{PASSWORD}2"}, {"password": f"{PASSWORD}3"}),
    # -- the own account
    Step("PATCH /me", "buyer", {"name": "봄날"}, {"name": "여름날"}),
    Step("POST /me/phone", "caller", lambda w: {"phone": w.more["phone"]}, {"phone": "01099998888"}, before=movers),
    Step("POST /me/phone/confirm", "caller", lambda w: {"code": w.more["code"]}, {"code": "000000"}, before=an_sms),
    Step("POST /me/email", "mailer", lambda w: {"email": w.more["mail"]}, {"email": "other@example.com"}),
    Step("POST /me/email/confirm", "mailer", lambda w: {"code": w.more["code"]}, {"code": "000000"}, before=a_mail),
    Step("POST /me/addresses", "caller", HOME, {"detail": "3층"}, {"address_id": "address_id"}),
    Step("PATCH /me/addresses/{address_id}", "caller", {"detail": "4층"}, {"detail": "5층"}),
    Step("DELETE /me/addresses/{address_id}", "caller"),
    Step("DELETE /me/sessions/{session}", "caller", before=sessions),
    Step("DELETE /me/sessions", "caller"),
    Step("POST /admin/accounts/{account}/suspend", "admin", {"reason": "abuse"}, {"reason": "spam"}, at={"account": "suspect"}),
    Step("POST /admin/accounts/{account}/restore", "admin", {"note": "오해"}, {"note": "x"}, at={"account": "suspect"}),
    Step("POST /auth/seller/password/forgotten", "", _applicant(), None, before=half_a_minute),
    Step(
        "POST /auth/seller/password/reset", "", lambda w: {**_applicant("code")(w), "password": f"{PASSWORD}4"},
        {"password": f"{PASSWORD}5"}, before=another_letter,
    ),
    Step("DELETE /me", "leaver"),
)  # fmt: skip
"""One for each route."""
