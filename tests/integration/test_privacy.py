"""The auditor and every process of the Procfile: whatever people do in the shop, the books add up, and nobody's name is in them."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.stack import Stack
from models.actor import id_of
from models.read import dynamo
from models.read.databases import Databases
from models.read.orders import table_name
from models.read.registry import Registry
from models.settings import read
from tests.chaos.florists import ROSE, TULIP, Florist, Product, open_store
from tests.chaos.public import Person, Public, buyer
from tests.integration.auditing import audit, everything, watching
from topics import catalogue
from topics.partitions import partition_of

pytestmark = pytest.mark.timeout(600)
ORDERER = {"name": "조서린주문", "phone": "+821098127364", "email": "seorin.private@example.com"}
ADDRESS = {
    "recipient": "허다온받는이", "phone": "+821056473829", "zipcode": "63998", "road": "제주특별자치도 비밀로 998",
    "detail": "별채 7호", "request": "초인종 누르지 말고 문앞에",
}  # fmt: skip
STORE, PRODUCT = "비밀정원꽃집", "비밀의 장미 다발"
"""What sellers write is free text as well."""
PERSONAL = (*ORDERER.values(), *ADDRESS.values(), STORE, PRODUCT)


class Day(NamedTuple):
    """What people did: order ids by what became of them, and every secret that was on its way."""

    person: Person
    florists: list[Florist]
    orders: dict[str, str]
    secrets: set[str]


async def shop(public: Public) -> Day:
    """A day with an order that stands, one refunded in part, one cancelled, one abandoned and one refused."""
    word = f"books-{asyncio.get_running_loop().time()}"
    one = await open_store(
        public, word, "one", name=STORE, products=[Product("a", PRODUCT, 30_000, {ROSE: 10})], stock={ROSE: 25},
        coupons=[{"limit": 5, "discount": 2_000, "min_amount": 10_000}],
    )  # fmt: skip
    two = await open_store(public, word, "two", products=[Product("b", "튤립", 15_000, {TULIP: 5})], stock={TULIP: 100})
    person, (coupon,) = buyer(word), one.coupons
    day = Day(person, [one, two], {}, set())
    claimed = await public.patiently(person, "POST", f"/stores/{one.store_id}/coupons/{coupon}/claim")
    assert claimed.status in (200, 201), claimed.body

    async def place(name: str, florists: list[Florist], total: int, quantity: int = 1, **more: Any) -> str:
        stores = [
            {"store_id": it.store_id, "lines": [{"product_id": it.products[0].product_id, "quantity": quantity}]} for it in florists
        ]
        stores[0] |= more
        body = {"stores": stores, "orderer": ORDERER, "address": ADDRESS, "expected_total": total}
        answer = await public.patiently(person, "POST", "/orders", body, wait=10)
        if answer.status == 409:
            day.orders[name] = answer.body["details"]["order_id"]
            return ""
        assert answer.status in (200, 201), answer.body
        day.orders[name] = answer.body["order_id"]
        return str(answer.body["redirects"]["pc"])

    async def press(page: str, verb: str) -> None:
        back = await public.press(page, verb)
        path, query = urlsplit(back).path.split("/"), parse_qs(urlsplit(back).query)
        day.secrets.update((path[-2], *query.get("pg_token", ())))
        await public.return_to_shop(back, wait=10)

    await press(await place("stands", [one, two], 49_000, coupon_id=coupon), "pay")
    await press(await place("half", [one, two], 51_000), "pay")
    part = id_of(day.orders["half"], two.store_id)
    gone = await public.patiently(person, "POST", f"/orders/{day.orders['half']}/stores/{part}/cancel", {}, wait=10)
    assert gone.status == 200, gone.body
    await place("cancelled", [two], 18_000)
    cancelled = await public.patiently(person, "POST", f"/orders/{day.orders['cancelled']}/cancel", {}, wait=10)
    assert cancelled.status == 200, cancelled.body
    await press(await place("abandoned", [two], 18_000), "cancel")
    assert await place("refused", [one], 33_000) == "", "20 of 25 roses are gone"
    day.secrets.update(public.headers(who)["Authorization"].split()[1] for who in (person, one.owner))
    assert len(day.secrets) == 3 + 2 + 2, "three nonces, two tokens of the gateway, two of ours"
    return day


async def said_in_public(stack: Stack) -> str:
    """Every record of every events topic."""
    env = stack.env()
    names = [one.name for one in catalogue.topics("bb") if one.name.endswith(".events")]
    assert len(names) == len(catalogue.CONTRACTS)
    found = [record for name in names for record in await everything(env["BB_KAFKA"], name, int(env.get("BB_PARTITIONS", 4)))]
    return "\n".join(part.decode() for record in found for part in record if part)


def lines_of(stack: Stack) -> str:
    """Whatever a process or daemon of the stack has logged."""
    return "\n".join(file.read_text(errors="replace") for file in sorted(stack.where.logs.glob("*.log*")))


def leaks(text: str, words: set[str]) -> list[str]:
    """Those of ``words`` that stand in ``text``, as they are or as ASCII JSON; digits not as a part of longer ones."""

    def stands(word: str) -> bool:
        if word.isdigit():
            return re.search(rf"(?<!\d){word}(?!\d)", text) is not None
        return word in text or json.dumps(word)[1:-1] in text

    return [word for word in sorted(words) if stands(word)]


async def test_the_books_of_a_day_add_up(up: Stack, public: Public, tmp_path: Path) -> None:
    day = await shop(public)
    said = await audit(up.env(), "--grace", "15", "--books")
    assert (said.code, said.violated) == (0, set()), said.text
    async with watching(up.env(), tmp_path, grace=15) as process:
        await process.until(unseen_log=0, unseen_read_orders=0, unseen_read_products=0)
        assert await process.violated() == {}
    for name, status in {"stands": "CONFIRMED", "half": "CONFIRMED", "cancelled": "CANCELLED", "abandoned": "CANCELLED"}.items():
        shown = await public.patiently(day.person, "GET", f"/orders/{day.orders[name]}")
        assert shown.body["status"] == status, name


@pytest.mark.spec("order W-44")
async def test_nothing_personal_and_no_secret_is_said_in_public_or_logged(up: Stack, public: Public) -> None:
    day = await shop(public)
    log, lines = await said_in_public(up), lines_of(up)
    # These are the right places to look at.
    assert all(order_id in log for order_id in day.orders.values())
    assert day.orders["stands"] in lines
    assert leaks(log, {*PERSONAL, *day.secrets}) == []
    assert leaks(lines, {*PERSONAL, *day.secrets}) == []


async def test_a_callback_that_finds_no_web_is_not_logged_with_its_secrets(up: Stack, public: Public) -> None:
    # Logs outlive a test.
    nonce, token = f"nonce-{uuid.uuid4()}", f"token-{uuid.uuid4()}"
    await asyncio.to_thread(up.stop_programs, ["web"])
    try:
        answer = await public.call(None, "GET", f"/payments/callback/{id_of('order')}/{nonce}/approve?pg_token={token}")
        assert answer.status == 502
    finally:
        await asyncio.to_thread(up.start_processes, ["web"])
    assert leaks(lines_of(up), {nonce, token}) == []


async def test_a_tombstone_erases_a_person_from_the_read_models(up: Stack, public: Public) -> None:
    day = await shop(public)
    settings, (one, _) = read(up.env()), day.florists
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    await producer.start()
    try:
        for key in day.orders.values():
            await producer.send_and_wait(
                f"{settings.prefix}.orders.private", key=key.encode(), value=None, partition=partition_of(key, settings.partitions)
            )
    finally:
        await producer.stop()
    databases = Databases(settings)
    try:
        table = table_name(databases, await Registry(databases).version("orders"))
        sold_ids = [id_of(day.orders[name], it.store_id) for name in ("stands", "half") for it in day.florists]
        wanted = [*day.orders.values(), *sold_ids]
        async with asyncio.timeout(60):
            while leaks(str(items := await dynamo.get(databases, table, wanted)), set(PERSONAL)):
                await asyncio.sleep(0.2)
    finally:
        await databases.close()
    assert set(items) == set(wanted), "what was bought stays"
    sold = await public.patiently(one.owner, "GET", f"/stores/{one.store_id}/orders")
    assert {(it["order_id"], it["status"], it["total"]) for it in sold.body["items"]} == {
        (day.orders["stands"], "PENDING", 31_000), (day.orders["half"], "PENDING", 33_000),
    }  # fmt: skip
    assert leaks(json.dumps(sold.body, ensure_ascii=False), set(PERSONAL)) == []
    said = await audit(up.env(), "--grace", "15")
    assert (said.code, said.violated) == (0, set()), said.text
