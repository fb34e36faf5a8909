"""An uploaded image (key = image id): announced, uploaded to the object store, checked and encoded anew, shown. Pure.

    requested -> encoding -> ready <-> unclaimed    every end deletes the original
        `-----------'------> rejected      |        -> erased, from any of them
        `------------------> expired <-----'        -> forgotten, a week after an end

Whoever shows an image says so (``KeepImage``). What nobody shows within a day may not be used any more; an hour later, when
whatever was under way has arrived, its pictures are deleted.

Both calls to the store may be made twice without harm: encoding writes the same bytes under the same names, since they carry
their digest, and what is deleted stays deleted. Instants in ms since the epoch (UTC); spec product W31, auth 18.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from models.actor import DAY, HOUR, MINUTE, SECOND, Effect, EffectUnknown, Event, Message, Refusal, Reminder, State
from models.catalog.image_messages import (
    EraseImage,
    FinishImage,
    ImageCallPutOff,
    ImageCallStarted,
    ImageEncoded,
    ImageErased,
    ImageExpired,
    ImageForgotten,
    ImageKept,
    ImageLetGo,
    ImageReady,
    ImageRejected,
    ImageRequested,
    ImageUnclaimed,
    ImageUnfit,
    KeepImage,
    OriginalDeleted,
    OriginalGone,
    OriginalMissing,
    RequestImage,
    UploadMissing,
)

REQUESTED, ENCODING, READY, REJECTED, EXPIRED, ERASED = "requested", "encoding", "ready", "rejected", "expired", "erased"
UNCLAIMED = "unclaimed"
STATUSES = (REQUESTED, ENCODING, READY, UNCLAIMED, REJECTED, EXPIRED, ERASED)
ENDS = (REJECTED, EXPIRED, ERASED)
"""Of such an image nothing is stored any more, and nothing brings it back."""
ENCODE, DISCARD = "encode", "discard"
SHOWN = ("product", "store", "review", "profile")
LICENCE = "licence"
PURPOSES = (*SHOWN, LICENCE)
PICTURES = ("image/jpeg", "image/png", "image/webp")
DOCUMENTS = (*PICTURES, "application/pdf")
MAX_SIZE = 10 * 1024 * 1024
"""Bytes of an upload."""
WIDTHS = (320, 640, 1280)
"""Pixels; a picture that is narrower is not blown up."""
LIFE = HOUR
"""How long an upload may be on its way."""
HOLDERS = 50
"""What shows an image, by name. Beyond it there is an unnamed holder, who never lets go."""
UNUSED, GRACE = DAY, HOUR
"""How long a ready image may be put to use, and how long what is under way by then may still say so."""
KNOWN = 7 * DAY
"""How long an image is known after its end: whoever asks late hears what became of it, and an encoding that comes out after the
erasure (a lease of a minute, and however long the broker is away then) is deleted again."""
TIMEOUTS: Mapping[str, int] = {ENCODE: 60 * SECOND, DISCARD: 15 * SECOND}
LEASE_ROOM = 5 * SECOND
TRIES = 20
"""Encodings without an outcome until the upload is given up: a quarter of an hour."""


class Image(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """An image. ``call``: whose outcome is awaited; ``again``: the one to make at ``again_at``, after ``tries`` in vain.

    ``due``: when it must have been put to use (ms), as ``unclaimed`` when it is deleted, after its end when it is forgotten; 0: it
    was, or it need not be.
    ``holders``: what shows it; of images from before they were named some are missing.
    """

    owner: str
    purpose: str
    content_type: str
    size: int
    at: int
    status: str = REQUESTED
    attempt: int = 0
    call: Effect | None = None
    again: str = ""
    again_at: int = 0
    tries: int = 0
    digest: str = ""
    width: int = 0
    height: int = 0
    code: str = ""
    due: int = 0
    holders: tuple[str, ...] = ()


def file_name(image_id: str, digest: str, width: int) -> str:
    """The name of a picture in its bucket, and below ``/images/``: what is in it never changes."""
    return f"{image_id}/{digest}-{width}.webp"


def urls(image_id: str, digest: str) -> dict[str, str]:
    """Width -> path of a ready picture, in the shop's own origin."""
    return {str(width): f"/images/{file_name(image_id, digest, width)}" for width in WIDTHS}


