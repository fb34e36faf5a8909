"""A store's life on the running stack, as its seller, a buyer, a stranger and an admin live it."""

from __future__ import annotations

from typing import Any

import pytest

from models.actor import id_of
from tests.chaos.checkout import Wish, body_of
from tests.chaos.florists import open_store
from tests.chaos.public import Answer, Person, Public, buyer
from tests.e2e.shop import DONE, ask, bought, eventually, one_order, picture, rosary
from tests.unit.web.examples import BODIES

REGISTRATION: dict[str, Any] = BODIES["StoreRegistration"]
ADMIN = Person("e2e-admin", "admin")


def seller(word: str) -> Person:
    """A permitted seller: the token names the store that the account will have."""
    account = f"seller-{word}"
    return Person(account, "seller", (id_of("store", account),))


async def done(public: Public, who: Person | None, method: str, path: str, body: Any = None) -> Answer:
    answer = await ask(public, who, method, path, body)
    assert answer.status in (200, 201), answer.body
    return answer


@pytest.mark.spec("store V3", "store V4", "store A6")
async def test_a_seller_registers_and_changes_his_store(public: Public, word: str) -> None:
    owner = seller(word)
    (store_id,) = owner.stores
    # Whoever leaves the form out has no store, whatever else he says.
    short = await ask(public, owner, "PUT", f"/stores/{store_id}", {"name": "꽃집", "delivery_fee": 0, "free_from": 0})
    assert (short.status, short.body["code"]) == (404, "store_unknown")
    assert (await ask(public, None, "GET", f"/stores/{store_id}")).status == 404
    body = {
        **REGISTRATION, "name": f"꽃집 {word[:6]}", "hours": {"mon": {"opens": "09:00", "closes": "10:00"}}, "slot_capacity": 2,
        "thumbnail": await picture(public, owner, "store"),
    }  # fmt: skip
    assert (await done(public, owner, "POST", "/stores", body)).body == {"store_id": store_id}
    again = await ask(public, owner, "POST", "/stores", body, key=f"second-{word}")
    assert (again.status, again.body["code"]) == (409, "store_exists")
    # What was written is there at once.
    page = (await done(public, None, "GET", f"/stores/{store_id}")).body
    assert (page["name"], page["gugun_name"], page["phone"], page["slots"]) == (
        body["name"], "강남구", "+8223123456", {"mon": ["09:00", "09:30"]},
    )  # fmt: skip
    assert body["account_number"] not in str(page)
    monthly = {"name": "달마다", "summary": "매달", "price": 30_000, "thumbnail": await picture(public, owner, "product")}
    assert page["subscription_product_id"] is None
    for status, told in (("SALE", id_of("subscription", store_id)), ("DISCONTINUED", None)):
        await done(public, owner, "PUT", f"/stores/{store_id}/subscription-product", {**monthly, "status": status})
        page = (await done(public, None, "GET", f"/stores/{store_id}")).body
        assert page["subscription_product_id"] == told
    await done(public, owner, "PATCH", f"/stores/{store_id}", {"delivery_fee": 1, "minutes_per_day": 60})
    own = (await done(public, owner, "GET", f"/stores/{store_id}/settings")).body
    assert (own["delivery_fee"], own["free_from"], own["minutes_per_day"], own["account_number"]) == (
        1, 50_000, 60, body["account_number"],
    )  # fmt: skip
    near = (await done(public, None, "GET", "/stores/nearby?lat=37.5&lon=127.0&level=1")).body["items"]
    assert [one["distance"] for one in near if one["store_id"] == store_id] == [0]
    stranger = await ask(public, seller(f"other-{word}"), "PATCH", f"/stores/{store_id}", {"delivery_fee": 2})
    assert (stranger.status, stranger.body["code"]) == (403, "forbidden")


