"""Uploads on the real stack: browser to object store through nginx, worker, read model, and back as pictures for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

from agents.images.objects import Objects
from deploy.local.stack import Stack
from models import settings
from models.actor import id_of
from tests.integration.conftest import DAEMONS, port_base, stack_name
from tests.unit.images.files import HTML, PDF, SVG, drawn, file
from web.links import Links
from web.rule import API
from web.settings import read as web_settings
from web.tokens import make

pytestmark = pytest.mark.timeout(300)
PNG = file("PNG", drawn(800, 600))
PROCESSES = ("shop", "read", "web")


class Person:
    """Somebody with a token, a browser and nginx in front of them."""

    def __init__(self, url: str, http: aiohttp.ClientSession, token: str) -> None:
        self.url, self.http, self.token = url, http, token
        self.count = 0

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        self.count += 1
        key = f"{time.time_ns()}-{self.count}"
        headers = {"Authorization": f"Bearer {self.token}", "Prefer": "wait=10", "Idempotency-Key": key}
        async with self.http.request(method, self.url + API + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def announce(self, data: bytes, content_type: str = "image/png", purpose: str = "review") -> tuple[str, dict[str, Any]]:
        status, said = await self.call("POST", "/images", {"purpose": purpose, "content_type": content_type, "size": len(data)})
        assert status == 201, said
        return said["image_id"], said["upload"]

    async def put(self, url: str, data: bytes, content_type: str = "image/png") -> int:
        async with self.http.put(url, data=data, headers={"Content-Type": content_type}) as answer:
            return answer.status

    async def get(self, path: str) -> tuple[int, Any, bytes]:
        async with self.http.get(self.url + path if path.startswith("/") else path) as answer:
            return answer.status, answer.headers, await answer.read()


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Stack]:
    """The daemons, nginx among them, and every process that an upload passes through."""
    made = Stack(stack_name(), port_base())
    made.start_daemons((*DAEMONS, "nginx"))
    made.run_steps("topics", "schemas")
    made.start_processes(PROCESSES)
    yield made
    made.stop_programs(PROCESSES)


@pytest_asyncio.fixture
async def buyer(running: Stack) -> AsyncIterator[Person]:
    env = running.env()
    async with aiohttp.ClientSession() as http:
        yield Person(env["BB_PUBLIC_URL"], http, make(web_settings(env).token_key, id_of("account", "haru"), "buyer"))


@pytest.mark.spec("product W31", "auth 18")
async def test_an_upload_becomes_pictures_for_everybody(buyer: Person, running: Stack) -> None:
    image_id, upload = await buyer.announce(PNG)
    assert urlsplit(upload["url"]).path == f"/uploads/{image_id}"
    assert (await buyer.call("POST", f"/images/{image_id}/finish"))[1]["code"] == "image_not_uploaded"
    assert await buyer.put(upload["url"], PNG) == 200
    status, said = await buyer.call("POST", f"/images/{image_id}/finish")
    assert (status, said["status"], said["width"], said["height"]) == (200, "ready", 800, 600)
    assert await buyer.call("GET", f"/images/{image_id}") == (200, said)
    for width, path in said["urls"].items():
        code, headers, webp = await buyer.get(path)
        assert (code, headers["Content-Type"], webp[8:12]) == (200, "image/webp", b"WEBP"), width
        assert headers.getall("Cache-Control") == ["public, max-age=31536000, immutable"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    # What was uploaded is nowhere any more.
    async with Objects(settings.read(running.env())) as objects:
        async with asyncio.timeout(20):
            while await objects.original(image_id, 10) is not None:
                await asyncio.sleep(0.1)


@pytest.mark.spec("product W31")
async def test_a_link_takes_nothing_else(buyer: Person) -> None:
    image_id, upload = await buyer.announce(PNG)
    url = upload["url"]
    other = url.replace(image_id, id_of("another"))
    assert [
        await buyer.put(url, PNG + b"x"),
        await buyer.put(url, PNG[:-1]),
        await buyer.put(url, PNG, "text/html"),
        await buyer.put(other, PNG),
        await buyer.put(url.replace("/uploads/", "/images/"), PNG),
        await buyer.put(url.replace("/uploads/", "/documents/"), PNG),
        await buyer.put(url.partition("?")[0], PNG),
    ] == [403, 403, 403, 403, 404, 405, 403]
    assert (await buyer.call("POST", f"/images/{image_id}/finish"))[1]["code"] == "image_not_uploaded"


@pytest.mark.spec("product W31")
@pytest.mark.parametrize(
    ("data", "content_type", "code"),
    [(SVG, "image/png", "image_unreadable"), (HTML, "image/jpeg", "image_unreadable"), (PNG, "image/webp", "image_other_type")],
    ids=["svg", "html", "other type"],
)
async def test_what_is_not_what_it_says_is_refused_and_gone(buyer: Person, data: bytes, content_type: str, code: str) -> None:
    image_id, upload = await buyer.announce(data, content_type)
    assert await buyer.put(upload["url"], data, content_type) == 200
    for _ in range(2):
        status, said = await buyer.call("POST", f"/images/{image_id}/finish")
        assert (status, said["code"]) == (422, code)
    # A refusal waits for no read model.
    async with asyncio.timeout(60):
        while (shown := (await buyer.call("GET", f"/images/{image_id}"))[1])["status"] != "rejected":
            await asyncio.sleep(0.1)
    assert shown == {"image_id": image_id, "status": "rejected", "code": code}


@pytest.mark.spec("product W31", "auth 18")
async def test_nothing_is_seen_without_its_exact_name(buyer: Person, running: Stack) -> None:
    """Not the uploads, not the list of a bucket, not a path that climbs; and nobody but us writes."""
    image_id, upload = await buyer.announce(PNG)
    await buyer.put(upload["url"], PNG)
    said = (await buyer.call("POST", f"/images/{image_id}/finish"))[1]
    path = said["urls"]["320"]
    waiting, pending = await buyer.announce(PNG)
    await buyer.put(pending["url"], PNG)
    store = running.env()["BB_S3_URL"]
    tries = [
        "/images/", "/images", f"/images/{image_id}/", path.replace("320", "321"), path + "/", path + "%00", path.upper(),
        f"/images/%2e%2e/uploads/{waiting}", f"/images/{image_id}/..%2f..%2fuploads%2f{waiting}",
        f"/uploads/{waiting}", pending["url"], f"/documents/{waiting}", f"{store}/uploads", f"{store}/images", f"{store}/documents",
        f"{store}/uploads/{waiting}", f"{store}/",
    ]  # fmt: skip
    found = {one: (await buyer.get(one))[0] for one in tries}
    assert {one: code for one, code in found.items() if code not in (400, 403, 404, 405)} == {}
    async with buyer.http.delete(buyer.url + path) as answer:
        assert answer.status == 404
    async with buyer.http.get(buyer.url + path) as answer:
        assert answer.status == 200


@pytest.mark.spec("auth 18")
async def test_a_document_is_opened_by_a_link_that_ends(buyer: Person, running: Stack) -> None:
    given, key = settings.read(running.env()), id_of("document", str(time.time_ns()))
    links = Links(given)
    async with Objects(given) as objects:
        await objects.keep(key, PDF, "application/pdf")
        assert await objects.document(key) == (PDF, "application/pdf")
        with pytest.raises(LookupError):
            await objects.document(id_of("none"))
        link = await links.document(key)
        code, headers, data = await buyer.get(link)
        assert (code, data, headers.getall("Content-Disposition")) == (200, PDF, ["attachment"])
        assert headers["Cache-Control"] == "private, no-store"
        assert (await buyer.get(link.partition("?")[0]))[0] == 403
        assert (await buyer.get(link.replace("X-Amz-Expires=300", "X-Amz-Expires=900000")))[0] in (400, 403)
        await objects.forget(key)
        assert (await buyer.get(link))[0] == 404
    await links.close()


async def test_a_worker_that_is_killed_while_it_decodes_is_followed_by_one_that_does(buyer: Person, running: Stack) -> None:
    data = file("JPEG", drawn(7000, 5000), quality=95)
    image_id, upload = await buyer.announce(data, "image/jpeg")
    assert await buyer.put(upload["url"], data, "image/jpeg") == 200
    finishing = asyncio.create_task(buyer.call("POST", f"/images/{image_id}/finish"))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(running.kill, "shop")
    async with asyncio.timeout(120):
        await finishing
        while (await buyer.call("GET", f"/images/{image_id}"))[1]["status"] != "ready":
            await asyncio.sleep(0.2)
    status, said = await buyer.call("POST", f"/images/{image_id}/finish")
    assert (status, said["width"], said["height"]) == (200, 7000, 5000)
    assert (await buyer.get(said["urls"]["1280"]))[0] == 200
