"""Who withdraws is gone from every database, bucket and topic but those that are listed here, also after a rebuild."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.local.stack import Stack
from models.actor import id_of
from models.catalog.messages import AllowReview
from models.read.databases import Databases
from models.read.models import MODELS
from models.settings import Settings, read
from tests.browser import Browser, kakao
from tests.chaos.florists import ROSE, TULIP, Florist, Product, open_store
from tests.chaos.public import Public
from tests.e2e.test_catalog import allow
from tests.integration.auditing import everything
from tests.integration.test_accounts import tables
from tests.people import command
from topics import catalogue

pytestmark = pytest.mark.timeout(900)
BY_LAW = {"orderer": "법대로주문", "recipient": "법대로받음"}
"""Names that stand in an order: 전자상거래법 wants it kept for five years."""
ORDERS_STAY_IN = {"dynamo bb-orders", "topic bb.orders.private", "topic bb.deliveries.private"}
"""The only places that hold them."""
NOT_REBUILT = ("live", "ended")
"""They live in Redis, and hold what is going on now."""
LET_BE = (".inbox", ".dead")
"""Topics that keep what came for 14 and for 30 days."""


async def done(me: Browser, method: str, path: str, body: Any = None) -> Any:
    answer = await me.ask(method, path, body, wait=10)
    assert answer.status in (200, 201), (path, answer.body)
    return answer.body


async def order(me: Browser, public: Public, florist: Florist) -> None:
    """Buy a bouquet and pay for it; the names in it are not those of the account."""
    body = {
        "stores": [{"store_id": florist.store_id, "lines": [{"product_id": florist.products[0].product_id, "quantity": 1}]}],
        "orderer": {"name": BY_LAW["orderer"], "phone": "01099998888", "email": "law@example.com"},
        "address": {"recipient": BY_LAW["recipient"], "phone": "01077776666", "zipcode": "04524", "road": "서울 세종대로 110"},
        "expected_total": 33_000,
        "address_kept": True,
    }  # fmt: skip
    placed = await done(me, "POST", "/orders", body)
    back = await public.press(placed["redirects"]["pc"], "pay")
    await public.return_to_shop(back, wait=10)
    assert parse_qs(urlsplit(back).query)["pg_token"]


async def redis_texts(databases: Databases) -> dict[str, str]:
    """Key -> everything that it holds."""
    redis, found = databases.redis, {}
    async for key in redis.scan_iter(count=1000):
        match _text(await redis.type(key)):
            case "string":
                held: Any = await redis.get(key)
            case "hash":
                held = await redis.hgetall(key)
            case "stream":
                held = await redis.xrange(key)
            case "zset":
                held = await redis.zrange(key, 0, -1)
            case "set":
                held = await redis.smembers(key)
            case kind:
                assert kind in ("list", "none"), kind
                held = await redis.lrange(key, 0, -1) if kind == "list" else ""
        found[key.decode()] = _text(held)
    return found


def _text(held: Any) -> str:
    if isinstance(held, bytes):
        return held.decode("utf-8", "replace")
    if isinstance(held, dict):
        return " ".join(_text(part) for pair in held.items() for part in pair)
    return " ".join(map(_text, held)) if isinstance(held, (list, tuple, set)) else str(held)


async def dynamo_texts(databases: Databases) -> dict[str, str]:
    """Table -> all of its items."""
    client, found = await databases.dynamo(), {}
    for name in (await client.list_tables())["TableNames"]:
        page = await client.scan(TableName=name)
        items = page["Items"]
        while "LastEvaluatedKey" in page:
            page = await client.scan(TableName=name, ExclusiveStartKey=page["LastEvaluatedKey"])
            items += page["Items"]
        found[name] = str(items)
    return found


async def topic_texts(settings: Settings) -> dict[str, str]:
    """Topic -> the last value of each key where older ones are cleaned away, every value of events."""
    found = {}
    for one in catalogue.topics(settings.prefix):
        if one.name.endswith(LET_BE):
            continue
        records = await everything(settings.kafka, one.name, settings.partitions)
        values = [value for _, value in records] if one.name.endswith(".events") else list(dict(records).values())
        found[one.name] = " ".join(value.decode("utf-8", "replace") for value in values if value)
    return found


async def places(up: Stack) -> dict[str, str]:
    """Where something could be found -> its text."""
    settings = read(up.env())
    databases = Databases(settings)
    try:
        found = {"mysql": await tables(up)}
        found |= {f"redis {name}": text for name, text in (await redis_texts(databases)).items()}
        # Without its version, which a rebuild raises.
        found |= {f"dynamo {name.rpartition('-')[0]}": text for name, text in (await dynamo_texts(databases)).items()}
        for name in await databases.mongo.list_collection_names():
            found[f"mongo {name}"] = str(await databases.mongo[name].find({}).to_list(None))
    finally:
        await databases.close()
    found |= {f"topic {name}": text for name, text in (await topic_texts(settings)).items()}
    return found | {"buckets": " ".join(map(str, (up.where.data / "s3").rglob("*")))}


def holding(found: dict[str, str], words: list[str]) -> dict[str, set[str]]:
    """Word -> the places that hold it."""
    return {word: held for word in words if (held := {place for place, text in found.items() if word in text})}


@pytest.mark.spec("auth 16", "auth 33", "auth 45")
async def test_nothing_is_left_of_whoever_withdraws_but_what_is_listed(
    up: Stack, public: Public, new: Callable[[], Browser]
) -> None:
    word = uuid.uuid4().hex[:10]
    florist = await open_store(
        public, word, "one", products=[Product("a", "장미", 30_000, {ROSE: 1}), Product("b", "튤립", 20_000, {TULIP: 1})],
        stock={ROSE: 100, TULIP: 100}, coupons=[{"limit": 5, "discount": 2_000, "min_amount": 10_000}],
    )  # fmt: skip
    bouquet, stopped = (one.product_id for one in florist.products)
    edited = await public.patiently(
        florist.owner, "PATCH", f"/products/{stopped}", {"version": 1, "status": "DISCONTINUED"}, wait=10
    )
    assert edited.status == 200, edited.body

    me, who = new(), kakao(phone=f"+82 10-{uuid.uuid4().int % 10**4:04}-{uuid.uuid4().int % 10**4:04}")
    phone, nickname = "+82" + who["phone"].removeprefix("+82 ").replace("-", ""), f"떠날{word}"
    account = (await me.by("kakao", who)).body["account"]
    first = await me.upload("/images", {"purpose": "profile"})
    await done(me, "PATCH", "/me", {"name": nickname, "picture": first})
    second = await me.upload("/images", {"purpose": "profile"})
    await done(me, "PATCH", "/me", {"picture": second})
    question: dict[str, Any] = {"title": f"제목{word}", "content": f"내용{word}", "secret": True}
    asked = (await done(me, "POST", f"/products/{bouquet}/questions", question))["question_id"]
    answer = {"content": f"답변{word}"}
    path = f"/stores/{florist.store_id}/questions/{asked}/answer"
    assert (await public.patiently(florist.owner, "POST", path, answer, wait=10)).status == 201
    line = id_of(word, "line")
    right = AllowReview(subject=line, kind="delivery", buyer=account, store_id=florist.store_id, product_id=bouquet)
    review = await allow(up, right)
    async with asyncio.timeout(60):
        while [one["review_id"] for one in (await me.ask("GET", "/reviews?status=allowed")).body["items"]] != [review]:
            await asyncio.sleep(0.1)
    written = {"subject": line, "rating": 9, "text": f"후기{word}"}
    await done(me, "POST", "/reviews", written)
    await done(me, "PUT", f"/products/{stopped}/restock-alert")
    (coupon,) = florist.coupons
    await done(me, "POST", f"/stores/{florist.store_id}/coupons/{coupon}/claim")
    await done(me, "POST", "/cart/items", {"product_id": bouquet})
    await done(me, "PUT", f"/likes/products/{bouquet}")
    await done(me, "PUT", f"/likes/stores/{florist.store_id}")
    home = {"recipient": f"받음{word}", "phone": "010-5555-6666", "zipcode": "04780", "road": f"길{word}"}
    await done(me, "POST", "/me/addresses", home)
    await order(me, public, florist)
    async with asyncio.timeout(60):
        while len(kept := (await me.ask("GET", "/me/addresses")).body["items"]) < 2:
            await asyncio.sleep(0.1)
    assert [one["recipient"] for one in kept] == [BY_LAW["recipient"], home["recipient"]]

    words = [nickname, who["nickname"], who["email"], phone, question["title"], question["content"], answer["content"]]
    words += [home["recipient"], home["road"]]
    there = await places(up)
    before = holding(there, words)
    assert second in there["buckets"]
    # These are the right places to look at.
    assert all(
        {"mysql"} < before[one] for one in (nickname, who["email"], phone, question["title"], answer["content"], home["road"])
    ), before

    await done(me, "DELETE", "/me")
    words += [who["id"]]

    async def left() -> dict[str, set[str]]:
        found = await places(up)
        pictures = {one for one in (first, second) if one in found["buckets"]}
        return holding(found, words) | ({"buckets": pictures} if pictures else {})

    async with asyncio.timeout(120):
        while await left() or f"kauth:{who['id']}" in await me.linked():
            await asyncio.sleep(1)
    rebuilt = [model.name for model in MODELS if model.name not in NOT_REBUILT]
    await asyncio.gather(*(asyncio.to_thread(command, up, "agents.commands", "read", "rebuild", name) for name in rebuilt))
    assert await left() == {}

    found = await places(up)
    # What stays, by name: the order, whose names are nobody's but its own; the review, without any; the bare id.
    for name in BY_LAW.values():
        assert {place for place, text in found.items() if name in text and "changelog" not in place} == ORDERS_STAY_IN
    said = await public.patiently(None, "GET", f"/products/{bouquet}/reviews")
    assert [(one["text"], one["nickname"], one["picture"]) for one in said.body["items"]] == [(written["text"], "", "")]
    questions = await public.patiently(None, "GET", f"/products/{bouquet}/questions")
    assert (questions.body["items"], questions.body["total"]) == ([], 0)
    assert account in found["mysql"], "that there was somebody stays"
