"""Uploads: announced here, sent straight to the object store, looked at by the image's actor (product W31, auth 18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from models.catalog.image_messages import FinishImage, RequestImage
from models.catalog.images import LICENCE, READY, REQUESTED, urls
from web import idempotency
from web.call import Call
from web.commands import submit
from web.problems import Problem
from web.requests.fields import NoBody
from web.requests.images import ImageRequest
from web.validation import Parser

_request, _nothing = Parser(ImageRequest), Parser(NoBody)
PURPOSES: Mapping[str, tuple[str, ...]] = {
    "buyer": ("review", "profile"),
    "seller": ("product", "store", "profile"),
    "admin": ("product", "store"),
}
"""What each role may upload for."""


async def request(call: Call) -> web.Response:
    """``POST /images``: announce an upload; answers the signed link for exactly those bytes. Sent again: a fresh link.

    The bytes have an hour to arrive. What nothing shows within a day of being ready may not be used any more, and is deleted.
    """
    command, wish = call.command_id(), await call.parsed(_request)
    if wish.purpose not in PURPOSES.get(call.caller.role, ()):
        raise Problem(403, "forbidden")
    return await requested(call, call.caller.account, wish.purpose, wish.content_type, wish.size, command)


async def requested(call: Call, owner: str, purpose: str, content_type: str, size: int, command: str) -> web.Response:
    """201 with the new image's id and its link. ``owner``: the caller's account, or the registration that uploads a licence."""
    image_id = idempotency.created_id(command, "image")
    message = RequestImage(owner=owner, purpose=purpose, content_type=content_type, size=size)
    upload = await call.shared.links.upload(image_id, content_type, size)
    extra = {"image_id": image_id, "upload": upload}
    return await submit(call, "catalog", image_id, message, command=command, body=await call.body(), status=201, extra=extra)


async def finish(call: Call) -> web.Response:
    """``POST /images/{image_id}/finish``: the bytes are there. Answers, once they are looked at, where the pictures are.

    They have to be used within a day: in a product, a store, a review or a profile.
    """
    command = call.command_id()
    await call.parsed(_nothing)
    return await finished(call, call.caller.account, call.params["image_id"], command)


async def finished(call: Call, owner: str, image_id: str, command: str) -> web.Response:
    """200 with the ready image, or what is wrong with it. ``owner``: as it was announced."""
    return await submit(call, "catalog", image_id, FinishImage(owner=owner), command=command, body=await call.body())


async def one(call: Call) -> web.Response:
    """``GET /images/{image_id}``: where an upload of the caller's stands; while it may still be sent, with a fresh link.

    As unclaimed it was not used within a day of being ready; an hour later it has expired, and its pictures are deleted.
    """
    image_id = call.params["image_id"]
    image = (await call.shared.reads.images([image_id])).get(image_id)
    if image is None or image["owner"] != call.caller.account or image["purpose"] == LICENCE:
        raise Problem(404, "image_unknown")
    said: dict[str, Any] = {"image_id": image_id, "status": image["status"]}
    if image["status"] == REQUESTED:
        said["upload"] = await call.shared.links.upload(image_id, image["content_type"], image["size"])
    if image["status"] == READY:
        said |= {"urls": urls(image_id, image["digest"]), "width": image["width"], "height": image["height"]}
    if image["code"]:
        said["code"] = image["code"]
    return call.answer(said)
