"""The demo's marketplace on the real stack: loaded once, whole, and not changed by being loaded again."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.demo.client import Person, Shop, inboxes
from deploy.demo.data.florists import FLORISTS, PLACES
from deploy.demo.data.load import Loader
from deploy.demo.data.products import everything, pieces
from deploy.demo.data.scale import scaled
from deploy.demo.data.talk import questions
from deploy.local.layout import ROOT
from deploy.local.stack import Stack
from models.settings import read
from tests.integration.conftest import DAEMONS, port_base, stack_name
from tests.integration.test_images import PROCESSES

pytestmark = pytest.mark.timeout(900)
LOADED = (*PROCESSES, "trade", "search")
"""The loader asks the lists for what is there already."""
DOMAINS = ("stores", "catalog", "inventory")


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Stack]:
    made = Stack(stack_name(), port_base())
    made.start_daemons((*DAEMONS, "nginx"))
    made.run_steps("topics", "schemas")
    made.start_processes(LOADED)
    yield made
    made.stop_programs(LOADED)


@pytest_asyncio.fixture
async def shop(running: Stack) -> Shop:
    env = running.env()
    return Shop(env["BB_PUBLIC_URL"], Path(env["BB_TOKEN_KEY"]), Path(env["BB_WEB_SECRET"]))


def load(running: Stack, *options: str) -> str:
    argv = [str(ROOT / ".venv" / "bin" / "python"), "-m", "deploy.demo.data", *options]
    done = subprocess.run(argv, cwd=ROOT, env=running.full_env(), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def ends(running: Stack) -> dict[str, int]:
    """Events ever said of each domain that the loader writes to."""
    env = running.env()
    spots = [TopicPartition(f"bb.{domain}.events", number) for domain in DOMAINS for number in range(4)]
    consumer = AIOKafkaConsumer(bootstrap_servers=env["BB_KAFKA"])
    await consumer.start()
    try:
        return {f"{spot.topic}/{spot.partition}": end for spot, end in (await consumer.end_offsets(spots)).items()}
    finally:
        await consumer.stop()


async def test_the_marketplace_is_loaded_whole_and_once(running: Stack, shop: Shop) -> None:
    said = load(running, "--no-pictures")
    assert "20 stores" in said
    assert "400 products" in said
    before = await ends(running)
    async with shop:
        shown = {one["store_id"]: one for one in await shop.every(None, "/stores")}
        for florist in FLORISTS:
            found, place = shown[florist.store_id], PLACES[florist.word]
            assert (found["name"], found["gugun"]) == (florist.name, place.gugun)
            assert found["position"] == {"lat": place.lat, "lon": place.lon}
            listed = {one["product_id"] for one in await shop.every(None, f"/products?store={florist.store_id}")}
            assert {piece.product_id for piece in pieces(florist)} <= listed
            owner = _seller(florist.owner, florist.store_id)
            stock = (await shop.call(owner, "GET", f"/stores/{florist.store_id}/stock")).expect(200).body["items"]
            assert len(stock) == 22
        piece = next(one for one in everything() if questions(one))
        asked = (await shop.call(None, "GET", f"/products/{piece.product_id}/questions")).expect(200).body
        assert asked["total"] == len(questions(piece))
    load(running, "--no-pictures")
    assert await ends(running) == before


async def test_a_picture_is_drawn_uploaded_and_shown(running: Stack, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in running.env().items():
        monkeypatch.setenv(name, value)
    piece = pieces(FLORISTS[1])[0]
    async with shop, inboxes(read(running.env())) as client:
        loader = Loader(shop, client, lambda line: None)
        (first,) = {await loader._picture(piece)}
        (again,) = {await loader._picture(piece)}
        assert again == first
        found = (await shop.call(_seller(piece.owner, piece.store_id), "GET", f"/images/{first[1]}")).expect(200).body
    assert (found["status"], found["width"], sorted(found["urls"])) == ("ready", 960, ["1280", "320", "640"])


async def test_the_bench_s_products_arrive_once(running: Stack, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in running.env().items():
        monkeypatch.setenv(name, value)
    assert load(running, "--scale", "300").startswith("300 products sent")
    async with shop:
        for piece in scaled(300):
            async with asyncio.timeout(60):
                # Terms and texts come apart, in either order.
                while True:
                    found = await shop.call(None, "GET", f"/products/{piece.product_id}")
                    if found.status == 200 and found.body["name"]:
                        break
                    await asyncio.sleep(0.1)
            assert (found.body["name"], found.body["price"], found.body["store_id"]) == (piece.name, piece.price, piece.store_id)
        before = await ends(running)
        load(running, "--scale", "300")
        async with inboxes(read(running.env())) as client:
            for piece in scaled(20):
                # Behind the others in its partition: once it is answered, everything before it is decided.
                assert await client.inquire("catalog", piece.product_id, "nothing", 20.0) is not None
    assert await ends(running) == before


def _seller(owner: str, store_id: str) -> Person:
    return Person(owner, "seller", (store_id,))
