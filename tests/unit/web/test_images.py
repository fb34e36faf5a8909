"""Uploads at the door: who may announce what, what exactly a link is good for, and whose images may be used where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from agents.catalog import CATALOG
from models.actor import Command, Refusal
from models.catalog.image_messages import FinishImage, RequestImage
from models.settings import Settings
from tests.unit.history import Actor
from tests.unit.shop import NOW
from tests.unit.web.documents import ADMIN, BUYER, IMAGE, SELLER, STORE, STRANGER, store_document
from tests.unit.web.known import Desk, Known
from topics.answers import Answer
from topics.client import Client
from web.app import App, server
from web.links import Links
from web.pictures import check, check_licence, dressed
from web.problems import Problem
from web.remembered import Pictures
from web.rule import API

WISH = {"purpose": "review", "content_type": "image/png", "size": 1234}
URLS = {width: f"/images/{IMAGE}/{'d' * 32}-{width}.webp" for width in ("320", "640", "1280")}


class Rows(Client):
    """A client that asks the catalog's own ``decide``; ``sent`` is what it was asked."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:9", "bb", 4, "redis://127.0.0.1:9/0", "test")
        self.sent: list[tuple[str, str, msgspec.Struct]] = []
        self.rows: dict[str, Actor] = {}
        self.known: dict[str, Answer] = {}

    async def ask(self, domain: str, key: str, message: Command, *, id: str, wait: float, **more: Any) -> Answer | None:
        self.sent.append((domain, key, message))
        row = self.rows.setdefault(key, Actor(CATALOG, key, NOW))
        if id not in self.known:
            decision = row.decide(message)
            if not isinstance(decision, Refusal):
                row.take(message)
            said = decision if isinstance(decision, Refusal) else CATALOG.answer(key, row.states, None)
            if isinstance(said, Refusal):
                self.known[id] = Answer(id, domain, key, 1, said.status, said.code, said.details)
            else:
                self.known[id] = Answer(id, domain, key, 1, 200, "", said)
        return self.known[id]

    async def projected(self, model: str, key: str, seq: int, wait: float) -> bool:
        return model == "images"


class Served:
    def __init__(self, url: str, http: aiohttp.ClientSession, desk: Desk, rows: Rows, known: Known) -> None:
        self.url, self.http, self.desk, self.rows, self.known = url, http, desk, rows, known

    async def call(self, method: str, path: str, body: Any = None, **who: Any) -> tuple[int, dict[str, Any]]:
        async with self.http.request(method, self.url + API + path, json=body, headers=self.desk.headers(**who)) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    desk, rows, known = Desk(tmp_path), Rows(), Known()
    shared = desk.shared(rows, known)
    runner = web.ServerRunner(server(App(shared)))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (port,) = [address[1] for address in runner.addresses]
    async with aiohttp.ClientSession() as http:
        yield Served(f"http://127.0.0.1:{port}", http, desk, rows, known)
    await runner.cleanup()
    await shared.links.close()


@pytest.mark.spec("product W31", "auth 18")
async def test_a_link_is_good_for_these_bytes_of_this_type_under_our_name(served: Served) -> None:
    status, said = await served.call("POST", "/images", WISH)
    assert (status, set(said)) == (201, {"image_id", "status", "upload"})
    upload, image_id = said["upload"], said["image_id"]
    assert (upload["method"], upload["headers"]) == ("PUT", {"Content-Type": "image/png", "Content-Length": "1234"})
    parts = urlsplit(upload["url"])
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "shop.test", f"/uploads/{image_id}")
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
    assert query["X-Amz-Expires"] == ["600"]
    assert not [name for name in query if "acl" in name.lower() or "checksum" in name.lower()]
    sent = RequestImage(owner=BUYER, purpose="review", content_type="image/png", size=1234)
    assert served.rows.sent == [("catalog", image_id, sent)]


async def test_sent_again_it_is_the_same_image_with_a_fresh_link(served: Served) -> None:
    first = await served.call("POST", "/images", WISH, key="the-same-key")
    again = await served.call("POST", "/images", WISH, key="the-same-key")
    assert (again[0], again[1]["image_id"]) == (201, first[1]["image_id"])
    other = await served.call("POST", "/images", WISH, key="another-key")
    assert other[1]["image_id"] != first[1]["image_id"]