async def test_a_suspended_store_takes_no_orders_while_those_it_has_go_on(public: Public, word: str) -> None:
    florist = await rosary(public, word)
    person = buyer(word)
    wish = Wish(florist, {florist.products[0].product_id: 1})
    order = await bought(public, person, wish)
    path = f"/admin/stores/{florist.store_id}"
    assert (await ask(public, florist.owner, "POST", f"{path}/suspend", {"reason": "x"})).status == 403
    await done(public, ADMIN, "POST", f"{path}/suspend", {"reason": "신고가 많습니다"})

    async def refused() -> tuple[int, str]:
        answer = await ask(public, person, "POST", "/orders", body_of(wish))
        return answer.status, answer.body.get("code", "")

    await eventually(refused, (409, "store_closed"))
    assert (await one_order(public, person, order["order_id"]))["status"] == "CONFIRMED"
    own = (await done(public, florist.owner, "GET", f"/stores/{florist.store_id}/settings")).body
    assert (own["status"], own["reason"]) == ("SUSPENDED", "신고가 많습니다")
    listed = (await done(public, ADMIN, "GET", "/admin/stores?status=SUSPENDED&limit=100")).body
    assert florist.store_id in [one["store_id"] for one in listed["items"]]
    twice = await ask(public, ADMIN, "POST", f"{path}/suspend", {"reason": "다시"}, key=f"twice-{word}")
    assert (twice.status, twice.body["code"]) == (409, "store_suspended")
    await done(public, ADMIN, "POST", f"{path}/restore")

    async def taken() -> bool:
        return (await ask(public, person, "POST", "/orders", body_of(wish))).status in DONE

    await eventually(taken, True)


@pytest.mark.spec("store A2", "store A7")
async def test_a_secret_question_and_its_answer(public: Public, word: str) -> None:
    florist = await rosary(public, word)
    person, stranger = buyer(word), buyer(f"other-{word}")
    product = f"/products/{florist.products[0].product_id}/questions"
    body = {"title": "비밀 제목", "content": "비밀 내용", "secret": True}
    question = (await done(public, person, "POST", product, body)).body["question_id"]
    mine, theirs = f"/questions/{question}", f"/stores/{florist.store_id}/questions/{question}"
    await done(public, person, "PATCH", mine, {"content": "고친 내용"})
    asked = (await done(public, florist.owner, "GET", theirs)).body
    assert (asked["read_at"], asked["product_name"]) == (0, "장미 다발")
    own = [(await done(public, person, "GET", f"/questions?product_id={one.product_id}")).body for one in florist.products]
    assert [[(one["question_id"], one["product_name"]) for one in page["items"]] for page in own] == [[(question, "장미 다발")], []]
    await done(public, florist.owner, "POST", f"{theirs}/read")
    await done(public, florist.owner, "POST", f"{theirs}/answer", {"content": "비밀 답변"})
    late = await ask(public, person, "PATCH", mine, {"content": "또"}, key=f"late-{word}")
    assert (late.status, late.body["code"]) == (409, "question_answered")
    for who, seen in ((person, ("비밀 제목", "고친 내용", "비밀 답변")), (florist.owner, ("비밀 제목", "고친 내용", "비밀 답변")),
                      (stranger, ("", "", "")), (None, ("", "", ""))):  # fmt: skip
        (one,) = (await done(public, who, "GET", product)).body["items"]
        assert (one["title"], one["content"], one["answer"]) == seen
    for method, said in (("PATCH", {"content": "x"}), ("DELETE", None)):
        answer = await ask(public, stranger, method, mine, said)
        assert (answer.status, answer.body["code"]) == (404, "question_unknown")
    await done(public, person, "DELETE", mine)
    assert (await done(public, None, "GET", product)).body == {"items": [], "next": "", "total": 0}
    assert (await ask(public, florist.owner, "GET", theirs)).status == 404


async def test_a_notice_on_a_stores_page(public: Public, word: str) -> None:
    florist = await open_store(public, word, "one", name="꽃집", products=[], stock={})
    path = f"/stores/{florist.store_id}/notices"
    notice = (await done(public, florist.owner, "POST", path, {"title": "휴무", "content": "설에 쉽니다"})).body["notice_id"]
    await done(public, florist.owner, "PATCH", f"{path}/{notice}", {"content": "추석에 쉽니다"})
    shown = (await done(public, None, "GET", path)).body
    assert ([(one["title"], one["content"]) for one in shown["items"]], shown["total"]) == ([("휴무", "추석에 쉽니다")], 1)
    await done(public, florist.owner, "DELETE", f"{path}/{notice}")
    assert (await done(public, None, "GET", path)).body["total"] == 0