def decide(state: State, message: Message, now: int) -> list[Event] | Refusal:
    """What ``message`` brings about.

    Refused: ``image_invalid`` (422, every field at fault), ``image_exists`` (409), ``image_unknown`` (404, also a stranger's),
    ``image_expired`` (409), and, once it is known, what is wrong with the upload (422).
    """
    image: Image | None = state[""]
    if isinstance(message, RequestImage):
        return _requested(message, now) if image is None else Refusal("image_exists", 409)
    if image is None:
        return Refusal("image_unknown", 404) if isinstance(message, FinishImage) else []
    match message:
        case FinishImage():
            return _finished(image, message, now)
        case EraseImage():
            return _let_go(image, message, now)
        case KeepImage() if image.status in (READY, UNCLAIMED):
            holder = message.holder if len(image.holders) < HOLDERS else ""
            return [] if {holder, message.holder} & {*image.holders} else [ImageKept(holder=holder)]
        case ImageEncoded() if _awaited(image, ENCODE, message.attempt):
            ready = ImageReady(digest=message.digest, width=message.width, height=message.height, at=now)
            return [ready, _start(image, DISCARD, now)]
        case ImageEncoded() if image.status == ERASED:
            # It was under way when the image was erased, so there may be pictures again.
            return [_start(image, DISCARD, now)]
        case ImageUnfit() if _awaited(image, ENCODE, message.attempt):
            return [ImageRejected(code=message.code), _start(image, DISCARD, now)]
        case OriginalMissing() if _awaited(image, ENCODE, message.attempt):
            return [UploadMissing()]
        case OriginalGone() if _awaited(image, DISCARD, message.attempt):
            return [OriginalDeleted(at=now)]
        case EffectUnknown() if _awaited(image, message.effect, message.attempt):
            return _unknown(image, message.effect, now)
        case Reminder():
            return _reminded(image, now)
    return []


def _requested(message: RequestImage, now: int) -> list[Event] | Refusal:
    sound = {
        "owner": bool(message.owner),
        "purpose": message.purpose in PURPOSES,
        "content_type": message.content_type in (DOCUMENTS if message.purpose == LICENCE else PICTURES),
        "size": 0 < message.size <= MAX_SIZE,
    }
    wrong = [field for field, right in sound.items() if not right]
    if wrong:
        return Refusal("image_invalid", 422, {"fields": wrong})
    requested = ImageRequested(
        owner=message.owner, purpose=message.purpose, content_type=message.content_type, size=message.size, at=now
    )
    return [requested]


def _finished(image: Image, message: FinishImage, now: int) -> list[Event] | Refusal:
    if message.owner != image.owner:
        return Refusal("image_unknown", 404)
    if image.status == REJECTED:
        return Refusal(image.code, 422)
    if image.status in (UNCLAIMED, EXPIRED, ERASED):
        return Refusal("image_expired", 409)
    return [_start(image, ENCODE, now)] if image.status == REQUESTED else []


def _let_go(image: Image, message: EraseImage, now: int) -> list[Event]:
    holds = bool(message.holder) and message.holder in image.holders
    if image.status == ERASED or not (holds or message.owner == image.owner):
        return []
    if message.holder and any(one != message.holder for one in image.holders):
        return [ImageLetGo(holder=message.holder)] if holds else []
    return [ImageErased(), _start(image, DISCARD, now)]


def _awaited(image: Image, call: str, attempt: int) -> bool:
    return image.call is not None and (image.call.name, image.call.attempt) == (call, attempt)