@pytest.mark.spec("product W31")
@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"content_type": "image/svg+xml"}, [("/content_type", "not_one_of")]),
        ({"content_type": "application/pdf"}, [("/content_type", "not_one_of")]),
        ({"purpose": "licence", "size": 0}, [("/purpose", "not_one_of"), ("/size", "too_small")]),
        ({"size": 10 * 1024 * 1024 + 1}, [("/size", "too_large")]),
        ({"name": "../../etc/passwd"}, [("/name", "unknown_field")]),
    ],
)
async def test_what_cannot_be_announced(served: Served, change: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    status, said = await served.call("POST", "/images", {**WISH, **change})
    assert (status, [(error["pointer"], error["code"]) for error in said["errors"]]) == (422, errors)
    assert served.rows.sent == []


@pytest.mark.parametrize(
    ("role", "may"),
    [("buyer", {"review", "profile"}), ("seller", {"product", "store", "profile"}), ("admin", {"product", "store"})],
)
async def test_each_role_has_its_purposes(served: Served, role: str, may: set[str]) -> None:
    answers = {
        purpose: (await served.call("POST", "/images", {**WISH, "purpose": purpose}, role=role))[0]
        for purpose in ("product", "store", "review", "profile")
    }
    assert answers == {purpose: 201 if purpose in may else 403 for purpose in answers}
    assert {message.purpose for _, _, message in served.rows.sent if isinstance(message, RequestImage)} == may


@pytest.mark.spec("product W31")
async def test_only_its_owner_finishes_and_sees_an_image(served: Served) -> None:
    image_id = (await served.call("POST", "/images", WISH))[1]["image_id"]
    status, said = await served.call("POST", f"/images/{image_id}/finish", account=STRANGER)
    assert (status, said["code"]) == (404, "image_unknown")
    assert served.rows.rows[image_id].state.status == "requested"
    assert (await served.call("POST", f"/images/{image_id}/finish"))[0] == 200
    assert served.rows.sent[-1] == ("catalog", image_id, FinishImage(owner=BUYER))
    assert await served.call("GET", f"/images/{IMAGE}") == (
        200, {"image_id": IMAGE, "status": "ready", "urls": URLS, "width": 800, "height": 600},
    )  # fmt: skip
    for role, account in (("buyer", STRANGER), ("seller", SELLER), ("admin", ADMIN)):
        status, said = await served.call("GET", f"/images/{IMAGE}", account=account, role=role)
        assert (status, said["code"]) == (404, "image_unknown")


async def test_an_upload_that_was_interrupted_gets_a_fresh_link(served: Served) -> None:
    served.known.images_[IMAGE] |= {"status": "requested", "digest": ""}
    status, said = await served.call("GET", f"/images/{IMAGE}")
    assert (status, urlsplit(said["upload"]["url"]).path) == (200, f"/uploads/{IMAGE}")
    assert "urls" not in said


@pytest.mark.spec("auth 18")
async def test_a_licence_is_shown_to_nobody_by_its_id(served: Served) -> None:
    served.known.images_[IMAGE]["purpose"] = "licence"
    assert (await served.call("GET", f"/images/{IMAGE}"))[0] == 404


@pytest.mark.spec("auth 18")
async def test_an_admin_s_link_to_a_document_is_short_lived_and_for_saving() -> None:
    links = Links(Settings(s3_secret="s", s3_browser_url="http://shop.test"))
    parts = urlsplit(await links.document(IMAGE, minutes=3))
    query = parse_qs(parts.query)
    await links.close()
    assert parts.path == f"/documents/{IMAGE}"
    assert (query["X-Amz-Expires"], query["response-content-disposition"]) == (["180"], ["attachment"])


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
    if good:
        await check(asked(known, **who), [IMAGE, "https://old.example/a.png", ""], purpose)
    with pytest.raises(Problem) as refused:
        await check(asked(known, **who), [IMAGE, unknown], purpose)
    bad = [unknown] if good else [IMAGE, unknown]
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
    served.known.images_[IMAGE]["owner"] = STRANGER
    for method, body in (("PATCH", {}), ("PUT", {"name": "꽃집", "delivery_fee": 0, "free_from": 0})):
        status, said = await served.call(method, f"/stores/{STORE}", {**body, "thumbnail": IMAGE}, **seller)
        assert (status, said["code"], said["details"]) == (422, "image_unusable", {"images": [IMAGE]})
    assert served.rows.sent == []
