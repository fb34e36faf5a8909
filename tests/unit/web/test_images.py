"""Uploads at the door: who may announce what, what exactly a link is good for, and who sees an image."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from models.catalog.image_messages import FinishImage, RequestImage
from models.catalog.images import STATUSES
from models.settings import Settings
from tests.unit.web.documents import (
    ADMIN,
    BUYER,
    IMAGE,
    SELLER,
    STRANGER,
)
from tests.unit.web.images import URLS, Served
from web.links import Links
from web.responses.images import ImageAnswer
from web.texts import PROBLEMS

WISH = {"purpose": "review", "content_type": "image/png", "size": 1234}


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


def test_every_state_of_an_image_is_documented() -> None:
    """As ``GET /images/{image_id}`` says it, and the problem of those that may not be used any more is true of each."""
    described = (ImageAnswer.__doc__ or "").partition(". ``upload``")[0]
    assert re.findall(r"\b(?:requested|encoding|ready|unclaimed|rejected|expired|erased)\b", described) == list(STATUSES)
    assert PROBLEMS["image_expired"].en_detail == (
        "It was not uploaded in time, not used within a day, or erased. Please upload it anew."
    )


@pytest.mark.parametrize("status", STATUSES)
async def test_its_owner_hears_how_an_image_stands(served: Served, status: str) -> None:
    served.known.images_[IMAGE] |= {"status": status, "digest": "" if status != "ready" else served.known.images_[IMAGE]["digest"]}
    code, said = await served.call("GET", f"/images/{IMAGE}")
    assert (code, said["status"], "urls" in said) == (200, status, status == "ready")
