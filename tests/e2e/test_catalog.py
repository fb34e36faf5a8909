"""The catalogue on the whole stack: a product is made, sold, reviewed by who bought it, waited for, and taken off by an admin."""

from __future__ import annotations

from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from deploy.local.stack import Stack
from models.actor import id_of
from models.catalog.messages import AllowReview
from models.settings import read
from tests.browser import Browser, kakao
from tests.chaos.checkout import Wish
from tests.chaos.public import Person, Public, buyer
from tests.e2e.shop import DONE, ask, bought, eventually, picture, rosary
from topics.catalogue import topic
from topics.envelope import encode, seal
from topics.partitions import partition_of


async def allow(stack: Stack, message: AllowReview) -> str:
    """Deliveries come with their own issue: what they will say once the buyer has got it. Answers the review's id."""
    settings, review = read(stack.env()), id_of("review", message.subject)
    sealed = encode(seal("catalog", review, message, id=id_of("test", review), source="/test"))
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    await producer.start()
    try:
        inbox = topic(settings.prefix, "catalog", "inbox")
        partition = partition_of(review, settings.partitions)
        await producer.send_and_wait(inbox, key=review.encode(), value=sealed, partition=partition)
    finally:
        await producer.stop()
    return review


async def test_a_product_from_its_form_to_its_end(stack: Stack, public: Public, word: str) -> None:
    florist, ann = await rosary(public, word), buyer(word, "ann")
    admin, owner = Person(id_of("admin", word), "admin"), florist.owner
    store = florist.store_id
    form = {
        "name": "봄 다발", "summary": "봄에", "price": 20_000, "category": "1", "flowers": {"16": 12, "18": 3},
        "representative": "16", "thumbnail": await picture(public, owner, "product"), "tags": ["1", "7"],
    }  # fmt: skip
    stock = await ask(public, owner, "PATCH", f"/stores/{store}/stock/16", {"delta": 100})
    assert stock.status in DONE
    assert (await ask(public, owner, "PATCH", f"/stores/{store}/stock/18", {"delta": 100})).status in DONE
    made = await ask(public, owner, "POST", f"/stores/{store}/products", form)
    assert made.status in DONE, made.body
    product, path = made.body["product_id"], f"/products/{made.body['product_id']}"

    async def page(who: Person | None = None) -> Any:
        answer = await ask(public, who, "GET", path)
        assert answer.status == 200, answer.body
        return answer.body

    shown = await page()
    assert (shown["store"]["store_id"], shown["version"], shown["sold"]) == (store, 1, 0)
    assert [one["name_ko"] for one in shown["flower_names"]] == ["튤립", "안개꽃"]
    listed = await ask(public, owner, "GET", f"/stores/{store}/products?flower=16&category=1")
    assert [one["product_id"] for one in listed.body["items"]] == [product]
    everywhere = (await ask(public, admin, "GET", "/admin/products?limit=100")).body["items"]
    assert [one["store_name"] for one in everywhere if one["product_id"] == product] == ["장미집"]

    sold = msgspec.structs.replace(florist.products[0], product_id=product, price=20_000)
    order = await bought(public, ann, Wish(msgspec.structs.replace(florist, products=(sold,)), {product: 2}))

    async def count() -> int:
        return int((await page())["sold"])

    await eventually(count, 2)
    best = await ask(public, owner, "GET", f"/stores/{store}/best-sellers")
    assert [(one["product_id"], one["sold"]) for one in best.body["items"]] == [(product, 2)]

    line = order["stores"][0]["lines"][0]["line_id"]
    said = {"subject": line, "rating": 9, "text": "정말 예뻐요"}
    assert (await ask(public, ann, "POST", "/reviews", said)).status == 404
    review = await allow(stack, AllowReview(subject=line, kind="delivery", buyer=ann.account, store_id=store, product_id=product))

    async def right() -> list[str]:
        return [one["review_id"] for one in (await ask(public, ann, "GET", "/reviews?status=allowed")).body["items"]]

    await eventually(right, [review])
    assert (await ask(public, ann, "POST", "/reviews", said)).status in DONE
    assert (await ask(public, ann, "POST", "/reviews", said)).body["code"] == "review_exists"
    assert (await ask(public, owner, "PUT", f"/reviews/{review}/reply", {"text": "감사합니다"})).status == 200
    (shown,) = (await ask(public, None, "GET", f"{path}/reviews")).body["items"]
    assert (shown["text"], shown["stars"], shown["reply"]) == ("정말 예뻐요", 4.5, "감사합니다")

    async def average() -> tuple[int, float]:
        found = await page()
        return found["reviews"], found["average"]

    await eventually(average, (1, 4.5))
    part = order["stores"][0]["store_order_id"]
    assert (await ask(public, ann, "POST", f"/orders/{order['order_id']}/stores/{part}/cancel")).status in DONE
    await eventually(count, 0)

    stale = await ask(public, owner, "PATCH", path, {"version": 0, "price": 1})
    assert (stale.status, stale.body["code"]) == (409, "product_changed")
    edited = await ask(public, owner, "PATCH", path, {"version": 1, "status": "DISCONTINUED"})
    assert (edited.status, edited.body["version"]) == (200, 2)
    # Whoever has no phone in the own profile could not be told, so only who has one waits.
    nobody = await ask(public, ann, "PUT", f"{path}/restock-alert")
    assert (nobody.status, nobody.body["code"], (await page(ann))["waiting"]) == (409, "phone_required", False)
    joined = await Browser(public.session, read(stack.env())).by("kakao", kakao())
    ben = Person(joined.body["account"])
    assert (await ask(public, ben, "PUT", f"{path}/restock-alert")).body["waiting"] is True
    assert (await page(ben))["waiting"] is True
    assert [one["product_id"] for one in (await ask(public, ben, "GET", "/restock-alerts")).body["items"]] == [product]
    assert (await ask(public, ben, "DELETE", f"{path}/restock-alert")).status == 200
    assert (await ask(public, ben, "GET", "/restock-alerts")).body["total"] == 0

    assert (await ask(public, admin, "DELETE", f"/admin/products/{product}", {"reason": "도용"})).status == 200
    assert (await page())["status"] == "DELETED"
    # The answer came once lists show it: it has gone from all but those of who may know why.
    own = f"/stores/{store}/products"
    for who, lists in ((owner, own), (admin, "/admin/products")):
        (gone,) = [
            one
            for one in (await ask(public, who, "GET", f"{lists}?status=DELETED&limit=100")).body["items"]
            if one["product_id"] == product
        ]
        assert (gone["removal"], gone["version"], gone["name"], gone["sold"]) == ("도용", 2, "봄 다발", 0)
    for someone, lists in ((owner, own), (None, f"/products?store={store}")):
        items = (await ask(public, someone, "GET", lists)).body["items"]
        assert product not in [one["product_id"] for one in items]
    assert (await ask(public, None, "GET", f"/products?store={store}&status=DELETED")).status == 400
    assert (await ask(public, Person(id_of("other", word), "seller", (id_of("elsewhere", word),)), "GET", own)).status == 403
    assert (await ask(public, owner, "PATCH", path, {"version": 2, "price": 1})).body["code"] == "product_removed"
