"""The demo's data, and its day, on the running stack."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console

from deploy.demo.board import Board
from deploy.demo.client import Shop, inboxes
from deploy.demo.day import live
from deploy.demo.seed import coupon_id, seller, shown, stocked, wishes, write
from deploy.demo.shop import BLUE_ROSE, FLORISTS, REGULARS, SCARCE, WELCOME
from deploy.demo.stories import SPECIAL
from models import kst
from models.actor import DAY
from models.settings import read
from tests.integration.machine.conftest import Machine
from topics import catalogue

pytestmark = pytest.mark.timeout(600)


def shop_of(machine: Machine) -> Shop:
    env = machine.stack.env()
    return Shop(env["BB_PUBLIC_URL"], Path(env["BB_TOKEN_KEY"]), Path(env["BB_WEB_SECRET"]))


async def ends(machine: Machine) -> dict[str, int]:
    """Records ever appended to each inbox and each topic of events."""
    env = machine.stack.env()
    partitions = int(env.get("BB_PARTITIONS", 4))
    names = [topic.name for topic in catalogue.topics("bb") if topic.name.endswith(("inbox", "events"))]
    consumer = AIOKafkaConsumer(bootstrap_servers=env["BB_KAFKA"])
    await consumer.start()
    try:
        found = await consumer.end_offsets([TopicPartition(name, number) for name in names for number in range(partitions)])
    finally:
        await consumer.stop()
    return {f"{spot.topic}/{spot.partition}": end for spot, end in found.items()}


async def at_rest(machine: Machine) -> dict[str, int]:
    """``ends``, when nothing moves any more."""
    before = await ends(machine)
    for _ in range(120):
        await asyncio.sleep(0.5)
        now = await ends(machine)
        if now == before:
            return now
        before = now
    raise AssertionError("it never comes to rest")


async def test_the_seed_brings_all_of_it_and_a_second_run_changes_nothing(up: Machine) -> None:
    async with shop_of(up) as shop:
        first = await shown(shop)
        products = [(one, florist.store_id) for florist in FLORISTS for one in florist.products]
        assert (len(FLORISTS), len(products), len({flower for one, _ in products for flower in one.flowers})) == (6, 40, 22)
        for florist in FLORISTS:
            assert first["store", florist.store_id]["name"] == florist.name
            coupons = {one.name: one.discount for one in florist.coupons}
            about = [("coupon", coupon_id(florist, one.word)) for one in florist.coupons]
            assert {first[one]["name"]: first[one]["discount"] for one in about} == coupons
            assert {key[2] for key in first if key[0] == "stock" and key[1] == florist.store_id} == set(florist.stock)
        for one, store_id in products:
            found = first["product", one.product_id]
            told = (found["store_id"], found["name"], found["price"], found["flowers"], found["tax_free"], found["status"])
            assert told == (store_id, one.name, one.price, one.flowers, one.fresh, "SALE")
        by_word = {florist.word: florist for florist in FLORISTS}
        claims = {("claim", name, coupon_id(by_word[word], WELCOME.word)) for name, words in REGULARS.items() for word in words}
        assert {key for key in first if key[0] == "claim"} == claims
        before = await at_rest(up)
        again = up.local("run", "--", "python", "-m", "deploy.demo", "seed")
        assert (again.returncode, again.stdout) == (0, "nothing was missing\n")
        assert await shown(shop) == first
        assert await at_rest(up) == before


async def test_a_seed_that_sees_nothing_of_the_first_one_changes_nothing_either(up: Machine) -> None:
    """Read models may be behind, the step may have been cut short: the keys are fixed, so the actors know every write."""
    async with shop_of(up) as shop, inboxes(read(up.stack.env())) as client:
        first, before = await shown(shop), await at_rest(up)
        # The processes that were told what the read models have are gone: those that answer now must look for themselves.
        await asyncio.to_thread(up.stack.restart, ["web"])
        now = int(time.time() * 1000)
        # A day later the coupons would begin a day later; those that there are stay as they are.
        for today in (now, now + DAY):
            for some in wishes(kst.day(today)):
                await write(shop, some)
        assert await stocked(shop, client, {}) == 40
        assert await shown(shop) == first
        events = {name: end for name, end in (await at_rest(up)).items() if ".events/" in name}
        assert events == {name: end for name, end in before.items() if ".events/" in name}


async def test_every_story_of_the_day_ends_as_it_should(up: Machine) -> None:
    out = io.StringIO()
    async with shop_of(up) as shop, inboxes(read(up.stack.env())) as client:
        rare = next(florist for florist in FLORISTS if any(one.word == SCARCE for one in florist.products))

        async def scarce() -> dict[str, Any]:
            items = (await shop.call(seller(rare), "GET", f"/stores/{rare.store_id}/stock")).expect(200).body["items"]
            return next({"on_hand": one["on_hand"], "held": one["held"]} for one in items if one["flower_id"] == BLUE_ROSE)

        before = await scarce()
        with Board(Console(file=out, width=160)) as board:
            astray = await live(shop, client, board, buyers=len(SPECIAL) + 3, number=7, pause=0.2)
        said = out.getvalue()
        assert (astray, [row.ended for row in board.rows if not row.good]) == (0, []), said
        special = ["CANCELLED", "CONFIRMED", "CANCELLED", "REFUNDED", "CANCELLED", "CONFIRMED", "CANCELLED"]
        assert [row.state for row in board.rows] == [*special, *["CONFIRMED"] * 3]
        ends = [row.ended for row in board.rows]
        assert ends[0] == "not paid within 20 s: cancelled, stems released"
        assert ends[2] == "out of stock: 파랑 장미의 기적"
        assert ends[4:7] == [
            "the payment failed: cancelled, nothing was taken", "clicked three times: one order", "cancelled before paying",
        ]  # fmt: skip
        # Without a terminal every move of every saga is a line.
        assert sum(row.moves for row in board.rows) == board.moves
        assert said.count("OrderPlaced") == len(board.rows)
        assert said.count("OrderConfirmed") == 6
        assert await scarce() == before


def test_the_demo_s_exit_code_tells(up: Machine) -> None:
    good = up.local("run", "--", "python", "-m", "deploy.demo", "--buyers", "2", "--pause", "0")
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.rstrip().endswith("every story ended as it should")
    up.stack.stop_programs(["sandbox"])
    try:
        bad = up.local("run", "--", "python", "-m", "deploy.demo", "--buyers", "2", "--pause", "0")
    finally:
        up.stack.start_processes(["sandbox"])
    assert bad.returncode == 1, bad.stdout
    assert "went astray" in bad.stdout
    assert "every story ended as it should" not in bad.stdout