def _start(image: Image, call: str, now: int) -> ImageCallStarted:
    return ImageCallStarted(call=call, attempt=image.attempt + 1, until=now + TIMEOUTS[call] + LEASE_ROOM)


def _unknown(image: Image, call: str, now: int) -> list[Event]:
    """Later again: 1 s, doubled each time, at most a minute; a deletion for ever, at most hourly in the end."""
    if call == ENCODE and image.tries >= TRIES:
        return [ImageRejected(code="image_not_stored"), _start(image, DISCARD, now)]
    most = MINUTE if call == ENCODE else HOUR
    return [ImageCallPutOff(call=call, attempt=image.attempt, again_at=now + min(SECOND << min(image.tries, 20), most))]


def _reminded(image: Image, now: int) -> list[Event]:
    due = wake(image)
    if not due or now < due:
        return []
    if image.again:
        return [_start(image, image.again, now)]
    if image.status in ENDS:
        return [ImageForgotten()]
    if image.status == READY:
        return [ImageUnclaimed()]
    return [ImageExpired(), _start(image, DISCARD, now)]


def evolve(state: State, event: Event) -> Mapping[str, Image | None]:
    """The image after ``event``; ``None``: it is forgotten."""
    image: Image = state[""]
    with_ = msgspec.structs.replace
    match event:
        case ImageRequested():
            image = Image(event.owner, event.purpose, event.content_type, event.size, event.at)
        case ImageCallStarted():
            call = Effect(event.call, event.attempt, event.until)
            image = with_(image, call=call, attempt=event.attempt, again="", again_at=0)
            if event.call == ENCODE:
                image = with_(image, status=ENCODING)
        case ImageCallPutOff():
            image = with_(image, call=None, again=event.call, again_at=event.again_at, tries=image.tries + 1)
        case UploadMissing():
            image = with_(image, status=REQUESTED, call=None, tries=0)
        case ImageReady():
            image = with_(image, status=READY, call=None, tries=0, digest=event.digest, width=event.width, height=event.height)
            image = with_(image, due=event.at and event.at + UNUSED)
        case ImageKept(holder=holder):
            image = with_(image, status=READY, due=0, holders=(*image.holders, holder))
        case ImageLetGo(holder=holder):
            image = with_(image, holders=tuple(one for one in image.holders if one != holder))
        case ImageUnclaimed():
            image = with_(image, status=UNCLAIMED, due=image.due + GRACE)
        case ImageRejected():
            image = with_(image, status=REJECTED, call=None, tries=0, code=event.code)
        case ImageExpired():
            image = with_(image, status=EXPIRED, call=None, tries=0, due=0)
        case ImageErased():
            image = with_(image, status=ERASED, call=None, again="", again_at=0, tries=0, due=0, holders=())
        case OriginalDeleted(at=at):
            image = with_(image, call=None, tries=0)
            if at and image.status in ENDS:
                image = with_(image, due=at + KNOWN)
        case ImageForgotten():
            return {"": None}
    return {"": image}


def pending(image: Image) -> Effect | None:
    """The call whose outcome is awaited."""
    return image.call


def wake(image: Image) -> int:
    """When to call again or to give the image up (ms); 0: an outcome comes by itself, or nothing is left to do."""
    if image.call is not None:
        return 0
    return image.again_at or (image.at + LIFE if image.status == REQUESTED else image.due)


def answer(key: str, image: Image, event: Event | None) -> dict[str, Any] | Refusal:
    """What a command gets: where the image stands and, once it may be shown, where."""
    if isinstance(event, UploadMissing):
        return Refusal("image_not_uploaded", 409)
    if image.status == REJECTED:
        return Refusal(image.code, 422)
    said: dict[str, Any] = {"image_id": key, "status": image.status}
    if image.status == READY and image.purpose != LICENCE:
        said |= {"width": image.width, "height": image.height, "urls": urls(key, image.digest)}
    return said
